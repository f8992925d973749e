"""PDF -> lines with their page: letters through pdfium, tables by their ruling lines, columns by the space
between them.

A page without a text layer, or with one that is no language, is read by text recognition where that is
installed; what could not be read is said in ``meta`` and never indexed silently.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from errors.unread import Unread
from index.headings import HEADING_MAX
from index.loaders.cells import labelled
from index.loaders.dates import dates_in, iso_date
from index.loaders.pdf_columns import blocks_of
from index.loaders.pdf_fields import filled_in
from index.loaders.pdf_lines import body_size, lines_of, title_of
from index.loaders.pdf_page import Page, read_page
from index.loaders.pdf_parties import joined
from index.loaders.pdf_rows import Row, Run, once, rows_of, runs_of
from index.loaders.pdf_running import without_running, without_watermarks
from index.loaders.pdf_table import Table, tables_of
from index.loaders.raw import Raw, clean, squeeze
from index.loaders.signs import INSTALL, step

PAGES_MAX = 10_000
"""Pages of one file; one with more is refused."""

SCANNED = 20
"""A page with fewer characters than this that a picture covers is a scan, whatever is stamped on it."""


def load_pdf(path: Path, data: bytes) -> Raw:
    """A .pdf file.

    Raises:
        Unread: broken, protected with a password, too long, or nothing in it can be read (a scan or a
            text layer that is no language, and text recognition is not installed).
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if b"/Encrypt" in data:
            raise Unread("protected", name=path.name) from error
        raise Unread("broken_pdf", name=path.name) from error
    try:
        if len(document) > PAGES_MAX:
            raise Unread("pages", name=path.name, n=len(document), most=PAGES_MAX)
        try:
            if document.get_formtype():
                document.init_forms()
            pages, how = _pages(document, path, data)
            facts = {key: clean(value) for key, value in document.get_metadata_dict().items()}
        except pypdfium2.PdfiumError as error:
            raise Unread("broken_page", name=path.name) from error
    finally:
        document.close()
    return laid_out(pages, how, facts)


def _pages(document: Any, path: Path, data: bytes) -> tuple[list[Page], dict[str, list[int]]]:
    """All pages, and how those were read that have no text layer to rely on (numbers by ``meta`` key)."""
    from index.loaders.scans import ready

    pages = _lettered(document, data)
    texts = [_text(page) for page in pages]
    how: dict[str, list[int]] = {
        "pages_without_text": [],
        "pages_garbled": [],
        "pages_recognised": [],
        "pages_with_pictures": [],
    }
    blind = _blind(pages, texts, how)
    for done, number in enumerate(blind):
        page, garbled = pages[number - 1], number in how["pages_garbled"]
        if ready():
            _recognise(document, page, how)
            step(done + 1, len(blind))
            continue
        if garbled or not texts[number - 1].strip():
            page.letters = []
        how["pages_without_text"] += [] if garbled else [number]
    how["pages_garbled"] = [n for n in how["pages_garbled"] if n not in how["pages_recognised"]]
    if not any(page.letters for page in pages):
        raise _unread(path, how)
    return pages, how


def _lettered(document: Any, data: bytes) -> list[Page]:
    """All pages with the letters of their text layer."""
    pages: list[Page] = []
    total = len(document)
    for number in range(total):
        pages.append(read_page(document, number, filled_in))
        step(number + 1, total)
    if lost := {page.number - 1 for page in pages if page.lost}:
        from index.loaders.pdf_miner import letters_of, missing

        for done, (number, letters) in enumerate(letters_of(data, lost)):
            pages[number].letters += missing(letters, pages[number].letters)
            step(done + 1, len(lost))
    return pages


def _text(page: Page) -> str:
    return "".join(letter.char for letter in page.letters)


def _blind(pages: list[Page], texts: list[str], how: dict[str, list[int]]) -> list[int]:
    """The numbers of the pages that only text recognition can read; what is known of the others is put into
    ``how``."""
    from index.loaders.plausible import is_language

    whole = is_language("".join(texts)[:200_000])
    blind: list[int] = []
    for page, text in zip(pages, texts, strict=True):
        verdict = is_language(text)
        if len(text.strip()) < SCANNED and page.picture > 0.5 or not text.strip() and page.drawn:
            blind.append(page.number)
        elif verdict is False or verdict is None and whole is False:
            blind.append(page.number)
            how["pages_garbled"].append(page.number)
        elif not text.strip():
            how["pages_without_text"].append(page.number)
        elif page.pictures:
            how["pages_with_pictures"].append(page.number)
    return blind


def _recognise(document: Any, page: Page, how: dict[str, list[int]]) -> None:
    """Letters from the page's picture; none where what was recognised is no language either."""
    from index.loaders.plausible import is_language
    from index.loaders.scans import recognise

    page.letters = recognise(document, page)
    if is_language(_text(page)) is False:
        page.letters = []
    if page.letters:
        how["pages_recognised"].append(page.number)
    elif page.number not in how["pages_garbled"]:
        how["pages_without_text"].append(page.number)


def _unread(path: Path, how: dict[str, list[int]]) -> Unread:
    from index.loaders.scans import ready

    garbled, empty = len(how["pages_garbled"]), len(how["pages_without_text"])
    reason, n = ("garbled", garbled) if garbled else ("scan", empty)
    if ready():
        return Unread(f"{reason}_blank", name=path.name, n=n)
    return Unread(reason, name=path.name, n=n, command=INSTALL)


def laid_out(pages: list[Page], how: dict[str, list[int]], facts: dict[str, str]) -> Raw:
    """Pages of letters and ruling lines as lines; ``how``: numbers of pages by ``meta`` key, ``facts``: what
    the file says of itself."""
    tables: list[list[Table]] = []
    flowing: list[list[Run]] = []
    sizes = Counter[float]()
    for page in pages:
        sizes.update(round(letter.size * 2) / 2 for letter in page.letters)
        found, letters = tables_of(once(page.letters), page.rules, page.number)
        tables.append(found)
        flowing.append(runs_of(letters))
        page.letters = []
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    laid: list[list[Row]] = []
    for page, runs, found in zip(pages, without_watermarks(flowing, usual), tables, strict=True):
        runs += [Run("", t.edges[0], t.edges[-1], t.top, usual, table=t) for t in found]
        laid.append(_laid(runs, page))
    body, running = without_running(laid, [page.height for page in pages])
    body = joined(body)
    size = body_size(body) or usual
    first = next((number for number, rows in enumerate(body) if rows), 0)
    title = title_of(body[first], size, pages[first].width) if body else ""
    raw = Raw(
        list(lines_of(body, size)),
        "application/pdf",
        title=title or _named(facts.get("Title", ""), body[first] if body else []),
    )
    dates = {iso for text in running for iso in dates_in(text)}
    raw.published = dates.pop() if len(dates) == 1 else None  # the date in a newspaper's page header
    raw.created = iso_date(facts.get("CreationDate", ""))
    raw.meta |= {key: ", ".join(map(str, numbers[:1000])) for key, numbers in how.items() if numbers}
    return raw


def _laid(runs: list[Run], page: Page) -> list[Row]:
    """The rows of a page in reading order. Short lines that reach nothing have no right edge that they could
    fill."""
    blocks = blocks_of(runs)
    rows = [row for block in blocks for row in rows_of(block, page.number)]
    left = min((row.left for row in rows), default=0.0)
    edged = {
        column: _flanked(column, rows) or column[1] >= 0.8 * (page.width - left) or _edged(column, rows)
        for column in {row.column for row in rows}
    }
    for row in rows:
        if not edged[row.column]:
            row.column = (row.column[0], 0.0)
    return rows


def _flanked(column: tuple[float, float], rows: list[Row]) -> bool:
    """Does text stand to the right of a column, beside some of its lines?"""
    own = [row.base for row in rows if row.column == column]
    right = [row for row in rows if row.column != column and row.left >= column[1] - 1]
    return any(abs(row.base - base) < row.size for row in right for base in own)


def _edged(column: tuple[float, float], rows: list[Row]) -> bool:
    """Do enough long lines of a column end at the same place?"""
    own = [row for row in rows if row.column == column and row.table is None]
    shared = sum(len(row.text) >= 15 and row.right >= column[1] - 2.2 * row.size for row in own)
    return shared >= max(3, 0.4 * len(own))


def _named(title: str, rows: list[Row]) -> str:
    """A title of the metadata counts only if it stands on the first page: others are leftovers of
    templates. Where it is the beginning or the end of a short line there, that line is the title."""
    bare = squeeze(title).replace(" ", "")
    texts = [row.text.replace(" ", "") for row in rows]
    if len(bare) < 4 or bare not in "".join(texts):
        return ""
    for row, text in zip(rows[:8], texts, strict=False):
        if len(text) <= HEADING_MAX and (text.startswith(bare) or text.endswith(bare)) and not labelled(text):
            return squeeze(row.text)
    return squeeze(title)

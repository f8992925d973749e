"""PDF -> lines with their page, through pdfium. Running headers and footers are dropped.

Knows where lines stand: a line that reaches the right edge goes on in the next one; a first-line indent or a larger
space begins a paragraph; a larger letter makes a heading.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from errors import DocumentError
from index.headings import HEADING_MAX, starts_item
from index.loaders.dates import dates_in, iso_date
from index.loaders.raw import Line, Raw, clean, squeeze

EDGE_LINES = 2
"""Running headers and footers are looked for in this many lines at the top and at the bottom of a page."""

_LOCK = threading.Lock()  # pdfium is not safe for threads
_PAGE_NUMBER = re.compile(r"(?:[-—–·.\s]*(?:第\s*)?\d{1,4}\s*(?:页)?(?:\s*[/／,，共]+\s*(?:第|共)?\s*\d{1,4}\s*页?)?[-—–·.\s]*|[ivxlc]{1,6}|Page \d+(?: of \d+)?)", re.I)


@dataclass(slots=True)
class _Row:
    """One line on a page, in points from its lower left corner: left and right edge, letter size, and the base of
    its first and of its last letter (they differ where pdfium has joined a hyphenated word across two lines)."""

    text: str
    page: int
    left: float
    right: float
    first: float
    last: float
    size: float


def load_pdf(path: Path, data: bytes) -> Raw:
    """A .pdf file.

    Raises:
        DocumentError: broken, protected with a password, or scanned (pages without any text).
    """
    import pypdfium2

    with _LOCK:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if b"/Encrypt" in data:
                raise DocumentError(f"{path.name}: protected with a password", "Save a copy without the password, then add the copy.") from error
            raise DocumentError(f"{path.name}: broken, it cannot be parsed as PDF", "Open it in a reader and export it again, or get a fresh copy.") from error
        try:
            pages = [_rows(document, number) for number in range(len(document))]
            facts = {key: clean(value) for key, value in document.get_metadata_dict().items()}
        except pypdfium2.PdfiumError as error:
            raise DocumentError(f"{path.name}: broken, a page cannot be read", "Export it again, or get a fresh copy.") from error
        finally:
            document.close()
    if not any(row.text.strip() for rows in pages for row in rows):
        raise DocumentError(
            f"{path.name}: a scan, its {len(pages)} pages hold no text", "Run text recognition (OCR) on it and add the PDF or text that comes out."
        )
    body, running = _without_running(pages)
    raw = Raw(list(_lines(body)), "application/pdf", title=squeeze(facts.get("Title", "")))
    dates = {iso for text in running for iso in dates_in(text)}
    raw.published = dates.pop() if len(dates) == 1 else None  # the date in a newspaper's page header
    if empty := [str(number) for number, rows in enumerate(pages, 1) if not rows]:
        raw.meta["pages_without_text"] = ", ".join(empty[:1000])
    raw.created = iso_date(facts.get("CreationDate", ""))
    return raw


def _rows(document: Any, number: int) -> list[_Row]:
    """The lines of one page; a page that pdfium cannot open counts as empty only if it has no content."""
    page = document[number]
    textpage = page.get_textpage()
    count = textpage.count_chars()
    text = textpage.get_text_range(0, count, errors="replace") if count else ""
    rows: list[_Row] = []
    at = 0
    for piece in re.split(r"\r?\n", text):
        bare = piece.strip()
        if bare:
            first = at + piece.index(bare[0])
            last = at + len(piece.rstrip()) - 1
            text_ = clean(bare.replace("\ufffe", ""))
            if text_.strip():
                rows.append(_Row(text_, number + 1, *_box(textpage, first, last, count)))
        at += len(piece) + 2
    textpage.close()
    page.close()
    return rows


def _box(textpage: Any, first: int, last: int, count: int) -> tuple[float, float, float, float, float]:
    """Left, right, base of the first and last letter, and letter size, from the boxes of three characters."""
    picks = sorted({min(max(0, index), count - 1) for index in (first, (first + last) // 2, last)})
    boxes = [textpage.get_charbox(index, loose=True) for index in picks]
    size = max(box[3] - box[1] for box in boxes)
    return boxes[0][0], boxes[-1][2], boxes[0][1], boxes[-1][1], round(size * 2) / 2


def _without_running(pages: list[list[_Row]]) -> tuple[list[list[_Row]], list[str]]:
    """Drop page numbers and the lines that come back, but for their digits, at the edge of most pages."""
    seen: Counter[str] = Counter()
    for rows in pages:
        edge = rows[:EDGE_LINES] + rows[EDGE_LINES:][-EDGE_LINES:]
        seen.update({_form(row) for row in edge})
    many = max(2, min(3, len(pages)), len(pages) // 3)
    kept: list[list[_Row]] = []
    running: list[str] = []
    for rows in pages:
        kept.append([])
        for number, row in enumerate(rows):
            at_edge = number < EDGE_LINES or number >= len(rows) - EDGE_LINES
            if at_edge and len(pages) > 1 and seen[_form(row)] >= many:
                running.append(row.text)
            elif not (at_edge and _PAGE_NUMBER.fullmatch(row.text)):
                kept[-1].append(row)
    return kept, running


def _form(row: _Row) -> str:
    return re.sub(r"\d+", "#", re.sub(r"\s+", "", row.text))


def _lines(pages: list[list[_Row]]) -> Iterator[Line]:
    rows = [row for page in pages for row in page]
    letters = Counter[float]()
    for row in rows:
        letters[row.size] += len(row.text)
    body = letters.most_common(1)[0][0] if letters else 0.0
    larger = sorted({row.size for row in rows if _heading(row, body)}, reverse=True)
    for page in [_whole_headings(page, body) for page in pages]:
        lefts = Counter(round(row.left) for row in page if len(row.text) > 8)
        margin = min((left for left, count in lefts.items() if count >= max(2, 0.15 * len(page))), default=0)
        edge = max((row.right for row in page), default=0.0)
        widths = sorted(row.right - row.left for row in page)
        usual = widths[len(widths) * 3 // 4] if widths else 0.0
        pitches = sorted(above.last - row.first for above, row in zip(page, page[1:], strict=False) if above.last > row.first)
        pitch = pitches[len(pitches) // 2] if pitches else 0.0
        previous: _Row | None = None
        for number, row in enumerate(page):
            gap = previous is not None and previous.last - row.first > 1.45 * pitch
            level = min(6, larger.index(row.size) + 1) if _heading(row, body) else 0
            column = max((other.right for other in page if abs(other.left - row.left) < 60), default=edge)
            long = row.right - row.left >= 0.4 * usual  # a signature set to the right reaches the edge, but is not full
            full = long and row.right >= column - max(2.2 * row.size, _first_word(page, number))
            further = previous is None or gap or row.left - previous.left > 0.8 * body
            lower = previous is None or previous.last > row.first  # else: the top of the next column
            hanging = previous is not None and not gap and starts_item(previous.text)  # an item's second line
            indent = bool(margin) and row.left - margin >= 1.4 * body and further and lower and not hanging
            yield Line(row.text, level=level, gap=gap, full=full, indent=indent, page=row.page)
            previous = row


def _whole_headings(page: list[_Row], body: float) -> list[_Row]:
    """Headings that run over two or three lines, in one; numbered ones that follow each other stay apart."""
    whole: list[_Row] = []
    for row in page:
        above = whole[-1] if whole else None
        if (
            above is not None and _heading(row, body) and _heading(above, body) and row.size == above.size
            and 0 < above.last - row.first <= 1.9 * row.size and not starts_item(row.text)
            and len(above.text) + len(row.text) <= 2 * HEADING_MAX
        ):  # fmt: skip
            space = " " if above.text[-1].isascii() and row.text[0].isascii() else ""
            whole[-1] = replace(above, text=f"{above.text}{space}{row.text}", last=row.last, right=max(above.right, row.right))
        else:
            whole.append(row)
    return whole


def _first_word(page: list[_Row], number: int) -> float:
    """Width of the next line's first word: the line before it is full if that word had no room any more."""
    if number + 1 >= len(page):
        return 0.0
    row = page[number + 1]
    word = row.text.split(" ", 1)[0]
    return (len(word) + 1) * (row.right - row.left) / len(row.text) if word.isascii() else 0.0


def _heading(row: _Row, body: float) -> bool:
    """Letters at least a fifth larger than the body's, and a short line."""
    return row.size >= 1.2 * body and len(row.text) <= 2 * HEADING_MAX and any(char.isalpha() for char in row.text)

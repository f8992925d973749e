"""Files -> Documents. One module per kind of file; each library is imported only when such a file is
loaded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from errors import closest
from errors.unread import Unread
from index.loaders.dates import dateline, file_name_date, latest_year, month_line, speaking_year
from index.loaders.document_number import LINES as NUMBER_LINES
from index.loaders.document_number import number_among
from index.loaders.parts import CONTAINERS, Loaded, load_all
from index.loaders.raw import Line, Raw, squeeze
from index.loaders.signs import INSTALL
from index.loaders.sniff import true_suffix
from index.loaders.ticks import ticked
from index.loaders.titles import is_title, names_nothing, title_of
from index.repair import repair
from index.types import Block, Document

__all__ = [
    "CONTAINERS",
    "LOADER_VERSION",
    "SUFFIXES",
    "Loaded",
    "document_id",
    "finish",
    "load",
    "load_all",
    "other_kind",
    "raw_of",
    "read",
    "warm",
]

FILE_MAX = 512 * 1024 * 1024
"""Bytes; a larger file is refused."""

LOADER_VERSION = "10"
"""Raised when a loader or the repair gives other text for the same bytes; files are then read again."""

_ELSEWHERE = {
    ".ppt": "kind_ppt",
    ".dps": "kind_ppt",
    ".rar": "kind_archive",
    ".7z": "kind_archive",
    ".tar": "kind_archive",
    ".gz": "kind_archive",
    ".pages": "kind_pages",
    ".numbers": "kind_numbers",
    ".key": "kind_keynote",
    ".caj": "kind_caj",
}
"""Kinds of file that another program makes readable: which of ``errors.unread`` says how."""
DATE_LINES = 12
"""Lines at the top among which the date is looked for."""

_JUNK_TITLE = re.compile(
    r"(?i)microsoft word|^untitled|^无标题|^未命名|\.(docx?|wps|indd|"
    r"xlsx?|pptx?|pdf|tmp)$|^(文档|document|slide|title)\s*\d*$"
)


def _loaders() -> dict[str, Callable[[Path, bytes], Raw]]:
    from index.loaders.book import load_epub, load_mhtml
    from index.loaders.marked import load_markdown
    from index.loaders.ofd import load_ofd
    from index.loaders.olddoc import load_doc, load_rtf
    from index.loaders.parts import load_archive, load_message
    from index.loaders.pdf import load_pdf
    from index.loaders.plain import load_plain
    from index.loaders.sheets import load_csv, load_sheet_xml, load_xls, load_xlsx
    from index.loaders.slides import load_pptx
    from index.loaders.web import load_html
    from index.loaders.word import load_docx

    return {
        ".txt": load_plain,
        ".text": load_plain,
        ".md": load_markdown,
        ".markdown": load_markdown,
        ".html": load_html,
        ".htm": load_html,
        ".xhtml": load_html,
        ".mhtml": load_mhtml,
        ".mht": load_mhtml,
        ".docx": load_docx,
        ".doc": load_doc,
        ".wps": load_doc,
        ".rtf": load_rtf,
        ".pdf": load_pdf,
        ".ofd": load_ofd,
        ".xlsx": load_xlsx,
        ".xlsm": load_xlsx,
        ".xls": load_xls,
        ".et": load_xls,
        ".csv": load_csv,
        ".tsv": load_csv,
        ".pptx": load_pptx,
        ".pptm": load_pptx,
        ".ppsx": load_pptx,
        ".epub": load_epub,
        ".eml": load_message,
        ".msg": load_message,
        ".zip": load_archive,
        ".xml-sheet": load_sheet_xml,
    }


SUFFIXES = (
    ".txt",
    ".text",
    ".md",
    ".markdown",
    ".html",
    ".htm",
    ".xhtml",
    ".mhtml",
    ".mht",
    ".docx",
    ".doc",
    ".wps",
    ".rtf",
    ".pdf",
    ".ofd",
    ".xlsx",
    ".xlsm",
    ".xls",
    ".et",
    ".csv",
    ".tsv",
    ".pptx",
    ".pptm",
    ".ppsx",
    ".epub",
    ".eml",
    ".msg",
    ".zip",
)


def load(path: Path, source: str | None = None) -> Document:
    """One file as a Document, its text repaired and its blocks and pages as spans of that text.

    A file that holds others has more than one: :func:`load_all` gives them all.

    ``source`` is the name to record, default the file's name; the document's id is derived from it, so that a
    changed file keeps its id. ``meta`` gains ``path`` and ``file_sha256``.

    Raises:
        Unread: unknown kind of file, unreadable, empty, broken, encrypted, or without text (scanned).
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise other_kind(path.name)
    data = read(path)
    raw = raw_of(path, data)
    raw.meta["path"] = str(path.absolute())
    raw.meta["file_sha256"] = hashlib.sha256(data).hexdigest()
    raw.meta["loader"] = LOADER_VERSION
    del data
    return finish(raw, source or path.name)


def document_id(source: str) -> str:
    """16 hex digits from the source's name."""
    return hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def finish(raw: Raw, source: str) -> Document:
    """Repair the lines and settle title, date and number: front matter, then the text, then file name and
    properties.

    Raises:
        Unread: no text is left.
    """
    from index.duplicates import sketch

    unsure: list[tuple[int, int]] = []
    text, blocks, pages = repair(ticked(raw.lines), raw.formed, unsure)
    if unsure:
        raw.meta["unsure"] = ", ".join(f"{start}-{end}" for start, end in unsure[:2000])
    if not any(char.isalnum() for char in text):
        pictures = raw.meta.get("pictures")
        if pictures:
            raise Unread("only_pictures", name=source, n=pictures, command=INSTALL)
        raise Unread("no_text", name=source, command=INSTALL)
    stem = Path(source).stem
    published, raw.meta["date_from"] = _date(raw, text, blocks, stem)
    if not published:
        del raw.meta["date_from"]
        if year := speaking_year(text):
            raw.meta["year"] = year
    top = [text[b.start : min(b.end, b.start + 200)] for b in blocks[:NUMBER_LINES] if not b.table]
    if number := raw.meta.get("number") or number_among(top) or number_among(raw.edges):
        raw.meta["number"] = number
    if mark := sketch(text):
        raw.meta["sketch"] = mark
    title = _title(raw, text, blocks, stem)
    if not raw.formed:
        blocks = _title_heads(text, blocks, title)
    return Document(
        id=document_id(source),
        title=title,
        source=source,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        published=published,
        media_type=raw.media_type,
        blocks=blocks,
        pages=pages,
        supersedes=raw.supersedes,
        meta=raw.meta,
    )


def _title(raw: Raw, text: str, blocks: tuple[Block, ...], stem: str) -> str:
    """What the file shows as its title, else its first heading that is one, else its properties, else its
    name."""
    shown = squeeze(raw.title)
    if shown and not _JUNK_TITLE.search(shown):
        return shown[:200]
    heading = _below_number(text, blocks) or next(
        (text[b.start : b.end] for b in blocks[:12] if b.level == 1 and is_title(text[b.start : b.end])), ""
    )
    named = "" if _JUNK_TITLE.search(squeeze(raw.named)) else raw.named
    return squeeze(heading or named)[:200] or stem


def _title_heads(text: str, blocks: tuple[Block, ...], title: str) -> tuple[Block, ...]:
    """The line that is the title heads the document, and not one above it that says who issued it."""
    at = next((n for n, b in enumerate(blocks[:12]) if text[b.start : b.end] == title and not b.table), None)
    if at is None or blocks[at].level:
        return blocks
    above = [replace(b, level=0) if b.level == 1 else b for b in blocks[:at]]
    return (*above, replace(blocks[at], level=1), *blocks[at + 1 :])


def _below_number(text: str, blocks: tuple[Block, ...]) -> str:
    """The title that follows a line with the document's number, as in official papers; "" without such a
    line: above it stands who issued the paper."""
    lines = [Line(text[b.start : min(b.end, b.start + 200)]) for b in blocks[:30] if not b.table]
    return (title_of(lines) or "") if number_among([line.text for line in lines[:NUMBER_LINES]]) else ""


def _date(raw: Raw, text: str, blocks: tuple[Block, ...], stem: str) -> tuple[str | None, str]:
    """The date and where it was found. Rows of tables are data: what day they name is not the document's."""
    body = [block for block in blocks if not block.table] if any(not block.table for block in blocks) else []
    if raw.published:
        return raw.published, "file"
    short = (n for n, b in enumerate(body) if n > 2 and b.end - b.start < 12)
    own = next((n for n in short if names_nothing(text[body[n].start : body[n].end])), len(body))
    for part in (body[:own], body):  # a paper is signed above what is attached to it (附件1)
        some = (*part[:DATE_LINES], *part[DATE_LINES:][-6:])
        lines = [text[block.start : min(block.end, block.start + 200)] for block in some]
        if found := dateline(lines):
            return found, "text"
    if found := dateline(list(raw.edges)):
        return found, "page edge"
    if found := file_name_date(stem):
        return found, "file name"
    if found := month_line(lines):
        return found, "text"
    later = latest_year(text)
    return (raw.created, "properties") if raw.created and raw.created[:4] >= later else (None, "")


def raw_of(path: Path, data: bytes) -> Raw:
    """A file's bytes as lines, by what they are: the name says what the file claims to be and is used in
    messages.

    Raises:
        Unread: as for :func:`load`.
    """
    return _loaders()[true_suffix(path.suffix.lower(), data)](path, data)


def warm() -> None:
    """Import every loader, so that reading a file takes only the time of the file."""
    _loaders()


def read(path: Path) -> bytes:
    """The bytes of a file. Raises Unread when it is too large, missing, not readable or empty."""
    try:
        size = path.stat().st_size
        if size > FILE_MAX:
            raise Unread("file_size", name=path.name, size=size >> 20, most=FILE_MAX >> 20)
        data = path.read_bytes()
    except FileNotFoundError:
        raise Unread("missing", path=str(path)) from None
    except OSError as error:
        raise Unread("unreadable", name=path.name, what=str(error.strerror)) from error
    if not data:
        raise Unread("empty", name=path.name)
    return data


def other_kind(name: str) -> Unread:
    """What is said of a file whose ending is none of ``SUFFIXES``."""
    suffix, endings = Path(name).suffix.lower(), ", ".join(sorted(SUFFIXES))
    if suffix in _ELSEWHERE:
        return Unread(_ELSEWHERE[suffix], name=name, suffix=suffix)
    if not suffix:
        return Unread("kind_none", name=name, endings=endings)
    if close := closest(suffix, SUFFIXES):
        return Unread("kind_near", name=name, suffix=suffix, close=close, endings=endings)
    return Unread("kind", name=name, suffix=suffix, endings=endings)

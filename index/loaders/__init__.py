"""Files -> Documents. One module per kind of file; each library is imported only when such a file is loaded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from errors import DocumentError, did_you_mean
from index.loaders.raw import Raw, squeeze
from index.repair import repair
from index.types import Document

FILE_MAX = 512 * 1024 * 1024
"""Bytes; a larger file is refused."""

LOADER_VERSION = "2"
"""Raised when a loader or the repair gives other text for the same bytes; files are then read again."""

_OLD = {
    ".doc": "Open it in Word or WPS and save it as .docx",
    ".wps": "Open it in WPS and save it as .docx",
    ".rtf": "Open it in Word or WPS and save it as .docx",
    ".xls": "Open it in Excel or WPS and save it as .xlsx",
    ".et": "Open it in WPS and save it as .xlsx",
    ".ppt": "Export it as .pdf",
    ".pptx": "Export it as .pdf",
    ".ofd": "Export it as .pdf from the reader that opens it",
    ".zip": "Unpack it and add the folder",
}
_JUNK_TITLE = re.compile(r"(?i)microsoft word|^untitled|^无标题|^未命名|\.(docx?|wps|indd|xlsx?|pptx?|pdf|tmp)$|^(文档|document|slide|title)\s*\d*$")


def _loaders() -> dict[str, Callable[[Path, bytes], Raw]]:
    from index.loaders.marked import load_markdown
    from index.loaders.pdf import load_pdf
    from index.loaders.plain import load_plain
    from index.loaders.sheets import load_csv, load_xlsx
    from index.loaders.web import load_html
    from index.loaders.word import load_docx

    return {
        ".txt": load_plain, ".text": load_plain, ".md": load_markdown, ".markdown": load_markdown,
        ".html": load_html, ".htm": load_html, ".xhtml": load_html, ".docx": load_docx, ".pdf": load_pdf,
        ".xlsx": load_xlsx, ".xlsm": load_xlsx, ".csv": load_csv, ".tsv": load_csv,
    }  # fmt: skip


SUFFIXES = (
    ".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".docx", ".pdf", ".xlsx", ".xlsm", ".csv", ".tsv",
)  # fmt: skip


def load(path: Path, source: str | None = None) -> Document:
    """One file as a Document, its text repaired and its blocks and pages as spans of that text.

    ``source`` is the name to record, default the file's name; the document's id is derived from it, so that a
    changed file keeps its id. ``meta`` gains ``path`` and ``file_sha256``.

    Raises:
        DocumentError: unknown kind of file, unreadable, empty, broken, encrypted, or without text (scanned).
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DocumentError(f"{path.name}: files of this kind ({suffix or 'no ending'}) cannot be read", _advice(suffix))
    data = _read(path)
    raw = _loaders()[suffix](path, data)
    raw.meta["path"] = str(path.absolute())
    raw.meta["file_sha256"] = hashlib.sha256(data).hexdigest()
    raw.meta["loader"] = LOADER_VERSION
    del data
    return finish(raw, source or path.name)


def document_id(source: str) -> str:
    """16 hex digits from the source's name."""
    return hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def finish(raw: Raw, source: str) -> Document:
    """Repair the lines and settle title and date: front matter, then the text, then file name and metadata.

    Raises:
        DocumentError: no text is left.
    """
    from index.loaders.dates import dateline, file_name_date, speaking_year

    unsure: list[tuple[int, int]] = []
    text, blocks, pages = repair(raw.lines, raw.formed, unsure)
    if unsure:
        raw.meta["unsure"] = ", ".join(f"{start}-{end}" for start, end in unsure[:2000])
    if not any(char.isalnum() for char in text):
        raise DocumentError(f"{source}: no text in it", "Check that the file is the right one; a scan needs text recognition first.")
    stem = Path(source).stem
    lines = [text[block.start : min(block.end, block.start + 200)] for block in blocks[:12]]
    lines += [text[block.start : min(block.end, block.start + 200)] for block in blocks[12:][-6:]]
    published = raw.published or dateline(lines) or file_name_date(stem) or raw.created
    if not published and (year := speaking_year(text)):
        raw.meta["year"] = year
    heading = next((text[b.start : b.end] for b in blocks[:12] if b.level == 1), "")
    named = "" if _JUNK_TITLE.search(raw.title.strip()) else raw.title
    title = squeeze(named or heading)[:200] or stem
    return Document(
        id=document_id(source), title=title, source=source, text=text, sha256=hashlib.sha256(text.encode()).hexdigest(),
        published=published, media_type=raw.media_type, blocks=blocks, pages=pages, supersedes=raw.supersedes, meta=raw.meta,
    )  # fmt: skip


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > FILE_MAX:
            raise DocumentError(f"{path.name}: {size >> 20} MB is more than the {FILE_MAX >> 20} MB that one file may have", "Split it into parts.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file", "Check the path and its spelling.") from None
    except OSError as error:
        raise DocumentError(f"{path.name}: cannot be read ({error.strerror})", "Check that it is a file and that you may read it.") from error
    if not data:
        raise DocumentError(f"{path.name}: the file is empty", "Nothing was indexed from it; check the export or the copy.")
    return data


def _advice(suffix: str) -> str:
    if suffix in _OLD:
        return f"{_OLD[suffix]}, then add it again."
    return did_you_mean(suffix, SUFFIXES) if suffix else f"Give it one of these endings: {', '.join(sorted(SUFFIXES))}"

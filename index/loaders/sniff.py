"""What a file is by its first bytes, where its ending says something else.

Offices send web pages, RTF and text as .doc or .xls, and new formats under old endings: the programs that
open them look at the bytes, and so do we.
"""

from __future__ import annotations

import io
import zipfile

OFFICE = frozenset(
    (
        ".doc",
        ".dot",
        ".wps",
        ".wpt",
        ".rtf",
        ".docx",
        ".xls",
        ".et",
        ".xlsx",
        ".xlsm",
        ".ppt",
        ".dps",
        ".pptx",
        ".pptm",
        ".ppsx",
    )
)
"""Endings whose files are looked into."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = (("WordDocument", ".doc"), ("Workbook", ".xls"), ("Book", ".xls"), ("PowerPoint Document", ".ppt"))
_PARTS = (("word/document.xml", ".docx"), ("xl/workbook.xml", ".xlsx"), ("ppt/presentation.xml", ".pptx"))
_SHEET_ML = b"urn:schemas-microsoft-com:office:spreadsheet"
_WORD_ML = b"schemas.microsoft.com/office/word/2003/wordml"
_LOOSE = {".doc": ".txt", ".wps": ".txt", ".rtf": ".txt", ".xls": ".tsv", ".et": ".tsv"}
"""Endings under which plain text is sent, and how it is then read."""


def true_suffix(suffix: str, data: bytes) -> str:
    """The ending that fits the bytes: ``suffix`` itself unless they are surely of another kind.

    ``.xml-sheet`` stands for a workbook in the XML of Excel 2003.
    """
    if suffix not in OFFICE:
        return suffix
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return suffix
        return next((kind for name, kind in _STREAMS if f"{name}\0".encode("utf-16-le") in data), suffix)
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = set(archive.namelist())
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            return suffix
        return next((kind for part, kind in _PARTS if part in names), suffix)
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    lower = head.lower()
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    if head.startswith(b"%PDF-"):
        return ".pdf"
    if _SHEET_ML in head and head.startswith(b"<?xml"):
        return ".xml-sheet"
    if b"mime-version:" in lower and b"content-type:" in lower:
        return ".mhtml"
    if (
        lower.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head"))
        or b"<html" in lower
        or b"<table" in lower
    ):
        return ".html"
    text = b"\0" not in data[:4096] or data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return _LOOSE.get(suffix, suffix) if text and _WORD_ML not in head else suffix

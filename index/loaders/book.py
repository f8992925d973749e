"""Books (.epub) in the order of their spine, and web pages saved with all they show (.mhtml) -> lines."""

from __future__ import annotations

import email
import posixpath
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errors.unread import Unread
from index.loaders.dates import iso_date
from index.loaders.mail import header_text, parameter
from index.loaders.office import BROKEN, open_office
from index.loaders.raw import Line, Raw, clean, squeeze
from index.loaders.web import load_html

_CONTAINER = "META-INF/container.xml"


def load_epub(path: Path, data: bytes) -> Raw:
    """An .epub file: the chapters of the spine in order, without the table of contents.

    Raises:
        Unread: broken, protected, or without a spine.
    """
    from lxml import etree

    stream = open_office(path, data, _CONTAINER)
    try:
        with zipfile.ZipFile(stream) as archive:
            if "META-INF/encryption.xml" in archive.namelist() and b"enc#" not in archive.read(
                "META-INF/encryption.xml"
            ):
                raise Unread("protected_book", name=path.name)
            package = _package(archive)
            root = _tree(archive.read(package))
            lines = list(_chapters(archive, package, root, path))
    except (*BROKEN, etree.LxmlError) as error:
        raise Unread("broken_epub", name=path.name) from error
    raw = Raw(
        lines, "application/epub+zip", title=_fact(root, "title"), formed=any(line.level for line in lines)
    )
    raw.created = iso_date(_fact(root, "date"))
    if author := _fact(root, "creator"):
        raw.meta["author"] = author
    return raw


def _tree(data: bytes) -> Any:
    """The root element. Raises KeyError where there is none, which is told as a broken file."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
    if root is None:
        raise KeyError("no element")
    return root


def _package(archive: zipfile.ZipFile) -> str:
    root = _tree(archive.read(_CONTAINER))
    found = next((one.get("full-path") for one in root.iter("{*}rootfile") if one.get("full-path")), None)
    if found is None:
        raise KeyError("no rootfile")
    return str(found)


def _fact(root: Any, name: str) -> str:
    found = next((one for one in root.iter(f"{{*}}{name}") if one.text), None)
    return squeeze(clean(found.text)) if found is not None else ""


def _chapters(archive: zipfile.ZipFile, package: str, root: Any, path: Path) -> Iterator[Line]:
    items = {item.get("id"): item for item in root.iter("{*}item")}
    names = {name.lower(): name for name in archive.namelist()}
    for reference in root.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        name = posixpath.normpath(
            posixpath.join(posixpath.dirname(package), urllib.parse.unquote(item.get("href") or ""))
        )
        kind = item.get("media-type") or ""
        if name.lower() in names and ("html" in kind or name.lower().endswith(("html", "htm", "xml"))):
            content = archive.read(names[name.lower()])
            if content.strip():
                yield from load_html(path, content).lines


def load_mhtml(path: Path, data: bytes) -> Raw:
    """An .mhtml file, as browsers and Word save it: its page, without pictures and styles.

    Raises:
        Unread: no page in it.
    """
    message = email.message_from_bytes(data.lstrip(b"\r\n \xef\xbb\xbf"))
    start = (message.get_param("start") or "") if message.is_multipart() else ""
    pages = [
        part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")
    ]
    if not pages:
        raise Unread("no_page", name=path.name)
    page = next((part for part in pages if start and part.get("content-id") == start), pages[0])
    content = page.get_payload(decode=True)
    html = content if isinstance(content, bytes) else b""
    charset = parameter(page.get_content_charset)
    if charset and b"charset" not in html[:4096].lower():
        html = b'<meta charset="' + charset.encode("ascii", "replace") + b'">' + html
    raw = load_html(path, html)
    raw.media_type = "multipart/related"
    raw.named = raw.named or squeeze(clean(header_text(str(message.get("subject") or ""))))
    return raw

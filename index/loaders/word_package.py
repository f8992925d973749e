"""A .docx file as its parts: XML trees by relationship. Knows the package (ECMA-376 part 2), nothing of
paragraphs."""

from __future__ import annotations

import io
import posixpath
import zipfile
from pathlib import Path
from typing import Any

from errors.unread import Unread
from index.loaders.office import BROKEN, open_office

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", R[1:-1].encode()),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
    (b"http://purl.oclc.org/ooxml/drawingml/main", b"http://schemas.openxmlformats.org/drawingml/2006/main"),
)
"""Files saved as "Strict Open XML" name the same elements otherwise."""


class Package:
    """The parts of a .docx file.

    Raises:
        Unread: protected, of the old format, broken, or no Word file.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        stream = open_office(path, data)
        with self.reading():
            self._zip = zipfile.ZipFile(stream)
            self._names = {name.lower(): name for name in self._zip.namelist()}
        main = next(iter(self.related("", "officeDocument").values()), "word/document.xml")
        if main.lower() not in self._names:
            raise Unread("other_archive", name=path.name, suffix=".docx")
        self.main = main

    def reading(self) -> _Reading:
        """A context in which what a damaged file raises becomes an Unread that names it."""
        return _Reading(self.path)

    def related(self, part: str, kind: str) -> dict[str, str]:
        """Relationship id -> name of the part, of those relationships of ``part`` that are of a kind
        (``footnotes``)."""
        folder, name = posixpath.split(part)
        relations = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, str] = {}
        for relation in relations.iter(_RELATION) if relations is not None else ():
            target = relation.get("Target") or ""
            if relation.get("TargetMode") != "External" and (relation.get("Type") or "").endswith("/" + kind):
                found[relation.get("Id") or ""] = posixpath.normpath(
                    posixpath.join("/" + folder, target)
                ).lstrip("/")
        return found

    def only(self, kind: str) -> Any:
        """The tree of the one part of this kind that the main part names; None when there is none."""
        names = list(self.related(self.main, kind).values())
        return self.tree(names[0]) if names else None

    def part(self, name: str) -> bytes:
        """A part's bytes; none when there is no such part."""
        stored = self._names.get(name.lower())
        with self.reading():
            return self._zip.read(stored) if stored is not None else b""
        return b""

    def tree(self, name: str) -> Any:
        """A part's XML, None when there is no such part. Entities are not resolved and nothing is fetched."""
        from lxml import etree

        stored = self._names.get(name.lower())
        if stored is None:
            return None
        with self.reading():
            data = self._zip.read(stored)
            if b"purl.oclc.org/ooxml" in data[:20_000]:
                for strict, usual in _STRICT:
                    data = data.replace(strict, usual)
            parser = etree.XMLParser(
                resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
            )
            return etree.parse(io.BytesIO(data), parser).getroot()


class _Reading:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from lxml import etree

        broken = (*BROKEN, RecursionError, NotImplementedError, etree.LxmlError)
        if isinstance(error, broken) and not isinstance(error, Unread):
            raise Unread("broken_docx", name=self.path.name) from error


def attribute(element: Any, path: str, name: str = "val") -> str | None:
    """An attribute of a child by its path (``pPr/numPr/numId``), None when either is missing."""
    found = element.find("/".join(W + step for step in path.split("/"))) if element is not None else None
    return None if found is None else (found.get(W + name) or None)


def integer(value: str | None, otherwise: int = 0) -> int:
    """A whole number in an attribute; ``otherwise`` for what is none."""
    try:
        return int(float(value)) if value else otherwise
    except (ValueError, OverflowError):
        return otherwise


def on(properties: Any, name: str) -> bool | None:
    """Is a toggle property (``vanish``, ``strike``) on? None when it is not said."""
    found = properties.find(W + name) if properties is not None else None
    if found is None:
        return None
    return found.get(W + "val", "1") not in ("0", "false", "off", "none")

"""The kept source files, in a folder, or in a bucket with the folder as its cache: names made safe on the way
in, and on the way out only a file that was indexed.

A document's ``source`` is a name, and names can lie (``../x``, a link): what is found is inside the folder
after all links are followed, and has the bytes that were indexed, or it is not given out.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response

from errors import DocumentError
from index.loaders.encoding import decode
from index.types import Document
from ui.problems import TooLarge
from ui.storage_types import new_id

if TYPE_CHECKING:
    from ui.bucket import Bucket

DEEPEST = 12
"""Folders and name that are kept of a path."""
TEXTS = frozenset((".txt", ".text", ".md", ".markdown", ".csv", ".tsv"))
SHOWN = TEXTS | {".pdf"}
"""Kinds of file that a browser shows by itself."""

FETCHED = ".fetched"
"""Below the folder: files from the bucket that have no place of their own on this server."""

log = logging.getLogger("wenju.ui")
_BAD = re.compile(r"[\x00-\x1f\x7f<>:\"|?*\\/\u202a-\u202e\u2066-\u2069]")


def safe_name(name: str) -> str:
    """A file name for the folder: the last part of what was sent, without what a file system or a reader
    trips over."""
    base = _BAD.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem, dot, suffix = base.rpartition(".")
    return (
        f"{stem[: 119 - len(suffix)]}{dot}{suffix}"
        if stem and len(suffix) < 10
        else base[:120] or "document.txt"
    )


def safe_path(name: str) -> str:
    """The same for a file in a folder that was dropped: its folders and its name, ``2024/通知.docx``."""
    parts = [part for part in name.replace("\\", "/").split("/") if part.strip(" .")]
    return "/".join(safe_name(part) for part in parts[-DEEPEST:]) or safe_name("")


def kept(folder: Path | None, source: str) -> Path | None:
    """The file under this name, if there is one inside the folder."""
    if folder is None or not source or "\x00" in source:
        return None
    root = folder.resolve()
    path = (root / source).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def original(folder: Path | None, document: Document) -> Path | None:
    """The file that a document was made from, if it is kept; another file of the same name is not it. For an
    attachment or a member of an archive that is the message or archive."""
    path = kept(folder, document.meta.get("path", "")) or kept(
        folder, document.meta.get("container", document.source)
    )
    wanted = document.meta.get("file_sha256", "")
    if path is None or not wanted:
        return path
    stat = path.stat()
    return path if _digest(path, stat.st_size, stat.st_mtime_ns) == wanted else None


class Originals:
    """The files that documents were made from.

    Args:
        folder: where they lie; None: none are kept.
        bucket: where they lie for all servers; what the folder lacks is fetched from there.
    """

    def __init__(self, folder: Path | None, bucket: Bucket | None = None) -> None:
        self.folder, self.bucket = folder, bucket
        self._there: set[str] = set()

    def find(self, document: Document) -> Path | None:
        """The file of a document. Raises DocumentError when the bucket does not answer."""
        path, key = original(self.folder, document), _key(document)
        if path is not None or self.bucket is None or self.folder is None or not key:
            return path
        target = self._place(document)
        if not self.bucket.get(key, target):
            return None
        if _hashed(target) != key:
            target.unlink()
            log.error("%s in %s is another file than was put there", key, self.bucket.where)
            return None
        return target

    def has(self, document: Document) -> bool:
        """Is there a file to be opened? Said of a bucket that does not answer, too: opening it tells so."""
        if original(self.folder, document) is not None:
            return True
        key = _key(document)
        if self.bucket is None or self.folder is None or not key:
            return False
        if key not in self._there:
            try:
                if not self.bucket.has(key):
                    return False
            except DocumentError as error:
                log.warning("%s", error)
                return True
            self._there.add(key)
        return True

    def keep(self, path: Path, name: str) -> str:
        """Put a file into the bucket before it is indexed; its key, "" where there is no bucket."""
        if self.bucket is None:
            return ""
        key = _hashed(path)
        self.bucket.put(key, path, name)
        return key

    def lay(self, documents: Iterable[Document]) -> None:
        """Fetch what this server lacks of the files of documents, each to where it was read from."""
        for document in documents if self.bucket is not None else ():
            self.find(document)

    def settle(self, before: Iterable[str], documents: Iterable[Document]) -> None:
        """Delete from the bucket what was there before and belongs to no document any more."""
        if self.bucket is not None:
            for key in set(before) - keys(documents) - {""}:
                self._there.discard(key)
                self.bucket.remove(key)

    def _place(self, document: Document) -> Path:
        assert self.folder is not None
        root, path = self.folder.resolve(), Path(document.meta.get("path", ""))
        if path.is_relative_to(root) and not path.exists():
            return path
        name = safe_name(document.meta.get("container", document.source))
        return root / FETCHED / _key(document) / name


def keys(documents: Iterable[Document]) -> set[str]:
    """Names of documents' files in a bucket."""
    return {_key(document) for document in documents}


def _key(document: Document) -> str:
    return document.meta.get("file_sha256", "")


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def forget(folder: Path | None, document: Document) -> None:
    """Delete the file that a removed document was made from, if it is kept and holds no other."""
    if "container" not in document.meta:
        path = original(folder, document)
        if path is not None:
            path.unlink(missing_ok=True)


def sent(path: Path) -> Response:
    """A kept file: PDF and text open in the browser, anything else (HTML above all) is downloaded."""
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        with suppress(DocumentError):
            return Response(decode(path.read_bytes(), path), media_type="text/plain; charset=utf-8")
    if suffix == ".pdf":
        return FileResponse(
            path, media_type="application/pdf", filename=path.name, content_disposition_type="inline"
        )
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


class Keeping:
    """A file on its way into the folder: there under its name once it is whole, or not at all.

    ``write`` raises TooLarge beyond ``limit`` bytes; ``drop`` leaves nothing unless it was ``done``.
    """

    def __init__(self, target: Path, limit: int) -> None:
        self._target, self._limit, self._size = target, limit, 0
        target.parent.mkdir(parents=True, exist_ok=True)
        self._part = target.with_name(f".{new_id()}.part")
        self._out = self._part.open("wb")

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise TooLarge.named("file_too_large", name=self._target.name, limit=self._limit >> 20)
        self._out.write(data)

    def done(self) -> Path:
        """Put it in its place."""
        self._out.close()
        self._part.replace(self._target)
        return self._target

    def drop(self) -> None:
        """Forget what is not done, with its folder where nothing else is in it."""
        self._out.close()
        self._part.unlink(missing_ok=True)
        with suppress(OSError):
            self._target.parent.rmdir()


@functools.lru_cache(maxsize=256)
def _digest(path: Path, size: int, changed: int) -> str:
    return _hashed(path)

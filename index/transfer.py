"""Documents carried from one index to another as a file of JSON lines: text, facts and collections, without
vectors.

    {"wenju": "documents", "format": 1}     first line
    [...]                                   a document as of index.wire, one a line
    {"documents": 12, "sha256": "..."}      last line: hash of all lines before it

A file whose end is missing, or with a changed line, is refused as a whole before anything is written. A name
that ends in ``.gz`` is packed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from errors import DocumentError
from index.types import Document
from index.wire import pack, unpack

HEAD = {"wenju": "documents", "format": 1}
_AGAIN = "Export it again on the machine it comes from: wenju index export FILE"


def export(documents: Iterable[Document], path: Path) -> int:
    """Write documents (with their texts); returns how many. The file is there as a whole or not at all.

    Raises:
        DocumentError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    digest, count = hashlib.sha256(), 0
    try:
        with _opened(part, "wb", path.suffix == ".gz") as out:
            _line(out, json.dumps(HEAD).encode(), digest)
            for document in documents:
                _line(out, pack(document), digest)
                count += 1
            _line(out, json.dumps({"documents": count, "sha256": digest.hexdigest()}).encode(), digest)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DocumentError(
            f"{path}: cannot be written ({error.strerror})",
            "Check the folder, its rights and the space on the disk.",
        ) from error
    return count


def exported(path: Path) -> Iterator[Document]:
    """The documents of a file, one by one, after all of it was checked.

    Raises:
        DocumentError: no such file, not an export, of another format, or damaged.
    """
    _check(path)
    return _documents(path)


def _documents(path: Path) -> Iterator[Document]:
    with _opened(path, "rb", path.suffix == ".gz") as file:
        next(file)
        for line in file:
            if line.startswith(b"["):
                yield unpack(Document, line)


def _check(path: Path) -> None:
    digest, count, last = hashlib.sha256(), 0, b""
    try:
        with _opened(path, "rb", path.suffix == ".gz") as file:
            head = json.loads(next(file, b"null"))
            if not isinstance(head, dict) or head.get("wenju") != HEAD["wenju"]:
                raise DocumentError(
                    f"{path.name}: not a file of exported documents",
                    "wenju index export FILE makes one; for other files: wenju index add PATH...",
                )
            if head.get("format") != HEAD["format"]:
                raise DocumentError(
                    f"{path.name}: format {head.get('format')}; this version reads {HEAD['format']}",
                    "Export it with this version of wenju.",
                )
            digest.update(json.dumps(head).encode() + b"\n")
            for line in file:
                if last:
                    digest.update(last)
                    count += 1
                last = line
        end = json.loads(last or b"null")
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file", "Check the path and its spelling.") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DocumentError(f"{path.name}: damaged or not an export ({error})", _AGAIN) from None
    if not isinstance(end, dict) or end != {"documents": count, "sha256": digest.hexdigest()}:
        raise DocumentError(f"{path.name}: damaged, its end is missing or a line was changed", _AGAIN)


def _opened(path: Path, mode: str, packed: bool) -> IO[bytes]:
    return gzip.open(path, mode) if packed else path.open(mode)  # type: ignore[return-value]


def _line(out: IO[bytes], line: bytes, digest: hashlib._Hash) -> None:
    out.write(line + b"\n")
    digest.update(line + b"\n")

"""What .docx and .xlsx have in common: a zip archive that may be protected, broken, or a bomb."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

from errors.unread import Unread
from index.limits import UNPACKED_MAX

BROKEN = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    SyntaxError,
    EOFError,
    OSError,
    RuntimeError,
    ArithmeticError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the libraries raise on a damaged archive or damaged XML in it."""

_DEFINITIONS = re.compile(rb"<!DOCTYPE(?!\s+html\b)", re.I)


def open_office(path: Path, data: bytes, part: str = "") -> io.BytesIO:
    """The file's bytes, after checking that it is an unprotected Office archive, with ``part`` in it if one
    is named.

    Raises:
        Unread: password-protected, of the old format, broken, of another kind, or unpacking to too
        much.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unread("protected", name=path.name)
        raise Unread("old_office", name=path.name, suffix=path.suffix.lower())
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            size = sum(info.file_size for info in archive.infolist())
            defined = size <= UNPACKED_MAX and any(
                _defines(archive, name) for name in names if name.endswith((".xml", ".rels"))
            )
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        OSError,
    ) as error:
        raise Unread("broken_office", name=path.name, suffix=path.suffix.lower()) from error
    if part and part not in names:
        raise Unread("other_archive", name=path.name, suffix=path.suffix.lower())
    if size > UNPACKED_MAX:
        raise Unread("unpacked_office", name=path.name, size=size >> 20, most=UNPACKED_MAX >> 20)
    if defined:
        raise Unread("entities", name=path.name)
    return io.BytesIO(data)


def _defines(archive: zipfile.ZipFile, name: str) -> bool:
    """Does a part begin with definitions (a DTD), from which a few bytes can grow to any length? That of a
    web page defines none."""
    with archive.open(name) as part:
        head = part.read(1024).replace(b"\x00", b"")
    return b"<!ENTITY" in head or bool(_DEFINITIONS.search(head))

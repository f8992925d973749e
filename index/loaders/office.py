"""What .docx and .xlsx have in common: a zip archive that may be protected, broken, or a bomb."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

from errors import DocumentError
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
        DocumentError: password-protected, of the old format, broken, of another kind, or unpacking to too
        much.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise DocumentError(
                f"{path.name}: protected with a password",
                "Open it, save a copy without the password, then add the copy.",
            )
        raise DocumentError(
            f"{path.name}: in the old Office format",
            f"Open it and save it as {path.suffix.lower()}, then add it again.",
        )
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
        raise DocumentError(
            f"{path.name}: broken, not a {path.suffix.lower()} file",
            "Open and save it again in Office or WPS, or get a fresh copy.",
        ) from error
    if part and part not in names:
        raise DocumentError(
            f"{path.name}: an archive, but not a {path.suffix.lower()} file", "Check the file name's ending."
        )
    if size > UNPACKED_MAX:
        raise DocumentError(
            f"{path.name}: unpacks to {size >> 20} MB, more than {UNPACKED_MAX >> 20} MB",
            "Split it into parts.",
        )
    if defined:
        raise DocumentError(
            f"{path.name}: its XML defines entities, which no program for documents writes",
            "Open and save it again in Office or WPS.",
        )
    return io.BytesIO(data)


def _defines(archive: zipfile.ZipFile, name: str) -> bool:
    """Does a part begin with definitions (a DTD), from which a few bytes can grow to any length? That of a
    web page defines none."""
    with archive.open(name) as part:
        head = part.read(1024).replace(b"\x00", b"")
    return b"<!ENTITY" in head or bool(_DEFINITIONS.search(head))

"""Old Word files (.doc, .wps, .rtf) -> lines: first as .docx, by our own light readers, or by LibreOffice
where it is installed and the file is beyond them."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from errors.unread import Unread
from index import limits
from index.loaders.office import BROKEN
from index.loaders.plausible import is_language
from index.loaders.raw import Raw
from index.loaders.word import load_docx

SECONDS = 100
"""How long LibreOffice may take for one file: less than the time without a sign of life after which the file
is given up."""

_FLAT = (b"\xdb\xa5", b"\x9b\xa5", b"\x31\xbe", b"\x32\xbe", b"\x01\xfe")
"""How files of Word 2, Word 1, Write and Works for DOS begin."""

_LIFT = limits.lift if sys.platform != "win32" else None
"""LibreOffice asks for more memory than a reader of ours gets."""


def load_doc(path: Path, data: bytes) -> Raw:
    """A .doc file, or a .wps file of WPS Writer."""
    import olefile

    from index.loaders.doc import as_docx
    from index.loaders.doc_file import DocFile, NotWord

    broken = Unread("broken_doc", name=path.name)
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            facts = ole.get_metadata()
            created = (
                facts.create_time.date().isoformat()
                if facts.create_time and facts.create_time.year > 1990
                else ""
            )
            docx = as_docx(DocFile(ole), _name(facts.title, facts.codepage), created)
    except PermissionError:
        raise Unread("protected", name=path.name) from None
    except (*BROKEN, NotWord) as error:
        docx = (converted(path, data, "docx") if _word_processor(data) else None) or b""
        if not docx:
            raise broken from error
        if is_language("".join(line.text for line in load_docx(path, docx).lines)) is False:
            raise broken from error  # a damaged file that was taken for text
    raw = load_docx(path, docx)
    raw.media_type = "application/msword"
    return raw


def _word_processor(data: bytes) -> bool:
    """Is it a file of Word, Write or Works? LibreOffice makes text of anything else as well."""
    import olefile

    if data.startswith(_FLAT):
        return True
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return any(ole.exists(name) for name in ("WordDocument", "CONTENTS", "MatOST"))
    except BROKEN:
        return False


def load_rtf(path: Path, data: bytes) -> Raw:
    """An .rtf file."""
    from index.loaders.rtf import RtfReader

    if not data.lstrip().startswith(b"{\\rtf"):
        raise Unread("not_rtf", name=path.name)
    try:
        docx = RtfReader().read(data)
    except BROKEN as error:
        raise Unread("broken_rtf", name=path.name) from error
    raw = load_docx(path, docx)
    raw.media_type = "application/rtf"
    return raw


def converted(path: Path, data: bytes, kind: str) -> bytes | None:
    """The file as LibreOffice converts it; None where it is not installed or fails."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="wenju-office-") as folder:
        source = Path(folder, f"source{path.suffix.lower()}")
        source.write_bytes(data)
        command = [
            program,
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            folder,
            str(source),
        ]
        try:
            subprocess.run(
                command,
                capture_output=True,
                timeout=SECONDS,
                check=True,
                env={**os.environ, "HOME": folder},
                preexec_fn=_LIFT,
            )
            return source.with_suffix(f".{kind}").read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None


def _name(value: bytes | None, codepage: int | None) -> str:
    """A title in the code page that the file's properties name."""
    if not value:
        return ""
    encoding = {936: "gb18030", 65001: "utf-8", -535: "utf-8", 1200: "utf-16-le"}.get(
        codepage or 0, f"cp{codepage}" if codepage and codepage > 0 else "gb18030"
    )
    try:
        return value.decode(encoding).strip("\0 ")
    except (UnicodeDecodeError, LookupError):
        return value.decode("gb18030", "ignore").strip("\0 ")

"""Zip archives -> the files in them, with limits of size, number and depth. Names in GBK as Chinese Windows
writes them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from errors.unread import Unread
from index.limits import UNPACKED_MAX
from index.loaders.office import BROKEN

FILES_MAX = 2_000
DEPTH_MAX = 3
"""Archives and messages within each other."""

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LITTER = frozenset(("thumbs.db", "desktop.ini", "__macosx", ".ds_store"))


@dataclass(slots=True)
class Budget:
    """What may still be unpacked from one file, shared by all archives within it."""

    name: str
    left: int = UNPACKED_MAX
    files: int = FILES_MAX

    def take(self, size: int) -> None:
        """Raises Unread once too much was unpacked."""
        self.left -= size
        self.files -= 1
        if self.left < 0:
            raise Unread("unpacked", name=self.name, most=UNPACKED_MAX >> 20)
        if self.files < 0:
            raise Unread("members", name=self.name, most=FILES_MAX)


def zip_members(path: Path, data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file in the archive, in the order of their names; folders and system litter left
    out.

    Raises:
        Unread: broken, protected with a password, or over a limit; before anything is unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = sorted(
                ((member_name(info), info) for info in archive.infolist() if not info.is_dir()),
                key=lambda one: one[0],
            )
            infos = [(name, info) for name, info in infos if not _litter(name)]
            if any(info.flag_bits & 1 for _, info in infos):
                raise Unread("protected_zip", name=path.name)
            for _, info in infos:
                budget.take(info.file_size)
            for name, info in infos:
                yield name, archive.read(info)
    except (*BROKEN, NotImplementedError) as error:
        raise Unread("broken_zip", name=path.name) from error


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's name with its folders: UTF-8 where the archive says so, else UTF-8 or GB18030 by its
    bytes."""
    name = info.filename
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        readings = [
            text for encoding in ("utf-8", "gb18030") if (text := _decoded(raw, encoding)) is not None
        ]
        # bytes of one may be valid in the other, but then mean no Chinese characters
        name = next(
            (text for text in readings if text.isascii() or _HAN.search(text)),
            readings[0] if readings else name,
        )
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _litter(name: str) -> bool:
    return any(part.startswith((".", "~$")) or part.lower() in _LITTER for part in name.split("/"))

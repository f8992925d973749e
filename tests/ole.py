"""Writes compound files ([MS-CFB] version 3), so that tests can make .msg and .doc files of their own."""

from __future__ import annotations

import struct
from collections.abc import Mapping

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_ROOT, _STORAGE, _STREAM = 5, 1, 2


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file with these streams; folders in names by ``/``. Every stream is padded to 4096 bytes at
    least, so that no small sectors are needed."""
    tree: dict[str, object] = {}
    for name, content in streams.items():
        *folders, last = name.split("/")
        at = tree
        for folder in folders:
            at = at.setdefault(folder, {})  # type: ignore[assignment]
        at[last] = content
    entries: list[list[object]] = [["Root Entry", _ROOT, FREE, b""]]
    nexts: list[tuple[int, int]] = [(FREE, FREE)]
    _add(tree, 0, entries, nexts)
    sectors: list[bytes] = []
    chain: list[int] = []
    starts: list[tuple[int, int]] = []
    for _, kind, _, content in entries:
        assert isinstance(content, bytes)
        size = max(len(content), 4096) if kind == _STREAM else 0
        starts.append((len(sectors) if size else (END if kind == _ROOT else 0), size))
        data = content.ljust(size, b"\0")
        count = -(-size // 512)
        for n in range(count):
            sectors.append(data[512 * n : 512 * n + 512].ljust(512, b"\0"))
            chain.append(len(sectors) if n + 1 < count else END)
    directory = b""
    for number, ((name, kind, child, _), (left, right), (start, size)) in enumerate(
        zip(entries, nexts, starts, strict=True)
    ):
        wide = str(name).encode("utf-16-le") + b"\0\0"
        directory += wide.ljust(64, b"\0") + struct.pack(
            "<HBBIII", len(wide), int(str(kind)), 1, left, right, int(str(child))
        )
        directory += b"\0" * 36 + struct.pack("<IQ", start, size)
        del number
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\0")
    first = len(sectors)
    for n in range(len(directory) // 512):
        sectors.append(directory[512 * n : 512 * n + 512])
        chain.append(len(sectors) if n + 1 < len(directory) // 512 else END)
    fats = 1
    while fats * 128 < len(sectors) + fats:
        fats += 1
    chain += [FAT] * fats
    places = list(range(len(sectors), len(sectors) + fats))
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512 * fats, b"\xff")
    head = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 16
        + struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fats, first, 0, 4096, END, 0, END, 0)
    )
    head += struct.pack("<109I", *(places + [FREE] * (109 - len(places))))
    return head + b"".join(sectors) + table


def _add(
    tree: Mapping[str, object], parent: int, entries: list[list[object]], nexts: list[tuple[int, int]]
) -> None:
    """Entries of one folder as a chain to the right, in the order that compound files want."""
    names = sorted(tree, key=lambda name: (len(name), name.upper()))
    numbers: list[int] = []
    for name in names:
        content = tree[name]
        numbers.append(len(entries))
        folder = isinstance(content, dict)
        entries.append([name, _STORAGE if folder else _STREAM, FREE, b"" if folder else content])
        nexts.append((FREE, FREE))
        if isinstance(content, dict):
            _add(content, numbers[-1], entries, nexts)
    for here, there in zip(numbers, numbers[1:], strict=False):
        nexts[here] = (FREE, there)
    if numbers:
        entries[parent][2] = numbers[0]

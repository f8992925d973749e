"""The lists of a binary Word file ([MS-DOC] 2.9.131 LFO, 2.9.147 LSTF, 2.9.150 LVL) by the number that
paragraphs name."""

from __future__ import annotations

import struct
from dataclasses import replace

from index.loaders.doc_file import DocFile
from index.loaders.wordml import FORMATS, ListLevel

_LISTS, _OVERRIDES = 0x2E2, 0x2EA


def lists_of(file: DocFile) -> dict[int, dict[int, ListLevel]]:
    """Levels (from 0) of each list that paragraphs may name; {} where the file has none or they cannot be
    read."""
    try:
        by_id = _definitions(file)
        return _numbered(file, by_id)
    except (struct.error, IndexError, ValueError):
        return {}


def _definitions(file: DocFile) -> dict[int, dict[int, ListLevel]]:
    head = file.part(_LISTS)
    if len(head) < 2:
        return {}
    (count,) = struct.unpack_from("<H", head)
    data = file.after(_LISTS)
    at = 0
    found: dict[int, dict[int, ListLevel]] = {}
    for n in range(count):
        (name,) = struct.unpack_from("<i", head, 2 + 28 * n)
        simple = head[2 + 28 * n + 26] & 1
        levels: dict[int, ListLevel] = {}
        for depth in range(1 if simple else 9):
            levels[depth], at = _level(data, at)
        found[name] = levels
    return found


def _level(data: bytes, at: int) -> tuple[ListLevel, int]:
    start, form, flags = struct.unpack_from("<iBB", data, at)
    follow, letters, own = data[at + 15], data[at + 24], data[at + 25]
    at += 28 + letters + own
    (length,) = struct.unpack_from("<H", data, at)
    text = data[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
    shown = "".join(f"%{ord(char) + 1}" if ord(char) < 9 else char for char in text)
    name = FORMATS[form] if form < len(FORMATS) else "none" if form == 255 else "decimal"
    return ListLevel(start, name, shown if name != "bullet" else "", follow != 2), at + 2 + 2 * length


def _numbered(file: DocFile, by_id: dict[int, dict[int, ListLevel]]) -> dict[int, dict[int, ListLevel]]:
    data = file.part(_OVERRIDES)
    if len(data) < 4:
        return {}
    (count,) = struct.unpack_from("<I", data)
    found: dict[int, dict[int, ListLevel]] = {}
    changed: list[int] = []
    for n in range(count):
        (name,) = struct.unpack_from("<i", data, 4 + 16 * n)
        changed.append(data[4 + 16 * n + 12])
        found[n + 1] = dict(by_id.get(name, {}))
    at = 4 + 16 * count
    for n, levels in enumerate(changed, 1):
        at += 4
        for _ in range(levels):
            start, flags = struct.unpack_from("<II", data, at)
            at += 8
            depth = flags & 0xF
            if flags & 0x20:
                found[n][depth], at = _level(data, at)
            elif flags & 0x10 and depth in found[n]:
                found[n][depth] = replace(found[n][depth], start=start)
    return found


def same_list(file: DocFile) -> dict[int, int]:
    """Numbers of lists that count together: each with the first one that has the same definition."""
    data = file.part(_OVERRIDES)
    if len(data) < 4:
        return {}
    (count,) = struct.unpack_from("<I", data)
    first: dict[int, int] = {}
    found: dict[int, int] = {}
    for n in range(min(count, (len(data) - 4) // 16)):
        (name,) = struct.unpack_from("<i", data, 4 + 16 * n)
        own = data[4 + 16 * n + 12]
        found[n + 1] = n + 1 if own else first.setdefault(name, n + 1)
    return found

"""The binary Word format (.doc, .wps; [MS-DOC]) -> its text in pieces with the properties of paragraphs and
letters.

Knows the piece table, the pages of properties (FKP), styles and lists; nothing of what they mean for a
reader.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_OPERAND = (1, 1, 2, 4, 2, 2, -1, 3)
_T_DEF_TABLE, _CHG_TABS = 0xD608, 0xC615
PARAGRAPH_STYLE, OUTLINE, LIST, LIST_DEPTH, IN_TABLE, ROW_END, DEPTH, JUSTIFY = (
    0x4600,
    0x2640,
    0x460B,
    0x260A,
    0x2416,
    0x2417,
    0x6649,
    0x2461,
)
INNER_END, INNER_ROW_END = 0x244B, 0x244C
_ELSEWHERE = (0x6645, 0x6646)
"""What does not fit into a page of properties lies in the stream Data, as the columns of wide tables do."""
DELETED, HIDDEN, STRUCK, DOUBLE_STRUCK, SYMBOL, SIZE, SPECIAL = (
    0x0800,
    0x083C,
    0x0837,
    0x2A53,
    0x6A09,
    0x4A43,
    0x0855,
)
_BIT_PARTS = ("text", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "header_boxes")

Properties = dict[int, bytes]


class NotWord(ValueError):
    """No Word file of the years since 1997."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters ``first`` to ``last`` (half open) stored at byte ``offset``, one or two bytes each."""

    first: int
    last: int
    offset: int
    wide: bool


@dataclass(slots=True)
class Style:
    kind: int = 4095
    base: int = 4095
    properties: Properties = field(default_factory=dict)


class DocFile:
    """An open .doc file.

    Raises:
        NotWord: older than Word 97, or no such file.
        PermissionError: protected with a password.
    """

    def __init__(self, ole: Any) -> None:
        self.stream: bytes = ole.openstream("WordDocument").read()
        magic, version = struct.unpack_from("<HH", self.stream)
        (flags,) = struct.unpack_from("<H", self.stream, 10)
        if magic not in (0xA5EC, 0xA5DC) or version < 0xC1:
            raise NotWord
        if flags & 0x0100:
            raise PermissionError
        name = "1Table" if flags & 0x0200 else "0Table"
        self.table: bytes = ole.openstream(
            name if ole.exists(name) else ("0Table" if flags & 0x0200 else "1Table")
        ).read()
        self.data: bytes = ole.openstream("Data").read() if ole.exists("Data") else b""
        counts = struct.unpack_from("<8i", self.stream, 0x4C)
        self.parts: dict[str, tuple[int, int]] = {}
        at = 0
        for part, count in zip(_BIT_PARTS, counts, strict=True):
            self.parts[part] = (at, at + max(0, count))
            at += max(0, count)
        self.pieces = list(self._pieces())
        self.fonts = self._fonts()
        self.styles = self._styles()
        self._paragraph_starts, self._paragraphs = self._pages(0x102, True)
        self._letter_starts, self._letters = self._pages(0xFA, False)

    def part(self, at: int) -> bytes:
        """A structure in the table stream, by the place of its pair (offset, length) in the header."""
        offset, length = struct.unpack_from("<II", self.stream, at)
        return self.table[offset : offset + length] if length and offset < len(self.table) else b""

    def after(self, at: int) -> bytes:
        """Everything in the table stream behind a structure."""
        offset, length = struct.unpack_from("<II", self.stream, at)
        return self.table[offset + length :]

    def _pieces(self) -> Iterator[Piece]:
        clx = self.part(0x1A2)
        at = 0
        while at < len(clx) and clx[at] == 1:  # properties of pieces: not needed
            at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
        if at >= len(clx) or clx[at] != 2:
            raise NotWord
        (length,) = struct.unpack_from("<I", clx, at + 1)
        plc = clx[at + 5 : at + 5 + length]
        count = (len(plc) - 4) // 12
        ends = struct.unpack_from(f"<{count + 1}I", plc)
        for n in range(count):
            (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * n + 2)
            narrow = bool(place & 0x40000000)
            place &= 0x3FFFFFFF
            yield Piece(ends[n], ends[n + 1], place // 2 if narrow else place, not narrow)

    def text(self, first: int, last: int) -> Iterator[tuple[str, int, int]]:
        """The characters from ``first`` to ``last`` as (text, byte at which it is stored, bytes for each
        character)."""
        for piece in self.pieces:
            low, high = max(first, piece.first), min(last, piece.last)
            if low >= high:
                continue
            width = 2 if piece.wide else 1
            offset = piece.offset + (low - piece.first) * width
            data = self.stream[offset : offset + (high - low) * width]
            yield data.decode("utf-16-le" if piece.wide else "cp1252", "replace"), offset, width

    def _pages(self, at: int, paragraphs: bool) -> tuple[list[int], list[tuple[int, Properties]]]:
        """Runs of properties: the byte at which each begins, and (style, properties) of it."""
        plc = self.part(at)
        count = (len(plc) - 4) // 8
        starts: list[int] = []
        found: list[tuple[int, Properties]] = []
        for n in range(max(0, count)):
            (number,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 4 * n)
            page = self.stream[(number & 0x3FFFFF) * 512 :][:512]
            if len(page) < 512:
                continue
            runs = page[511]
            entry = 13 if paragraphs else 1
            if 4 * (runs + 1) + entry * runs > 511:
                continue
            places = struct.unpack_from(f"<{runs + 1}I", page)
            for run in range(runs):
                where = page[4 * (runs + 1) + entry * run] * 2
                starts.append(places[run])
                found.append(
                    self._whole(*_paragraph_properties(page, where))
                    if paragraphs
                    else (0, _letter_properties(page, where))
                )
        order = sorted(range(len(starts)), key=starts.__getitem__)
        return [starts[n] for n in order], [found[n] for n in order]

    def _whole(self, style: int, own: Properties) -> tuple[int, Properties]:
        """Style and properties of a paragraph, with those that lie elsewhere."""
        for code in _ELSEWHERE:
            if code in own:
                at = int.from_bytes(own[code], "little")
                size = int.from_bytes(self.data[at : at + 2], "little")
                own = {**own, **properties(self.data[at + 2 : at + 2 + size])}
        return style, own

    def paragraph(self, offset: int) -> tuple[int, Properties]:
        """Style and own properties of the paragraph whose mark is stored at a byte."""
        n = bisect_right(self._paragraph_starts, offset) - 1
        return self._paragraphs[n] if n >= 0 else (0, {})

    def letters(self, start: int, stop: int) -> Iterator[tuple[int, int, Properties]]:
        """Runs of letters between two bytes: (first byte, byte behind, properties)."""
        n = max(0, bisect_right(self._letter_starts, start) - 1)
        at = start
        while at < stop:
            end = self._letter_starts[n + 1] if n + 1 < len(self._letter_starts) else stop
            yield at, min(end, stop), self._letters[n][1] if n < len(self._letters) else {}
            at, n = max(at + 1, min(end, stop)), n + 1

    def style(self, number: int, wanted: int) -> bytes:
        """A property as a style or those it is based on set it; b"" where none does."""
        for _ in range(12):
            style = self.styles[number] if number < len(self.styles) else None
            if style is None:
                return b""
            if wanted in style.properties:
                return style.properties[wanted]
            number = style.base
        return b""

    def heading(self, number: int) -> int:
        """1..9 for a heading style or one based on it, -1 for the title's, 0 for others; 100 for a table of
        contents."""
        for _ in range(12):
            style = self.styles[number] if number < len(self.styles) else None
            if style is None:
                return 0
            if 1 <= style.kind <= 9:
                return style.kind
            if style.kind == 62:
                return -1
            if 19 <= style.kind <= 27:
                return 100
            number = style.base
        return 0

    def _styles(self) -> list[Style | None]:
        data = self.part(0xA2)
        if len(data) < 6:
            return []
        (head,) = struct.unpack_from("<H", data)
        count, base = struct.unpack_from("<HH", data, 2)
        at = 2 + head
        styles: list[Style | None] = []
        for _ in range(count):
            if at + 2 > len(data):
                break
            (size,) = struct.unpack_from("<H", data, at)
            styles.append(_style(data[at + 2 : at + 2 + size], base) if size else None)
            at += 2 + size
        return styles

    def _fonts(self) -> list[str]:
        data = self.part(0x112)
        fonts: list[str] = []
        at = 4
        while at < len(data):
            size = data[at]
            name = data[at + 40 : at + 1 + size].decode("utf-16-le", "ignore")
            fonts.append(name.split("\0", 1)[0])
            at += 1 + size
        return fonts


def _paragraph_properties(page: bytes, where: int) -> tuple[int, Properties]:
    if not where or where >= 511:
        return 0, {}
    size = page[where] * 2 - 1
    where += 1
    if size < 0:
        size = page[where] * 2
        where += 1
    data = page[where : where + size]
    return (struct.unpack_from("<H", data)[0] if len(data) > 1 else 0), properties(data[2:])


def _letter_properties(page: bytes, where: int) -> Properties:
    return properties(page[where + 1 : where + 1 + page[where]]) if where else {}


def properties(data: bytes) -> Properties:
    """A list of property changes ([MS-DOC] 2.6): code -> operand, the last one of a code counts."""
    found: Properties = {}
    at = 0
    while at + 2 <= len(data):
        (code,) = struct.unpack_from("<H", data, at)
        at += 2
        size = _OPERAND[code >> 13]
        if code == _T_DEF_TABLE and at + 2 <= len(data):
            size = struct.unpack_from("<H", data, at)[0] - 1
            at += 2
        elif size < 0:
            if at >= len(data) or (code == _CHG_TABS and data[at] == 255):
                break
            size = data[at]
            at += 1
        found[code] = data[at : at + size]
        at += size
    return found


def _style(data: bytes, base: int) -> Style:
    kind, based = struct.unpack_from("<HH", data)
    style = Style(kind & 0x0FFF, based >> 4)
    if based & 0xF != 1 or len(data) < base + 2:  # not a paragraph style
        return style
    (length,) = struct.unpack_from("<H", data, base)
    at = base + 2 + 2 * (length + 1)
    if at + 2 <= len(data):
        (size,) = struct.unpack_from("<H", data, at)
        style.properties = properties(data[at + 4 : at + 2 + size])
    return style


def table_cells(operand: bytes) -> tuple[list[int], list[int]]:
    """The edges of a row's cells (one more than cells) and the flags of each ([MS-DOC] 2.9.323
    TDefTableOperand)."""
    count = operand[0] if operand else 0
    if len(operand) < 1 + 2 * (count + 1):
        return [], []
    edges = list(struct.unpack_from(f"<{count + 1}h", operand, 1))
    at = 1 + 2 * (count + 1)
    flags = [
        struct.unpack_from("<H", operand, at + 20 * n)[0] if at + 20 * n + 2 <= len(operand) else 0
        for n in range(count)
    ]
    return edges, flags

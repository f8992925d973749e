"""Writes binary Word files ([MS-DOC]) of a few paragraphs, so that tests can say what is in them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from ole import compound

Sprm = tuple[int, bytes]
TABLE: Sprm = (0x2416, b"\1")
ROW: Sprm = (0x2417, b"\1")


@dataclass(frozen=True)
class Old:
    """A paragraph: text without its mark, the mark, style (1 to 9 headings), properties of it and of its
    letters."""

    text: str
    end: str = "\r"
    style: int = 0
    own: tuple[Sprm, ...] = ()
    runs: tuple[tuple[str, tuple[Sprm, ...]], ...] = field(default=())

    def pieces(self) -> tuple[tuple[str, tuple[Sprm, ...]], ...]:
        return (*(self.runs or ((self.text, ()),)), (self.end, ()))


def edges(*places: int, flags: Sequence[int] = ()) -> Sprm:
    """The operand that says where the cells of a row end."""
    cells = b"".join(struct.pack("<H", flag).ljust(20, b"\0") for flag in (flags or [0] * (len(places) - 1)))
    data = bytes([len(places) - 1]) + struct.pack(f"<{len(places)}h", *places) + cells
    return 0xD608, struct.pack("<H", len(data) + 1) + data


def old_word(
    paragraphs: Sequence[Old],
    narrow: bool = False,
    numbering: tuple[int, str] | None = None,
    encrypted: bool = False,
    elsewhere: bool = False,
) -> bytes:
    """A .doc file. ``narrow``: one byte a letter (Latin text); ``numbering``: format code and text
    (``第\\0条``) of list 1; ``elsewhere``: properties of rows lie in the stream Data, as those of wide
    tables do."""
    data = bytearray(b"\0" * 8)
    text = "".join(piece for one in paragraphs for piece, _ in one.pieces())
    width, start = (1, 0x600) if narrow else (2, 0x600)
    stream = bytearray(start) + text.encode("cp1252" if narrow else "utf-16-le")
    at, marks, letters = start, [], []
    for one in paragraphs:
        begun = at
        for piece, sprms in one.pieces():
            if piece:
                letters.append((at, sprms))
            at += len(piece) * width
        own = one.own
        if elsewhere and ROW in own:
            listed = _grpprl(own)
            own = ((0x6646, struct.pack("<I", len(data))),)
            data += struct.pack("<H", len(listed)) + listed
        marks.append((begun, one.style, own))
    end = at
    stream += b"\0" * (-len(stream) % 512)
    papx = len(stream) // 512
    pages = [marks[n : n + 8] for n in range(0, len(marks), 8)]
    for n, page in enumerate(pages):
        stop = pages[n + 1][0][0] if n + 1 < len(pages) else end
        stream += _papx(page, stop)
    chpx = len(stream) // 512
    runs = [letters[n : n + 40] for n in range(0, len(letters), 40)]
    for n, run in enumerate(runs):
        stream += _chpx(run, runs[n + 1][0][0] if n + 1 < len(runs) else end)
    table = bytearray()

    def part(place: int, data: bytes, counted: int = -1) -> None:
        struct.pack_into("<II", stream, place, len(table), len(data) if counted < 0 else counted)
        table.extend(data)

    struct.pack_into("<HH", stream, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", stream, 10, 0x0200 | (0x0100 if encrypted else 0))
    struct.pack_into("<8i", stream, 0x4C, len(text), 0, 0, 0, 0, 0, 0, 0)
    place = start * 2 | 0x40000000 if narrow else start
    pieces = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, place, 0)
    part(0x1A2, b"\2" + struct.pack("<I", len(pieces)) + pieces)
    part(0x102, _plc([page[0][0] for page in pages], end, papx))
    part(0xFA, _plc([run[0][0] for run in runs], end, chpx))
    part(0xA2, _styles())
    if numbering is not None:
        form, shown = numbering
        level = (
            struct.pack("<iBB", 1, form, 0)
            + b"\0" * 9
            + b"\2"
            + b"\0" * 12
            + struct.pack("<H", len(shown))
            + shown.encode("utf-16-le")
        )
        head = struct.pack("<H", 1) + struct.pack("<ii", 77, 1) + b"\xff\x0f" * 9 + b"\1\0"
        part(0x2E2, head + level, len(head))
        part(0x2EA, struct.pack("<I", 1) + struct.pack("<i", 77) + b"\0" * 12 + struct.pack("<I", 0xFFFFFFFF))
    return compound({"WordDocument": bytes(stream), "1Table": bytes(table), "Data": bytes(data)})


def _grpprl(sprms: Sequence[Sprm]) -> bytes:
    return b"".join(struct.pack("<H", code) + operand for code, operand in sprms)


def _papx(page: list[tuple[int, int, tuple[Sprm, ...]]], stop: int) -> bytes:
    out = bytearray(512)
    struct.pack_into(f"<{len(page) + 1}I", out, 0, *(one[0] for one in page), stop)
    place = 510
    for n, (_, style, sprms) in enumerate(page):
        data = struct.pack("<H", style) + _grpprl(sprms)
        data += b"\0" * (len(data) % 2)
        place -= (len(data) + 3) // 2 * 2
        out[place : place + 2 + len(data)] = bytes([0, len(data) // 2]) + data
        out[4 * (len(page) + 1) + 13 * n] = place // 2
    out[511] = len(page)
    return bytes(out)


def _chpx(run: list[tuple[int, tuple[Sprm, ...]]], stop: int) -> bytes:
    out = bytearray(512)
    struct.pack_into(f"<{len(run) + 1}I", out, 0, *(one[0] for one in run), stop)
    place = 510
    for n, (_, sprms) in enumerate(run):
        if sprms:
            data = _grpprl(sprms)
            place -= (len(data) + 2) // 2 * 2
            out[place : place + 1 + len(data)] = bytes([len(data)]) + data
            out[4 * (len(run) + 1) + n] = place // 2
    out[511] = len(run)
    return bytes(out)


def _plc(starts: list[int], end: int, page: int) -> bytes:
    return struct.pack(f"<{len(starts) + 1}I", *starts, end) + struct.pack(
        f"<{len(starts)}I", *range(page, page + len(starts))
    )


def _styles() -> bytes:
    """Normal, heading 1 to 9."""
    out = struct.pack("<HHH", 18, 10, 10) + b"\0" * 14
    for kind in range(10):
        name = "normal" if kind == 0 else f"heading {kind}"
        style = (
            struct.pack("<HHHHH", kind, 0xFFF1, 1, 0, 0)
            + struct.pack("<H", len(name))
            + name.encode("utf-16-le")
            + b"\0\0"
        )
        style += struct.pack("<HH", 2, kind)
        out += struct.pack("<H", len(style)) + style
    return out

"""A binary Word file -> a .docx file with the same text: paragraphs, headings, automatic numbers, tables,
notes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from index.loaders import doc_file as d
from index.loaders.doc_lists import lists_of, same_list
from index.loaders.symbols import symbol
from index.loaders.wordml import Cell, Paragraph, WordFile

CONTENTS = 100
_FIELD = re.compile(r"\s*(\w+)")
_DROPPED = dict.fromkeys([0, 1, 2, 3, 4, 5, 8, *range(14, 19), 31])
_OTHER = {0x0B: "\n", 0x0C: "\n", 0x1E: "-", 0xA0: " ", 0x0E: "\n"}


@dataclass(slots=True)
class _Part:
    """One paragraph as stored: its text, how it ends (``\\r``, a cell's or a row's end), style and
    properties."""

    text: str
    end: str
    style: int
    own: d.Properties
    size: float = 0.0
    contents: bool = False


@dataclass(slots=True)
class _Row:
    cells: list[list[Paragraph]] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)


def as_docx(file: d.DocFile, title: str = "", created: str = "") -> bytes:
    """The whole file but its headers, footers and comments; notes and text boxes follow the text."""
    word = WordFile(title, created)
    word.lists = lists_of(file)
    reader = _Reader(file, word)
    for part in ("text", "boxes", "footnotes", "endnotes"):
        first, last = file.parts[part]
        reader.read(first, last if part == "text" else last - 1)
    return word.data()


class _Reader:
    def __init__(self, file: d.DocFile, word: WordFile) -> None:
        self.file, self.word = file, word
        self.same = same_list(file)
        self.rows: list[_Row] = []
        self.row = _Row()
        self.cell: list[Paragraph] = []

    def read(self, first: int, last: int) -> None:
        for part in self._parts(first, last):
            paragraph = self._paragraph(part)
            inside = part.own.get(d.IN_TABLE, b"\0")[:1] == b"\1" or part.end == "\x07"
            if not inside:
                self._flush()
                if paragraph is not None:
                    self.word.paragraph(paragraph)
            elif part.own.get(d.ROW_END, b"\0")[:1] == b"\1":
                self.row.edges, self.row.flags = d.table_cells(part.own.get(0xD608, b""))
                self.rows.append(self.row)
                self.row, self.cell = _Row(), []
            else:
                if paragraph is not None:
                    self.cell.append(paragraph)
                if part.end == "\x07":
                    self.row.cells.append(self.cell)
                    self.cell = []
        self._flush()

    def _flush(self) -> None:
        """Write the table that has ended."""
        if self.row.cells or self.cell:  # cut off within a row
            self.row.cells.append(self.cell)
            self.rows.append(self.row)
        if self.rows:
            self.word.table([cells for row in self.rows if (cells := self._cells(row))])
        self.rows, self.row, self.cell = [], _Row(), []

    def _cells(self, row: _Row) -> list[Cell]:
        """A row's cells, spans told by their edges among the edges of all rows."""
        edges = sorted({edge for one in self.rows for edge in one.edges})
        cells: list[Cell] = []
        for n, paragraphs in enumerate(row.cells):
            flags = row.flags[n] if n < len(row.flags) else 0
            span = 1
            if n + 1 < len(row.edges):
                span = max(1, bisect_left(edges, row.edges[n + 1]) - bisect_left(edges, row.edges[n]))
            if flags & 2 and cells:  # merged into the cell before it
                cells[-1].span += span
                continue
            cells.append(
                Cell(paragraphs, min(span, 100), bool(flags & 0x40), bool(flags & 0x20) and not flags & 0x40)
            )
        return cells

    def _paragraph(self, part: _Part) -> Paragraph | None:
        level = self.file.heading(part.style)
        if level == CONTENTS or part.contents:
            return None
        outline = part.own.get(d.OUTLINE) or self.file.style(part.style, d.OUTLINE)
        if outline and outline[0] < 9 and level == 0:
            level = outline[0] + 1
        number = part.own.get(d.LIST)
        if number is None:
            number = self.file.style(part.style, d.LIST)
        name = int.from_bytes(number[:2], "little")
        depth = (part.own.get(d.LIST_DEPTH) or self.file.style(part.style, d.LIST_DEPTH) or b"\0")[0]
        listed = (
            (self.same.get(name, name), min(depth, 8))
            if name in self.word.lists and part.text.strip()
            else None
        )
        justified = part.own.get(d.JUSTIFY) or part.own.get(0x2403) or self.file.style(part.style, d.JUSTIFY)
        text = part.text.strip("\n")
        if not text.strip() and part.end == "\r" and listed is None:
            return Paragraph("")
        return Paragraph(text, level, listed, justified[:1] == b"\1", part.size)

    def _parts(self, first: int, last: int) -> Iterator[_Part]:
        """Paragraphs with the text that is shown: no field codes, no deleted, hidden or struck letters."""
        text: list[str] = []
        fields: list[list[str | bool]] = []
        sizes: dict[float, int] = {}
        contents = False
        for run, offset, width in self.file.text(first, last):
            for start, stop, letters in self.file.letters(
                offset, offset + len(run.encode("utf-16-le")) // 2 * width
            ):
                gone = any(
                    letters.get(code, b"\0")[:1] == b"\1"
                    for code in (d.DELETED, d.HIDDEN, d.STRUCK, d.DOUBLE_STRUCK)
                )
                size = int.from_bytes(letters.get(d.SIZE, b"")[:2], "little") / 2
                for at in range((start - offset) // width, (stop - offset) // width):
                    char = run[at : at + 1]
                    if char == "\x13":
                        fields.append(["", False])
                    elif char == "\x14" and fields:
                        fields[-1][1] = True
                        if (name := _FIELD.match(str(fields[-1][0]))) and name[1].upper() == "FORMCHECKBOX":
                            text.append("□")
                    elif char == "\x15" and fields:
                        fields.pop()
                    elif char in "\r\x07":
                        style, own = self.file.paragraph(offset + at * width)
                        main = max(sizes, key=lambda one: (sizes[one], one), default=0.0)
                        yield _Part("".join(text), char, style, own, main, contents)
                        text, sizes = [], {}
                        contents = _toc(fields)
                    elif fields and not fields[-1][1]:
                        fields[-1][0] = str(fields[-1][0])[:200] + char
                        contents = contents or _toc(fields)
                    elif not gone and char:
                        if d.SYMBOL in letters and len(letters[d.SYMBOL]) >= 4:
                            text.append(self._symbol(letters[d.SYMBOL]))
                            continue
                        text.append(_OTHER.get(ord(char), char) if ord(char) not in _DROPPED else "")
                        sizes[size] = sizes.get(size, 0) + 1
        if text:
            yield _Part("".join(text), "\r", 0, {}, 0.0, contents)

    def _symbol(self, operand: bytes) -> str:
        font, code = int.from_bytes(operand[:2], "little"), int.from_bytes(operand[2:4], "little")
        return symbol(self.file.fonts[font] if font < len(self.file.fonts) else "", chr(code))


def _toc(fields: list[list[str | bool]]) -> bool:
    """Is the place within a table of contents?"""
    return any(
        (name := _FIELD.match(str(code))) is not None and name[1].upper() in ("TOC", "INDEX")
        for code, _ in fields
    )

"""A grid of cells -> lines: header rows joined, each further row as ``列名：值；列名：值`` with its place in
the sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.loaders.raw import Line, squeeze, unspread
from index.loaders.sheet_forms import COLON, complementary, form_like, numbering_row, valued
from index.loaders.sheet_grid import (
    TEXT,
    Area,
    Grid,
    Row,
    beside,
    blocks,
    carried,
    names,
    period_run,
    value_like,
)
from index.loaders.titles import names_nothing

HEADERS_MAX = 4
"""Rows of names that a header may have."""

TITLE_LEVEL = 3
"""Level of the heading that a title above a table becomes; group rows stand one below it."""

TITLE_MAX = 60
GROUP_MAX = 40
_PAIR = re.compile(r".{1,20}?[：:]\s*\S")
COLON_AT = re.compile("[：:]")
_NUMBERED = re.compile(
    r"[（(]?[一二三四五六七八九十]{1,3}[、.）)]|第.{1,4}[章节部类组批]|[IVX]+[、.]|\d{1,2}[、.．]\D|[A-Z][、.．]"
)
_ENDED = re.compile(r"[。；;，,：:！？]$|[。；]")


@dataclass(frozen=True, slots=True)
class Placed:
    """A line and the cells that it was made from (rows by number, columns among the visible ones); ``note``:
    text above or below a table, not a row of it."""

    line: Line
    area: Area
    note: bool = False


def placed_lines(grid: Grid, level: int = TITLE_LEVEL) -> Iterator[Placed]:
    """The lines of a sheet or table. Titles above a table and group rows become headings of ``level`` and
    below."""
    carried(grid)
    header: _Header | None = None
    for block in blocks(grid):
        for number, part in enumerate(beside(block, grid.merges)):
            reader = _Table(part, grid, header, level)
            if number and header and [t for t in part[0].texts if t] == list(header.names.values()):
                reader.told = 1  # the same list, set in columns
            yield from reader.lines()
            header = reader.header or header


@dataclass(slots=True)
class _Header:
    """Names by column, the rows they stand in, and the columns they span."""

    names: dict[int, str]
    rows: list[list[str]]
    groups: bool = False


class _Table:
    """One run of rows. ``before``: the header of the table above, which goes on after an empty row."""

    def __init__(self, rows: list[Row], grid: Grid, before: _Header | None, level: int) -> None:
        self.grid, self.before, self.level = grid, before, level
        self.rows = rows
        self.merges = [
            area for area in grid.merges if area.top <= rows[-1].number and area.bottom >= rows[0].number
        ]
        self.columns = sorted({column for row in rows for column in row.filled()})
        self.header: _Header | None = None
        self.told = 0

    def lines(self) -> Iterator[Placed]:
        rows = list(self.rows)
        above, titled = self._above(rows)
        yield from above
        if not rows:
            return
        depth = 0 if self._goes_on(rows, titled) else self._depth(rows)
        bare = (
            not depth
            and self.before is None
            and len(self.columns) == 2
            and all(
                row.kinds[self.columns[0]] == TEXT and not value_like(row.texts[self.columns[0]])
                for row in rows
                if row.texts[self.columns[0]]
            )
        )
        pairs = bare or (not (depth and self._sure(rows, depth)) and form_like(rows, self.merges))
        if depth and not pairs:
            self.header = _Header(self._joined(rows[:depth]), [row.texts for row in rows[:depth]])
            if depth == len(rows):  # nothing but names
                for row in rows:
                    yield self._row(row, {})
                self.header = None
                return
            rows = rows[depth:]
            if (
                len(rows) > 1
                and len(rows[0].filled()) == len(self.columns)
                and numbering_row(rows[0], rows[1])
            ):
                rows = rows[1:]
        header = self.header or (None if pairs else self.before)
        for number, row in enumerate(rows):
            if header is not None and row.texts in header.rows:
                continue
            if pairs:
                yield self._pairs(row)
            elif self._group(rows, number):
                yield self._whole(row, level=min(6, self.level + 1))
            elif number and self._closing(row):
                yield self._whole(row)
            else:
                yield self._row(row, header.names if header else {})

    def _above(self, rows: list[Row]) -> tuple[list[Placed], bool]:
        """Titles and notes at the top, taken from ``rows``; and whether a title is among them."""
        found: list[Placed] = []
        titled = False
        while rows and self._lead(rows, titled):
            row = rows.pop(0)
            title = not titled and bool(rows) and self._title(row)
            group = bool(rows) and self._names_group(row, rows)
            level = self.level if title else min(6, self.level + 1) if group else 0
            found.append(self._whole(row, level=level))
            titled = titled or title
        if len(rows) == 1 and all(_PAIR.match(rows[0].texts[column]) for column in rows[0].filled()):
            found.append(self._whole(rows.pop()))  # notes above a table, parted from it by an empty row
        return found, titled

    def _across(self, row: Row, column: int) -> int:
        """How many columns the cell spans."""
        if not self.merges:
            return 1
        area = next((a for a in self.merges if a.left == column and a.top <= row.number <= a.bottom), None)
        return area.right - area.left + 1 if area else 1

    def _lead(self, rows: list[Row], titled: bool) -> bool:
        """Is the first row a title or note above the table rather than its header or a row of data?"""
        row, filled = rows[0], rows[0].filled()
        if len(self.columns) == 1:
            return True
        paired = [bool(_PAIR.match(row.texts[column])) or value_like(row.texts[column]) for column in filled]
        if (
            all(paired)
            and any(_PAIR.match(row.texts[column]) for column in filled)
            and len(rows) > 1
            and len(filled) <= 4
            and names(rows[1])
        ):
            return True
        if len(filled) != 1 or (row.kinds[filled[0]] != TEXT and self._across(row, filled[0]) < 2):
            return False
        if len(rows) == 1 and self.before is not None and not titled:
            return (
                self._across(row, filled[0]) > 1
                or bool(_ENDED.search(row.texts[filled[0]]))
                or len(row.texts[filled[0]]) > GROUP_MAX
            )
        wide = self._across(row, filled[0])
        if 1 < wide < len(self.columns) and filled[0] > self.columns[0] and len(rows) > 2 and names(rows[1]):
            return False  # the upper level of a header over some columns only
        return not (self.before is not None and not titled and wide == 1 and filled[0] != self.columns[0])

    def _names_group(self, row: Row, below: list[Row]) -> bool:
        """Is the row the first of several that name groups (仓库：一号仓库 ... 仓库：二号仓库)?"""
        texts = [one.texts[one.filled()[0]] for one in (row, *below) if len(one.filled()) == 1]
        label = COLON_AT.split(texts[0])[0] if texts and len(row.filled()) == 1 else ""
        others = [text for text in texts[1:] if text != texts[0] and COLON_AT.search(text)]
        return bool(label) and any(COLON_AT.split(text)[0] == label for text in others)

    def _title(self, row: Row) -> bool:
        filled = row.filled()
        text = row.texts[filled[0]]
        return (
            len(filled) == 1
            and len(text) <= TITLE_MAX
            and not _ENDED.search(text)
            and not _PAIR.match(text)
            and not names_nothing(text)
            and len(self.columns) > 1
            and row.kinds[filled[0]] == TEXT
        )

    def _goes_on(self, rows: list[Row], titled: bool) -> bool:
        """After an empty row: do the rows belong to the table above?"""
        if self.before is None or titled:
            return False
        first = rows[0]
        if first.texts in self.before.rows:
            return False
        within = all(column in self.before.names for column in first.filled())
        if not names(first) or not within:
            return within and not names(first)
        below = rows[1:4]
        strong = len(first.strong & set(first.filled())) == len(first.filled()) and not any(
            len(r.strong & set(r.filled())) == len(r.filled()) for r in below
        )
        typed = any(valued(row, column) for row in below for column in first.filled())
        merged = any(area.top == first.number and area.right > area.left for area in self.merges)
        return not (rows[1:] and (strong or typed or merged))

    def _depth(self, rows: list[Row]) -> int:
        """How many rows the header has; 0 for none."""
        if not names(rows[0]) and not self._upper(rows):
            return 0
        depth = 1
        while depth < min(HEADERS_MAX, len(rows)):
            last, below = rows[depth - 1], rows[depth]
            heads = {row.number for row in rows[:depth]}
            reaching = any(
                a.top in heads and last.number < a.bottom < rows[0].number + HEADERS_MAX for a in self.merges
            )
            spread = [
                a
                for a in self.merges
                if a.top == last.number and a.right > a.left and a.bottom == last.number
            ]
            under = [
                column
                for area in spread
                for column in range(area.left, area.right + 1)
                if column < len(below.texts) and below.texts[column]
            ]
            named = (
                names(below)
                or self._periods(below, spread, rows[depth + 1 :])
                or (len(below.filled()) >= 1 and not any(valued(below, column) for column in below.filled()))
            )
            if not (
                (reaching and (named or not spread))
                or (spread and len(under) > len(spread) and named)
                or complementary(last, below, rows[depth + 1 :])
            ):
                break
            depth += 1
        return depth

    def _periods(self, below: Row, spread: list[Area], body: list[Row]) -> bool:
        """Do years or months that ascend stand under each of the merged names, and values below them?"""
        columns = [range(area.left, min(area.right + 1, len(below.texts))) for area in spread]
        return (
            bool(columns)
            and all(period_run([below.texts[column] for column in under]) for under in columns)
            and any(valued(row, column) for row in body[:3] for under in columns for column in under)
        )

    def _upper(self, rows: list[Row]) -> bool:
        """A first row of one cell merged over some columns, with names below it."""
        filled = rows[0].filled()
        return len(filled) == 1 and self._across(rows[0], filled[0]) > 1 and len(rows) > 2 and names(rows[1])

    def _sure(self, rows: list[Row], depth: int) -> bool:
        """Is it a header beyond doubt: several rows of it, or strong letters on it alone?"""
        first = rows[0]
        filled = set(first.filled())
        alone = filled <= first.strong and not any(
            set(row.filled()) & row.strong for row in rows[depth : depth + 3]
        )
        return depth > 1 or alone

    def _joined(self, rows: list[Row]) -> dict[int, str]:
        """Column -> name: what stands above it from top to bottom, each text once; merged cells reach
        across."""
        joined: dict[int, str] = {}
        width = max(len(row.texts) for row in self.rows)
        levels: list[dict[int, str]] = []
        for row in rows:
            level = {column: text for column, text in enumerate(row.texts) if text}
            for area in self.merges:
                if area.top <= row.number <= area.bottom and area.left in level:
                    for column in range(area.left, min(area.right, width - 1) + 1):
                        level.setdefault(column, level[area.left])
            levels.append(level)
        for upper, lower, row in zip(
            levels, levels[1:], rows, strict=False
        ):  # names spread without merged cells
            held, at = "", -2
            for column in range(width):
                if column in upper:
                    held, at = upper[column], column
                elif (
                    held
                    and column in lower
                    and at == column - 1
                    and at in lower
                    and self._across(row, column) == 1
                ):
                    upper[column], at = held, column
        for column in range(width):
            parts: list[str] = []
            for level in levels:
                if (text := unspread(level.get(column, ""))) and text not in parts:
                    parts.append(text)
            if parts:
                joined[column] = join_names(parts)
        return joined

    def _group(self, rows: list[Row], number: int) -> bool:
        """A row that names the rows below it: one short cell, merged across, numbered or strong."""
        row, filled = rows[number], rows[number].filled()
        if (
            len(filled) != 1
            or number + 1 == len(rows)
            or row.kinds[filled[0]] != TEXT
            or len(self.columns) < 2
        ):
            return False
        text = row.texts[filled[0]]
        if len(text) > GROUP_MAX or _ENDED.search(text) or value_like(text) or filled[0] != self.columns[0]:
            return False
        if any(area.left == filled[0] and area.top < row.number <= area.bottom for area in self.merges):
            return False
        if len(rows[number + 1].filled()) < 2:
            return False
        wide = self._across(row, filled[0]) > 1
        return (
            wide
            or bool(_NUMBERED.match(text))
            or (filled[0] in row.strong and filled[0] not in rows[number + 1].strong)
        )

    def _closing(self, row: Row) -> bool:
        """A note below or within the table: one cell of running text, or one merged across."""
        filled = row.filled()
        if len(filled) != 1:
            return (
                len(filled) <= 4
                and len(filled) < len(self.columns)
                and all(_PAIR.match(row.texts[c]) for c in filled)
            )
        text = row.texts[filled[0]]
        return (
            self._across(row, filled[0]) >= max(2, len(self.columns) - 1)
            or (len(text) > GROUP_MAX or bool(_PAIR.match(text)))
            and filled[0] == self.columns[0]
        )

    def _row(self, row: Row, header: dict[int, str]) -> Placed:
        parts = []
        for column in row.filled():
            text, name = row.texts[column], self._named(row, column, header)
            parts.append(f"{name}：{text}" if name and name != text else text)
        return self._placed(row, "；".join(parts))

    def _named(self, row: Row, column: int, header: dict[int, str]) -> str:
        """The names of the columns that a cell reaches over; of one that begins at the first, which names the
        row (合计), the first alone."""
        wide = 1 if column == self.columns[0] else self._across(row, column)
        covered = (COLON.sub("", header.get(at, "")) for at in range(column, column + wide))
        return "、".join(name for name in dict.fromkeys(covered) if name)

    def _pairs(self, row: Row) -> Placed:
        """A row of a form: label and value beside each other."""
        texts = [row.texts[column] for column in row.filled()]
        parts: list[str] = []
        while texts:
            label = COLON.sub("", texts.pop(0))
            parts.append(f"{label}：{texts.pop(0)}" if texts and not _PAIR.match(label) else label)
        return self._placed(row, "；".join(parts))

    def _whole(self, row: Row, level: int = 0) -> Placed:
        texts = [row.texts[column] for column in row.filled()]
        return self._placed(row, " ".join(texts) if level else "；".join(texts), level, note=True)

    def _placed(self, row: Row, text: str, level: int = 0, note: bool = False) -> Placed:
        filled = row.filled()
        right = max(column + self._across(row, column) - 1 for column in filled)
        area = Area(row.number, filled[0], row.number, min(right, len(self.grid.columns) - 1))
        self.told += not note
        line = Line(squeeze(text), level=level, fixed=not level, row=0 if note else min(2, self.told))
        return Placed(line, area, note)


def join_names(parts: list[str]) -> str:
    """Names of several levels as one: 早班 and 人数 make 早班人数; words in Latin letters stay apart."""
    joined = parts[0]
    for part in parts[1:]:
        joined += " " + part if joined[-1].isascii() and part[0].isascii() else part
    return joined

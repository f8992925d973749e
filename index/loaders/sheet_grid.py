"""The cells of one sheet or table as a person sees them, and where its tables stand. Knows nothing of
files."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from index.loaders.raw import period, unspread

EMPTY, TEXT, NUMBER, DATE = " ", "t", "n", "d"
CELLS_MAX = 3_000_000
"""Filled cells that one file may have."""

_VALUE = re.compile(
    # a number with a short unit
    r"[-+−±(（]?\s*[¥￥$€£]?\s*[-+−]?\d[\d,，.]*\s*[)）]?\s*(?:[%％‰℃]|[一-鿿a-zA-Z/²³]{0,4})?"
    r"|(?:19|20)\d\d\s*[-./年]\s*\d{1,2}\s*(?:[-./月]\s*\d{1,2}\s*日?|月)?(?:\s+\d{1,2}:\d\d(?::\d\d)?)?"
    r"|\d{1,2}:\d\d(?::\d\d)?|[\d-][\d -]{5,}[\dXx-]|[-—–/]{1,3}"
)
_ORDERED = re.compile(
    r"(?:第\s*)?[-+]?\d+(?:[.)、．）]|[一-鿿])*|(?:19|20)\d\d\s*[年-]?\s*(?:\d{1,2}\s*[月-]?)?(?:\s*\d{1,2}\s*日?)?"
)

_TIMES = re.compile(r"(?:19|20)\d\d(?:年度?)?|\d{1,2}月份?|第?\d季度")


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells: rows by their number in the sheet (from 1), columns by their index among the
    visible ones.

    Both ends are included.
    """

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Row:
    """One visible row that is not empty: its number in the sheet, the shown texts, a kind for each (t, n, d,
    space), and which cells are printed strong (bold or on a ground of their own)."""

    number: int
    texts: list[str]
    kinds: list[str]
    strong: set[int] = field(default_factory=set)

    def filled(self) -> list[int]:
        return [column for column, text in enumerate(self.texts) if text]

    def part(self, left: int, right: int) -> Row:
        """The row's cells from column ``left`` to ``right``, both included; the columns before are empty."""
        texts = [text if left <= n <= right else "" for n, text in enumerate(self.texts)]
        return Row(self.number, texts, self.kinds, self.strong)


@dataclass(slots=True)
class Grid:
    """Rows from top to bottom; ``columns`` gives the sheet's column (from 0) of each visible one; ``merges``
    the merged cells of more than one cell; ``hidden`` the numbers of rows that are not shown."""

    rows: list[Row]
    columns: list[int]
    merges: list[Area] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)

    def gap(self, above: int, below: int) -> bool:
        """Does an empty row that is shown stand between two rows?"""
        between = bisect_right(self.hidden, below - 1) - bisect_right(self.hidden, above)
        return below - above - 1 > between


def value_like(text: str) -> bool:
    """Is a text a number, an amount, a date, a time or a mark for none, rather than a name?"""
    return bool(_VALUE.fullmatch(text.strip())) if len(text) <= 40 else False


def carried(grid: Grid) -> None:
    """Put the text of cells merged over rows into each row that they reach; never across columns."""
    by_number = {row.number: row for row in grid.rows}
    for area in grid.merges:
        rows = [by_number[n] for n in _numbers(area, by_number)]
        first = next((row for row in rows if area.left < len(row.texts) and row.texts[area.left]), None)
        if first is None:
            continue
        for row in rows:
            _widen(row, area.left + 1)
            if not row.texts[area.left]:
                row.texts[area.left], row.kinds[area.left] = first.texts[area.left], first.kinds[area.left]
                if area.left in first.strong:
                    row.strong.add(area.left)


def _numbers(area: Area, rows: dict[int, Row]) -> Iterable[int]:
    if area.bottom - area.top > len(rows):  # merged to the end of the sheet
        return sorted(n for n in rows if area.top <= n <= area.bottom)
    return [n for n in range(area.top, area.bottom + 1) if n in rows]


def _widen(row: Row, width: int) -> None:
    missing = width - len(row.texts)
    if missing > 0:
        row.texts += [""] * missing
        row.kinds += [EMPTY] * missing


def blocks(grid: Grid) -> Iterator[list[Row]]:
    """Runs of rows without an empty row between them."""
    block: list[Row] = []
    for row in grid.rows:
        if not any(row.texts):
            continue
        if block and grid.gap(block[-1].number, row.number):
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def beside(block: list[Row], merges: list[Area]) -> list[list[Row]]:
    """Tables that stand beside each other: parted where a column is empty throughout and each side looks like
    a table of its own (at least two columns, three rows, a first row of names)."""
    if lists := _repeated(block, merges):
        return lists
    width = max(len(row.texts) for row in block)
    used = {column for row in block for column in row.filled()}
    top, bottom = block[0].number, block[-1].number
    for area in merges:
        if area.top <= bottom and area.bottom >= top:
            used.update(range(area.left, min(area.right, width) + 1))
    parts: list[tuple[int, int]] = []
    for column in sorted(used):
        if parts and parts[-1][1] == column - 1:
            parts[-1] = (parts[-1][0], column)
        else:
            parts.append((column, column))
    if len(parts) < 2:
        return [block]
    sides = [
        [row.part(left, right) for row in block if any(row.texts[left : right + 1])] for left, right in parts
    ]
    return (
        sides
        if all(_table(side, right - left + 1) for side, (left, right) in zip(sides, parts, strict=True))
        else [block]
    )


def _repeated(block: list[Row], merges: list[Area]) -> list[list[Row]]:
    """The parts of a list that is set in columns under the same names (姓名, 电话, 姓名, 电话); none of
    another table."""
    at = next((n for n, row in enumerate(block) if len(row.filled()) > 1), 0)
    above = block[at] if _over(block[at : at + 2], merges) else None
    at += above is not None
    head, body = block[at], block[at + 1 :]
    filled = head.filled()
    size = period([head.texts[column] for column in filled])
    if not size or len(body) < 2 or filled[-1] - filled[0] != len(filled) - 1 or not names(head):
        return []
    if any(area.bottom >= head.number and area.top <= body[-1].number for area in merges):
        return []
    lefts = range(filled[0], filled[-1] + 1, size)
    if above is not None:
        if above.filled() != list(lefts):
            return []
        head = replace(head, texts=list(head.texts))
        for column in filled:
            group = above.texts[lefts[(column - filled[0]) // size]]
            head.texts[column] = unspread(group) + unspread(head.texts[column])
    parts = [
        [one for row in (head, *body) if any((one := row.part(left, left + size - 1)).texts)]
        for left in lefts
    ]
    return [block[: at - (above is not None)] + parts[0], *parts[1:]]


def _over(rows: list[Row], merges: list[Area]) -> bool:
    """Is the first of two rows one of names merged across, each over names of the second?"""
    if len(rows) < 2:
        return False
    areas = {
        area.left: area
        for area in merges
        if area.top == area.bottom == rows[0].number and area.left < area.right
    }
    filled = rows[0].filled()
    covered = [column for left in filled if left in areas for column in range(left, areas[left].right + 1)]
    return set(filled) <= areas.keys() and covered == rows[1].filled()


def _table(rows: list[Row], width: int) -> bool:
    if width < 2 or len(rows) < 3:
        return False
    first = next((row for row in rows if len(row.filled()) > 1), None)
    return first is not None and names(first) and first in rows[:3]


def names(row: Row) -> bool:
    """Could the row be a table's header: at least two cells, all of them names or an ascending run (years,
    days)?"""
    filled = row.filled()
    texts = [row.texts[column] for column in filled]
    values = [
        text
        for column, text in zip(filled, texts, strict=True)
        if row.kinds[column] != TEXT or value_like(text)
    ]
    if len(filled) < 2 or any(len(text) > 80 for text in texts) or len(values) == len(texts):
        return False
    if not values:
        return True
    two = len(values) == 2 and all(map(str.isdecimal, values))  # any two numbers may ascend
    return len(values) >= 2 and value_run(values) and (not two or period_run(values))


def period_run(values: list[str]) -> bool:
    """Years, months or quarters that ascend, as stand under a name in a header: 2024年, 2025年."""
    return len(values) > 1 and all(map(_TIMES.fullmatch, values)) and value_run(values)


def value_run(values: list[str]) -> bool:
    """Numbers or dates that ascend evenly, as in 2023年, 2024年, 2025年 or 1 to 31."""
    if not all(_ORDERED.fullmatch(value) for value in values):
        return False
    keys = [tuple(int(number) for number in re.findall(r"\d+", value)) for value in values]
    steps = {after[-1] - before[-1] for before, after in zip(keys, keys[1:], strict=False)}
    return keys == sorted(set(keys)) and (len(steps) == 1 or all(len(key) > 1 for key in keys))

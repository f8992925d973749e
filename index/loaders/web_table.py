"""The cells of an HTML table put where rowspan and colspan place them, as a grid or, for layout, as
paragraphs."""

from __future__ import annotations

from collections.abc import Iterator

from index.loaders.raw import Line, squeeze
from index.loaders.sheet_grid import EMPTY, TEXT, Area, Grid, Row
from index.loaders.sheet_tables import placed_lines

SPAN_MAX = 1_000
LONG = 300
"""A table with a cell of more characters than this is layout."""

COLUMNS_MAX = 2_000


class WebTable:
    """Gathers one table as it is read: rows begin, cells are added with their spans."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.merges: list[Area] = []
        self.taken: dict[int, int] = {}
        """Column -> the last row that a cell above reaches down to."""
        self.column = 0

    def row(self) -> None:
        self.rows.append(Row(len(self.rows) + 1, [], []))
        self.column = 0

    def cell(self, text: str, across: str, down: str, head: bool) -> None:
        if not self.rows:
            self.row()
        row = self.rows[-1]
        while self.taken.get(self.column, 0) >= row.number:
            self.column += 1
        width, height = _span(across), _span(down, 0)
        if self.column + width > COLUMNS_MAX:
            return
        text = squeeze(text)
        missing = self.column + 1 - len(row.texts)
        row.texts += [""] * missing
        row.kinds += [EMPTY] * missing
        row.texts[self.column], row.kinds[self.column] = text, TEXT if text else EMPTY
        if head and text:
            row.strong.add(self.column)
        bottom = row.number + (height or SPAN_MAX) - 1
        if width > 1 or bottom > row.number:
            self.merges.append(Area(row.number, self.column, bottom, self.column + width - 1))
            for column in range(self.column, self.column + width):
                self.taken[column] = max(bottom, self.taken.get(column, 0))
        self.column += width

    def lines(self) -> Iterator[Line]:
        """A table of data by row; one with a single column, or with long cells, is layout: paragraphs."""
        filled = [row for row in self.rows if any(row.texts)]
        if max((len(row.filled()) for row in filled), default=0) <= 1 or any(
            len(text) > LONG for row in filled for text in row.texts
        ):
            for row in filled:
                yield from (Line(text) for text in row.texts if text)
            return
        last = self.rows[-1].number
        merges = [Area(area.top, area.left, min(area.bottom, last), area.right) for area in self.merges]
        for row in filled:
            row.texts += [""] * (max(len(one.texts) for one in filled) - len(row.texts))
            row.kinds += [EMPTY] * (len(row.texts) - len(row.kinds))
        width = max(len(row.texts) for row in filled)
        empty = [row.number for row in self.rows if not any(row.texts)]  # which part nothing on a page
        yield from (
            one.line for one in placed_lines(Grid(filled, list(range(width)), merges, empty), level=5)
        )


def _span(value: str, least: int = 1) -> int:
    return min(SPAN_MAX, max(least, int(value))) if value.strip().isdigit() else 1

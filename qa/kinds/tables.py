"""Tables of the documents as rows and columns, and which of their columns and values a question names.

A row is stored as 列名：值；列名：值. What is named is told by equal text alone: a value that stands in the
question, two characters of a column's name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.normalize import NumberSpan, normalize, number_spans
from index.types import Document, Hit
from qa.attribution import EvidenceSentence
from qa.kinds.evidence import Indexed

NEAR = 0.75
"""Share of the best hit's score that a passage must have for its table to be looked at."""
UNIT = 6
"""Characters of what stands in brackets after a column's name for it to be a unit: 元/人次."""
NUMBER = "序号"
"""The column that only counts the rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: where it stands, and its cells by column."""

    place: EvidenceSentence
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same columns, in order; of several tables of one document, where these are alike."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def values(self, asked: str) -> dict[str, set[str]]:
        """By column the values that stand in the question; where a column of them is named as well, the named
        ones alone."""
        found: dict[str, set[str]] = {}
        for column in self.columns:
            values = {row.cells[column] for row in self.rows}
            named = {v for v in values if stands(asked, v)}
            if named and len(values) > 1:
                found[column] = named
        return {c: v for c, v in found.items() if shared(asked, bare(c))} or found


def tables_at(hit: Hit, index: Indexed) -> list[Table]:
    """The tables that a passage holds rows of, each whole."""
    return tables_in(hit.document, hit.passage.start, hit.passage.end, index)


def tables_in(document: Document, start: int, end: int, index: Indexed) -> list[Table]:
    """The tables of which a row begins in a span of a document, each whole."""
    numbers = {one.table for one in document.blocks if one.table and start <= one.start < end}
    passages = index.passages(document.id) if numbers else []
    starts = [passage.start for passage in passages]
    found: dict[int, list[Row]] = {}
    for one in document.blocks:
        if one.table in numbers and one.table:
            text = document.text[one.start : one.end]
            cells = dict(cell.split("：", 1) for cell in text.split("；") if "：" in cell)
            at = bisect_right(starts, one.start) - 1
            passage = passages[at] if at >= 0 else None
            if cells and passage and one.start < passage.end:
                place = EvidenceSentence(passage, document, one.start, one.end, text)
                found.setdefault(one.table, []).append(Row(place, cells))
    return [table for rows in found.values() for table in _whole(rows)]


def _whole(rows: Sequence[Row]) -> list[Table]:
    """Rows of a table as one, a cell that a row leaves empty as ""; by their columns where most of these
    would be empty but in a row of totals."""
    columns: list[str] = []
    for row in rows:
        at = 0
        for column in row.cells:
            if column not in columns:
                columns.insert(at, column)
            at = columns.index(column) + 1
    full = tuple(Row(row.place, {c: row.cells.get(c, "") for c in columns}) for row in rows)
    table = Table(tuple(columns), full)
    sparse = [own for row, own in zip(rows, full, strict=True) if 2 * len(row.cells) <= len(columns)]
    if not sparse or sparse == [totals(table)]:
        return [table]
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row.cells), []).append(row)
    return [Table(own, tuple(alike)) for own, alike in found.items()]


def row_text(place: EvidenceSentence) -> str:
    """A row of a table as a person reads it, units beside the figures: 费用：35元 for 费用（元）：35; other
    text as it stands."""
    text = place.text.strip()
    if "）：" not in text or not in_table(place):
        return text
    return "；".join(_with_unit(cell) for cell in text.split("；"))


def in_table(place: EvidenceSentence) -> bool:
    """Is it a row of a table?"""
    return table_of(place) > 0


def table_of(place: EvidenceSentence) -> int:
    """The number of the table that it is a row of; 0 for other text."""
    blocks = place.document.blocks
    return next((one.table for one in blocks if one.table and one.start <= place.start < one.end), 0)


def _with_unit(cell: str) -> str:
    name, colon, value = cell.partition("：")
    bare_name, bracket, unit = name.rpartition("（")
    figure = only_figure(value)
    alone = figure is not None and figure.kind == "number" and figure.end == len(value)
    if not (colon and bracket and alone and unit.endswith("）") and len(unit) <= UNIT + 1):
        return cell
    return f"{bare_name}：{value}{unit[:-1]}"


def totals(table: Table) -> Row | None:
    """The row that adds up the others: it has the sum of one column of figures at least, and of the others
    too, or what may be their average; None where there is none."""
    figures = {c: [_value(row.cells[c]) for row in table.rows] for c in table.columns if c != NUMBER}
    known = [[v for v in values if v is not None] for values in figures.values()]
    columns = [values for values in known if len(values) == len(table.rows)]
    for at in (-1, 0) if columns and len(table.rows) > 2 else ():
        apart = [(values[at], values[:-1] if at else values[1:]) for values in columns]
        sums = [own == sum(rest, Decimal(0)) for own, rest in apart]
        if any(sums) and all(
            summed or min(rest) <= own <= max(rest) for summed, (own, rest) in zip(sums, apart, strict=True)
        ):
            return table.rows[at]
    return None


def _value(cell: str) -> Decimal | None:
    """The value of the figure, in digits, that a cell begins with and holds no other than."""
    figure = only_figure(cell) if cell.strip()[:1].isdigit() else None
    return figure.value if figure else None


def only_figure(cell: str) -> NumberSpan | None:
    """The figure that a cell begins with, where it holds no other; else None."""
    spans = number_spans(cell.strip())
    return spans[0] if len(spans) == 1 and not spans[0].start else None


def stands(asked: str, value: str) -> bool:
    """Does a cell's text stand in the question, without what it has in brackets; or, of a range (5—8号楼), a
    number in it?"""
    text = normalize(bare(value)).text
    if len(text) > 1 and text in asked:
        return True
    spans = number_spans(text)
    if (
        len(spans) != 2
        or not spans[1].unit
        or text[spans[0].end : spans[1].start].strip("-—–~至到")
        or spans[0].start
    ):
        return False
    low, high, tail = spans[0].value, spans[1].value, text[spans[1].end :]
    return any(
        low <= n.value <= high and asked.startswith(tail, n.end)
        for n in number_spans(asked)
        if n.kind == "number"
    )


def bare(column: str) -> str:
    """A column's name without what stands in brackets after it."""
    return column.split("（", 1)[0]


def shared(asked: str, column: str) -> bool:
    """Has the question two characters of the column's name, one after the other?"""
    name = normalize(column).text
    return any(name[i : i + 2] in asked for i in range(len(name) - 1))

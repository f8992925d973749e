"""Comparisons of rows of a table: the rows that the question names side by side, and the difference where two
figures are compared.

Exact: rows are told by what of the question they hold (``qa.kinds.rows``), the difference is computed and
shows both figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.normalize import normalize, number_spans
from index.types import Hit
from qa.kinds.arithmetic import in_large
from qa.kinds.evidence import Indexed
from qa.kinds.rows import named_rows, named_table
from qa.kinds.tables import Row, Table, bare, only_figure, shared, stands


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared.

    Attributes:
        columns: the one that names the rows, then those asked for.
        rows: the rows named, in the table's order.
        difference: of the two rows in one column, as it is said, "" where there is none.
        by: the name of that column, "" where the difference is of two columns.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    difference: str = ""
    by: str = ""


def sides(question: str, hits: Sequence[Hit], index: Indexed) -> Sides | None:
    """The rows that the question compares, or two columns of one row; None unless it names two or more, and a
    column besides where the best passage is none of the table's: what is asked may stand there."""
    asked = normalize(question).text
    table = named_table(asked, hits, index)
    if table is None:
        return None
    named = named_rows(asked, table)
    if named and named.column and named.apart and 2 <= len(named.rows) < max(3, len(table.rows)):
        key = named.column
        wanted = [c for c in table.columns if c != key and shared(asked, c)]
        if not wanted and not any(_within(row, hits[0]) for row in named.rows):
            return None
        if len({row.cells[key] for row in named.rows}) == len(named.rows):
            shown = wanted or [c for c in table.columns if c != key]
            difference = _difference(named.rows, table, shown, not wanted)
            return Sides((key, *shown), named.rows, *difference)
    return _across(asked, table)


def _within(row: Row, hit: Hit) -> bool:
    """Is the row a part of what was found?"""
    return row.place.document.id == hit.document.id and hit.passage.start <= row.place.start < hit.passage.end


def _across(asked: str, table: Table) -> Sides | None:
    """Two columns of figures that the question names, in the one row that it names."""
    named = [c for c in table.columns if stands(asked, c)]
    values = table.values(asked)
    rows = [row for row in table.rows if values and all(row.cells[c] in v for c, v in values.items())]
    if len(rows) != 1 or len(named) != 2 or not all(_figure(rows[0].cells[c]) for c in named):
        return None
    difference = _less([rows[0].cells[c] for c in named])
    return Sides((*values, *(c for c in named if c not in values)), tuple(rows), difference)


def _difference(rows: Sequence[Row], table: Table, columns: Sequence[str], summed: bool) -> tuple[str, str]:
    """Of two rows in the only column of figures, or where they are ``summed`` the one that adds up the others
    in every row; and its name. Two times "" where there is none."""
    numeric = [c for c in columns if all(_figure(row.cells[c]) for row in rows)]
    if len(numeric) > 1 and summed:
        numeric = [c for c in numeric if _adds_up(c, numeric, table.rows)]
    if len(rows) != 2 or len(numeric) != 1:
        return "", ""
    over = numeric[0][numeric[0].find("（") + 1 : -1] if numeric[0].endswith("）") else ""
    difference = _less([row.cells[numeric[0]] for row in rows], over)
    return difference, bare(numeric[0]) if difference else ""


def _less(cells: Sequence[str], over: str = "") -> str:
    """How much one of two cells is less than the other, in the unit that both have, else the one ``over``
    their column; "" where they have different ones."""
    (one, unit), (other, second) = (_told(cell) for cell in cells)
    value, told = in_large(abs(one - other), unit, [cell.strip() for cell in cells])
    return f"{value.normalize():,f}{told or over}" if unit == second else ""


def _adds_up(column: str, columns: Sequence[str], rows: Sequence[Row]) -> bool:
    """Is a column the sum of two others or more in every row?"""
    own = [[_told(row.cells[c])[0] for c in (column, *columns) if _figure(row.cells[c])] for row in rows]
    return len(columns) > 2 and all(len(v) == len(columns) + 1 and 2 * v[0] == sum(v[1:]) for v in own)


def _figure(cell: str) -> bool:
    figure = only_figure(cell)
    return figure is not None and figure.kind in ("number", "percent")


def _told(cell: str) -> tuple[Decimal, str]:
    span = number_spans(cell.strip())[0]
    return Decimal(str(span.value)), cell.strip()[span.end : span.unit_end]

"""A table of the documents as one of SQLite: columns with names that stand in a query, figures as numbers,
dates as ISO text.

In memory, and nothing but SELECT can be done to it: what is asked of it was written by a model.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import SQLITE_FUNCTION, SQLITE_READ, SQLITE_SELECT

from index.normalize import NumberSpan, normalize, number_spans
from qa.checks.dates import find_dates
from qa.kinds.tables import NUMBER, Row, Table, only_figure

MOSTLY = 2 / 3
"""Share of a column's cells that must be figures for it to be one of figures."""
UNIT = 4
"""Characters of what stands in brackets after a column's name for it to be a unit."""
STEPS = 200_000
"""Instructions of SQLite after which a query is stopped."""
ALLOWED = frozenset({SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION})
HEAD = "CREATE TABLE t ("
Value = float | str | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column, as a query knows it.

    Attributes:
        name: in a query; no other column has it.
        header: over the column in the document.
        unit: of its figures: over the column, or of its first figure; "" without one.
        numeric: does it hold figures?
        values: by row, figures as numbers (in that unit), dates as ISO text.
        told: by row, what of the cell these are, as the document has it.
    """

    name: str
    header: str
    unit: str
    numeric: bool
    values: tuple[Value, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table, as a query knows it.

    Attributes:
        rows: as the document has them.
        columns: in order; a column of the document that has two figures in each cell is two.
    """

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]

    def described(self) -> str:
        """The table as a query's writer reads it: how it was created, and its rows."""
        head = ", ".join(f"{column.name} {'REAL' if column.numeric else 'TEXT'}" for column in self.columns)
        rows = (
            "-- " + " | ".join(_written(c.values[i]) for c in self.columns) for i in range(len(self.rows))
        )
        return f"{HEAD}{head});\n" + "\n".join(rows)

    def column(self, name: str) -> Column:
        """A column of a query. Raises KeyError where there is none of that name."""
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def cells(self, name: str) -> set[Value]:
        """The values of a column of a query."""
        return set(self.column(name).values)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """What SQLite answers over the table ``t``, whose rows are numbered from 1.

        Raises:
            sqlite3.Error: it is no query over the table, takes too long, or would do more than read.
        """
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            self._fill(database)
            return database.execute(query).fetchall()

    def _fill(self, database: sqlite3.Connection) -> None:
        marks = ", ".join("?" * len(self.columns))
        columns = ", ".join(f'"{c.name}" {"REAL" if c.numeric else "TEXT"}' for c in self.columns)
        database.execute(f"CREATE TABLE t ({columns})")
        values = zip(*(column.values for column in self.columns), strict=True)
        database.executemany(f"INSERT INTO t VALUES ({marks})", values)
        database.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY
        )
        database.set_progress_handler(lambda: 1, STEPS)


def sheet_of(table: Table, rows: Sequence[Row]) -> Sheet:
    """The table with some of its rows; a column that only numbers them is left out."""
    columns: list[Column] = []
    for header in table.columns:
        if header != NUMBER:
            cells = [row.cells[header].strip() for row in rows]
            for part in _parted(cells) or [cells]:
                beside = _unit(part) if part is not cells else ""
                name = _name(header, beside, [column.name for column in columns])
                values, numeric = _read(part)
                unit = _over(header) or _unit(part)
                columns.append(Column(name, header, unit, numeric, tuple(values), tuple(part)))
    return Sheet(tuple(rows), tuple(columns))


def _parted(cells: Sequence[str]) -> list[list[str]]:
    """The figures of a column whose cells, but for a few without any, all have the same ones with the same
    words before them, in other places than the beginning alone (每年级10人; 4个班100人): those of each place,
    with their units. [] where the cells are not of that form."""
    if any(_date(cell) for cell in cells):
        return []
    told = [number_spans(cell) for cell in cells]
    forms = {_form(cell, spans) for cell, spans in zip(cells, told, strict=True) if spans}
    form = next(iter(forms), ())
    known = sum(bool(spans) for spans in told)
    units = {unit for _, unit in form}
    if len(forms) != 1 or "" in units or len(units) < len(form) or known < MOSTLY * len(cells):
        return []
    if form == (("", form[0][1]),):
        return []
    return [
        [
            cell[spans[at].start : spans[at].unit_end] if spans else cell
            for cell, spans in zip(cells, told, strict=True)
        ]
        for at in range(len(form))
    ]


def _form(cell: str, spans: Sequence[NumberSpan]) -> tuple[tuple[str, str], ...]:
    """Of each figure the words before it, and its unit; "" for what is none to compute with."""
    starts = [0, *(span.unit_end for span in spans)]
    return tuple(
        (cell[start : span.start], span.unit if span.kind == "number" else "")
        for start, span in zip(starts, spans, strict=False)
    )


def _unit(cells: Sequence[str]) -> str:
    return next((span.unit for cell in cells for span in number_spans(cell)[:1]), "")


def _name(header: str, beside: str, taken: Sequence[str]) -> str:
    """A column's name as a query can write it: letters and figures, its unit, over the column or ``beside``
    the figures, after a low line."""
    bare = "".join(c for c in header.split("（", 1)[0] if c.isalnum()) or "列"
    unit = "".join(c for c in _over(header) or beside if c.isalnum())
    name = ("_" if bare[0].isdigit() else "") + bare + (f"_{unit}" if unit else "")
    while name in taken:
        name += "_"
    return name


def _over(column: str) -> str:
    """The unit that stands in brackets after a column's name."""
    inside = column[column.rfind("（") + 1 : -1] if column.endswith("）") and "（" in column else ""
    return inside if len(inside) <= UNIT else ""


def _read(cells: Sequence[str]) -> tuple[list[Value], bool]:
    """The cells of a column as values, and whether they are figures."""
    dates = [_date(cell) for cell in cells]
    if any(dates) and all(date or not cell for date, cell in zip(dates, cells, strict=True)):
        return list(dates), False
    figures = [_figure(cell) for cell in cells]
    if sum(figure is not None for figure in figures) >= MOSTLY * len(cells):
        known = zip(figures, cells, strict=True)
        return [figure if figure is not None else cell or None for figure, cell in known], True
    return [cell or None for cell in cells], False


def _date(cell: str) -> str | None:
    """A cell that begins with a day, as ISO text, without the year where it tells none."""
    found = find_dates(normalize(cell).text)
    if len(found) != 1 or found[0].start or found[0].month is None or found[0].day is None:
        return None
    day = f"{found[0].month:02d}-{found[0].day:02d}"
    return f"{found[0].year:04d}-{day}" if found[0].year else day


def _figure(cell: str) -> float | None:
    """The figure that a cell begins with, as it stands there, where it holds no other; 一等奖 and 三日 are
    words."""
    figure = only_figure(cell) if cell[:1].isdigit() else None
    return float(figure.value) if figure and figure.kind in ("number", "percent") else None


def _written(value: Value) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value or "")

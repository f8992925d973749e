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

from index.normalize import normalize, number_spans
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
class Sheet:
    """A table, as a query knows it.

    Attributes:
        table: as the document has it.
        names: of the columns in a query, in order; unique.
        numeric: which columns hold figures.
        values: by row, figures as numbers (in the unit of the column), dates as ISO text.
    """

    table: Table
    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    values: tuple[tuple[Value, ...], ...]

    def described(self) -> str:
        """The table as a query's writer reads it: how it was created, and its rows."""
        kinds = ("REAL" if numeric else "TEXT" for numeric in self.numeric)
        head = ", ".join(f"{name} {kind}" for name, kind in zip(self.names, kinds, strict=True))
        rows = ("-- " + " | ".join(_written(value) for value in row) for row in self.values)
        return f"{HEAD}{head});\n" + "\n".join(rows)

    def at(self, name: str) -> int:
        """Where a column of a query stands. Raises KeyError where there is none of that name."""
        if name not in self.names:
            raise KeyError(name)
        return self.names.index(name)

    def cells(self, name: str) -> set[Value]:
        """The values of a column of a query."""
        at = self.at(name)
        return {row[at] for row in self.values}

    def unit(self, name: str) -> str:
        """The unit of a column's figures: over the column, or of its first figure; "" without one."""
        column = self.table.columns[self.at(name)]
        if over := _over(column):
            return over
        return next((s.unit for row in self.table.rows for s in number_spans(row.cells[column])[:1]), "")

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """What SQLite answers over the table ``t``, whose rows are numbered from 1.

        Raises:
            sqlite3.Error: it is no query over the table, takes too long, or would do more than read.
        """
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            self._fill(database)
            return database.execute(query).fetchall()

    def _fill(self, database: sqlite3.Connection) -> None:
        marks = ", ".join("?" * len(self.names))
        kinds = ("REAL" if numeric else "TEXT" for numeric in self.numeric)
        columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(self.names, kinds, strict=True))
        database.execute(f"CREATE TABLE t ({columns})")
        database.executemany(f"INSERT INTO t VALUES ({marks})", self.values)
        database.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY
        )
        database.set_progress_handler(lambda: 1, STEPS)


def sheet_of(table: Table, rows: Sequence[Row]) -> Sheet:
    """The table with some of its rows; a column that only numbers them is left out."""
    columns = tuple(c for c in table.columns if c != NUMBER)
    kept = Table(columns, tuple(rows))
    names: list[str] = []
    for column in columns:
        names.append(_name(column, names))
    read = [_read([row.cells[column].strip() for row in rows]) for column in columns]
    values = tuple(zip(*(cells for cells, _ in read), strict=True))
    return Sheet(kept, tuple(names), tuple(numeric for _, numeric in read), values)


def _name(column: str, taken: Sequence[str]) -> str:
    """A column's name as a query can write it: letters and figures, its unit after a low line."""
    bare = "".join(c for c in column.split("（", 1)[0] if c.isalnum()) or "列"
    unit = "".join(c for c in _over(column) if c.isalnum())
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

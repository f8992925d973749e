"""Rows of a table as an order wants them: the model that writes turns the order into a query, of which the
conditions that the order says and the sorting are taken, and SQLite computes it."""

from __future__ import annotations

import re
import sqlite3
import threading

from sqlglot import exp
from sqlglot.errors import SqlglotError

from engine.base import Generator
from index.normalize import normalize, number_spans
from qa.kinds.conditions import columns_of, conjuncts, says
from qa.kinds.grounding import grounded
from qa.kinds.queried import ROWS, parsed, written
from qa.kinds.sheet import Sheet, Value, sheet_of
from qa.kinds.tables import Row, Table

HALF = 6
"""Months."""
_DAY = re.compile(r"\d\d-\d\d")


def arranged(
    order: str, table: Table, generator: Generator, cancelled: threading.Event
) -> tuple[list[Row], str] | None:
    """The rows that an order wants, in the order that it wants, and the column that they are sorted by, ""
    where they are not; None where its query cannot be trusted, or finds nothing. A cell that is no figure
    among figures comes last.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    sheet = sheet_of(table, table.rows[:ROWS])
    try:
        query = parsed(written(order, sheet, generator, cancelled))
        asked = _arranging(query, normalize(order).text, sheet) if query else None
        found = [int(str(number)) - 1 for (number,) in sheet.ask(asked.sql("sqlite"))] if asked else []
        sorts = asked.args.get("order") if asked else None
        by = [sheet.column(name).header for name in columns_of(sorts)] if sorts else []
    except (SqlglotError, sqlite3.Error, KeyError):
        return None
    return ([sheet.rows[row] for row in found], by[0] if len(by) == 1 else "") if found else None


def _arranging(query: exp.Select, order: str, sheet: Sheet) -> exp.Select | None:
    """The numbers of the rows of a query, in its order: of its conditions those of which the order says
    something, and as many rows as the order says. None where nothing is left, or columns are not what it
    sorts by."""
    where, by, limit = (query.args.get(part) for part in ("where", "order", "limit"))
    parts = [part for part in (conjuncts(where.this) if where else ()) if says(order, part, sheet)]
    tests = [grounded(part.copy(), order, sheet) for part in parts]
    sorts = by.expressions if by else []
    if query.args.get("group") or None in tests or not (tests or sorts):
        return None
    asked = exp.select("rowid").from_("t").where(*tests)
    for one in sorts:
        if not isinstance(one.this, exp.Column):
            return None
        _named_otherwise(one.this, sheet)
        if _around_a_year(sheet.cells(one.this.name)):
            return None
        if sheet.column(one.this.name).numeric:
            asked = asked.order_by(f"typeof({one.this.sql('sqlite')}) = 'text'")
        asked = asked.order_by(one.copy())
    most = str(limit.expression.this) if limit else ""
    return asked.limit(most) if any(str(span.value) == most for span in number_spans(order)) else asked


def _named_otherwise(column: exp.Column, sheet: Sheet) -> None:
    """A column that is not there is the only one of figures or days (价格 for 校外_元) where there is one."""
    sortable = [c for c in sheet.columns if c.numeric or all(str(v)[:2].isdigit() for v in c.values)]
    if len(sortable) == 1 and column.name not in {c.name for c in sheet.columns}:
        column.set("this", exp.to_identifier(sortable[0].name))


def _around_a_year(cells: set[Value]) -> bool:
    """Are days without years so far apart that the last may be of the year before (11月, 1月)?"""
    months = {int(cell[:2]) for cell in cells if isinstance(cell, str) and _DAY.fullmatch(cell)}
    return bool(months) and max(months) - min(months) > HALF

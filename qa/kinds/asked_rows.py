"""Which rows of a table a query is about: those that meet its conditions, those that have the most or the
least of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from index.normalize import number_spans
from qa.attribution import EvidenceSentence
from qa.kinds.conditions import columns_of, iso
from qa.kinds.counted import Count
from qa.kinds.grounding import ORDERED
from qa.kinds.sheet import Column, Sheet

YEARS = (1900, 2100)


def rows_of(query: exp.Select, sheet: Sheet) -> tuple[int, ...]:
    """The numbers of the rows that a query is about, in the order of the table. Words are no figures: none is
    over or under one."""
    asked = query.copy()
    asked.set("expressions", [exp.column("rowid")])
    asked.set("distinct", None)
    for test in list(asked.find_all(*ORDERED)):
        if isinstance(test.this, exp.Column) and sheet.column(test.this.name).numeric:
            figure = sqlglot.parse_one(f"typeof({test.this.sql('sqlite')}) = 'real'", read="sqlite")
            test.replace(exp.and_(test.copy(), figure))
    return tuple(sorted({int(str(number)) - 1 for (number,) in sheet.ask(asked.sql("sqlite"))}))


def places_of(rows: Sequence[int], sheet: Sheet) -> tuple[EvidenceSentence, ...]:
    """Where rows stand."""
    return tuple(sheet.rows[row].place for row in rows)


def unread(column: Column, row: int) -> bool:
    """Is a cell words with a figure in them?"""
    return not isinstance(column.values[row], float) and bool(number_spans(column.told[row]))


def most(query: exp.Select, tests: Sequence[exp.Expr], sheet: Sheet) -> Count | None:
    """The rows with the most or the least of what the query puts in order, all of those that have as much.
    Figures and days alone; that of days is the model's guess. None of years, of which the oldest has the
    least, of a column with figures that are not understood, and where all rows have as much."""
    order, best = query.args.get("order"), query.find(exp.Max, exp.Min)
    first = order.expressions[0] if order else best
    if first is None or (order and not query.args.get("limit")):
        return None
    most_first = bool(first.args.get("desc")) if order else isinstance(first, exp.Max)
    columns = [sheet.column(name) for name in sorted(columns_of(first.this))]
    where = [test for test in tests if not test.find(exp.Select)]
    asked = exp.select("rowid", first.this.copy()).from_("t").where(*where)
    found: list[tuple[int, Any]] = [(int(str(n)) - 1, told) for n, told in sheet.ask(asked.sql("sqlite"))]
    rows = [(row, told) for row, told in found if _comparable(told, columns)]
    if not columns or len(rows) < 2 or any(_doubtful(c, [row for row, _ in found]) for c in columns):
        return None
    rows.sort(key=lambda one: one[1], reverse=most_first)
    number = int(query.args["limit"].expression.name) if order else 1
    last = rows[max(0, min(number, len(rows)) - 1)][1]
    top = [row for row, told in rows if (told >= last if most_first else told <= last)]
    if len(top) == len(found):
        return None
    guessed = tuple(column.header for column in columns if not column.numeric)
    return Count(places_of(sorted(top), sheet), "extreme", by=columns[0].header, guessed=guessed)


def _comparable(told: object, columns: Sequence[Column]) -> bool:
    """Is it a figure of columns of figures, or a day of a column of days?"""
    if all(column.numeric for column in columns):
        return isinstance(told, int | float)
    days = all(value is None or iso(str(value)) for column in columns for value in column.values)
    return isinstance(told, str) and days


def _doubtful(column: Column, rows: Sequence[int]) -> bool:
    """Is it a column of years, or has it figures that are not understood?"""
    figures = [value for value in column.values if isinstance(value, float)]
    years = bool(figures) and all(YEARS[0] <= value <= YEARS[1] for value in figures)
    return years or (column.numeric and any(unread(column, row) for row in rows))

"""What a question computes over a table: the model that writes turns it into a query, SQLite computes it, the
rows that it was computed from stand as evidence.

Nothing that the model says of a figure is shown: of its query only the conditions, the columns and the order
are taken; texts that no cell has end it. What is computed at all, and from how many conditions, is told by
small models (``qa.kind.operation_of``).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

import prompts
from engine.base import Generator, Message
from index.normalize import normalize, number_spans
from qa.attribution import EvidenceSentence
from qa.checks.numbers import counts
from qa.draft import beginning, reply
from qa.kind import Operation
from qa.kinds.counted import Count, numbered
from qa.kinds.ranges import rows_in_range
from qa.kinds.rows import named_rows
from qa.kinds.sheet import HEAD, Sheet, sheet_of
from qa.kinds.tables import Table, bare, totals

TOKENS = 80
"""Tokens of a query."""
ROWS = 60
"""Rows of a table that are read for one."""
ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE)
SINGLE = frozenset({"difference", "ratio", "product", "average"})
"""Operations with one figure for all rows."""


def computed(
    question: str, operation: Operation, table: Table, generator: Generator, cancelled: threading.Event
) -> Count | None:
    """What the question asks to compute over the table; None where its query cannot be trusted, finds
    nothing, or counts one row: that is mostly a query for a row (docs/log/reader.md).

    Args:
        operation: what is to be computed; not ``none``.
        table: without its row of totals it is asked.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    last = totals(table)
    rows = [row for row in table.rows if row is not last][:ROWS]
    if len(rows) < 2:
        return None
    if numbered(question, len(rows)):  # 三个安置点 of three is no condition
        operation = operation._replace(conditions="none")
    sheet = sheet_of(table, rows)
    text = _written(question, sheet, generator, cancelled)
    try:
        query = _parsed(text)
        return _computed(query, normalize(question).text, operation, sheet) if query else None
    except (SqlglotError, sqlite3.Error, KeyError):
        return None  # no query, or one of columns that are not there


def examples() -> tuple[Message, ...]:
    """A chat of which what stands before the table of any question comes again."""
    return beginning(prompts.chat("query", table=HEAD, question=""), len(HEAD))


def _written(question: str, sheet: Sheet, generator: Generator, cancelled: threading.Event) -> str:
    table = "\n".join(prompts.escape_evidence(line) for line in sheet.described().splitlines())
    parts = prompts.chat("query", table=table, question=prompts.escape_evidence(question))
    return reply(parts, generator, TOKENS, (";", "\n\n"), cancelled)


def _parsed(text: str) -> exp.Select | None:
    """The query; None where it is not a SELECT over the table alone."""
    query = sqlglot.parse_one(text, read="sqlite")
    tables = list(query.find_all(exp.Table))
    if not isinstance(query, exp.Select) or not tables or query.find(exp.Join):
        return None
    return query if all(table.name == "t" for table in tables) else None


def _grounded(test: exp.Expr, sheet: Sheet) -> exp.Expr | None:
    """A condition whose texts are those of cells (``_stands``). None where no cell has one, or columns of
    different units are compared."""
    if not all(_ordered(one, sheet) for one in test.find_all(*ORDERED)):
        return None
    for one in test.find_all(exp.EQ, exp.NEQ, exp.In, exp.Like):
        texts = [literal.this for literal in one.find_all(exp.Literal) if literal.is_string]
        if not isinstance(one.this, exp.Column) or not texts:
            continue
        cells = sheet.cells(one.this.name)
        if isinstance(one, exp.Like) or not all(text in cells for text in texts):
            new = _stands(one, texts, sheet) if len(texts) == 1 and not isinstance(one, exp.In) else None
            if new is None:
                return None
            if one is test:
                return new
            one.replace(new)
    return test


def _stands(one: exp.Condition, texts: Sequence[str], sheet: Sheet) -> exp.Expr | None:
    """A condition whose text no cell of its column is: of the cells that it is a part of, else of the only
    cell whose range holds its figure, else of the only other column that has it. None where there is none."""
    name, text = one.this.name, texts[0].strip("%")
    denied = isinstance(one, exp.NEQ)
    if any(text in str(cell) for cell in sheet.cells(name)):
        return _like(one.this, text, denied)
    header = sheet.column(name).header
    if len(rows := rows_in_range(text, Table((header,), sheet.rows))) == 1:
        return _like(one.this, rows[0].cells[header].strip(), denied)
    others = [c for c in sheet.columns if any(text in str(value) for value in c.values)]
    exact = [c for c in others if text in c.values]
    if len(exact or others) != 1:
        return None
    (other,) = exact or others
    return type(one)(this=exp.column(other.name), expression=one.expression.copy())


def _like(column: exp.Expr, text: str, denied: bool) -> exp.Expr:
    like = exp.Like(this=column.copy(), expression=exp.Literal.string(f"%{text}%"))
    return exp.Not(this=like) if denied else like


def _ordered(test: exp.Expr, sheet: Sheet) -> bool:
    """Can what is compared be put in order: columns of one unit, a text only with days and hours?"""
    names = _columns(test)
    texts = any(one.is_string for one in test.find_all(exp.Literal))
    cells = [str(cell) for name in names for cell in sheet.cells(name) if cell is not None]
    return len({sheet.column(name).unit for name in names}) == 1 and (
        not texts or all(cell[0].isdigit() for cell in cells)
    )


def _computed(query: exp.Select, question: str, operation: Operation, sheet: Sheet) -> Count | None:
    what = operation.what
    if what in SINGLE:
        return _single(query, what, sheet) if _grounded(query, sheet) is query else None
    if what == "extreme":
        ordered = query.args.get("order") or query.find(exp.Max, exp.Min)
        rows = _rows(query, sheet) if ordered and not query.args.get("group") else ()
        return Count(_places(rows, sheet), what) if 0 < len(rows) < len(sheet.rows) else None
    conditions = _conditions(query, question, operation, sheet)
    if conditions is None:
        return None
    rows = _rows(exp.select("*").from_("t").where(*conditions), sheet)
    rows = rows if len(rows) < len(sheet.rows) else _named(rows, question, sheet)
    if what == "sum" and not query.find(exp.Count):
        columns = {name for one in query.expressions for name in _columns(one)}
        return _summed(rows, columns.pop(), sheet) if len(columns) == 1 else None
    return Count(_places(rows, sheet), "count", Decimal(len(rows))) if len(rows) > 1 else None


def _named(rows: tuple[int, ...], question: str, sheet: Sheet) -> tuple[int, ...]:
    """Those of some rows that the question names in so many words, though its query leaves none out; all
    where it names none."""
    named = named_rows(question, Table(tuple(sheet.rows[0].cells), sheet.rows))
    return tuple(row for row in rows if sheet.rows[row] in named.rows) if named and named.exact else rows


def _conditions(
    query: exp.Select, question: str, operation: Operation, sheet: Sheet
) -> list[exp.Expr] | None:
    """The conditions of a query; None where one has a text that no cell has, or there are none and there
    should be. Models like to add some: one of which the question says nothing does not count, and where it
    puts no more than one, the first does, with what else is asked of the same columns."""
    where = query.args.get("where")
    if where is None:
        return [] if operation.conditions == "none" else None
    parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    parts = [part for part in parts if _said(part, question, sheet)] or parts
    if operation.conditions != "several":
        parts = [part for part in parts if _columns(part) == _columns(parts[0])]
    grounded = [_grounded(part, sheet) for part in parts]
    known = [part for part in grounded if part is not None]
    if len(known) == len(parts):
        return known
    return [] if operation.conditions == "none" else None


def _said(part: exp.Expr, question: str, sheet: Sheet) -> bool:
    """Does the question say anything of a condition: a figure of it, a character of a value or of a column's
    name?"""
    values = [str(one.this) for one in part.find_all(exp.Literal)]
    names = _columns(part)
    columns = [bare(column.header) for column in sheet.columns if column.name in names]
    figures = {span.value for span in number_spans(question)}
    if any(span.value in figures for value in values for span in number_spans(value)):
        return True
    return any(c in question for text in (*values, *columns) for c in text if c.isalpha())


def _columns(part: exp.Expr) -> set[str]:
    return {column.name for column in part.find_all(exp.Column)}


def _rows(query: exp.Select, sheet: Sheet) -> tuple[int, ...]:
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


def _summed(rows: Sequence[int], name: str, sheet: Sheet) -> Count | None:
    """The sum of a column of figures over the rows."""
    column = sheet.column(name)
    own = [(row, value) for row in rows if isinstance(value := column.values[row], float)]
    if len(own) < 2 or not column.numeric:
        return None
    total = sum((Decimal(str(value)) for _, value in own), Decimal(0))
    numbers = [row for row, _ in own]
    return Count(_places(numbers, sheet), "sum", total, _cells(numbers, [name], sheet), column.unit)


def _single(query: exp.Select, what: str, sheet: Sheet) -> Count | None:
    """The one figure that the query computes, with the rows and cells that go into it."""
    found = sheet.ask(query.sql("sqlite"))
    if len(found) != 1 or len(found[0]) != 1 or not isinstance(found[0][0], int | float):
        return None
    rows: list[int] = []
    names: list[str] = []
    terms: list[str] = []
    for select in query.find_all(exp.Select):
        columns = [c for one in select.expressions for c in one.find_all(exp.Column)]
        own = [c.name for c in columns if c.find_ancestor(exp.Select) is select]
        numbers = _rows(select, sheet) if own else ()
        rows += numbers
        names += own
        terms += _cells(numbers, own, sheet)
    units = {sheet.column(name).unit for name in names}
    if what == "product":  # 4台 at 165万元 are 万元
        amounts = [unit for name in names if (unit := sheet.column(name).unit) and not counts(unit)]
        units = set(amounts) or {""}
        if len(amounts) > 1:
            return None
    if len(terms) < 2 or len(units) > 1:
        return None
    total = Decimal(f"{found[0][0]:.10g}")
    unit = units.pop() if what in ("difference", "average", "product") else ""
    places = _places(sorted(set(rows)), sheet)
    return Count(places, what, abs(total) if what == "difference" else total, tuple(terms), unit)


def _places(rows: Sequence[int], sheet: Sheet) -> tuple[EvidenceSentence, ...]:
    return tuple(sheet.rows[row].place for row in rows)


def _cells(rows: Sequence[int], names: Sequence[str], sheet: Sheet) -> tuple[str, ...]:
    """The cells of some rows and columns as the document has them."""
    columns = [sheet.column(name) for name in names]
    return tuple(column.told[row] for row in rows for column in columns)

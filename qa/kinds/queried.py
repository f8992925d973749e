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
from dataclasses import replace
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

import prompts
from engine.base import Generator, Message
from index.normalize import normalize, number_spans
from qa.checks.numbers import counts
from qa.draft import beginning, reply
from qa.kind import Operation
from qa.kinds.asked_rows import most, places_of, rows_of, unread
from qa.kinds.conditions import FREE, TESTS, columns_of, completed, figures_left_out, left_out, read, says
from qa.kinds.counted import Count, measure, numbered
from qa.kinds.grounding import grounded, placed
from qa.kinds.rows import named_rows
from qa.kinds.sheet import HEAD, Sheet, sheet_of
from qa.kinds.tables import Row, Table, bare, shared, totals

TOKENS = 80
"""Tokens of a query."""
ROWS = 60
"""Rows of a table that are read for one."""
SINGLE = FREE - {"extreme"}
"""Operations with one figure for all rows."""


def computed(
    question: str, operation: Operation, table: Table, generator: Generator, cancelled: threading.Event
) -> Count | None:
    """What the question asks to compute over the table; None where its query cannot be trusted, finds
    nothing, or counts one row: that is mostly a query for a row (docs/log/reader.md).

    Args:
        operation: what is to be computed; of ``none`` what the query counts, where the question says it all.
        table: without its row of totals it is asked.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    last = totals(table)
    rows = [row for row in table.rows if row is not last][:ROWS]
    if len(rows) < 2:
        return None
    asked = normalize(question).text
    if own := _of_kind(asked, table, rows):
        rows = own
    if own or numbered(question, len(rows)):  # 三个安置点 of three is no condition
        operation = operation._replace(conditions="none")
    sheet = sheet_of(table, rows)
    said = _said_itself(asked, operation, Table(table.columns, tuple(rows)), sheet)
    every = operation if "WHERE" in said else operation._replace(conditions="none")
    if said and (done := _trusted(said, asked, every, sheet)):
        return done
    return _trusted(written(question, sheet, generator, cancelled), asked, operation, sheet)


def _trusted(text: str, asked: str, operation: Operation, sheet: Sheet) -> Count | None:
    """What a query computes; None where it cannot be trusted."""
    try:
        query = parsed(text)
        return _computed(placed(query, sheet), asked, operation, sheet) if query else None
    except (SqlglotError, sqlite3.Error, KeyError):
        return None  # no query, or one of columns that are not there


def _said_itself(asked: str, operation: Operation, table: Table, sheet: Sheet) -> str:
    """The query for a sum whose rows and one column the question names in so many words, or that puts no
    condition; "" elsewhere."""
    names = {column.header: column.name for column in sheet.columns}
    summed, whole = _summed(asked, sheet)
    values = {header: held for header, held in table.values(asked).items() if header in names}
    certain = values or whole or operation.conditions == "none"
    if operation.what != "sum" or len(summed) != 1 or not certain:
        return ""
    query = exp.select(exp.func("SUM", exp.column(summed[0]))).from_("t")
    for header, held in values.items():
        query = query.where(exp.column(names[header]).isin(*sorted(held)))
    return query.sql("sqlite")


def _summed(asked: str, sheet: Sheet) -> tuple[list[str], bool]:
    """The columns of figures that the question names: those over which a figure stands that it says (55平 of
    55㎡), which is all that it says then; else by two characters, of several those that hold what it
    measures (多少人 of 户数 and 人数)."""
    known = [column for column in sheet.columns if column.numeric]
    said = {span.value for span in number_spans(asked)}
    of_figure = [
        c.name for c in known if {span.value for span in number_spans(normalize(c.header).text)} & said
    ]
    if of_figure:
        return of_figure, len(said) == 1
    named = [c for c in known if shared(asked, c.header)]
    measured = [c for c in named or known if measure(asked) in bare(c.header)]
    return [c.name for c in (named if len(named) == 1 else measured)], False


def _of_kind(asked: str, table: Table, rows: Sequence[Row]) -> list[Row]:
    """The rows whose cells in one column end as what the question counts, where it says how many these are:
    两个镇 of 青石镇, 柳浦镇 and three 街道; [] elsewhere."""
    for span in number_spans(asked):
        for length in (2, 1) if span.kind == "number" and span.value > 1 else ():
            kind = asked[span.unit_end : span.unit_end + length]
            for column in table.columns if kind.isalpha() else ():
                own = [row for row in rows if row.cells[column].endswith(kind)]
                if len(own) == span.value and len(own) < len(rows):
                    return own
    return []


def examples() -> tuple[Message, ...]:
    """A chat of which what stands before the table of any question comes again."""
    return beginning(prompts.chat("query", table=HEAD, question=""), len(HEAD))


def written(question: str, sheet: Sheet, generator: Generator, cancelled: threading.Event) -> str:
    """What the model that writes makes of a question, or an order, over the table."""
    table = "\n".join(prompts.escape_evidence(line) for line in sheet.described().splitlines())
    parts = prompts.chat("query", table=table, question=prompts.escape_evidence(question))
    return reply(parts, generator, TOKENS, (";", "\n\n"), cancelled)


def parsed(text: str) -> exp.Select | None:
    """The query; None where it is not a SELECT over the table alone."""
    query = sqlglot.parse_one(text, read="sqlite")
    tables = list(query.find_all(exp.Table))
    if not isinstance(query, exp.Select) or not tables or query.find(exp.Join):
        return None
    return query if all(table.name == "t" for table in tables) else None


def _computed(query: exp.Select, asked: str, operation: Operation, sheet: Sheet) -> Count | None:
    what = operation.what
    if what == "none" and not query.find(exp.Count):
        return None
    one = what in SINGLE or (what == "sum" and _of_parts(query, asked, sheet))
    tests = [query] if one else completed(query, asked, operation, sheet)
    if tests is None or (query.args.get("group") and not one):
        return None
    known = [new for test in tests if (new := grounded(test.copy(), asked, sheet)) is not None]
    if len(known) < len(tests):
        return None
    if one:
        found = _single(known[0], what, sheet)
    else:
        found = (
            most(query, known, sheet) if what == "extreme" else _over_rows(query, asked, what, known, sheet)
        )
    rest = [*query.expressions, *filter(None, (query.args.get("order"), query.args.get("limit")))]
    if found is None:
        return None
    named = not tests and what != "extreme" and len(found.places) < len(sheet.rows)
    if not named and _passed_over(asked, [*tests, *known, *rest], found, sheet):
        return None
    if (found.what != "count" or what == "none") and _misnamed(asked, query, sheet):
        return None
    guessed = _guessed(asked, tests, known, sheet)
    alone = found.what == "count" and len(found.places) == 1
    return (
        None if guessed and (alone or what == "none") else replace(found, guessed=(*found.guessed, *guessed))
    )


def _guessed(asked: str, tests: Sequence[exp.Expr], known: Sequence[exp.Expr], sheet: Sheet) -> list[str]:
    """The conditions that the question does not say, neither as the query has them nor as the cells do, and
    those that are not the query's."""
    if known and isinstance(known[0], exp.Select):
        own = list(known[0].find_all(*TESTS))
        return [read(one, sheet) for one in own if not says(asked, one, sheet)]
    pairs = zip(tests, known, strict=True)
    return [
        read(new, sheet)
        for old, new in pairs
        if old.parent is None or not (says(asked, old, sheet) or says(asked, new, sheet))
    ]


def _of_parts(query: exp.Select, asked: str, sheet: Sheet) -> bool:
    """Does it add up several queries, or several columns?"""
    several = len(_added(query, asked, sheet)) > 1 and query.find(exp.Add) is not None
    return several or query.find(exp.Subquery) is not None


def _added(query: exp.Select, asked: str, sheet: Sheet) -> set[str]:
    """The columns that a query tells of: those that the question names, if it names some."""
    names = {name for one in query.expressions for name in columns_of(one)}
    named = {c.name for c in sheet.columns if c.name in names and shared(asked, bare(c.header))}
    return named or names


def _passed_over(asked: str, tests: Sequence[exp.Expr], found: Count, sheet: Sheet) -> bool:
    """Does the question name something that no condition has?"""
    passed = figures_left_out(asked, tests, sheet, len(found.places))
    return passed or bool(left_out(asked, tests, sheet))


def _misnamed(asked: str, query: exp.Select, sheet: Sheet) -> bool:
    """Does the question name columns of figures, and the query is of none of these?"""
    heads = {c.name for c in sheet.columns if c.numeric and normalize(bare(c.header)).text in asked}
    own = {column.header for column in sheet.columns if column.name in columns_of(query)}
    return bool(heads) and not any(sheet.column(name).header in own for name in heads)


def _over_rows(
    query: exp.Select, asked: str, what: str, tests: Sequence[exp.Expr], sheet: Sheet
) -> Count | None:
    """The rows counted, or what they have different in a column, or a column of theirs added up."""
    rows = rows_of(exp.select("*").from_("t").where(*tests), sheet)
    rows = rows if len(rows) < len(sheet.rows) else _named(rows, asked, sheet)
    added = query.find(exp.Sum) if query.find(exp.Count) else None  # 有几台,一共多少钱
    columns = columns_of(added) if added else _added(query, asked, sheet)
    if what == "sum" and (added or not query.find(exp.Count)):
        listed = next((test.this.name for one in tests for test in one.find_all(exp.In)), "")
        return summed(rows, columns.pop(), sheet, listed) if len(columns) == 1 else None
    if not rows or (len(rows) == 1 and not tests) or query.find(exp.Sum):
        return None
    if query.find(exp.Distinct) and len(columns) == 1:
        column = sheet.column(columns.pop())
        if (different := len({column.values[row] for row in rows})) < len(rows):
            return Count(places_of(rows, sheet), "count", Decimal(different), guessed=(column.header,))
    return Count(places_of(rows, sheet), "count", Decimal(len(rows)))


def _named(rows: tuple[int, ...], asked: str, sheet: Sheet) -> tuple[int, ...]:
    """Those of some rows that the question names in so many words, though its query leaves none out; all
    where it names none."""
    named = named_rows(asked, Table(tuple(sheet.rows[0].cells), sheet.rows))
    return tuple(row for row in rows if sheet.rows[row] in named.rows) if named and named.exact else rows


def summed(rows: Sequence[int], name: str, sheet: Sheet, by: str) -> Count | None:
    """The sum of a column of figures over the rows, with that of each value of the column ``by`` where
    several rows have one; None where one has a figure that is not understood."""
    column = sheet.column(name)
    known = [(row, column.values[row]) for row in rows]
    own = [(row, Decimal(str(value))) for row, value in known if isinstance(value, float)]
    if len(own) < 2 or not column.numeric or any(unread(column, row) for row in rows):
        return None
    total = sum((value for _, value in own), Decimal(0))
    numbers = [row for row, _ in own]
    terms, parts = _cells(numbers, [name], sheet), dict[str, Decimal]()
    for row, value in own if by else ():
        told = sheet.column(by).told[row]
        parts[told] = parts.get(told, Decimal(0)) + value
    if 1 < len(parts) < len(own):
        terms = tuple(f"{told} {value.normalize():,f}{column.unit}" for told, value in parts.items())
    return Count(places_of(numbers, sheet), "sum", total, terms, column.unit)


def _several(select: exp.Select, sheet: Sheet) -> bool:
    """Is a part of a query that stands for one figure one of several rows?"""
    if select.parent is None or any(one.find(exp.AggFunc) for one in select.expressions):
        return False
    return bool(columns_of(select)) and len(rows_of(select, sheet)) != 1


def _single(query: exp.Expr, what: str, sheet: Sheet) -> Count | None:
    """The one figure that the query computes, with the rows and cells that go into it."""
    if all(column.find_ancestor(exp.Select) is not query for column in query.find_all(exp.Column)):
        query.set("from_", None)  # of figures that are all of other queries
    if any(_several(select, sheet) for select in query.find_all(exp.Select)):
        return None
    found = sheet.ask(query.sql("sqlite"))
    if len(found) != 1 or len(found[0]) != 1 or not isinstance(found[0][0], int | float):
        return None
    rows: list[int] = []
    names: list[str] = []
    terms: list[str] = []
    for select in query.find_all(exp.Select):
        columns = [c for one in select.expressions for c in one.find_all(exp.Column)]
        own = [c.name for c in columns if c.find_ancestor(exp.Select) is select]
        numbers = rows_of(select, sheet) if own else ()
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
    unit = "" if what == "ratio" else units.pop()
    places = places_of(sorted(set(rows)), sheet)
    return Count(places, what, abs(total) if what == "difference" else total, tuple(terms), unit)


def _cells(rows: Sequence[int], names: Sequence[str], sheet: Sheet) -> tuple[str, ...]:
    """The cells of some rows and columns as the document has them."""
    columns = [sheet.column(name) for name in names]
    return tuple(column.told[row] for row in rows for column in columns)

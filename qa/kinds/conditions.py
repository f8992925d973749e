"""Conditions of a query held against the question: does each say what the question says, and do they leave
out nothing that the question names?

Exact: told by texts and figures of the table that stand in the question. What the question names and no
condition has ends a query; a condition in other words than the question's is the model's guess, and what
comes of it is shown as that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from sqlglot import exp

from index.normalize import NumberSpan, normalize, number_spans
from qa.checks.dates import find_dates
from qa.kind import Operation
from qa.kinds.holding import whole_in
from qa.kinds.sheet import Column, Sheet
from qa.kinds.tables import bare

SHARED = 2
"""Characters of a cell that the question must have for it to be named by a part."""
SIZES = (1, 10**3, 10**4, 10**8)
"""Thousands and the like, with which a figure is written, or its column."""
MONTH, LAST = (1, 12), (1, 28, 29, 30, 31)
"""The first and the last month of a year, days of a month."""
FREE = frozenset({"difference", "ratio", "product", "average", "extreme"})
"""Operations that may do without a condition, whatever the question puts."""
_YEARLESS = re.compile(r"\d\d-\d\d")
SIGNS: dict[type[exp.Expr], str] = {exp.NEQ: "≠", exp.GTE: "≥", exp.LTE: "≤", exp.GT: ">", exp.LT: "<"}
SIGNS |= {exp.Is: "=", exp.EQ: "=", exp.In: "=", exp.Like: "=", exp.Between: "="}
TESTS = (exp.EQ, exp.NEQ, exp.In, exp.Like, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.Is)


@dataclass(frozen=True, slots=True)
class Named:
    """A text of cells that stands in the question, and where."""

    column: str
    text: str
    start: int
    end: int


def named(asked: str, sheet: Sheet) -> list[Named]:
    """The cells, and parts of cells between marks, of columns with several values, that stand in the
    question; of two of which one holds the other the longer, and none within a column's name.

    Args:
        asked: the question, normalised.
    """
    found = [
        Named(column.name, *one)
        for column in sheet.columns
        if len(set(column.told)) > 1
        for one in whole_in(asked, [_folded(bare(cell)) for cell in column.told])
    ]
    heads = {_folded(bare(column.header)) for column in sheet.columns} - {""}
    spans = [match.span() for head in heads for match in re.finditer(re.escape(head), asked)]
    other = [Named("", asked[start:end], start, end) for start, end in spans]
    return [
        one
        for one in found
        if not any(o.start <= one.start and one.end <= o.end and o.text != one.text for o in (*found, *other))
    ]


def literals(test: exp.Expr) -> list[tuple[str, str]]:
    """The texts and figures of a condition, each with its column ("" where it has none)."""
    found = []
    for one in test.find_all(exp.Literal):
        near = one.find_ancestor(*TESTS)
        column = near.find(exp.Column) if near else None
        found.append((column.name if column else "", str(one.this).strip("%")))
    return found


def says(asked: str, test: exp.Expr, sheet: Sheet) -> bool:
    """Does the question say all that a condition compares with: texts, parts of them that no other cell of
    the column has, figures?"""
    return all(_says(asked, column, text, sheet) for column, text in literals(test))


def _says(asked: str, name: str, text: str, sheet: Sheet) -> bool:
    text = normalize(text).text
    if text in asked and not text.isdecimal():
        return True
    own = _told(text)
    if not own:
        return bool(name) and _part(asked, text, sheet.column(name))
    known = {value for one in _figures(asked) for value in one}
    days = [int(value) for value in sorted(own)] if iso(text) else []
    return own <= known or bool(days and name and _day_said(text, known, sheet.column(name)))


def longest(asked: str, text: str) -> str:
    """The longest part of a cell that the question has, "" where it is short."""
    match = SequenceMatcher(None, text, asked, autojunk=False).find_longest_match()
    return text[match.a : match.a + match.size] if match.size >= SHARED else ""


def _part(asked: str, text: str, column: Column) -> bool:
    """Has the question a part of a cell that no other cell has?"""
    common = longest(asked, text)
    return bool(common) and not any(common in cell for cell in map(_folded, column.told) if text not in cell)


def _folded(text: str) -> str:
    return normalize(text).text


def iso(text: str) -> bool:
    """Is it a day, or the beginning or end of one, as ISO text?"""
    runs = [len(run) for run in text.split("-") if run]
    return "-" in text and all(c.isdecimal() or c == "-" for c in text) and set(runs) <= {2, 4}


def _day_said(text: str, known: set[str], column: Column) -> bool:
    """Is a day said but for what is the same in the whole column, or the edge of what is said?"""
    told = [run for run in text.split("-") if run]
    cells = [str(value).split("-") for value in column.values if value]
    year = told.pop(0) if len(told[0]) == 4 else ""
    years = {cell[0] for cell in cells if len(cell) == 3}
    months = {cell[-2] for cell in cells if len(cell) > 1}
    said = [str(int(run)) in known for run in told]
    if year and year not in known and years != {year}:
        return False
    if not told:
        return True
    month = said[0] or months == {told[0]}
    day = len(told) == 1 or said[1] or (said[0] and int(told[1]) in LAST)
    edge = int(told[0]) in MONTH and not any(said) and year in known
    return (month and day and any(said)) or edge


def _told(text: str) -> set[str]:
    """The figures of a condition's text."""
    runs = {str(int("".join(run))) for digit, run in groupby(text, str.isdecimal) if digit}
    return runs if iso(text) or len(runs) > 1 else {_value(span) for span in number_spans(text)}


def _value(span: NumberSpan) -> str:
    return f"{span.value.normalize():f}"


def _figures(asked: str) -> list[set[str]]:
    """The figures of a question, each as it may stand in a condition, of a column of millions too; but for
    the one of 一天 and the like."""
    found = []
    for span in number_spans(asked):
        text = asked[span.start : span.end]
        sizes = (1,) if text[-1].isdecimal() else SIZES
        if span.value != 1 or text.isdecimal():
            found.append({f"{(span.value / size).normalize():f}" for size in sizes})
    for day in find_dates(asked):
        found += [{str(one)} for one in (day.year, day.month, day.day) if one]
    return found


def left_out(asked: str, tests: Sequence[exp.Expr], sheet: Sheet) -> list[Named]:
    """What the question names and no condition has."""
    own = [normalize(text).text for test in tests for _, text in literals(test)]
    return [
        one for one in named(asked, sheet) if not any(o and (o in one.text or one.text in o) for o in own)
    ]


def figures_left_out(asked: str, tests: Sequence[exp.Expr], sheet: Sheet, rows: int) -> bool:
    """Has the question a figure that no condition has, nor every cell of a column, nor what stands over the
    table, and that is not the number of the rows?"""
    own = {value for test in tests for _, text in literals(test) for value in _told(text)}
    names = {name for test in tests for name in columns_of(test)}
    heads = [column.header for column in sheet.columns if column.name in names]
    own |= {value for text in (over_all(sheet), f"{rows}", *heads) for one in _figures(text) for value in one}
    for column in sheet.columns:
        cells = [_told(str(value)) for value in column.values if value]
        own |= set.intersection(*cells) if cells else set()
    texts = " ".join(one.text for one in named(asked, sheet))
    own |= {value for one in _figures(texts) for value in one}
    if any(yearless(column) for column in sheet.columns):  # the year is that of the document
        own |= {f"{day.year}" for day in find_dates(asked) if day.year}
    return any(not (one & own) for one in _figures(asked))


def yearless(column: Column) -> bool:
    """Are its cells days without a year?"""
    days = [str(value) for value in column.values if value]
    return bool(days) and not column.numeric and all(_YEARLESS.fullmatch(day) for day in days)


def completed(query: exp.Select, asked: str, operation: Operation, sheet: Sheet) -> list[exp.Expr] | None:
    """The conditions of a query that count (``_kept``); instead of those that the question does not say, what
    it names and the query leaves out, unless that names several columns, or something is denied. None where
    there is none and there should be."""
    tests = _kept(query, asked, operation, sheet)
    missing = left_out(asked, tests or (), sheet)
    if not missing:
        return tests
    columns = {one.text: {other.column for other in missing if other.text == one.text} for one in missing}
    if query.find(exp.NEQ, exp.Not) or any(len(own) > 1 for own in columns.values()):
        return None
    said = [one for one in tests or () if says(asked, one, sheet)]
    where = query.args.get("where")
    others = [one for one in (conjuncts(where.this.unnest()) if where else ()) if not says(asked, one, sheet)]
    if any(_otherwise(one, missing, sheet) for one in others):
        return None
    for name in sorted({one.column for one in missing}):
        texts = sorted({one.text for one in missing if one.column == name})
        said.append(exp.column(name).isin(*texts) if len(texts) > 1 else exp.column(name).eq(texts[0]))
    return said


def _otherwise(test: exp.Expr, missing: Sequence[Named], sheet: Sheet) -> bool:
    """Is it a condition on another cell of a column of which the question names one: 停用, of 现在用不了,
    which has 在用 in it?"""
    names = {one.column for one in missing}
    return any(name in names and text in sheet.column(name).told for name, text in literals(test))


def _kept(query: exp.Select, asked: str, operation: Operation, sheet: Sheet) -> list[exp.Expr] | None:
    """The conditions of a query that count: those that the question says; without one, the first of which it
    says anything, with what else is asked of the same columns. None where there is none and there should be.

    Models like to add conditions: one in other words counts beside one that is said only where the question
    puts several.
    """
    where = query.args.get("where")
    if where is None:
        return [] if operation.conditions == "none" or operation.what in FREE else None
    parts = [one for one in conjuncts(where.this.unnest()) if one.find(*TESTS)]
    if operation.conditions == "none":  # then such are the model's own
        parts = [one for one in parts if not _strange(one, asked, sheet)]
    parts = [one for one in parts if not _of_all(one, sheet)]
    if any(_torn(one, asked, sheet) for one in parts):
        return None
    if not parts and operation.conditions != "several":
        return []
    said = [one for one in parts if says(asked, one, sheet)]
    hinted = [one for one in parts if one not in said and _hinted(one, asked)]
    others = hinted or [one for one in parts if one not in said]
    same = [one for one in others if columns_of(one) == columns_of(others[0])]
    several = operation.conditions == "several"
    if said and not (several and len(said) == 1 and others):
        return said
    unsure = len(same) < len(others) and (several or not hinted)
    return None if unsure or not others else [*said, *same]


def conjuncts(test: exp.Expr) -> list[exp.Expr]:
    """The conditions that one is made of, all of which must hold."""
    return list(test.flatten()) if isinstance(test, exp.And) else [test]


def _torn(one: exp.Expr, asked: str, sheet: Sheet) -> bool:
    """Is it one condition or another, of which the question says some?"""
    said = [says(asked, each, sheet) for each in one.find_all(*TESTS)] if one.find(exp.Or) else []
    return any(said) and not all(said)


def _strange(one: exp.Expr, asked: str, sheet: Sheet) -> bool:
    """Is it a condition on a column that is not there, or on several values none of which is said?"""
    if not columns_of(one) <= {column.name for column in sheet.columns}:
        return True
    told = [_says(asked, column, text, sheet) for column, text in literals(one)]
    return len(told) > 1 and not any(told)


def _of_all(one: exp.Expr, sheet: Sheet) -> bool:
    """Is it a condition on what stands over the whole table, and in none of its cells?"""
    texts = [text for _, text in literals(one)]
    cells = [str(value) for column in sheet.columns for value in column.values]
    over = over_all(sheet)
    return bool(texts) and all(text in over and not any(text in cell for cell in cells) for text in texts)


def over_all(sheet: Sheet) -> str:
    """What stands over a table: the title of its document, headings."""
    place = sheet.rows[0].place
    return "，".join((place.document.title, *place.passage.heading))


def _hinted(one: exp.Expr, asked: str) -> bool:
    """Has the question a character of what a condition compares with?"""
    return any(c in asked for _, text in literals(one) for c in text if c.isalpha())


def read(test: exp.Expr, sheet: Sheet) -> str:
    """A condition as a person reads it: the columns' names, how they are compared, and with what."""
    sign = next((sign for kind, sign in SIGNS.items() if isinstance(test, kind)), "")
    if isinstance(test, exp.Not):
        return read(test.this, sheet).replace("=", "≠")
    if not sign:
        parts = [read(one, sheet) for one in test.args.values() if isinstance(one, exp.Expr)]
        return "，".join(one for one in parts if one)
    names = [bare(sheet.column(one.name).header) for one in test.find_all(exp.Column)]
    texts = [text for _, text in literals(test)]
    return f"{names[0]}{sign}{'、'.join([*names[1:], *texts])}" if names else ""


def columns_of(part: exp.Expr) -> set[str]:
    return {column.name for column in part.find_all(exp.Column)}

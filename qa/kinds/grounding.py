"""The texts of a query's conditions as cells of the table: what no cell has ends it."""

from __future__ import annotations

import re

from sqlglot import exp

from qa.kinds.conditions import TESTS, columns_of, longest, yearless
from qa.kinds.holding import things
from qa.kinds.ranges import rows_in_range
from qa.kinds.sheet import Column, Sheet
from qa.kinds.tables import Table, bare

_YEAR = re.compile(r"\A\d{4}-(?=\d\d-\d\d)")
ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE)


def grounded(test: exp.Expr, asked: str, sheet: Sheet) -> exp.Expr | None:
    """A condition whose texts are those of cells (``_stands``). None where no cell has one, or columns of
    different units are compared."""
    if not all(_ordered(one, sheet) for one in test.find_all(*ORDERED)):
        return None
    for one in list(test.find_all(exp.EQ, exp.NEQ, exp.In, exp.Like)):
        texts = [literal.this for literal in one.find_all(exp.Literal) if literal.is_string]
        if not isinstance(one.this, exp.Column) or not texts:
            continue
        found = [_stands(one, text, asked, sheet) for text in texts]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return None
        new = known[0] if len(known) == 1 else exp.paren(exp.or_(*known))
        if one is test:
            return new
        one.replace(new)
    return test


def placed(query: exp.Select, sheet: Sheet) -> exp.Select:
    """The query with its conditions on columns that are there: one on another column of a text that one alone
    has is on that; days without a year where the column has none."""
    for one in query.find_all(*TESTS):
        column = one.find(exp.Column)
        texts = [literal for literal in one.find_all(exp.Literal) if literal.is_string]
        known = next((c for c in sheet.columns if column and c.name == column.name), None)
        if column and known is None and len(texts) == 1:
            known = _only(str(texts[0].this).strip("%"), sheet)
            if known:
                column.set("this", exp.to_identifier(known.name))
        for literal in texts if known and yearless(known) else ():
            literal.set("this", _YEAR.sub("", str(literal.this)))
    return query


def _stands(one: exp.Condition, text: str, asked: str, sheet: Sheet) -> exp.Expr | None:
    """A condition on one text: of the cells that it is, or is one of several things in; of the cells that it
    is a part of; of the only cell whose range holds its figure. Where the column has none of these, or is
    none of the table, the only one that has it. None where there is none."""
    denied = isinstance(one, exp.NEQ)
    bare_text = text.strip("%")
    column = next((c for c in sheet.columns if c.name == one.this.name), None)
    if column and not _has(column, bare_text):
        rows = rows_in_range(bare_text, Table((column.header,), sheet.rows))
        if len(rows) == 1:
            return _like(one.this, rows[0].cells[column.header].strip(), denied)
        column = None
    column = column or _only(bare_text, sheet)
    if column is None:
        return None
    name = exp.column(column.name)
    if text not in column.values or isinstance(one, exp.Like):
        return _like(name, bare_text, denied)
    if common := _common(text, asked, column):
        return _like(name, common, denied)
    within = name.isin(*sorted(str(c) for c in set(column.values) if text in (c, *things(bare(str(c))))))
    return exp.Not(this=within) if denied else within


def _has(column: Column, text: str) -> bool:
    return any(text in str(cell) for cell in column.values)


def _only(text: str, sheet: Sheet) -> Column | None:
    """The only column that has a text as a cell, or else as a part of one."""
    own = [column for column in sheet.columns if _has(column, text)]
    found = [column for column in own if text in column.values] or own
    return found[0] if len(found) == 1 else None


def _common(text: str, asked: str, column: Column) -> str:
    """All that the question has of a cell's text, where other cells have that, too: 压线 of 倒车压线 beside
    侧方压线; "" elsewhere."""
    common = longest(asked, text)
    rest = text.replace(common, "")
    others = any(common in str(cell) and cell != text for cell in column.values)
    return common if common and rest and others and not any(c in asked for c in rest if c.isalnum()) else ""


def _like(column: exp.Expr, text: str, denied: bool) -> exp.Expr:
    like = exp.Like(this=column.copy(), expression=exp.Literal.string(f"%{text}%"))
    return exp.Not(this=like) if denied else like


def _ordered(test: exp.Expr, sheet: Sheet) -> bool:
    """Can what is compared be put in order: columns of one unit, a text only with days and hours?"""
    names = columns_of(test)
    texts = any(one.is_string for one in test.find_all(exp.Literal))
    cells = [str(cell) for name in names for cell in sheet.cells(name) if cell is not None]
    return len({sheet.column(name).unit for name in names}) == 1 and (
        not texts or all(cell[0].isdigit() for cell in cells)
    )

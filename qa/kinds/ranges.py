"""Rows of a table, and items of a list, that a figure of the question falls into: 32,000 in 10,000 to 50,000.

Exact arithmetic on values. A column divides a range where every cell has one or two figures with the same
unit and no two overlap; a cell with one figure is open to the side where no other stands. A list does where
the first figures of its items with one unit do. A figure that two share gives both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.normalize import NumberSpan, normalize, number_spans
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.checks.numbers import measured_in
from qa.kinds.enumerations import enumerations
from qa.kinds.evidence import Indexed, narrow
from qa.kinds.tables import Row, Table, tables_at

Interval = tuple[Decimal, Decimal]
LOOKED_AT = 3
"""Passages whose tables are looked at, best first."""
TOLD = 2 / 3
"""Least share of a column's cells that have figures for it to divide a range; the others have none."""
LOW, HIGH = Decimal("-Infinity"), Decimal("Infinity")


def fallen_into(
    question: str, ranked: Sequence[Hit], index: Indexed, several: bool = False
) -> tuple[Row, ...]:
    """The rows that a figure of the question falls into, in the first table or list of the best passages that
    divides such a range; () where there is none.

    Args:
        ranked: what was found, best first.
        several: the question compares: each of its figures counts.
    """
    for hit in ranked[:LOOKED_AT]:
        for table in tables_at(hit, index):
            if rows := rows_in_range(question, table, several):
                return rows
        for one in enumerations(narrow(hit)):
            if one.form != "table" and (rows := items_in_range(question, [item[0] for item in one.items])):
                return rows
    return ()


def items_in_range(question: str, items: Sequence[EvidenceSentence]) -> tuple[Row, ...]:
    """The items whose range holds a figure of the question: （二）37℃以上、不满40℃的…; () unless just one
    figure falls into such ranges."""
    found: list[tuple[Row, ...]] = []
    for span in _asked(question):
        told = [
            [value for own in number_spans(item.text) if (value := _in_unit(own, span.unit)) is not None]
            for item in items
            if span.unit
        ]
        intervals = _intervals([list(dict.fromkeys(values))[:2] for values in told]) if told else []
        value = span.value
        rows = tuple(
            Row(item, {}) for item, (low, high) in zip(items, intervals, strict=False) if low <= value <= high
        )
        found += [rows] if rows else []
    return found[0] if len(found) == 1 else ()


def _asked(question: str) -> list[NumberSpan]:
    """The figures of a question that may fall into a range; letters before one make it a name, and one of a
    unit (一年) is no figure where another stands in that unit (12年)."""
    text = normalize(question).text
    spans = [
        span
        for span in number_spans(text)
        if span.kind in ("number", "percent") and not re.search("[!-~] ?$", text[: span.start])
    ]
    more = {span.unit for span in spans if span.value != 1}
    return [s for s in spans if s.value != 1 or text[s.start].isdecimal() or s.unit not in more]


def rows_in_range(question: str, table: Table, several: bool = False) -> tuple[Row, ...]:
    """The rows whose range holds a figure of the question; () unless just one figure falls into one column's
    ranges, or ``several`` into those of the same column."""
    asked = _asked(question)
    found: list[tuple[str, tuple[Row, ...]]] = []
    for column in table.columns if asked else ():
        for fallen in _divided(asked, column, [row.cells[column] for row in table.rows]):
            found.append((column, tuple(table.rows[n] for n in sorted(fallen.cells))))
    if len(found) > 1 and several and len({column for column, _ in found}) == 1:
        rows = [row for _, rows in found for row in rows]
        return tuple(row for row in table.rows if row in rows)
    return found[0][1] if len(found) == 1 else ()


@dataclass(frozen=True, slots=True)
class Fallen:
    """A figure of the question, as a half-open span of it, and the cells of a column, by number, whose range
    holds it."""

    start: int
    end: int
    cells: frozenset[int]


def figures_within(question: str, column: str, cells: Sequence[str], bare: bool = True) -> list[Fallen]:
    """The figures of a question that fall into ranges of a column: ranges that divide one, else those in the
    figure's unit, though they overlap or other cells have none; without a unit only where ``bare``."""
    asked = [span for span in _asked(question) if span.unit or bare]
    if divided := _divided(asked, column, cells):
        return divided
    closed = [_closed(cell) for cell in cells] if any(span.unit for span in asked) else []
    out = []
    for span in asked:
        told = [_within(span, own) for own in closed] if span.unit else []
        held = {n for n, within in enumerate(told) if within}
        if sum(within is not None for within in told) > 1 and held:
            out.append(Fallen(span.start, span.unit_end, frozenset(held) | _open(cells)))
    return out


def _divided(asked: Sequence[NumberSpan], column: str, cells: Sequence[str]) -> list[Fallen]:
    """The figures that fall into the ranges of a column that divides one."""
    told = dict(enumerate(_figures(column, cells) if asked else []))
    told = {n: own for n, own in told.items() if own[0] or not cells[n].strip()}
    intervals = _intervals([values for values, _ in told.values()]) if len(told) >= TOLD * len(cells) else []
    units = {unit for _, unit in told.values()}
    if units == {""}:  # 55分 in a column 得分, and not 一个月
        own = [span for span in asked if span.unit and span.unit in column]
        asked = own or (asked if len(told) == len(cells) else [span for span in asked if not span.unit])
    out = []
    for span in asked if intervals and len(units) == 1 else ():
        unit = next(iter(units))
        value = _in_unit(span, unit) if span.unit and unit else span.value
        ranges = zip(told, intervals, strict=True)
        held = {n for n, (low, high) in ranges if value is not None and low <= value <= high}
        if held:
            out.append(Fallen(span.start, max(span.end, span.unit_end), frozenset(held)))
    return out


def _within(span: NumberSpan, ranges: Sequence[tuple[NumberSpan, NumberSpan]]) -> bool | None:
    """Does a figure lie in one of the ranges? None where none is in its unit."""
    ends = [(_in_unit(low, span.unit), _in_unit(high, span.unit)) for low, high in ranges]
    known = [(low, high) for low, high in ends if low is not None and high is not None]
    return any(low <= span.value <= high for low, high in known) if known else None


def _open(cells: Sequence[str]) -> frozenset[int]:
    """The cells of a column of ranges that say something without a figure: no bound (不限)."""
    return frozenset(
        n for n, cell in enumerate(cells) if any(c.isalpha() for c in cell) and not number_spans(cell)
    )


def _closed(cell: str) -> list[tuple[NumberSpan, NumberSpan]]:
    """The ranges of a cell by both their ends: 7至9岁."""
    spans = number_spans(cell)
    return [(a, b) for a, b in zip(spans, spans[1:], strict=False) if a.range_with > 0 > b.range_with]


def _in_unit(span: NumberSpan, unit: str) -> Decimal | None:
    """A figure in another unit; None where they measure different things."""
    (own, factor), (other, per) = measured_in(span.unit), measured_in(unit)
    return span.value * factor / per if own == other else None


def _figures(column: str, cells: Sequence[str]) -> list[tuple[list[Decimal], str]]:
    """The figures of each cell and their unit: that of the first which has one, where another measures the
    same (30分钟至2小时); it may stand over the column: 预算（万元）."""
    over = column[column.rfind("（") + 1 :].rstrip("）") if column.endswith("）") else ""
    factor = next((s for s in number_spans(f"1{over}") if over), None)
    told = [[s for s in number_spans(cell) if s.kind in ("number", "percent")] for cell in cells]
    one = next((s.unit for spans in told for s in spans if s.unit), factor.unit if factor else "")
    out = []
    for spans in told:
        unit = next((s.unit for s in spans if s.unit), one)
        unit = one if measured_in(unit)[0] == measured_in(one)[0] else unit
        values = [_in_unit(s, unit) if s.unit else _value(s, factor) for s in spans]
        out.append((list(dict.fromkeys(v for v in values if v is not None))[:2], unit))
    return out


def _value(span: NumberSpan, factor: NumberSpan | None) -> Decimal:
    return span.value * factor.value if factor and not span.unit else span.value


def _intervals(cells: Sequence[list[Decimal]]) -> list[Interval]:
    """The range of each cell; [] unless together they divide one."""
    closed = [(min(values), max(values)) for values in cells if len(values) == 2]
    if not closed or not all(cells):
        return []
    lowest, highest = min(low for low, _ in closed), max(high for _, high in closed)
    out: list[Interval] = []
    for values in cells:
        if len(values) == 2:
            out.append((min(values), max(values)))
        elif values[0] <= lowest:
            out.append((LOW, values[0]))
        elif values[0] >= highest:
            out.append((values[0], HIGH))
        else:
            return []
    ordered = sorted(out)
    apart = all(before[1] <= after[0] for before, after in zip(ordered, ordered[1:], strict=False))
    return out if apart and len(out) > 1 else []

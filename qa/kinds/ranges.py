"""Rows of a table, and items of a list, that a figure of the question falls into: 32,000 in 10,000 to 50,000.

Exact arithmetic on values. A column divides a range where every cell has one or two figures with the same
unit and no two overlap; a cell with one figure is open to the side where no other stands. A list does where
the first figures of its items with one unit do. A figure that two share gives both.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """The figures of a question that may fall into a range; letters before one make it a name."""
    text = normalize(question).text
    return [
        span
        for span in number_spans(text)
        if span.kind in ("number", "percent") and not (span.start and text[span.start - 1].isascii())
    ]


def rows_in_range(question: str, table: Table, several: bool = False) -> tuple[Row, ...]:
    """The rows whose range holds a figure of the question; () unless just one figure falls into one column's
    ranges, or ``several`` into those of the same column."""
    asked = _asked(question)
    found: list[tuple[str, tuple[Row, ...]]] = []
    for column in table.columns if asked else ():
        told = _figures(column, [row.cells[column] for row in table.rows])
        intervals = _intervals([values for values, _ in told])
        units = {unit for _, unit in told}
        for span in asked if intervals and len(units) == 1 else ():
            unit = next(iter(units))
            value = _in_unit(span, unit) if span.unit and unit else span.value
            rows = tuple(
                row
                for row, (low, high) in zip(table.rows, intervals, strict=True)
                if value is not None and low <= value <= high
            )
            if rows:
                found.append((column, rows))
    if len(found) > 1 and several and len({column for column, _ in found}) == 1:
        fallen = [row for _, rows in found for row in rows]
        return tuple(row for row in table.rows if row in fallen)
    return found[0][1] if len(found) == 1 else ()


def _in_unit(span: NumberSpan, unit: str) -> Decimal | None:
    """A figure in another unit; None where they measure different things."""
    (own, factor), (other, per) = measured_in(span.unit), measured_in(unit)
    return span.value * factor / per if own == other else None


def _figures(column: str, cells: Sequence[str]) -> list[tuple[list[Decimal], str]]:
    """The figures of each cell and their unit, which may stand over the column: 预算（万元）."""
    over = column[column.rfind("（") + 1 :].rstrip("）") if column.endswith("）") else ""
    factor = next((s for s in number_spans(f"1{over}") if over), None)
    out = []
    for cell in cells:
        spans = [s for s in number_spans(cell) if s.kind in ("number", "percent")]
        unit = next((s.unit for s in spans if s.unit), factor.unit if factor else "")
        own = [_value(s, factor) for s in spans if s.unit in ("", unit)]
        out.append((list(dict.fromkeys(own))[:2], unit))
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

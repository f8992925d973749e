"""Rows of a table that a figure of the question falls into: 32,000 in 10,000 to 50,000.

Exact arithmetic on values. A column divides a range where every cell has one or two figures with the same
unit and no two overlap; a cell with one figure is open to the side where no other stands. A figure that two
rows share gives both.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from index.normalize import NumberSpan, normalize, number_spans
from index.types import Hit
from qa.checks.numbers import dimension_of
from qa.kinds.evidence import Indexed
from qa.kinds.tables import Row, Table, tables_at

Interval = tuple[Decimal, Decimal]
LOOKED_AT = 3
"""Passages whose tables are looked at, best first."""
LOW, HIGH = Decimal("-Infinity"), Decimal("Infinity")


def fallen_into(
    question: str, ranked: Sequence[Hit], index: Indexed, several: bool = False
) -> tuple[Row, ...]:
    """The rows that a figure of the question falls into, in the first table of the best passages that divides
    such a range; () where there is none.

    Args:
        ranked: what was found, best first.
        several: the question compares: each of its figures counts.
    """
    for hit in ranked[:LOOKED_AT]:
        for table in tables_at(hit, index):
            if rows := rows_in_range(question, table, several):
                return rows
    return ()


def rows_in_range(question: str, table: Table, several: bool = False) -> tuple[Row, ...]:
    """The rows whose range holds a figure of the question; () unless just one figure falls into one column's
    ranges, or ``several`` into those of the same column."""
    text = normalize(question).text
    asked = [
        span
        for span in number_spans(text)
        if span.kind in ("number", "percent") and not (span.start and text[span.start - 1].isascii())
    ]
    found: list[tuple[str, tuple[Row, ...]]] = []
    for column in table.columns if asked else ():
        told = _figures(column, [row.cells[column] for row in table.rows])
        intervals = _intervals([values for values, _ in told])
        units = {unit for _, unit in told}
        for span in asked if intervals and len(units) == 1 else ():
            if span.unit and not {dimension_of(unit) for unit in units} & {dimension_of(span.unit), ""}:
                continue
            rows = tuple(
                row
                for row, (low, high) in zip(table.rows, intervals, strict=True)
                if low <= span.value <= high
            )
            if rows:
                found.append((column, rows))
    if len(found) > 1 and several and len({column for column, _ in found}) == 1:
        fallen = [row for _, rows in found for row in rows]
        return tuple(row for row in table.rows if row in fallen)
    return found[0][1] if len(found) == 1 else ()


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

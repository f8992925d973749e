"""Counts and sums over rows, items and figures of the documents: computed exactly, with every row and figure
that was counted.

What is to be computed, and how many conditions the question puts on it, is told by small models
(``qa.kind.operation_of``); which rows count by equal values (a cell whose text stands in the question) and by
a figure that bounds a column; what is added up by the column or the noun that the question names. Where that
is not certain, or other than as many conditions are found as there are, there is no count, and the question
is answered like any other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.normalize import normalize, number_spans
from index.numbers import UNITS
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.checks.numbers import dimension_of
from qa.kind import Operation
from qa.kinds.enumerations import enumerations
from qa.kinds.evidence import Block, Indexed, narrow
from qa.kinds.extract import Extract
from qa.kinds.tables import NEAR, NUMBER, Row, Table, bare, named_table, shared, tables_at

HOLDS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "over": operator.gt,
    "from": operator.ge,
    "under": operator.lt,
    "upto": operator.le,
}
"""Does a value hold to the limit, by the name of the bound?"""
MOSTLY = 2 / 3
"""Share of a column's cells that must be figures for it to be one of figures."""
NOUN = 2
"""Characters of the noun beside a figure that the question must hold."""


@dataclass(frozen=True, slots=True)
class Count:
    """What was computed.

    Attributes:
        places: what was counted, in order.
        total: how many, or the sum.
        terms: the figures that were added up as they stand there; () when rows were counted.
        unit: of the total, as the document has it; "" for rows.
    """

    places: tuple[EvidenceSentence, ...]
    total: Decimal
    terms: tuple[str, ...] = ()
    unit: str = ""


_Key = tuple[str, str, str]
"""Document, unit and noun of a figure."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A figure that may be added up: where it stands (``start`` in the document), as it is written, its
    value."""

    place: EvidenceSentence
    start: int
    text: str
    value: Decimal


def counted(
    question: str, operation: Operation, ranked: Sequence[Hit], index: Indexed, found: Extract | None
) -> Count | None:
    """The count or sum that the question asks for; None when it is not certain what is counted.

    Args:
        operation: what is to be computed (``qa.kind.operation_of``).
        ranked: what was found, best first.  found: what the reader finds in it.
    """
    asked = normalize(question).text
    what, bound = operation.what, operation.bound
    if what not in ("count", "sum"):
        return None
    near = [hit for hit in ranked if hit.score >= NEAR * ranked[0].score]
    added = _figures(asked, near) if what == "sum" else None
    if added and (operation.conditions == "none" or _numbered(asked, len(added.terms))):
        return added
    table = named_table(asked, ranked, index)
    if table is None and (what == "sum" or bound in HOLDS):
        around = tables_at(ranked[0], index)
        table = around[0] if len(around) == 1 else None
    rows = kept(asked, operation, table) if table else []
    if table and rows and what == "sum":
        return _sum(asked, table, rows)
    if table and rows and _told(asked, bound, table):
        return Count(tuple(r.place for r in rows), Decimal(len(rows)))
    whole = what == "count" and bound == "none" and operation.conditions == "none"
    return _items(ranked[0], found) if whole else None


def kept(asked: str, operation: Operation, table: Table) -> list[Row]:
    """The rows that have the values that the question names, or have them not where it is negated, and hold
    to its bound, without a row of totals; [] where other than as many conditions are found as there are."""
    bounds = operation.bound in HOLDS
    column, limit = _bounded(asked, table) if bounds else ("", Decimal(0))
    values = {c: wanted for c, wanted in table.values(asked).items() if c != column}
    totals = _totals(table)
    rows = [row for row in table.rows if row is not totals]
    unconditional = operation.conditions == "none" or _numbered(asked, len(rows))
    if unconditional and not bounds and not values:
        return rows
    least, most = (2, len(table.columns)) if operation.conditions == "several" else (1, 1)
    if not least <= len(values) + bool(column) <= most or (bounds and not column):
        return []
    negated = operation.negated == "yes"
    if negated and (column or len(values) > 1):
        return []
    rows = [row for row in rows if all((row.cells[c] in named) != negated for c, named in values.items())]
    if not bounds:
        return rows
    return [
        row for row in rows if (own := _value(row.cells[column])) and HOLDS[operation.bound](own[0], limit)
    ]


def _numbered(asked: str, number: int) -> bool:
    """Does the question say how many there are: 三个安置点一共…?"""
    return any(span.value == number for span in number_spans(asked) if span.kind == "number")


def _told(asked: str, bound: str, table: Table) -> bool:
    """Is all that the question says of the rows accounted for: has every column that it names, but that which
    names the rows, a value or a bound?"""
    values = table.values(asked)
    bounded = _bounded(asked, table)[0] if bound in HOLDS else ""
    first = next(iter(c for c in table.columns if c != NUMBER), "")
    return all(c in values or c in (bounded, first) for c in table.columns if shared(asked, bare(c)))


def _bounded(asked: str, table: Table) -> tuple[str, Decimal]:
    """The column that a figure of the question bounds, and that figure: the only one with figures of its
    unit, or the only one of these that the question names; ("", 0) where that is not certain."""
    found: list[tuple[str, Decimal, bool]] = []
    for span in number_spans(asked):
        for column in table.columns if span.kind in ("number", "percent") else ():
            cells = [value for row in table.rows if (value := _value(row.cells[column]))]
            units = {dimension_of(unit) for _, unit in cells} | {
                dimension_of(column[column.rfind("（") + 1 : -1])
            }
            if len(cells) >= MOSTLY * len(table.rows) and (not span.unit or dimension_of(span.unit) in units):
                found.append((column, Decimal(str(span.value)), shared(asked, bare(column))))
    named = [one for one in found if one[2]] or found
    return named[0][:2] if len(named) == 1 else ("", Decimal(0))


def _value(cell: str) -> tuple[Decimal, str] | None:
    """The figure that a cell begins with, and its unit, where it holds no other; else None."""
    spans = number_spans(cell.strip())
    if len(spans) != 1 or spans[0].start != 0:
        return None
    return Decimal(str(spans[0].value)), spans[0].unit


def _totals(table: Table) -> Row | None:
    """The row that adds up the others: in every column of figures it has their sum; None where there is
    none."""
    columns = [c for c in table.columns if c != NUMBER and all(_value(row.cells[c]) for row in table.rows)]
    for row in (table.rows[-1], table.rows[0]) if columns and len(table.rows) > 2 else ():
        rest = [other for other in table.rows if other is not row]
        sums = {c: sum((v[0] for o in rest if (v := _value(o.cells[c]))), Decimal(0)) for c in columns}
        if any((own := _value(row.cells[c])) and own[0] == sums[c] for c in columns):
            return row
    return None


def _sum(asked: str, table: Table, rows: Sequence[Row]) -> Count | None:
    """The sum of the column that the question names, or whose name holds its measure word; None where none is
    one of figures."""
    named = [c for c in table.columns if shared(asked, bare(c))]
    counts = measured(asked)
    after = asked[asked.find(counts) + len(counts) :][:1] if counts else ""
    named += [
        c for c in table.columns if counts and c not in named and (counts in c or (after and after in c))
    ]
    for column in named:
        terms = [(row, row.cells[column].strip()) for row in rows]
        terms = [(row, text) for row, text in terms if any(c.isdigit() for c in text)]
        values = [_value(text) for _, text in terms]
        if len(terms) < max(2, MOSTLY * len(rows)) or not all(values):
            continue
        own = (values[0] or ("", ""))[1] or counts or ""
        unit = column[column.find("（") + 1 : -1] if "（" in column else own
        total = sum((value[0] for value in values if value), Decimal(0))
        return Count(tuple(row.place for row, _ in terms), total, tuple(text for _, text in terms), unit)
    return None


def _items(hit: Hit, found: Extract | None) -> Count | None:
    """The items of the enumeration in the best passage that the reader's best sentence belongs to."""
    for one in enumerations(narrow(hit)) if found else ():
        if found and one.form != "table" and found.best.start in {s.start for s in one.sentences()}:
            return Count(tuple(item[0] for item in one.items), Decimal(len(one.items)))
    return None


def _figures(asked: str, hits: Sequence[Hit]) -> Count | None:
    """Figures with the same unit beside the same noun of the question, in one document:
    东门72个插口，北门48个插口."""
    found: dict[_Key, dict[int, _Term]] = {}
    for hit in hits:
        for place in _texts(hit):
            for key, term in _terms(asked, hit.document.id, place):
                found.setdefault(key, {}).setdefault(term.start, term)
    groups = [(key, [group[at] for at in sorted(group)]) for key, group in found.items() if len(group) > 1]
    if len(groups) != 1 or _one_of(asked, groups[0][1]):
        return None
    (_, unit, noun), terms = groups[0]
    after = (
        noun
        if any(t.place.text.startswith(noun, t.start - t.place.start + len(t.text)) for t in terms)
        else ""
    )
    places = {(t.place.start, t.place.end): t.place for t in terms}
    total = sum((t.value for t in terms), Decimal(0))
    return Count(tuple(places.values()), total, tuple(t.text for t in terms), unit + after)


def _terms(asked: str, document: str, place: EvidenceSentence) -> Iterator[tuple[_Key, _Term]]:
    """The figures of a sentence beside a noun of the question."""
    for span in number_spans(place.text):
        text = place.text[span.start : span.unit_end]
        beside = (
            place.text[span.unit_end : span.unit_end + NOUN],
            place.text[max(0, span.start - NOUN) : span.start],
        )
        year = span.unit == "年" and 1900 <= span.value <= 2100
        for noun in beside if span.unit and span.kind == "number" and not year else ():
            if len(noun) == NOUN and noun.isalpha() and noun in asked:
                yield (
                    (document, span.unit, noun),
                    _Term(place, place.start + span.start, text, Decimal(str(span.value))),
                )


def _one_of(asked: str, terms: Sequence[_Term]) -> bool:
    """Does the question name some of the figures by what stands before them and not the others: 双人间 beside
    单人间?"""
    before = [t.place.text[max(0, (at := t.start - t.place.start) - 2 * NOUN) : at] for t in terms]
    near = [any(b[i : i + NOUN] in asked for i in range(len(b) - NOUN)) or b[1:] in asked for b in before]
    return 0 < sum(near) < len(terms)


def measure(question: str) -> str:
    """The measure word that the question counts with (几类, 多少张), 项 where it has none."""
    return measured(normalize(question).text) or "项"


def measured(asked: str) -> str | None:
    """The measure word after 几 or 多少, "" where none follows; None where the question asks for no
    number."""
    for word in ("几", "多少"):
        if word in asked:
            rest = asked[asked.find(word) + len(word) :]
            units = sorted(UNITS, key=len, reverse=True)
            own = (
                rest[:1] if word == "几" and rest[:1].isalpha() else ""
            )  # 几顿: what follows 几 is a measure
            return next((unit for unit in units if rest.startswith(unit)), own)
    return None


def _texts(hit: Hit) -> Iterator[EvidenceSentence]:
    """The sentences of a passage, and the heading over it where it stands in the document."""
    block = Block(hit, (hit.passage,), "")
    yield from block.sentences()
    if hit.passage.heading:
        heading = hit.passage.heading[-1]
        at = hit.document.text.rfind(heading, 0, hit.passage.start)
        if at >= 0:
            yield EvidenceSentence(hit.passage, hit.document, at, at + len(heading), heading)

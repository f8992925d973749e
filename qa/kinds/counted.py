"""Counts and sums over rows and figures of the documents: computed exactly, with every row and figure that
was counted.

Which rows count is told by equal values (a cell whose text stands in the question), what is added up by the
column or the noun that the question names. Where that is not certain there is no count, and the question is
answered like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.normalize import normalize, number_spans
from index.numbers import UNITS
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.kinds.evidence import Block, Indexed
from qa.kinds.tables import NEAR, Row, bare, named_table, shared

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


def counted(question: str, hits: Sequence[Hit], index: Indexed) -> Count | None:
    """The count or sum that the question asks for; None when it is not certain what is counted."""
    asked = normalize(question).text
    if measured(asked) is None:
        return None
    near = [hit for hit in hits if hit.score >= NEAR * hits[0].score]
    return _figures(asked, near) or _rows(asked, hits, index)


def _rows(asked: str, hits: Sequence[Hit], index: Indexed) -> Count | None:
    """Rows of a table, or of tables with the same columns, that have the values named, or the sum of a column
    named."""
    table = named_table(asked, hits, index)
    if table is None:
        return None
    values = table.values(asked)
    kept = [row for row in table.rows if all(row.cells[c] in wanted for c, wanted in values.items())]
    summed = next(
        (c for c in table.columns if c not in values and shared(asked, bare(c)) and _numbers(kept, c)), None
    )
    counts = measured(asked)
    if summed is None and counts:  # 多少人 asks for the column 容纳人数, not for its rows
        summed = next(
            (c for c in table.columns if c not in values and counts in c and _numbers(kept, c)), None
        )
    if len(kept) < 2:
        return None
    if summed:
        terms = _numbers(kept, summed)
        unit = summed[summed.find("（") + 1 : -1] if "（" in summed else _unit(kept[0].cells[summed])
        total = sum((value for _, value in terms), Decimal(0))
        return Count(tuple(r.place for r in kept), total, tuple(text for text, _ in terms), unit)
    if not counts or (not values and not any(shared(asked, bare(c)) for c in table.columns)):
        return None
    return Count(tuple(r.place for r in kept), Decimal(len(kept)))


def _numbers(rows: Sequence[Row], column: str) -> list[tuple[str, Decimal]]:
    """The cells of a column as figures; [] unless each is one figure and nothing else but a unit."""
    out = []
    for row in rows:
        text = row.cells[column].strip()
        spans = number_spans(text)
        if len(spans) != 1 or spans[0].start != 0 or spans[0].unit_end != len(text):
            return []
        out.append((text, Decimal(str(spans[0].value))))
    return out


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
        for noun in beside if span.unit and span.kind == "number" else ():
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
            return next((unit for unit in units if rest.startswith(unit)), "")
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


def _unit(text: str) -> str:
    spans = number_spans(text)
    return spans[0].unit if spans else ""

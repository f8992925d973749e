"""Counts, sums and other figures that are computed from the documents, with every row and figure that they
were computed from.

What is to be computed, and how many conditions the question puts on it, is told by small models
(``qa.kind.operation_of``). Over a table it is a query (``qa.kinds.queried``); in running text the figures
beside one noun are added up, and the items of an enumeration are counted where nothing is asked of them.
Where that is not certain nothing is computed, and the question is answered like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.normalize import normalize, number_spans
from index.numbers import UNITS
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.kind import Operation
from qa.kinds.enumerations import enumerations
from qa.kinds.evidence import Block, Indexed, narrow
from qa.kinds.extract import Extract
from qa.kinds.rows import fit, named_table
from qa.kinds.tables import NEAR, Table, tables_at

MOSTLY = 0.5
"""Share of the items of an enumeration that must answer for all of them to be counted though the question
puts a condition: then it is one on the whole."""
NOUN = 2
"""Characters of the noun beside a figure that the question must hold."""


@dataclass(frozen=True, slots=True)
class Count:
    """What was computed.

    Attributes:
        places: what it was computed from, in order.
        what: the operation (``qa.kind.Operation.what``).
        total: how many, the sum, the difference ...; None where the places themselves are the answer, those
            with the most or the least.
        terms: the figures that went into it, as they stand there; () when rows were counted.
        unit: of the total, as the document has it; "" for rows.
        by: the column of which the places have the most or the least.
        guessed: what of it the question does not say itself, as a person reads it.
    """

    places: tuple[EvidenceSentence, ...]
    what: str
    total: Decimal | None = None
    terms: tuple[str, ...] = ()
    unit: str = ""
    by: str = ""
    guessed: tuple[str, ...] = ()


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


Query = Callable[[Operation, Table], Count | None]
"""Computes over a table what the question asks (``qa.kinds.queried``)."""


def counted(
    question: str,
    operation: Operation,
    ranked: Sequence[Hit],
    index: Indexed,
    found: Extract | None,
    query: Query,
) -> Count | None:
    """What the question asks to compute; None when it is not certain what from.

    Args:
        operation: what is to be computed; of ``none`` a count is tried where several rows of a table
            have what the question names (张三管几台).
        ranked: what was found, best first, at least one.  found: what the reader finds in it.
    """
    asked = normalize(question).text
    if operation.what == "sum":
        near = [hit for hit in ranked if hit.score >= NEAR * ranked[0].score]
        added = _figures(asked, near)
        if added and (operation.conditions == "none" or numbered(asked, len(added.terms))):
            return added
    around = tables_at(ranked[0], index)
    table = max(around, key=lambda table: fit(asked, table)) if around else named_table(asked, ranked, index)
    if operation.what == "none" and not (table and _shared(asked, table)):
        return None
    if table and (done := query(operation, table)):
        return done
    if operation.what != "count" or operation.conditions == "several":
        return None
    return _items(ranked[0], found, 0.0 if operation.conditions == "none" else MOSTLY)


def _shared(asked: str, table: Table) -> bool:
    """Have several rows, and not all, what the question names?"""
    values = table.values(asked)
    rows = [row for row in table.rows if values and all(row.cells[c] in v for c, v in values.items())]
    return 1 < len(rows) < len(table.rows)


def numbered(asked: str, number: int) -> bool:
    """Does the question say how many there are: 三个安置点一共…?"""
    return any(span.value == number for span in number_spans(asked) if span.kind == "number")


def _items(hit: Hit, found: Extract | None, least: float) -> Count | None:
    """The items of the enumeration in the best passage that the reader's best sentence belongs to, where at
    least this share of them answers."""
    told = {line.start for line in found.lines} if found else set()
    for one in enumerations(narrow(hit)) if found else ():
        if found and one.form != "table" and found.best.start in {s.start for s in one.sentences()}:
            items = tuple(item[0] for item in one.items)
            share = sum(item.start in told for item in items) / len(items)
            return Count(items, "count", Decimal(len(items))) if share >= least else None
    return None


def _figures(asked: str, hits: Sequence[Hit]) -> Count | None:
    """Figures with the same unit beside the same noun of the question, in one document:
    东门72个插口，北门48个插口."""
    found: dict[_Key, dict[int, _Term]] = {}
    said: dict[str, int] = {}
    for hit in hits:
        for place in _texts(hit):
            for key, term in _terms(asked, hit.document.id, place):
                before = place.text[max(0, term.start - place.start - NOUN) : term.start - place.start]
                if said.setdefault(f"{key} {before} {term.text}", term.start) == term.start:
                    found.setdefault(key, {}).setdefault(term.start, term)  # 项目二期 said twice is one
    groups = [(key, [group[at] for at in sorted(group)]) for key, group in found.items() if len(group) > 1]
    if len(groups) != 1 or _one_of(asked, groups[0][1]):
        return None
    (_, unit, noun), terms = groups[0]
    if len({term.text for term in terms}) < len(terms):  # 二期 and 二期: maybe one thing, told of twice
        return None
    after = (
        noun
        if any(t.place.text.startswith(noun, t.start - t.place.start + len(t.text)) for t in terms)
        else ""
    )
    places = {(t.place.start, t.place.end): t.place for t in terms}
    total = sum((t.value for t in terms), Decimal(0))
    return Count(tuple(places.values()), "sum", total, tuple(t.text for t in terms), unit + after)


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
    for word in ("几", "多少"):
        _, asked, rest = normalize(question).text.partition(word)
        if asked:
            known = next((unit for unit in sorted(UNITS, key=len, reverse=True) if rest.startswith(unit)), "")
            # 几顿: what follows 几 is a measure
            return known or (rest[:1] if word == "几" and rest[:1].isalpha() else "") or "项"
    return "项"


def _texts(hit: Hit) -> Iterator[EvidenceSentence]:
    """The sentences of a passage, and the heading over it where it stands in the document."""
    block = Block(hit, (hit.passage,), "")
    yield from block.sentences()
    if hit.passage.heading:
        heading = hit.passage.heading[-1]
        at = hit.document.text.rfind(heading, 0, hit.passage.start)
        if at >= 0:
            yield EvidenceSentence(hit.passage, hit.document, at, at + len(heading), heading)

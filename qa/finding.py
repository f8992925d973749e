"""From a question to what the documents have on it: the passages in force, what they are worth, what the
reader or a table finds in them.

The pipeline asks these steps one after the other, the fit of the gate (``training.gate``) asks the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from index.normalize import NumberSpan, number_spans
from index.superseded import edition_year
from index.types import Document, Hit, Passage
from qa.checks.dates import with_years
from qa.kinds.enumerations import leads_in
from qa.kinds.evidence import SEARCH, Window
from qa.kinds.extract import SPREAD, Extract, extract, of_rows
from qa.kinds.ranges import fallen_into
from qa.kinds.rows import looked_up
from qa.kinds.tables import Row, in_table
from qa.kinds.told_rows import Telling
from qa.reader import Reads
from qa.types import Answer


class Searched(Protocol):
    """What is needed of an index."""

    def search(self, query: str, k: int) -> list[Hit]: ...

    def superseded(self) -> frozenset[str]: ...

    def passages(self, document_id: str) -> list[Passage]: ...


NEAR = 1.5
"""How much less worth (log-odds) than the best a passage may be for its table to be looked at."""
TOLD = 1.0
"""Log-odds by the model that writes from which a passage is taken to answer: where the reader finds a fact in
a row of a table, a row that the question names is the answer then, though the question names no column."""
SAME = 0.06
"""What the score of a passage gains for standing in the document that the turn before was about; chosen on
tuning questions (docs/log/reader.md)."""


OTHER = 0.06
"""What the score of a passage loses for standing in the document of another year than is asked about."""


def searched(query: str, index: Searched, top_k: int, before: str = "") -> list[Hit]:
    """At most ``top_k`` hits of documents in force, best first; where the question names the year of a
    replaced one, of that one.

    Args:
        before: the exchange before, of a question that does not stand alone: passages of the document that
            it was about are preferred.
    """
    hits = of_year(in_force(index.search(query, 2 * top_k), index.superseded(), query), query)
    about = index.search(before, 1) if before else []
    if about:
        same = about[0].document.id
        hits = [replace(h, score=h.score + SAME * (h.document.id == same)) for h in hits]
        hits.sort(key=lambda h: -h.score)
    return hits[:top_k]


def in_force(hits: Sequence[Hit], superseded: frozenset[str], question: str) -> list[Hit]:
    """The hits without those of documents that a newer one replaces; where the question names the older one's
    year, those of the older one alone."""
    years = _years(question)
    asked = [h for h in hits if h.document.id in superseded and _year(h.document) in years]
    kept = asked or [h for h in hits if h.document.id not in superseded]
    return kept or list(hits)


def of_year(hits: Sequence[Hit], question: str) -> list[Hit]:
    """The hits, those less liked that are of another year's document where there is one of the same title but
    for the year: of a year that the question does not name, or where it names none of them, of an earlier one
    than the latest."""
    told = {hit.document.id: _titled(hit.document.title) for hit in hits}
    newest = max((hit.document.spoken or str(told[hit.document.id][1]) for hit in hits), default="0")
    asked = with_years(question, newest if newest > "1900" else None)
    years = _years(asked[asked.rfind("：") + 1 :]) or _years(asked)
    series: dict[str, set[int]] = {}
    for name, year in told.values():
        series.setdefault(name, set()).add(year)
    wanted = {name: (found & years) or {max(found)} for name, found in series.items()}
    liked = []
    for hit in hits:
        name, year = told[hit.document.id]
        liked.append(replace(hit, score=hit.score - OTHER * (year not in wanted[name])))
    return sorted(liked, key=lambda hit: -hit.score)


def _titled(title: str) -> tuple[str, int]:
    """A title without the years in it, and the latest of these, 0 where it has none."""
    spans, name = _year_spans(title), title
    for span in reversed(spans):
        name = name[: span.start] + name[span.unit_end :]
    return name, max((int(span.value) for span in spans), default=0)


def _years(text: str) -> set[int]:
    return {int(span.value) for span in _year_spans(text)}


def _year_spans(text: str) -> list[NumberSpan]:
    return [span for span in number_spans(text) if 1900 <= span.value <= 2100]


def _year(document: Document) -> int:
    return int(edition_year(document) or (document.published or "0")[:4])


def dated(query: str, hits: Sequence[Hit]) -> str:
    """The question with 今年 and the like as years, counted from the newest document that was found."""
    return with_years(query, max((hit.document.spoken or "" for hit in hits), default="") or None)


def worth_of(hits: Sequence[Hit], windows: Sequence[Window]) -> dict[str, tuple[float, int]]:
    """By passage the log-odds that it answers and where it does so; by the search alone where nothing was
    read."""
    if not windows:
        return {hit.passage.id: (SEARCH * hit.score, hit.passage.start) for hit in hits}
    found: dict[str, tuple[float, int]] = {}
    for window in windows:
        passage = window.block.hit.passage
        if passage.id not in found or found[passage.id][0] < window.worth:
            found[passage.id] = (window.worth, window.begin + window.reading.best[0])
    return found


def ranked_by(hits: Sequence[Hit], worth: Mapping[str, tuple[float, int]]) -> list[Hit]:
    """The hits by what their passages are worth (``worth_of``), best first."""
    return sorted((h for h in hits if h.passage.id in worth), key=lambda h: -worth[h.passage.id][0])


def follows(answer: Answer) -> bool:
    """Does the query hold more than the question that was typed: something from turns before?"""
    return answer.query != answer.question and answer.query.endswith(answer.question)


def found_in(
    answer: Answer,
    hits: Sequence[Hit],
    windows: Sequence[Window],
    index: Searched,
    reader: Reads | None,
    telling: Telling | None = None,
) -> Extract | None:
    """What the reader finds, or the rows of a table that the question names or falls into; None without a
    reader, or where nothing is found.

    Args:
        answer: with the question as it was typed, the query and the kind.
        telling: which sentences of a passage answer (``qa.kinds.extract``).
    """
    if reader is None:
        return None
    rows, fallen = tuple[Row, ...](), tuple[Row, ...]()
    compares, typed = answer.kind == "compare", answer.question if follows(answer) else ""
    if answer.kind not in SPREAD or compares:
        worth = worth_of(hits, windows)
        ranked = ranked_by(hits, worth)
        near = [h for h in ranked if worth[h.passage.id][0] >= worth[ranked[0].passage.id][0] - NEAR]
        first = max(windows, key=lambda w: w.worth, default=None)
        known = first if answer.kind == "fact" and first and (first.told or 0.0) >= TOLD else None
        told = {s.start for s in known.holding()} if known else set[int]()
        fallen = fallen_into(answer.question, near, index, compares)
        rows = fallen or looked_up(answer.query, ranked, index, typed, told)
        rows = rows if len(rows) > 1 or not compares else ()
        telling = None if rows and fallen else telling  # that is arithmetic
    found = extract(answer.query, answer.kind, windows, index, reader, typed, telling)
    # Rows that the question names stand back behind a sentence that the model that writes prefers.
    beside = found and found.told and not (in_table(found.best) or leads_in(found.best.text))
    return of_rows(found, rows, bool(fallen)) if rows and not beside else found

"""Answers that need no writing: what the reader finds, an outline, the documents there are. Quick on any
machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.types import Hit
from qa.kind import Operation
from qa.kinds.apart import set_apart
from qa.kinds.compared import sides
from qa.kinds.compose import (
    catalogue,
    chosen_document,
    extracted,
    found_for,
    outlined,
    shown_working,
    tallied,
)
from qa.kinds.contrast import against_rows
from qa.kinds.counted import Query, counted
from qa.kinds.evidence import Window
from qa.kinds.extract import APART, Extract
from qa.kinds.ordered import beside
from qa.kinds.overview import section_of
from qa.kinds.revised import Editions, side_by_side
from qa.kinds.rows import looked_up
from qa.kinds.share import share_worked
from qa.kinds.worked import Worked
from qa.searching import Searching
from qa.settings import AnswerSettings
from qa.types import Answer

WRITTEN = frozenset({"fact", "count", "", "write", "order"})
"""Kinds that are written first; the documents' own words are what is left when that fails."""
QUICK = 0.6
"""Least probability of what the reader found to be shown before what is written."""


class OwnWords:
    """Answers in the documents' own words over one index.

    Args:
        settings: ``risk`` decides what is sure enough.
        index: where the passages lie.
        both: two editions that are compared.
    """

    def __init__(self, settings: AnswerSettings, index: Searching, both: Editions | None = None) -> None:
        self.settings = settings
        self.index = index
        self.both = both

    def overview(self, answer: Answer, hits: Sequence[Hit], windows: Sequence[Window]) -> Answer | None:
        """What documents there are, or the outline of one, or of the section that is meant; None for other
        kinds, and where there is nothing to tell, or the reader finds an answer and no section.

        Args:
            windows: what the passages that were found say to the question.
        """
        index = self.index
        if self.both and self.both.whole:
            done = side_by_side(answer, self.both, ())
        elif answer.kind == "overview_all":
            documents = [(index.document(d.id), index.passages(d.id)) for d in index.documents()[:40]]
            done = catalogue(answer, documents)
        elif answer.kind == "overview_document":
            chosen = chosen_document(answer.query, hits, index.documents())
            if chosen is None:
                return None
            done = outlined(answer, index.document(chosen.id), index.passages(chosen.id))
        elif answer.kind == "overview_topic" and hits:
            document, start, end = section_of(answer.query, hits)
            likely = max((w.reading.answerable for w in windows), default=0.0)
            if end - start == len(document.text) and likely >= QUICK:
                return None  # what a passage answers and no section is about is no outline of all of them
            part = [p for p in index.passages(document.id) if start <= p.start < end]
            done = outlined(answer, document, part)
        else:
            return None
        return replace(done, retrieved=found_for(hits, index.superseded(), ())) if done else None

    def computed(
        self,
        answer: Answer,
        operation: Operation,
        ranked: Sequence[Hit],
        found: Extract | None,
        query: Query,
    ) -> Answer | None:
        """A count, a sum, a comparison ... that is computed from what the documents have; None where that is
        not certain.

        Args:
            operation: what is to be computed (``qa.kind.operation_of``).
            ranked: what was found, best first.  found: what the reader finds in it.
            query: computes over a table.
        """
        if found and self.both and (found.exact or found.likely >= 1.0 - self.settings.risk):
            rows = looked_up(answer.query, ranked, self.index)
            lines = [row.place for row in rows] or against_rows(
                answer.query, found.lines, self.index, every=False
            )
            if done := side_by_side(answer, self.both, lines):
                return replace(done, retrieved=found_for(ranked, self.index.superseded(), lines))
        if answer.kind == "count" and operation.what == "none":
            operation = operation._replace(what="count")
        if not ranked or not (answer.kind in ("compare", "fact") or operation.what != "none"):
            return None
        index, gone = self.index, self.index.superseded()
        if answer.kind == "compare" or operation.what == "difference":
            both = sides(answer.query, ranked, index)
            if both and (both.difference or answer.kind == "compare"):
                places = [row.place for row in both.rows]
                return replace(beside(answer, both), retrieved=found_for(ranked, gone, places))
        if operation.what == "none" and answer.kind != "fact":
            return None
        count = counted(answer.query, operation, ranked, index, found, query)
        single = count and count.what == "count" and len(count.places) == 1  # that is a row looked up
        if count and (answer.kind == "count" or not single):
            return replace(tallied(answer, count), retrieved=found_for(ranked, gone, count.places))
        return None

    def worked(self, answer: Answer, found: Worked, ranked: Sequence[Hit]) -> Answer:
        """What was worked out of running text, as the answer."""
        done = shown_working(answer, found)
        return replace(done, retrieved=found_for(ranked, self.index.superseded(), found.places))

    def share(self, answer: Answer, found: Extract, ranked: Sequence[Hit]) -> Answer | None:
        """The share of an amount that was found, with what it comes to; None where that is not certain."""
        if max(found.likely, found.judged or 0.0) < max(QUICK, 1.0 - self.settings.risk):
            return None
        done = share_worked(found, self.index)
        return self.worked(answer, done, ranked) if done else None

    def answer(
        self, answer: Answer, found: Extract | None, hits: Sequence[Hit], enough: float | None
    ) -> Answer | None:
        """The lines that answer a question of its kind; None where it has to be written, or nothing is sure
        enough.

        Args:
            enough: probability that the lines are the answer (``qa.gate.Gate.enough``); None where that is
                not known.
        """
        if answer.kind in WRITTEN or found is None:
            return None
        sure = found.likely if found.judged is None or answer.kind in APART else found.judged
        sure = sure if enough is None else enough
        if sure < 1.0 - self.settings.risk:
            return None
        return replace(self.found(answer, found, hits), confidence=round(sure, 4))

    def quick(self, answer: Answer, found: Extract | None, hits: Sequence[Hit]) -> Answer | None:
        """The sentence that answers a question of fact, before anything is written; None where the reader is
        not sure."""
        if found is None or found.likely < max(QUICK, 1.0 - self.settings.risk):
            return None
        return self.found(answer, found, hits)

    def found(self, answer: Answer, found: Extract, hits: Sequence[Hit]) -> Answer:
        """What was found, as the answer."""
        done = set_apart(extracted(answer, found), found)
        return replace(done, retrieved=found_for(hits, self.index.superseded(), found.lines))

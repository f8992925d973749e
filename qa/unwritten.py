"""Answers that need no writing: what is computed, what a document has on a topic, what surely is not
answered, and what the documents say in their own words where that is certain."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.base import Generator
from engine.calibration import Speed
from index.types import Hit
from qa.checks import EvidenceText
from qa.checks.text import prepare
from qa.conflicts import conflict_notes
from qa.context import Limits, build_context
from qa.draft import Draft
from qa.finding import follows, ranked_by, worth_of
from qa.gate import Decision, Gate
from qa.judge import open_judge
from qa.kind import Operation
from qa.kinds.compose import found_for, uncomputed
from qa.kinds.counted import Count
from qa.kinds.evidence import Window
from qa.kinds.extract import APART, Extract
from qa.kinds.own_words import OwnWords
from qa.kinds.parts import answered_apart, parts_of
from qa.kinds.queried import computed
from qa.kinds.tables import Table
from qa.kinds.topic import on_topic
from qa.kinds.worked import borne_out, worked_out
from qa.polarity import said_first
from qa.rationale import Rationale
from qa.reader import Reads
from qa.rerank import Budget, asked_of
from qa.searching import Searching
from qa.settings import AnswerSettings
from qa.types import Answer
from qa.verdict import accept, decline, superseded

WORKED = Limits(360, 2, 1.0)
"""What is read to work something out of running text."""
FIGURES = frozenset({"fact", "count"})
"""Kinds that a share of an amount may answer."""
LEAST = 96
"""Tokens that are read on any machine."""
ELLIPTIC = 6
"""Characters up to which a question after turns says nothing of what is to be computed."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One question with what was found for it.

    Attributes:
        answer: as far as it is known.
        told: what the model that writes is asked.
        hits: what was found, and ``windows`` what that says to the question.
        drafts: what was told of passages, by their id.
        own: answers that need no writing.
        index: where they lie, and ``top_k`` how many are looked for.
        budget: tokens that may still be read before something is shown.
        writer: of queries and calculations, within the patience.
        cancelled: set to stop.
        parts: the questions that it asks at once, where that is known.
    """

    answer: Answer
    told: str
    hits: Sequence[Hit]
    windows: Sequence[Window]
    drafts: Mapping[str, Draft]
    own: OwnWords
    index: Searching
    top_k: int
    budget: Budget
    writer: Generator
    cancelled: threading.Event
    parts: tuple[str, ...] = ()

    @property
    def ranked(self) -> list[Hit]:
        """The hits by what their passages are worth, best first."""
        return ranked_by(self.hits, worth_of(self.hits, self.windows))


class Unwritten:
    """Finds answers that need no writing, and decides what is shown of the others. Holds no state between
    questions; thread-safe.

    Args: as for :class:`qa.pipeline.Pipeline`.
    """

    def __init__(
        self,
        generator: Generator,
        gate: Gate,
        settings: AnswerSettings,
        reader: Reads | None = None,
        speed: Speed | None = None,
    ) -> None:
        self.generator = generator
        self.gate = gate
        self.settings = settings
        self.reader = reader
        self.speed = speed

    def answer(
        self, asking: Asking, first: Draft, found: Extract | None
    ) -> tuple[Answer | None, Draft, Extract | None]:
        """The finished answer where nothing has to be written: what is computed, what surely is not
        answered, what the documents say in their own words where that is certain. None otherwise. And
        ``first`` with what is told of the lines that were found, and these, mended.

        Args:
            first: without sentences, with the state that tells whether the best passage answers.
        """
        answer, hits, own = asking.answer, asking.hits, asking.own
        if done := self._on_topic(asking):
            return done, first, found
        operation, ranked = self.operation(answer), asking.ranked
        rationale = Rationale(
            asking.told, hits, asking.drafts, self.generator, asking.budget, asking.cancelled
        )

        def query(what: Operation, table: Table) -> Count | None:
            count = computed(answer.query, what, table, asking.writer, asking.cancelled)
            return count if count and rationale.chosen(count) else None

        if done := own.computed(answer, operation, ranked, found, query):
            return done, first, found
        exact = found is not None and found.exact
        best = max(asking.windows, key=lambda w: w.worth).told if asking.windows else None
        if answer.kind not in APART and not exact and self.gate.unanswered(best):
            return decline(answer, "not_answered", hits, first, found=found), first, found
        if worked := self._worked(asking, operation, ranked):
            return worked, first, found
        if found and answer.kind in FIGURES and (worked := own.share(answer, found, ranked)):
            return worked, first, found
        found = self._apart(asking, found) or found
        if found:
            found, weighed = rationale.whole(found)
            first = replace(first, lines=weighed.lines, left=weighed.odds)
        if done := own.answer(answer, found, hits, self.gate.enough(first)):
            return said_first(done, first.lines), first, found
        # What is written after turns mostly says them again; a figure that was not computed is a guess.
        figure = answer.kind == "count" or operation.what != "none"
        after = follows(answer) or figure
        decision = self.gate.before(hits, found, first)
        if found and (found.exact or after) and not (decision and decision.reason):
            decision = self.gate.alone(hits, found, first)
        if decision and (decision.reason or not (found and not after and self._wordy(found))):
            done = self.decided(answer, hits, asking.windows, first, found, own, decision, asking.cancelled)
            return (uncomputed(done) if figure and not done.refused else done), first, found
        return None, first, found

    def _on_topic(self, asking: Asking) -> Answer | None:
        """The outline of what a document has on a topic; None for other kinds, and where there is none."""
        if asking.answer.kind != "overview_topic":
            return None
        done = on_topic(
            asking.answer,
            asking.told,
            asking.windows,
            asking.index,
            self.generator,
            asking.budget,
            asking.cancelled,
        )
        return (
            replace(done, retrieved=found_for(asking.hits, asking.index.superseded(), ())) if done else None
        )

    def _worked(self, asking: Asking, operation: Operation, ranked: Sequence[Hit]) -> Answer | None:
        """What the question asks to compute, worked out of the best passages; None where that is not certain,
        or this machine would take too long."""
        answer = asking.answer
        if operation.what == "extreme" or (answer.kind != "count" and operation.what == "none"):
            return None
        worth = worth_of(ranked, asking.windows)
        context = build_context(ranked, worth, self.generator.count_tokens, WORKED)
        found = worked_out(answer.query, context, asking.writer, asking.cancelled)
        # Of a question of another kind two models must agree on what is to be done.
        if found is None or not (answer.kind == "count" or found.does(operation)):
            return None
        if not borne_out(found, context, open_judge(self.generator), asking.cancelled):
            return None
        return asking.own.worked(answer, found, ranked)

    def operation(self, answer: Answer) -> Operation:
        """What is to be computed: told by what was typed, by the turn before only where that is a word or
        two (去年呢)."""
        if self.reader is None:
            return Operation()
        said = follows(answer) and len(answer.question) > ELLIPTIC
        return self.reader.operation(answer.question if said else answer.query)

    def _apart(self, asking: Asking, found: Extract | None) -> Extract | None:
        """What is found for each thing asked, where several are asked at once; None elsewhere, and where one
        of them is not found."""
        answer = asking.answer
        if answer.kind not in APART or not self.reader or follows(answer) or (found and found.exact):
            return None
        parts: Sequence[str] | None = asking.parts
        if answer.kind == "compare":
            parts = parts_of(answer.query, asking.writer, asking.cancelled)
        return answered_apart(
            answer,
            parts or (),
            asking.index,
            asking.top_k,
            self.reader,
            self.generator,
            self.gate,
            asking.budget,
            asking.cancelled,
        )

    def _wordy(self, found: Extract) -> bool:
        """Does what was found say several figures, so that a written answer adds which of them it is? Not on
        a machine that would take too long over it."""
        if found.exact:
            return False
        values = sum(
            len(text.figures) + len(text.dates)
            for text in (prepare(EvidenceText(s.text)) for s in found.lines)
        )
        slow = self.speed is not None and self.speed.seconds(LEAST) > self.settings.patience
        return values > 1 and not slow

    def decided(
        self,
        answer: Answer,
        hits: Sequence[Hit],
        windows: Sequence[Window],
        draft: Draft,
        found: Extract | None,
        own: OwnWords | None,
        decision: Decision,
        cancelled: threading.Event,
    ) -> Answer:
        """What is shown after the gate has decided, with what other documents say against it."""
        answer = replace(answer, confidence=decision.confidence, usage=draft.usage)
        if decision.reason:
            return decline(answer, decision.reason, hits, draft, decision, found)
        if decision.quoted and own and found:
            done = said_first(own.found(answer, found, hits), draft.lines)
            done = replace(done, confidence=decision.confidence)
        else:
            done = accept(answer, draft, decision, self.settings)
        answers = functools.partial(self._answers_too, answer.query, cancelled)
        notes = (*conflict_notes(windows, done.sentences, answers), *superseded(done, done.sentences))
        return replace(done, notes=(*done.notes, *notes))

    def _answers_too(self, query: str, cancelled: threading.Event, window: Window) -> bool:
        """Does the model that writes hold that a passage answers, too? Where it tells no states, the reader
        alone says so."""
        draft = asked_of(query, window, self.generator, cancelled)
        return draft is None or draft.judged is None or draft.judged.answered > 0.0

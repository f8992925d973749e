"""The story of an answer: query -> hits -> the documents' own words, or context -> draft -> attribution ->
gate -> Answer.

One code path for streaming and not: ``stream()`` yields growing snapshots, ``answer()`` is the last of them.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import prompts
from engine.base import Generator
from engine.calibration import Speed
from errors import Cancelled
from index.types import Hit
from qa.checks import EvidenceText
from qa.checks.text import prepare
from qa.clock import Clock
from qa.conflicts import conflict_notes
from qa.context import Limits, build_context
from qa.draft import Draft, write_draft
from qa.finding import dated, follows, found_in, ranked_by, searched, worth_of
from qa.gate import Decision, Gate
from qa.judge import judged, open_judge
from qa.kind import Operation
from qa.kinds.compose import found_for, uncomputed
from qa.kinds.evidence import Window, narrow, read
from qa.kinds.extract import APART, Extract
from qa.kinds.own_words import OwnWords
from qa.kinds.parts import answered_apart, parts_of
from qa.kinds.queried import computed
from qa.kinds.revised import Editions, editions_asked
from qa.kinds.worked import borne_out, worked_out
from qa.memory import from_memory
from qa.orders import Orders, Snapshots
from qa.patience import Patient
from qa.reader import Reads
from qa.rerank import Budget, asked_of, reranked, sentences_told
from qa.searching import Searching
from qa.settings import AnswerSettings
from qa.spelling import slip
from qa.sufficiency import told_of_lines
from qa.types import Answer, Note
from qa.understand import Want
from qa.verdict import accept, decline, superseded

READING = 0.75
"""Share of the patience that reading may take."""
WORKED = Limits(360, 2, 1.0)
"""What is read to work something out of running text."""
FIGURES = frozenset({"fact", "count"})
"""Kinds that a share of an amount may answer."""
READ = 1600
"""Tokens that are read where nobody measured how fast that goes."""
LEAST = 96
"""Tokens that are read on any machine."""
ELLIPTIC = 6
"""Characters up to which a question after turns says nothing of what is to be computed."""


def _spoken(text: str) -> str:
    """A text without marks and white space."""
    return "".join(c for c in text if c.isalnum())


def _beforehand(quick: Answer, answer: Answer, clock: Clock) -> Answer:
    """The quick answer as a snapshot of one that is still looked at."""
    told = replace(quick, stage="writing", notes=answer.notes, retrieved=answer.retrieved)
    return replace(told, timings=clock.timings())


@dataclass(frozen=True, slots=True)
class Asking:
    """One question with what was found for it.

    Attributes:
        answer: as far as it is known.
        told: what the model that writes is asked.
        hits: what was found, and ``windows`` what that says to the question.
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


class Pipeline:
    """Answers questions over one index with one generator. Holds no state between questions; thread-safe.

    Args:
        generator: what writes the draft.
        gate: decides, after the draft, whether it is an answer.
        settings: budgets, risk and what is shown.
        reader: finds what answers a question; None: every answer is written.
        speed: of this machine, so that ``settings.patience`` can be kept; None: nothing is cut short.
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

    def stream(
        self,
        asked: str,
        want: Want,
        index: Searching,
        top_k: int,
        cancelled: threading.Event,
        name: str = "",
        budget: Budget | None = None,
    ) -> Snapshots:
        """Yield growing snapshots of one Answer; the last has stage ``done``.

        Args:
            asked: what was typed.
            want: what is wanted of the documents (``qa.understand``).
            index: where to search.  top_k: hits wanted.
            cancelled: set by another thread to stop.
            name: of the index, as the answer records it.
            budget: what may be read before it is decided whether to write, where others read of it too.

        Raises:
            Cancelled: ``cancelled`` was set before the answer was complete.
            GeneratorError: the generator failed.
        """
        clock = Clock()
        query = want.query
        answer = Answer(asked, query, model=self.generator.name, index=name, kind=want.kind)
        yield answer
        hits, both = self._searched(want, index, top_k)
        clock.mark("retrieve")
        written: Answer | None = None
        for written in Orders(self.generator, self.reader, index, cancelled).answered(answer, want, hits):
            yield replace(written, timings=clock.total() if written.stage == "done" else clock.timings())
        if written:
            return
        if mistyped := slip(query, hits):
            query = mistyped.question
            note = prompts.text("qa.note_spelling", typed=mistyped.typed, meant=mistyped.meant)
            answer = replace(answer, notes=(Note("spelling", note),))
        query = dated(query, hits)
        answer, told = replace(answer, query=query), want.told if want.after_turns else query
        with clock.stage("read"):
            windows = read(query, [narrow(hit) for hit in hits], self.reader) if self.reader else []
        own = OwnWords(self.settings, index, both) if self.reader and self.settings.style != "short" else None
        if done := self._unread(answer, hits, windows, own):
            yield self._closed(done, clock, cancelled)
            return
        context = build_context(hits, worth_of(hits, windows), self.generator.count_tokens, self._limits())
        answer = replace(answer, retrieved=found_for(hits, index.superseded(), context.sentences))
        with clock.stopped():  # whoever pulls may let the reader stand in line before the generator is needed
            yield replace(answer, stage="found", timings=clock.timings())
        first = Draft()
        quick: Answer | None = None
        found: Extract | None = None
        if own:
            quick = own.quick(answer, found_in(answer, hits, windows, index, self.reader), hits)
            if quick:
                clock.mark("quick")
                yield _beforehand(quick, answer, clock)
            with clock.stage("judge"):
                budget = budget or self.budget()
                typed = asked if want.after_turns else ""
                windows, drafts = reranked(told, windows, self.generator, budget, cancelled, typed)
                telling = sentences_told(told, self.generator, budget, cancelled, drafts)
                writer = Patient(self.generator, self.settings.patience, self.speed)
                answer, parts = self._several(answer, writer, cancelled)
                found = found_in(answer, hits, windows, index, self.reader, telling)
                first = drafts.get(found.best.passage.id, first) if found else first
                asking = Asking(
                    answer, told, hits, windows, own, index, top_k, budget, writer, cancelled, parts
                )
                done, first = self._unwritten(asking, first, found)
            if done:
                yield self._closed(done, clock, cancelled)
                return
            context = build_context(
                hits, worth_of(hits, windows), self.generator.count_tokens, self._limits()
            )
            answer = replace(answer, retrieved=found_for(hits, index.superseded(), context.sentences))
            if quick and self.speed and self.speed.seconds(context.tokens) > self.settings.patience:
                yield self._closed(quick, clock, cancelled)
                return
        draft = first
        for draft in write_draft(
            self.generator, told, context, self.settings, clock, cancelled, first.judged
        ):
            if cancelled.is_set():
                raise Cancelled.named("stopped")
            if not quick:  # what stands there stays until what is written has been checked
                yield replace(answer, stage="writing", sentences=draft.sentences, timings=clock.timings())
        draft = replace(self._supported(asked, draft, clock, cancelled), lines=first.lines)
        with clock.stage("check"):
            decision = self.gate.decide(hits, draft, found)
            done = self._decided(answer, hits, windows, draft, found, own, decision, cancelled)
        yield self._closed(done, clock, cancelled)

    def _searched(self, want: Want, index: Searching, k: int) -> tuple[Sequence[Hit], Editions | None]:
        """What is found, and the two editions that it is of where these are compared."""
        both = editions_asked(want.kind, want.query, self.reader, index, 2 * k) if self.reader else None
        return (both.hits if both else searched(want.query, index, k, want.before)), both

    def _several(
        self, answer: Answer, writer: Generator, cancelled: threading.Event
    ) -> tuple[Answer, tuple[str, ...]]:
        """The answer to what is taken for several questions, and these; of one that is told to be one, as a
        fact."""
        if answer.kind != "multi" or follows(answer):
            return answer, ()
        parts = parts_of(answer.query, writer, cancelled)
        return (replace(answer, kind="fact") if parts == () else answer), parts or ()

    def _unwritten(self, asking: Asking, first: Draft, found: Extract | None) -> tuple[Answer | None, Draft]:
        """The finished answer where nothing has to be written: what is computed, what surely is not
        answered, what the documents say in their own words where that is certain. None otherwise. And
        ``first`` with what is told of the lines that were found.

        Args:
            first: without sentences, with the state that tells whether the best passage answers.
        """
        answer, hits, own = asking.answer, asking.hits, asking.own
        operation, ranked = self._operation(answer), asking.ranked
        if done := own.computed(
            answer,
            operation,
            ranked,
            found,
            lambda what, table: computed(answer.query, what, table, asking.writer, asking.cancelled),
        ):
            return done, first
        exact = found is not None and found.exact
        best = max(asking.windows, key=lambda w: w.worth).told if asking.windows else None
        if answer.kind not in APART and not exact and self.gate.unanswered(best):
            return decline(answer, "not_answered", hits, first, found=found), first
        if worked := self._worked(asking, operation, ranked):
            return worked, first
        if found and answer.kind in FIGURES and (worked := own.share(answer, found, ranked)):
            return worked, first
        found = self._apart(asking, found) or found
        if found:
            lines = told_of_lines(
                asking.told, found.lines, hits, self.generator, asking.budget, asking.cancelled
            )
            first = replace(first, lines=lines)
        if done := own.answer(answer, found, hits, first.lines):
            return done, first
        # What is written after turns mostly says them again; a figure that was not computed is a guess.
        figure = answer.kind == "count" or operation.what != "none"
        after = follows(answer) or figure
        decision = self.gate.before(hits, found, first)
        if found and (found.exact or after) and not (decision and decision.reason):
            decision = self.gate.alone(hits, found, first)
        if decision and (decision.reason or not (found and not after and self._wordy(found))):
            done = self._decided(answer, hits, asking.windows, first, found, own, decision, asking.cancelled)
            return (uncomputed(done) if figure and not done.refused else done), first
        return None, first

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

    def _operation(self, answer: Answer) -> Operation:
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

    def _within_patience(self, rate: float) -> int:
        """Tokens that this machine reads, at so many a second, in most of the time that a reader waits."""
        return int(READING * self.settings.patience * rate)

    def budget(self) -> Budget:
        """What may be read before it is decided whether to write."""
        return Budget(self._within_patience(self.speed.reading) if self.speed else READ)

    def _limits(self) -> Limits:
        """What may be read to write."""
        tokens, passages, cover = self.settings.context_limits
        read = self._within_patience(self.speed.read) if self.speed else READ
        return Limits(min(tokens, max(LEAST, read)), passages, cover)

    def _unread(
        self, answer: Answer, hits: Sequence[Hit], windows: Sequence[Window], own: OwnWords | None
    ) -> Answer | None:
        """The finished answer where nothing has to be read: an overview, or nothing was found. None
        otherwise."""
        if own and (done := own.overview(answer, hits, windows)):
            return done
        return None if hits else decline(answer, "no_evidence", hits)

    def _supported(self, question: str, draft: Draft, clock: Clock, cancelled: threading.Event) -> Draft:
        """The draft with the states that the judge gives its sentences, where the generator offers a judge;
        one that only says the question again is no answer."""
        judge = open_judge(self.generator) if self.settings.style != "short" else None
        told = draft.sentences
        if judge is not None and draft.context is not None and told:
            with clock.stage("judge"):
                told = judged(told, draft.context, judge, cancelled)
        again = _spoken(question)
        kept = (replace(s, state="unsupported") if _spoken(s.text) == again else s for s in told)
        return replace(draft, sentences=tuple(kept))

    def _decided(
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
            done = replace(own.found(answer, found, hits), confidence=decision.confidence)
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

    def _closed(self, done: Answer, clock: Clock, cancelled: threading.Event) -> Answer:
        if done.refused and self.settings.from_memory and all(note.kind == "spelling" for note in done.notes):
            done = from_memory(done, done.query, self.generator, self.settings, cancelled)
        return replace(done, timings=clock.total())

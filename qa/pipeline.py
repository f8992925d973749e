"""The story of an answer: query -> hits -> the documents' own words, or context -> draft -> attribution ->
gate -> Answer.

One code path for streaming and not: ``stream()`` yields growing snapshots, ``answer()`` is the last of them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import prompts
from engine.base import Generator
from engine.calibration import Speed
from errors import Cancelled
from index.types import Hit
from qa.clock import Clock
from qa.context import Limits, build_context
from qa.draft import Draft, write_draft
from qa.finding import dated, follows, found_in, searched, worth_of
from qa.gate import SURE, Gate
from qa.judge import judged, open_judge
from qa.kinds.compose import found_for
from qa.kinds.evidence import Window, narrow, read
from qa.kinds.extract import Extract
from qa.kinds.own_words import OwnWords
from qa.kinds.parts import parts_of
from qa.kinds.revised import Editions, editions_asked
from qa.memory import from_memory
from qa.orders import Orders, Snapshots
from qa.patience import Patient
from qa.reader import Reads
from qa.rerank import Budget, reranked, sentences_told
from qa.searching import Searching
from qa.settings import AnswerSettings
from qa.spelling import slip
from qa.types import Answer, Note
from qa.understand import Want
from qa.unwritten import LEAST, Asking, Unwritten
from qa.verdict import decline

READING = 0.75
"""Share of the patience that reading may take."""
READ = 1600
"""Tokens that are read where nobody measured how fast that goes."""
REACH = 24
"""Most passages that the reader reads for a list: 64 change nothing in 14 lists, and take a second more
(docs/log/reader.md)."""


def _spoken(text: str) -> str:
    """A text without marks and white space."""
    return "".join(c for c in text if c.isalnum())


def _reach(hits: Sequence[Hit]) -> Note:
    """What was read for a list."""
    documents = len({hit.document.id for hit in hits})
    how = "all" if len(hits) < REACH else "some"
    told = prompts.text(f"qa.note_read_{how}", documents=str(documents), passages=str(len(hits)))
    return Note("read", told)


def _beforehand(quick: Answer, answer: Answer, clock: Clock) -> Answer:
    """The quick answer as a snapshot of one that is still looked at."""
    told = replace(quick, stage="writing", notes=answer.notes, retrieved=answer.retrieved)
    return replace(told, timings=clock.timings())


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
        self.unwritten = Unwritten(generator, gate, settings, reader, speed)

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
        query, answer = self._noted(answer, want, hits, top_k)
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
                    answer, told, hits, windows, drafts, own, index, top_k, budget, writer, cancelled, parts
                )
                done, first, found = self.unwritten.answer(asking, first, found)
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
        draft = self._supported(asked, draft, clock, cancelled)
        draft = replace(draft, lines=first.lines, left=first.left)
        with clock.stage("check"):
            decision = self.gate.decide(hits, draft, found)
            done = self.unwritten.decided(answer, hits, windows, draft, found, own, decision, cancelled)
        yield self._closed(done, clock, cancelled)

    def _searched(self, want: Want, index: Searching, k: int) -> tuple[Sequence[Hit], Editions | None]:
        """What is found, and the two editions that it is of where these are compared."""
        both = editions_asked(want.kind, want.query, self.reader, index, 2 * k) if self.reader else None
        k = max(k, REACH) if want.kind == "list" else k
        return (both.hits if both else searched(want.query, index, k, want.before)), both

    def _noted(self, answer: Answer, want: Want, hits: Sequence[Hit], k: int) -> tuple[str, Answer]:
        """The query as it was meant, and the answer with notes on that, and on what is read for a list."""
        query, notes = want.query, list[Note]()
        if mistyped := slip(query, hits[:k]):
            query = mistyped.question
            note = prompts.text("qa.note_spelling", typed=mistyped.typed, meant=mistyped.meant)
            notes.append(Note("spelling", note))
        if want.kind == "list":
            notes.append(_reach(hits))
        return query, replace(answer, notes=tuple(notes))

    def _several(
        self, answer: Answer, writer: Generator, cancelled: threading.Event
    ) -> tuple[Answer, tuple[str, ...]]:
        """The answer to what is taken for several questions, and these; of one that is told to be one, as a
        fact."""
        if answer.kind != "multi" or follows(answer):
            return answer, ()
        parts = parts_of(answer.query, writer, cancelled)
        return (replace(answer, kind="fact") if parts == () else answer), parts or ()

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

    def _closed(self, done: Answer, clock: Clock, cancelled: threading.Event) -> Answer:
        if (
            done.refused
            and self.settings.from_memory
            and all(n.kind in ("spelling", "read") for n in done.notes)
        ):
            done = from_memory(done, done.query, self.generator, self.settings, cancelled)
        if done.sentences and done.confidence is not None and done.confidence < SURE:
            done = replace(done, notes=(*done.notes, Note("unsure", prompts.text("qa.note_unsure"))))
        return replace(done, timings=clock.total())

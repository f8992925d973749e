"""What a chat message shows of an Answer, for the templates in templates/chat: chips, passages, verdict,
card.

Nothing here is HTML. Ids follow one scheme that ui.js relies on: a message is ``<aid>``, its evidence
``<aid>-ev``, source n ``<aid>-s<n>``, a passage that is not cited ``<aid>-u<n>``. Spoken alternatives are
visually hidden text (class ``vh``), since the chat component strips aria attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from qa.types import Answer, Citation, Note, Problem, Retrieved, Sentence, State
from ui.citations import Piece, Source, below_title, chip, reader_url, sources, uncited
from ui.document_changes import Changes, cited_changes
from ui.export import clipboard
from ui.layout import Block, Line, Listing, Table, layout, statements
from ui.texts import Look

MADE = ("unsure", "quoted", "read", "computed", "draft", "dropped", "truncated")
"""Notes on how the answer was made. They come once, and below it, where they push nothing away when it is
complete."""
TITLED = (
    "unsure",
    "conflict",
    "superseded",
    "premise",
    "nearest",
    "date",
    "memory",
    "quoted",
    "read",
    "truncated",
    "computed",
    "spelling",
    "draft",
)
PROBLEMS = ("number", "date")
"""Kinds of problem with a name of their own; others stand in answers of earlier versions."""
REPORTABLE = ("no_evidence", "not_answered", "unsupported")


@dataclass(frozen=True, slots=True)
class Chip:
    """[n]: read aloud as 来源1，第3页; opens source n at these very quotes."""

    source: Source
    quotes: tuple[int, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as it is listed; ``number`` None: not cited; ``url`` "": the document is gone."""

    document: str
    where: tuple[str, ...]
    url: str
    superseded: bool
    change: str
    pieces: tuple[Piece, ...]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much of the answer is supported, and how long it took."""

    level: str
    text: str
    took: str


class Message:
    """One answer with what its templates ask for.

    Args:
        stopped: the answer was cut short and is shown as it stands.
        changes: documents that are no longer what they were when it was given.
    """

    def __init__(
        self, answer: Answer, aid: str, look: Look, *, stopped: bool = False, changes: Changes | None = None
    ) -> None:
        self.answer, self.aid, self.look, self.t = answer, aid, look, look.t
        self.stopped, self.done = stopped, stopped or answer.stage == "done"
        self.changes = changes or {}
        self.numbered = sources(answer, self.changes)
        self.growing = answer.sentences[-1] if answer.sentences and not self.done else None

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return layout(self.answer)

    def chips(self, citations: Sequence[Citation]) -> list[Chip]:
        """One chip per source, for all that is cited from it, in the order of their numbers."""
        quotes: dict[int, set[int]] = {}
        for source, quote in (chip(c, self.numbered) for c in citations):
            quotes.setdefault(source.number, set()).add(quote)
        found = ((self.numbered[number - 1], tuple(sorted(quotes[number]))) for number in sorted(quotes))
        return [Chip(source, these, self._spoken(source)) for source, these in found]

    def _spoken(self, source: Source) -> str:
        where = self.t("chip_page", page=source.page) if source.page is not None else ""
        return where + (
            self.t("chip_change", change=self.t("document_" + source.change)) if source.change else ""
        )

    @staticmethod
    def citations(sentences: Sequence[Sentence]) -> list[Citation]:
        return [c for s in sentences for c in s.citations]

    @staticmethod
    def state(sentences: Sequence[Sentence]) -> State:
        """The least good state of a row's sentences."""
        states = {s.state for s in sentences}
        order: tuple[State, ...] = ("pending", "unsupported", "partial", "supported")
        return next((state for state in order if state in states), "pending")

    def problems(self, sentences: Sequence[Sentence]) -> list[str]:
        """What did not check out, and what the evidence has instead."""
        return [self._problem(p) for s in sentences for p in s.problems]

    def _problem(self, p: Problem) -> str:
        what = self.t("problem_" + p.kind) if p.kind in PROBLEMS else self.t("problem")
        if p.evidence:
            return what + self.t("problem_other", text=p.text, evidence=p.evidence)
        return what + self.t("problem_none", text=p.text)

    def writes(self, line: Line) -> bool:
        """Is the sentence that is being written part of the line?"""
        return any(part.sentence is self.growing for part in line.parts)

    @property
    def since(self) -> str:
        """Cited documents that are no longer what the answer was drawn from."""
        found = cited_changes(self.answer, self.changes)
        return self.t("listed").join(self.t("since_" + how, title=title) for title, how in found.items())

    @property
    def notes(self) -> list[Note]:
        return [note for note in self.answer.notes if note.kind not in MADE]

    @property
    def made(self) -> list[Note]:
        """Notes on how the answer was made, each kind and text once, with the citations of all."""
        merged: dict[tuple[str, str], Note] = {}
        for note in self.answer.notes:
            if note.kind in MADE:
                key = (note.kind, note.message if note.kind == "dropped" else "")
                first = merged.get(key, note)
                merged[key] = replace(
                    first, citations=tuple(dict.fromkeys((*first.citations, *note.citations)))
                )
        return list(merged.values())

    def note_title(self, note: Note) -> str:
        return self.t("note_" + note.kind) if note.kind in TITLED else self.t("note")

    @staticmethod
    def note_kind(note: Note) -> str:
        return note.kind if note.kind in (*TITLED, "dropped") else "other"

    @property
    def verdict(self) -> Verdict | None:
        """None where nothing is claimed."""
        if self.answer.refusal is not None or self.answer.talk:
            return None
        t, said = self.t, statements(self.blocks)
        n, good = len(said), sum(s.state == "supported" for s in said)
        if not n:
            return None
        form = "_lines" if any(isinstance(block, Listing | Table) for block in self.blocks) else ""
        total = self.answer.timings.get("total")
        took = "" if not total else t("took", seconds=f"{total:.1f}") if total >= 0.1 else t("took_no_time")
        if good == n:
            return Verdict("ok", t(f"verdict_ok{form}", n=n) if n > 1 else t("verdict_one"), took)
        if good:
            return Verdict("some", t(f"verdict_some{form}", n=n, good=good), took)
        return Verdict("none", t("verdict_none"), took)

    @property
    def cited(self) -> list[Shown]:
        """The cited passages, numbered and marked."""
        return [self._cited(source) for source in self.numbered]

    @cached_property
    def uncited(self) -> list[Shown]:
        """The passages that were found but not cited."""
        return [self._found(r) for r in uncited(self.answer)]

    @property
    def copied(self) -> tuple[str, str] | None:
        """The answer as text and as Markdown for the clipboard; None where there is nothing to copy."""
        if self.answer.refusal is not None or not self.answer.sentences:
            return None
        return clipboard(self.answer, self.look.lang), clipboard(self.answer, self.look.lang, markdown=True)

    @property
    def refusal_notes(self) -> list[Note]:
        """The notes that the card's own text does not hold already."""
        said = self.answer.refusal.message if self.answer.refusal is not None else ""
        return [note for note in self.answer.notes if note.citations or note.message not in said]

    @property
    def may_report(self) -> bool:
        """Could the documents lack something that an administrator should know of?"""
        return self.answer.refusal is not None and self.answer.refusal.reason in REPORTABLE

    @property
    def nearest(self) -> list[Shown]:
        """At most three places that come closest, each section once."""
        ids = self.answer.refusal.nearest if self.answer.refusal is not None else ()
        retrieved = {r.passage_id: r for r in self.answer.retrieved}
        places: dict[tuple[str, tuple[str, ...]], Retrieved] = {}
        for r in (retrieved[i] for i in ids if i in retrieved):
            places.setdefault((r.document_id, r.heading), r)
        return [self._found(r) for r in list(places.values())[:3]]

    def _cited(self, s: Source) -> Shown:
        url = self._url(s.quotes[0], s.change)
        return Shown(s.document, self._where(s), url, s.superseded, s.change, s.pieces, s.number)

    def _found(self, r: Retrieved) -> Shown:
        change = self.changes.get(r.document_id, "")
        url = self._url(r, change)
        return Shown(r.document, self._where(r), url, r.superseded, change, (Piece(r.text),))

    def _url(self, at: Citation | Retrieved, change: str) -> str:
        """Where the span can be read, "" where its document is gone."""
        if change == "removed":
            return ""
        return reader_url(self.look.base, at.document_id, at.start, at.end, at.document_sha256)

    def _where(self, passage: Source | Retrieved) -> tuple[str, ...]:
        """Heading path, page and date; a first heading that repeats the document's title is left out."""
        path = " › ".join(below_title(passage.heading, passage.document))
        page = self.t("page", page=passage.page) if passage.page is not None else ""
        published = self.t("published", date=passage.published) if passage.published else ""
        return tuple(part for part in (path, page, published) if part)

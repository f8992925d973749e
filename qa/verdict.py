"""From draft and decision to the Answer that is shown: accepted with what is unsupported struck, or
declined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import prompts
from index.types import Hit
from qa.draft import Draft, cite
from qa.gate import Decision, doubted
from qa.kinds.extract import Extract
from qa.settings import AnswerSettings
from qa.types import Answer, Note, Reason, Refusal, Sentence

NEAREST = 3
NEAR = 0.15
"""Probability that a sentence answers, from which on a refusal shows it as the nearest there is."""


def accept(answer: Answer, draft: Draft, decision: Decision, settings: AnswerSettings) -> Answer:
    """The draft as shown: its unsupported sentences dropped or marked."""
    keep = settings.unsupported == "mark"
    notes: list[Note] = []
    shown = tuple(s for s in draft.sentences if keep or s.state in ("supported", "partial"))
    if len(shown) < len(draft.sentences):
        notes.append(Note("dropped", prompts.text("qa.note_dropped", n=len(draft.sentences) - len(shown))))
    if draft.finish == "length":
        notes.append(Note("truncated", prompts.text("qa.note_truncated")))
    return replace(
        answer, stage="done", sentences=shown, notes=(*answer.notes, *notes), confidence=decision.confidence
    )


def superseded(answer: Answer, shown: Sequence[Sentence]) -> Iterator[Note]:
    """A note when what is shown stands on a document that a newer one replaces."""
    old = {r.passage_id for r in answer.retrieved if r.superseded}
    stale = tuple(dict.fromkeys(c for s in shown for c in s.citations if c.passage_id in old))
    if stale:
        titles = "、".join(dict.fromkeys(f"《{c.document}》" for c in stale))
        yield Note("superseded", prompts.text("qa.note_superseded", titles=titles), stale)


def decline(
    answer: Answer,
    reason: Reason,
    hits: Sequence[Hit],
    draft: Draft | None = None,
    decision: Decision | None = None,
    found: Extract | None = None,
) -> Answer:
    """A refusal that says why, and where the nearest passages are; of a false premise what the documents say
    instead."""
    notes: tuple[Note, ...] = ()
    if reason == "false_premise" and found:
        notes = (_premise_note(found),)
    elif found and found.likely >= NEAR:
        place = found.best
        told = prompts.text("qa.note_nearest", evidence=place.text.strip())
        notes = (Note("nearest", told, (cite(place, place.start, place.end, round(found.likely, 3)),)),)
    premise = reason == "false_premise" and notes
    message = notes[0].message if premise else prompts.text(f"qa.refuse_{reason}")
    if reason == "not_answered" and draft and (words := doubted(draft, answer.question)):
        message += prompts.text("qa.refuse_words", words=words)
    held = found.best.text if found and decision and decision.quoted else draft.text if draft else ""
    nearest = tuple(h.passage.id for h in hits[:NEAREST])
    refusal = Refusal(reason=reason, message=message, nearest=nearest, draft=held)
    return replace(answer, stage="done", sentences=(), refusal=refusal, notes=(*answer.notes, *notes))


def _premise_note(found: Extract) -> Note:
    """What the document says of what the question takes for granted, tied to that place."""
    place = found.best
    text = prompts.text("qa.premise", evidence=place.text.strip())
    return Note("premise", text, (cite(place, place.start, place.end, 1.0),))

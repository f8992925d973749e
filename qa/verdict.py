"""From draft and decision to the Answer that is shown: accepted with what is unsupported struck, or declined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import prompts
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.comparison import Comparison
from qa.conflicts import PremiseConflict, conflict_notes
from qa.context import Context
from qa.draft import Draft, cite
from qa.gate import Decision
from qa.question import Question
from qa.quote import quoted_places
from qa.settings import AnswerSettings
from qa.types import Answer, Note, Reason, Refusal, Retrieved, Sentence

NEAREST = 3


def accept(answer: Answer, question: Question, draft: Draft, decision: Decision, settings: AnswerSettings) -> Answer:
    """The answer as shown: the quotation that the gate chose, or the draft with its unsupported sentences dropped or
    marked; with notes on conflicts and superseded sources."""
    keep = settings.unsupported == "mark"
    notes: list[Note] = []
    if decision.quote and draft.context:
        shown = tuple(_quotation(place) for place in quoted_places(decision.quote, draft.context))
        notes.append(Note("quoted", prompts.text("qa.note_quoted")))
    else:
        shown = tuple(s for s in draft.sentences if keep or s.state in ("supported", "partial"))
        if len(shown) < len(draft.sentences):
            notes.append(Note("dropped", prompts.text("qa.note_dropped", n=len(draft.sentences) - len(shown))))
        if omitted := sum(len(s.omitted) for s in shown):
            notes.append(Note("dropped", prompts.text("qa.note_omitted", n=omitted)))
        if draft.finish == "length":
            notes.append(Note("truncated", prompts.text("qa.note_truncated")))
    notes += conflict_notes(question, draft.context.known if draft.context else (), shown)
    notes += _superseded(answer, shown)
    return replace(answer, stage="done", sentences=shown, notes=(*answer.notes, *notes), confidence=decision.confidence)


def _superseded(answer: Answer, shown: Sequence[Sentence]) -> Iterator[Note]:
    """A note when what is shown stands on a document that a newer one replaces."""
    old = {r.passage_id for r in answer.retrieved if r.superseded}
    stale = tuple(dict.fromkeys(c for s in shown for c in s.citations if c.passage_id in old))
    if stale:
        titles = "、".join(dict.fromkeys(f"《{c.document}》" for c in stale))
        yield Note("superseded", prompts.text("qa.note_superseded", titles=titles), stale)


def _quotation(place: EvidenceSentence) -> Sentence:
    """An evidence sentence as a sentence of the answer: word for word, so borne out by itself."""
    text = place.text.strip()
    return Sentence(text, "supported", (cite(place, place.start, place.end, 1.0),))


def deduced(answer: Answer, made: Comparison, context: Context) -> Answer:
    """A comparison computed from two places: both word for word, then what follows, marked as computed and tied to both. It
    follows by rules from what is quoted, so it has no ``confidence``."""
    places = [context.known[index] for index in dict.fromkeys((made.first.index, made.second.index))]
    cited = tuple(cite(place, place.start, place.end, 1.0) for place in places)
    shown = (*(_quotation(place) for place in places), Sentence(made.text, "supported", cited))
    computed = Note("computed", prompts.text("qa.note_computed"), cited)
    notes = (computed, *_superseded(answer, shown))
    return replace(answer, stage="done", sentences=shown, notes=(*answer.notes, *notes))


def decline(
    answer: Answer,
    reason: Reason,
    question: Question,
    hits: Sequence[Hit],
    draft: Draft | None = None,
    decision: Decision | None = None,
) -> Answer:
    """A refusal that says what was looked for, what is missing and where the nearest passages are."""
    near = "".join(h.passage.text + h.document.title + "".join(h.passage.heading) for h in hits[:NEAREST])
    looked_for = question.words
    missing = question.missing_from(near)  # names and days alone: a word that is not there need not be what is missing
    notes: tuple[Note, ...] = ()
    if decision and decision.premises:
        notes = tuple(_premise_note(p, draft) for p in decision.premises)
    message = _message(reason, looked_for, missing, notes)
    refusal = Refusal(
        reason=reason,
        message=message,
        looked_for=looked_for,
        missing=missing,
        nearest=tuple(h.passage.id for h in hits[:NEAREST]),
        draft=_held_back(draft, decision),
    )
    return replace(answer, stage="done", sentences=(), refusal=refusal, notes=(*answer.notes, *notes))


def _held_back(draft: Draft | None, decision: Decision | None) -> str:
    """What the refusal keeps from the reader: the draft, or the quotation that was more probable."""
    if draft is None:
        return ""
    if decision and decision.quote and draft.context:
        return "".join(place.text for place in quoted_places(decision.quote, draft.context))
    return draft.text


def retrieved(hits: Sequence[Hit], context: Context, superseded: frozenset[str]) -> tuple[Retrieved, ...]:
    """Snapshots of the hits; what stood in the prompt is told apart from what was only found."""
    out = []
    for hit in hits:
        passage, document = hit.passage, hit.document
        spans = context.spans(passage.id)
        out.append(
            Retrieved(
                passage_id=passage.id,
                document_id=document.id,
                document=document.title,
                document_sha256=document.sha256,
                heading=passage.heading,
                page=passage.page,
                start=passage.start,
                end=passage.end,
                text=passage.text,
                score=hit.score,
                sent=bool(spans),
                sent_spans=spans,
                published=document.published,
                superseded=document.id in superseded,
            )
        )
    return tuple(out)


def _premise_note(premise: PremiseConflict, draft: Draft | None) -> Note:
    """What the question takes for granted and what the document has instead, tied to that place."""
    text = prompts.text("qa.premise", claim=premise.claim, evidence=premise.evidence)
    if draft is None or draft.context is None:
        return Note("premise", text)
    place = draft.context.known[premise.index]
    return Note("premise", text, (cite(place, place.start, place.end, 1.0),))


def _message(reason: Reason, looked_for: Sequence[str], missing: Sequence[str], notes: Sequence[Note]) -> str:
    if notes:
        return "".join(n.message for n in notes)
    if reason == "no_documents":
        return prompts.text("qa.refuse_no_documents")
    variables = {"looked_for": "、".join(looked_for)} if reason == "no_evidence" else {}
    lead = prompts.text(f"qa.refuse_{reason}", **variables)
    return lead + (prompts.text("qa.refuse_missing", missing="、".join(missing)) if missing else "")

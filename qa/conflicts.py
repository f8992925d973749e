"""Where documents disagree with each other, and where a question takes for granted what they contradict.

Both compare figures and dates in like places (``qa.checks.slots``). Conservative: a note is shown only when the two
places say nearly the same thing about nearly the same subject, and count the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import prompts
from qa.anchored import body_premises, opposite_premises, ordinal_premises
from qa.attribution import EvidenceSentence
from qa.checks import EvidenceText
from qa.checks.dates import Date, conflicts
from qa.checks.numbers import Figure
from qa.checks.slots import Fit, compare
from qa.checks.text import Prepared, grams, prepare
from qa.premises import name_premises
from qa.question import Question, analyse
from qa.stated import counted, otherwise
from qa.types import Citation, Note, Sentence

CONFLICT_MIN = 7.5
"""Two places of different documents tell the same thing when they fit at least this well."""


@dataclass(frozen=True, slots=True)
class PremiseConflict:
    """``claim`` as the question has it, ``evidence`` as the documents have it; the span is absolute.

    ``index`` is the evidence sentence; ``kind`` number, date, name or opposite (撤掉 for 新增).
    """

    kind: str
    claim: str
    evidence: str
    index: int
    start: int
    end: int


def premise_conflicts(question: str, evidence: Sequence[EvidenceSentence]) -> list[PremiseConflict]:
    """Figures, dates, names and what became of things that the question asserts and the evidence has otherwise, in the same place.

    Only when no evidence bears the claim out. An empty list means nothing certain was found.
    """
    asked = analyse(question)
    texts = [_prepared(e) for e in evidence]
    found = []
    for claim in otherwise(asked, texts):
        end = claim.item.end if isinstance(claim.item, Date) else claim.item.unit_end
        sentence = evidence[claim.text]
        kind = "date" if isinstance(claim.item, Date) else "number"
        quote = sentence.text[claim.start : claim.end]
        at = sentence.start + claim.start
        found.append(PremiseConflict(kind, question[claim.item.start : end], quote, claim.text, at, at + len(quote)))
    if found or asked.kind == "yesno" or not evidence:
        return found
    kind, named = "name", name_premises(question, evidence) or body_premises(asked, evidence)
    if not named:
        kind, named = "number", ordinal_premises(asked, evidence)
    if not named:
        kind, named = "opposite", opposite_premises(asked, evidence)
    for name in named:
        sentence = evidence[name.index]
        quote = sentence.text[name.start : name.end]
        found.append(
            PremiseConflict(kind, question[slice(*name.claim)], quote, name.index, sentence.start + name.start, sentence.start + name.end)
        )
    return found


def conflict_notes(
    question: Question, evidence: Sequence[EvidenceSentence], shown: Sequence[Sentence]
) -> list[Note]:
    """Notes on figures of the answer for which another document has another value, with both places and dates."""
    notes: list[Note] = []
    for sentence in shown:
        said = prepare(EvidenceText(sentence.text))
        cited = {c.document_id for c in sentence.citations}
        others = [e for e in evidence if e.document.id not in cited]
        if not cited or not others:
            continue
        texts = [_prepared(e) for e in others]
        for figure in said.figures:
            same, other, _ = compare(said, figure, texts)
            if other is None or other.score < CONFLICT_MIN or (same is not None and same.score >= other.score):
                continue
            if not _same_noun(said, figure, texts[other.text], other):
                continue
            place = others[other.text]
            if _other_time(said, sentence.citations, texts[other.text]):
                continue
            notes.append(_note(sentence, said.evidence.text[figure.start : figure.unit_end], place, other))
    return notes


def _same_noun(said: Prepared, figure: Figure, text: Prepared, fit: Fit) -> bool:
    """Do both figures count the same thing? Measures (元, 公里) need no noun; 287个党支部 and 窗口47个 are two things."""
    told = next((f for f in text.figures if f.start == fit.start), None)
    if told is None or not figure.counts or not told.counts:
        return True
    own, other = counted(said.folded, figure), counted(text.folded, told)
    return not own or not other or bool(grams(own) & grams(other)) or own == other


def _other_time(said: Prepared, citations: Sequence[Citation], other: Prepared) -> bool:
    """Do both places name a date of their own, and different ones? Then they are two facts, not a conflict."""
    own = [d for c in citations for d in prepare(EvidenceText(c.quote, c.published)).dates] + list(said.dates)
    stated = [d for d in own if d.year is not None or d.month is not None]
    told = [d for d in other.dates if d.year is not None or d.month is not None]
    return bool(stated and told) and all(conflicts(a, b) for a in stated for b in told)


def _prepared(item: EvidenceSentence) -> Prepared:
    return prepare(EvidenceText(item.text, item.document.spoken, item.document.title))


def _note(sentence: Sentence, said: str, place: EvidenceSentence, fit: Fit) -> Note:
    citation = Citation(
        passage_id=place.passage.id,
        document_id=place.document.id,
        document=place.document.title,
        document_sha256=place.document.sha256,
        heading=place.passage.heading,
        page=place.document.page_of(place.start) or place.passage.page,
        start=place.start,
        end=place.end,
        quote=place.text,
        score=round(min(1.0, fit.score / 15), 3),
        published=place.document.published,
    )
    first = sentence.citations[0]
    message = prompts.text(
        "evidence.conflict",
        said=said,
        told=place.text[fit.start : fit.end],
        first=_dated(first.document, first.published),
        second=_dated(place.document.title, place.document.published),
    )
    return Note("conflict", message, (first, citation))


def _dated(title: str, published: str | None) -> str:
    return prompts.text("evidence.dated", title=title, date=published) if published else f"《{title}》"

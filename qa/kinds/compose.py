"""From what was read to the Answer of a kind: lists, steps, outlines, keywords, in the documents' own
words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import prompts
from index.types import Document, Hit, Passage
from qa.attribution import EvidenceSentence
from qa.draft import cite
from qa.kinds.arithmetic import in_large
from qa.kinds.counted import Count, measure
from qa.kinds.extract import WIDE, Extract
from qa.kinds.overview import about, outline
from qa.kinds.tables import row_text
from qa.kinds.worked import Worked
from qa.types import Answer, Note, Retrieved, Sentence, State


def extracted(answer: Answer, found: Extract) -> Answer:
    """The lines found; of lists and the like one under another."""
    lines = [quoted(place) for place in found.lines]
    notes = [Note("quoted", prompts.text("qa.note_quoted"))]
    shown = stacked(lines) if answer.kind in WIDE else tuple(lines)
    return replace(
        answer,
        stage="done",
        sentences=shown,
        notes=(*answer.notes, *notes),
        confidence=round(found.likely, 4),
    )


def tallied(answer: Answer, count: Count) -> Answer:
    """What was computed, and under it every place that it was computed from."""
    lines = [quoted(place) for place in count.places]
    cited = tuple(c for line in lines for c in line.citations)
    state: State = "partial" if count.guessed else "supported"
    notes = answer.notes
    if count.guessed:
        notes = (*notes, Note("computed", prompts.text("qa.note_guessed", guessed="；".join(count.guessed))))
    if count.total is None:
        notes = (*notes, Note("computed", prompts.text("qa.note_extreme", by=count.by), cited))
        shown = stacked([replace(line, state=state) for line in lines])
        return replace(answer, stage="done", sentences=shown, notes=notes)
    if count.terms:
        value, unit = in_large(count.total, count.unit, count.terms)
        total = f"{value.normalize():,f}{unit}"
        how = "qa.counted_sum" if count.what == "sum" else "qa.counted_other"
        text = prompts.text(
            how, total=total, terms=(" + " if count.what == "sum" else "，").join(count.terms)
        )
    else:
        total = f"{count.total}{measure(answer.query)}"
        text = prompts.text("qa.counted_rows", n=str(count.total), measure=measure(answer.query))
    note = Note("computed", prompts.text("qa.note_counted", total=total), cited)
    shown = stacked([Sentence(text, state, cited), *lines])
    return replace(answer, stage="done", sentences=shown, notes=(*notes, note))


def uncomputed(answer: Answer) -> Answer:
    """A quotation for a question that wants a figure computed: it says that nothing was."""
    return replace(answer, notes=(*answer.notes, Note("quoted", prompts.text("qa.note_uncomputed"))))


def shown_working(answer: Answer, found: Worked) -> Answer:
    """What was worked out of running text, and under it every place that it was worked out from."""
    lines = [quoted(place) for place in found.places]
    cited = tuple(c for line in lines for c in line.citations)
    total = f"{found.total.normalize():,f}{found.unit}"
    if found.what == "items":
        total = f"{found.total}{measure(answer.query)}"
        text = prompts.text("qa.counted_rows", n=str(found.total), measure=measure(answer.query))
    elif found.what == "days":
        text = prompts.text(
            "qa.worked_days", total=total, both=f"{found.total + 1}{found.unit}", days=found.shown
        )
    else:
        text = prompts.text("qa.worked_figure", total=total, working=found.shown)
    note = Note("computed", prompts.text("qa.note_counted", total=total), cited)
    shown = stacked([Sentence(text, "supported", cited), *lines])
    return replace(answer, stage="done", sentences=shown, notes=(*answer.notes, note))


def outlined(answer: Answer, document: Document, passages: Sequence[Passage]) -> Answer | None:
    """The document by its sections, each with the sentence that carries it; None for an empty one."""
    lines = outline(document, passages)
    if not lines:
        return None
    shown = []
    last = ""
    for line in lines:
        lead = f"{line.heading}：" if line.heading and line.heading != last else ""
        last = line.heading
        quote = quoted(line.sentence)
        rest = prompts.text("qa.outline_left", n=line.left) if line.left else ""
        shown.append(replace(quote, text=lead + quote.text + rest))
    parts = len({line.heading for line in lines if line.heading}) or len(lines)
    title = Sentence(f"《{document.name}》", "supported", shown[0].citations)
    note = Note("quoted", prompts.text("qa.note_outline", n=parts))
    return replace(answer, stage="done", sentences=stacked([title, *shown]), notes=(*answer.notes, note))


def catalogue(answer: Answer, documents: Sequence[tuple[Document, Sequence[Passage]]]) -> Answer | None:
    """All documents, each with the sentence that carries it."""
    shown = [
        replace(quoted(line.sentence), text=f"《{document.name}》：{line.sentence.text}")
        for document, own in documents
        for line in outline(document, own, most=1)[:1]
    ]
    if not shown:
        return None
    note = Note("quoted", prompts.text("qa.note_outline", n=len(shown)))
    return replace(answer, stage="done", sentences=stacked(shown), notes=(*answer.notes, note))


def chosen_document(query: str, hits: Sequence[Hit], documents: Sequence[Document]) -> Document | None:
    """The document that an overview is asked of: the one the question names, else the only one or the one
    found most."""
    scores: dict[str, float] = {}
    for hit in hits:
        scores[hit.document.id] = scores.get(hit.document.id, 0.0) + hit.score
    rated = about(query, documents, scores)
    return rated[0][1] if rated else None


def quoted(place: EvidenceSentence) -> Sentence:
    """An evidence sentence as a sentence of the answer: word for word, the units of a row of a table beside
    its figures, so borne out by itself."""
    return Sentence(row_text(place), "supported", (cite(place, place.start, place.end, 1.0),))


def stacked(lines: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Each on a line of its own."""
    return tuple(replace(s, text=s.text + "\n") if i < len(lines) - 1 else s for i, s in enumerate(lines))


def found_for(
    hits: Sequence[Hit], superseded: frozenset[str], places: Sequence[EvidenceSentence]
) -> tuple[Retrieved, ...]:
    """Snapshots of the hits; a passage that lines were taken from counts as sent."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for place in places:
        spans.setdefault(place.passage.id, []).append((place.start, place.end))
    return tuple(
        Retrieved(
            passage_id=h.passage.id,
            document_id=h.document.id,
            document=h.document.name,
            document_sha256=h.document.sha256,
            heading=h.passage.heading,
            page=h.passage.page,
            start=h.passage.start,
            end=h.passage.end,
            text=h.passage.text,
            score=h.score,
            sent=h.passage.id in spans,
            sent_spans=tuple(spans.get(h.passage.id, ())),
            published=h.document.published,
            superseded=h.document.id in superseded,
        )
        for h in hits
    )

"""Where another document says otherwise: the same question answered there with another figure of the same
unit.

What answers there is told by the reader and by the model that writes; that both figures count the same is
told by their units, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import prompts
from qa.checks import EvidenceText
from qa.checks.numbers import Figure, same_unit, same_value
from qa.checks.text import prepare
from qa.draft import cite
from qa.kinds.evidence import Window
from qa.types import Citation, Note, Sentence

SURE = 0.8
"""Least probability that the other passage answers the question, and of the span in it."""


def conflict_notes(
    windows: Sequence[Window], shown: Sequence[Sentence], answers: Callable[[Window], bool]
) -> list[Note]:
    """The note on a figure of the answer for which another document has another value, with both places and
    dates; [] where there is none.

    Args:
        answers: does the passage answer the question, too? Asked only of those with such a figure.
    """
    if len(shown) != 1:
        return []
    (sentence,) = shown
    cited = {c.document_id for c in sentence.citations}
    told = "".join(c.quote for c in sentence.citations)
    said = [f for f in _figures(sentence.text) if any(same_value(f, g) for g in _figures(told))]
    for window in windows if said else ():
        if window.block.document.id not in cited and window.reading.answerable >= SURE:
            note = _against(sentence, said, window)
            if note and answers(window):
                return [note]
    return []


def _against(sentence: Sentence, said: Sequence[Figure], window: Window) -> Note | None:
    """The note, where the window's answer is one figure of the same unit and no figure of the window is the
    one said; None elsewhere."""
    start, end = window.reading.best
    answers = [f for f in _figures(window.text) if f.start < end and start < f.unit_end]
    for figure in said:
        other = [
            f
            for f in answers
            if same_unit(figure, f) and f.unit and figure.unit and not same_value(figure, f)
        ]
        if other and not any(same_value(figure, f) for f in _figures(window.text)):
            return _note(sentence, sentence.text[figure.start : figure.unit_end], window, other[0])
    return None


def _figures(text: str) -> list[Figure]:
    return [f for f in prepare(EvidenceText(text)).figures if not f.weak]


def _note(sentence: Sentence, said: str, window: Window, told: Figure) -> Note:
    at = window.begin + told.start
    place = next(s for s in window.block.sentences() if s.start <= at < s.end)
    first, second = (
        sentence.citations[0],
        cite(place, place.start, place.end, round(window.reading.answerable, 3)),
    )
    message = prompts.text(
        "evidence.conflict",
        said=said,
        told=window.text[told.start : told.unit_end],
        first=_dated(first),
        second=_dated(second),
    )
    return Note("conflict", message, (first, second))


def _dated(place: Citation) -> str:
    if not place.published:
        return f"《{place.document}》"
    return prompts.text("evidence.dated", title=place.document, date=place.published)

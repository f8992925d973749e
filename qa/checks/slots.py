"""Does each figure and date of a sentence stand in the evidence, and in the same place?

Two things can be wrong: the value is nowhere in the evidence, or it is there but belongs to something else (the
figure of another subject, the first of two figures). The second is seen by comparing contexts: among all figures of
the evidence that could count the same thing, the one whose surroundings fit best must have the value that was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.types import Problem

from .dates import Date, agrees, conflicts
from .numbers import Figure, same_unit, same_value
from .text import Prepared, grams

REACH = 14
"""Characters of context on each side of a figure."""
MARGIN = 5.0
"""A figure is called moved when another one's context fits better by more than this (0..29)."""
MOVED_MIN = 11.0
"""... and fits at least this well by itself."""
_SKIP = "余多近约来有共达为了的是在于"

@dataclass(frozen=True, slots=True)
class Fit:
    """How well a place of the evidence fits a place of the sentence: text number, its item's span, score."""

    score: float
    text: int
    start: int
    end: int


Span = tuple[int, int]
Check = tuple[list[Problem], list[Fit]]


def check_figures(said: Prepared, evidence: Sequence[Prepared], within: Span) -> Check:
    """Figures of ``said`` inside the span: problems of kind number (not there, or another's) or unit (another unit),
    and where the sound ones stand in the evidence."""
    problems, fits = [], []
    for figure in said.figures:
        if not within[0] <= figure.start < within[1]:
            continue
        same, other, unit_only = compare(said, figure, evidence)
        shown = said.evidence.text[figure.start : figure.unit_end]
        if same is None:
            if figure.weak and (other is None or other.score < 2 * MOVED_MIN):
                continue
            if unit_only is not None and figure.unit:
                problems.append(Problem("unit", shown, _shown(evidence, unit_only)))
            elif unit_only is None or figure.unit:
                problems.append(Problem("number", shown, _shown(evidence, other)))
        elif other is not None and other.score > max(same.score + MARGIN, MOVED_MIN):
            problems.append(Problem("number", shown, _shown(evidence, other)))
        else:
            fits.append(same)
    return problems, fits


def check_dates(said: Prepared, evidence: Sequence[Prepared], within: Span) -> Check:
    """Dates of ``said`` inside the span: a part that the evidence does not bear out, or another event's date."""
    problems, fits = [], []
    for date in said.dates:
        if not within[0] <= date.start < within[1]:
            continue
        same, other, _ = compare(said, date, evidence)
        shown = said.evidence.text[date.start : date.end]
        if same is None:
            if date.relative is None and _stands(said.folded[date.start : date.end], evidence):
                continue
            problems.append(Problem("date", shown, _shown(evidence, other)))
        elif other is not None and other.score > max(same.score + MARGIN, MOVED_MIN):
            problems.append(Problem("date", shown, _shown(evidence, other)))
        else:
            fits.append(same)
    return problems, fits


def compare(
    said: Prepared, item: Figure | Date, evidence: Sequence[Prepared]
) -> tuple[Fit | None, Fit | None, Fit | None]:
    """Best fitting place in the evidence with the same value, with another value, with the same value otherwise."""
    best: dict[str, Fit] = {}
    left, right = _context(said.folded, item.start, _end(item))
    near = grams(left) | grams(right)
    whole = frozenset[str]().union(*said.sentence_grams)
    for number, text in enumerate(evidence):
        for told in text.figures if isinstance(item, Figure) else text.dates:
            kind, bonus = _relation(item, told)
            if not kind:
                continue
            score = bonus + _score(left, right, near, whole, text, told.start, _end(told))
            if kind not in best or score > best[kind].score:
                best[kind] = Fit(score, number, told.start, _end(told))
    return best.get("same"), best.get("other"), best.get("unit")


def _end(item: Figure | Date) -> int:
    return item.unit_end if isinstance(item, Figure) else item.end


def _relation(said: Figure | Date, told: Figure | Date) -> tuple[str, float]:
    """How two figures or dates compare (same, other, unit, or "" for not comparable), and a bonus for like form."""
    if isinstance(said, Figure) and isinstance(told, Figure):
        if same_unit(said, told):
            alike = 0.0 if said.dimension == told.dimension else -4.0
            return ("same" if same_value(said, told) else "other"), alike
        return ("unit" if same_value(said, told) else ""), 0.0
    assert isinstance(said, Date) and isinstance(told, Date)
    if agrees(said, told):
        return "same", 0.0
    return ("other" if conflicts(said, told) else ""), 0.0


def _context(text: str, start: int, end: int) -> tuple[str, str]:
    """Letters and digits before and after, without words such as 约 or 了 that touch the figure."""
    left = "".join(c for c in text[max(0, start - 2 * REACH) : start] if c.isalnum()).rstrip(_SKIP)
    right = "".join(c for c in text[end : end + 2 * REACH] if c.isalnum()).lstrip(_SKIP)
    return left[-REACH:], right[:REACH]


def _score(
    left: str, right: str, near: frozenset[str], whole: frozenset[str], text: Prepared, start: int, end: int
) -> float:
    """0..29: touching context in common, bigrams near by, bigrams of the whole sentence."""
    told_left, told_right = _context(text.folded, start, end)
    touching = _common(reversed(left), reversed(told_left)) + _common(iter(right), iter(told_right))
    close = grams(told_left) | grams(told_right)
    sentence = text.sentence_grams[text.sentence_at(start)]
    score = float(touching)
    score += 6 * len(near & close) / len(near) if near else 0
    score += 7 * len(whole & sentence) / len(whole) if whole else 0
    return score


def _common(one: Iterator[str], two: Iterator[str]) -> int:
    length = 0
    for a, b in zip(one, two, strict=False):
        if a != b or length == 8:
            break
        length += 1
    return length


def _stands(shown: str, evidence: Sequence[Prepared]) -> bool:
    """A date that the evidence spells the same way where it is not read as one, e.g. inside a range or a title."""
    spelt = re.compile(rf"(?<!\d){re.escape(shown)}(?!\d|代)")
    return any(spelt.search(text.folded) or spelt.search(text.context) for text in evidence)


def _shown(evidence: Sequence[Prepared], fit: Fit | None) -> str:
    return evidence[fit.text].evidence.text[fit.start : fit.end] if fit else ""

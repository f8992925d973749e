"""Does each figure and date of a sentence stand in the evidence, and in the same place?

Two things can be wrong: the value is nowhere in the evidence, or it is there but belongs to something else (the
figure of another subject, the first of two figures). The second is seen by comparing contexts: among all figures of
the evidence that could count the same thing, the one whose surroundings fit best must have the value that was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from qa.types import Problem

from .dates import Date, agrees, conflicts
from .names import Name
from .numbers import Figure, same_unit, same_value
from .text import Prepared, grams

REACH = 14
"""Letters of context on each side of a figure."""
WEIGHTS = (0.7, 0.8, 1.1, 2.6, 0.7, 0.2, 1.2, 3.7, 4.0)
"""Of ``features``, fitted on the tuning split by ``python -m training.swaps_fit``; the last (like unit) is set by hand, since the
swaps there leave units alone: 10个方面100条 must tell 10 from 100."""
WHOLE = 7
"""Index of the feature that tells how much of the whole sentence is held."""
MARGIN = 0.2
"""A figure is called moved when another one's context fits better by more than this, in log-odds."""
MARGIN_LOOSE = 0.8
"""... and by more than this where the sentence is no near copy of the evidence (an answer in the question's words)."""
COPIED = 0.6
"""A sentence is a near copy when an evidence sentence holds this share of its bigrams."""
DATES = (0.24, 0.29, 1.39, 1.57, 0.59, 1.01, 1.16, 5.1, 0.48, -0.33, -2.68, -0.77, 1.0, 0.62)
DATES_BIAS = 0.79
DATES_MARGIN = 0.3
"""Of ``rivalry``, fitted by ``python -m training.swaps_fit --of dates``: a date is called moved also when the log-odds that another
place is the one meant exceed the margin. For figures this found no more than the margins above."""
WEAK_MIN = 9.0
"""A figure that may be part of a word (一个) is compared only with a place that fits at least this well."""
_STOP = re.compile(r"[，,。；;！？\n]")
_SKIP = "余多近约来有共达为了的是在于"

@dataclass(frozen=True, slots=True)
class Fit:
    """How well a place of the evidence fits a place of the sentence: score, text number, its item's span, ``features``."""

    score: float
    text: int
    start: int
    end: int
    values: tuple[float, ...]

    def beats(self, same: Fit) -> bool:
        """Does this place, with another value, fit clearly better than the one with the same value?"""
        if _joined(self, same):
            return False
        copied = max(self.values[WHOLE], same.values[WHOLE]) >= COPIED
        return self.score > same.score + (MARGIN if copied else MARGIN_LOOSE)


Span = tuple[int, int]
Item = Figure | Date | Name


class Spanned(Protocol):
    """Something that ends somewhere in a text."""

    @property
    def end(self) -> int: ...

Check = tuple[list[Problem], list[tuple[Span, Fit]]]


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
            if figure.weak and (other is None or other.score < WEAK_MIN):
                continue
            if unit_only is not None and figure.unit:
                problems.append(Problem("unit", shown, _shown(evidence, unit_only)))
            elif unit_only is None or figure.unit:
                problems.append(Problem("number", shown, _shown(evidence, other)))
        elif other is not None and other.beats(same):
            problems.append(Problem("number", shown, _shown(evidence, other)))
        else:
            fits.append(((figure.start, figure.unit_end), same))
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
        elif other is not None and (other.beats(same) or _meant(said, same, other, evidence)):
            problems.append(Problem("date", shown, _shown(evidence, other)))
        else:
            fits.append(((date.start, date.end), same))
    return problems, fits


def compare(
    said: Prepared, item: Figure | Date, evidence: Sequence[Prepared]
) -> tuple[Fit | None, Fit | None, Fit | None]:
    """Best fitting place in the evidence with the same value, with another value, with the same value otherwise."""
    best: dict[str, Fit] = {}
    place = Place.of(said, item)
    for number, text in enumerate(evidence):
        for told in text.figures if isinstance(item, Figure) else text.dates:
            kind = relation(item, told)
            if not kind:
                continue
            values = features(place, text, told)
            score = sum(w * f for w, f in zip(WEIGHTS, values, strict=True))
            if kind not in best or score > best[kind].score:
                best[kind] = Fit(score, number, told.start, end_of(told), values)
    return best.get("same"), best.get("other"), best.get("unit")


def _joined(one: Fit, two: Fit) -> bool:
    """Are they the two ends of a range, or neighbours in a list?"""
    return one.text == two.text and max(one.start, two.start) - min(one.end, two.end) <= 1


def _meant(said: Prepared, same: Fit, other: Fit, evidence: Sequence[Prepared]) -> bool:
    """Is the place with another date rather the one that is meant?"""
    values = rivalry(said, same, other, evidence)
    return not _joined(same, other) and DATES_BIAS + sum(w * f for w, f in zip(DATES, values, strict=True)) > DATES_MARGIN


def contrast(said: Prepared, own: Fit, other: Fit, evidence: Sequence[Prepared]) -> tuple[float, ...]:
    """By how much the other place's surroundings fit better (``features`` without the last), 1 when both stand in one
    text, and the share of the sentence's bigrams that the own place's text holds in one sentence and in the one where
    the place is: how free the wording is, and whether the rest of it stands elsewhere."""
    text = evidence[own.text]
    whole = frozenset[str]().union(*said.sentence_grams)
    return (
        *(b - a for a, b in zip(own.values[: WHOLE + 1], other.values[: WHOLE + 1], strict=True)),
        float(own.text == other.text),
        max(_share(whole, bag) for bag in text.sentence_grams),
        own.values[WHOLE],
    )


def rivalry(said: Prepared, own: Fit, other: Fit, evidence: Sequence[Prepared]) -> tuple[float, ...]:
    """``contrast``, then 1 when both places are in one sentence, and what tells them apart there: letters that touch."""
    values = contrast(said, own, other, evidence)
    text = evidence[own.text]
    beside = float(own.text == other.text and text.sentence_at(own.start) == text.sentence_at(other.start))
    return (*values, beside, beside * values[0], beside * values[4])


@dataclass(frozen=True, slots=True)
class Place:
    """What surrounds a figure, date or name of the sentence, ready for comparing."""

    item: Item
    left: str
    right: str
    near_left: frozenset[str]
    near_right: frozenset[str]
    clause: frozenset[str]
    whole: frozenset[str]

    @staticmethod
    def of(said: Prepared, item: Item) -> Place:
        left, right = _context(said.folded, item.start, end_of(item))
        whole = frozenset[str]().union(*said.sentence_grams)
        return Place(item, left, right, grams(left), grams(right), _clause(said.folded, item.start, end_of(item)), whole)


def features(place: Place, text: Prepared, told: Item) -> tuple[float, ...]:
    """How well a place of the evidence fits, each 0..1: equal letters touching on the left (4, 8) and right (1, 8),
    bigrams near by on the left and right, bigrams of the clause, of the sentence, and like form (unit, precision)."""
    told_left, told_right = _context(text.folded, told.start, end_of(told))
    before = _common(reversed(place.left), reversed(told_left))
    after = _common(iter(place.right), iter(told_right))
    close = grams(told_left) | grams(told_right)
    sentence = text.sentence_grams[text.sentence_at(told.start)]
    return (
        min(before, 4) / 4,
        before / 8,
        float(after > 0),
        after / 8,
        _share(place.near_left, close),
        _share(place.near_right, close),
        _share(place.clause, _clause(text.folded, told.start, end_of(told))) if place.clause else 0.0,
        _share(place.whole, sentence),
        float(_alike(place.item, told)),
    )


def _share(own: frozenset[str], other: frozenset[str]) -> float:
    return len(own & other) / len(own) if own else 0.0


def _alike(said: Item, told: Item) -> bool:
    if isinstance(said, Figure):
        return isinstance(told, Figure) and said.dimension == told.dimension
    return True


def _clause(text: str, start: int, end: int) -> frozenset[str]:
    """Bigrams of the clause that holds the span."""
    stop = _STOP.search(text, end)
    begin = max(text.rfind(c, max(0, start - 80), start) for c in "，,。；;！？\n")
    return grams(text[begin + 1 : stop.start() if stop else end + 80])


def end_of(item: Spanned) -> int:
    """Where a figure ends with its unit, and anything else by itself."""
    return item.unit_end if isinstance(item, Figure) else item.end


def relation(said: Figure | Date, told: Figure | Date) -> str:
    """How two figures or dates compare: same, other, unit (same value of something else), or "" (not comparable)."""
    if isinstance(said, Figure) and isinstance(told, Figure):
        if same_unit(said, told):
            return "same" if same_value(said, told) else "other"
        return "unit" if same_value(said, told) else ""
    assert isinstance(said, Date) and isinstance(told, Date)
    if agrees(said, told):
        return "same"
    return "other" if conflicts(said, told) else ""


def _context(text: str, start: int, end: int) -> tuple[str, str]:
    """Letters and digits before and after, without words such as 约 or 了 that touch the figure."""
    left = "".join(c for c in text[max(0, start - 2 * REACH) : start] if c.isalnum()).rstrip(_SKIP)
    right = "".join(c for c in text[end : end + 2 * REACH] if c.isalnum()).lstrip(_SKIP)
    return left[-REACH:], right[:REACH]


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

"""Exact checks of values: does the evidence hold every figure, unit and date that a sentence states?

They never say that a sentence is true; they say which of its values stands nowhere in the evidence, however
it is spelt (1.5公里 is 1500米, 百分之五 is 5%). Meaning is judged by ``qa.judge``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.types import Problem

from .dates import Date, agrees
from .numbers import Figure, same_unit, same_value
from .text import Evidence, EvidenceText, Prepared, prepare, prepare_all

__all__ = ["EvidenceText", "Findings", "Found", "check", "examine"]


@dataclass(frozen=True, slots=True)
class Found:
    """A sound figure or date: its span in the sentence, and its span in the evidence ``text`` (an index)."""

    said_start: int
    said_end: int
    text: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found wrong, and where the sound figures and dates stand."""

    problems: tuple[Problem, ...]
    places: tuple[Found, ...]


def check(sentence: str, evidence: Sequence[Evidence]) -> list[Problem]:
    """The figures and dates of ``sentence`` that stand nowhere in the evidence; empty when all do."""
    return list(examine(sentence, evidence).problems)


def examine(sentence: str, evidence: Sequence[Evidence]) -> Findings:
    """``check`` that also tells where the figures and dates were found."""
    texts, said = prepare_all(evidence), prepare(EvidenceText(sentence))
    problems: list[Problem] = []
    places: list[Found] = []
    for figure in said.figures:
        if not figure.weak:
            _told(
                said, "number", figure.start, figure.unit_end, _same_figures(figure, texts), problems, places
            )
    for date in said.dates:
        if date.parts:
            _told(said, "date", date.start, date.end, _same_dates(date, texts), problems, places)
    return Findings(tuple(problems), tuple(places))


def _told(
    said: Prepared,
    kind: str,
    start: int,
    end: int,
    same: Iterator[tuple[int, int, int]],
    problems: list[Problem],
    places: list[Found],
) -> None:
    found = next(same, None)
    if found is None:
        problems.append(Problem(kind, said.evidence.text[start:end]))
    else:
        places.append(Found(start, end, *found))


def _same_figures(figure: Figure, texts: Sequence[Prepared]) -> Iterator[tuple[int, int, int]]:
    """Where the evidence has that amount: (text, start, end)."""
    for i, text in enumerate(texts):
        for told in text.figures:
            if same_value(figure, told) and same_unit(figure, told):
                yield i, told.start, told.unit_end


def _same_dates(date: Date, texts: Sequence[Prepared]) -> Iterator[tuple[int, int, int]]:
    for i, text in enumerate(texts):
        for told in text.dates:
            if agrees(date, told):
                yield i, told.start, told.end

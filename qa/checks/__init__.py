"""Deterministic checks of a sentence against its evidence: figures, dates, units, names, negation, comparison.

``check`` answers one question: what in this sentence does the evidence not bear out? It never says that a sentence is
true; it says what is wrong with it. docs/EVIDENCE.md tells how well, and on what that was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.types import Problem

from .listing import counts_its_list
from .numbers import Figure
from .text import Evidence, EvidenceText, Prepared, prepare, prepare_all
from .unmet import unmet

__all__ = ["EvidenceText", "Findings", "Found", "check", "examine", "unmet", "warm"]

BARE = 14
"""An answer of at most this many letters is read in the place where the question asks."""


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


def check(sentence: str, evidence: Sequence[Evidence], question: str = "") -> list[Problem]:
    """Everything in ``sentence`` that the evidence does not bear out; empty when nothing was found wrong.

    Args:
        sentence: one sentence of an answer, or a bare answer such as ``113``.
        evidence: what it is checked against; give published dates (``EvidenceText``) where they are known.
        question: gives a bare answer its context, and its names must be in the evidence too.
    """
    return list(examine(sentence, evidence, question).problems)


def examine(sentence: str, evidence: Sequence[Evidence], question: str = "") -> Findings:
    """``check`` that also tells where the figures and dates were found."""
    from .align import changes
    from .exchange import check_names
    from .polarity import check_polarity
    from .roles import check_roles
    from .slots import check_dates, check_figures
    from .subjects import check_subjects

    texts = prepare_all(evidence)
    said, within = _said(sentence, question)
    problems: list[Problem] = []
    places = []
    sound_figures: list[Figure] = []
    for (wrong, sound), figures in ((check_figures(said, texts, within), said.figures), (check_dates(said, texts, within), ())):
        problems += [p for p in wrong if not counts_its_list(p, sentence, question)]
        starts = {start for (start, _), _ in sound}
        sound_figures += [f for f in figures if f.start in starts]
        for (start, end), fit in sound:
            places.append(Found(start - within[0], min(end, within[1]) - within[0], fit.text, fit.start, fit.end))
    problems += check_subjects(said, texts, sound_figures)
    found_changes, lies = changes(said, texts, within)
    problems += check_polarity(said, texts, found_changes, lies, question)
    beside = frozenset(lie.index for lie in lies)
    problems += check_names(said, texts, found_changes, beside, within, question) or check_roles(said, texts, beside, within, question)
    return Findings(tuple(dict.fromkeys(problems)), tuple(places))


def _said(sentence: str, question: str) -> tuple[Prepared, tuple[int, int]]:
    """The sentence ready for checking, and the span of it that is the answer."""
    letters = sum(c.isalnum() for c in sentence)
    if question and letters <= BARE:
        from qa.question import place

        text, start, end = place(question, sentence)
        return prepare(EvidenceText(text)), (start, end)
    return prepare(EvidenceText(sentence)), (0, len(sentence))


def warm() -> None:
    """Load what the checks need (jieba's dictionary, the script table) before the first question does."""
    from .names import warm as warm_names
    from .text import fold_same

    fold_same("預熱")
    warm_names()

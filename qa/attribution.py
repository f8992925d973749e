"""Attribution: a sentence of the answer is tied to the evidence sentences that bear it out, or to none.

Support is measured on characters, not on meaning: how much of what the sentence says (rare characters count more,
what the question already said counts less) stands in the cited sentences, and whether every figure, date and name
passes the checks. A sentence may stand on up to three evidence sentences; a further one is added only for content
that is not covered yet. docs/EVIDENCE.md has the definitions, thresholds and figures.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.types import Document, Passage
from qa.checks import EvidenceText, examine
from qa.checks.text import fold_same, grams
from qa.types import Problem, State

MAX_CITATIONS = 3


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A sentence of a passage: ``document.text[start:end] == text``."""

    passage: Passage
    document: Document
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Tie:
    """One citation to be: index into the evidence given, absolute span in the document, support score (0..1)."""

    index: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Attributed:
    """State of a sentence, the evidence it stands on (best first) and what the checks found."""

    state: State
    citations: tuple[Tie, ...]
    problems: tuple[Problem, ...]
    score: float = 0.0


Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""Cosine of one text with each of the others."""


def attribute(
    sentence: str,
    evidence: Sequence[EvidenceSentence],
    *,
    question: str,
    similarity: Similarity | None = None,
) -> Attributed:
    """Tie ``sentence`` to the evidence.

    Args:
        sentence: one sentence of the answer, without markers.
        evidence: the evidence sentences that stood in the prompt.
        question: what was asked; its words count less, and its names must be in the evidence.
        similarity: dense similarity, used where characters do not decide; optional.
    """
    if not evidence or not any(c.isalnum() for c in sentence):
        return Attributed("unsupported", (), ())
    passages, offsets = _passages(evidence)
    findings = examine(sentence, passages, question)
    weigh = _Weigher(evidence, sentence, question)
    wanted = _indices(findings.places, offsets, evidence)
    chosen = weigh.cover(wanted)
    if not chosen:
        return Attributed("unsupported", (), findings.problems)
    score = weigh.covered(chosen)
    ties = tuple(Tie(i, evidence[i].start, evidence[i].end, round(weigh.covered([i]), 3)) for i in chosen)
    return Attributed(_state(score, findings.problems), ties, findings.problems, round(score, 3))


SUPPORTED = 0.6
PARTIAL = 0.35


def _state(score: float, problems: Sequence[Problem]) -> State:
    if score < PARTIAL:
        return "unsupported"
    if problems:
        return "partial" if all(p.kind in ("comparison", "attribution") for p in problems) else "unsupported"
    return "supported" if score >= SUPPORTED else "partial"


def _passages(evidence: Sequence[EvidenceSentence]) -> tuple[list[EvidenceText], list[tuple[str, int]]]:
    """Each passage once, whole, as evidence for the checks, with its document id and offset."""
    passages: dict[str, EvidenceSentence] = {}
    for item in evidence:
        passages.setdefault(item.passage.id, item)
    texts = [
        EvidenceText(p.passage.text, p.document.published, " ".join((p.document.title, *p.passage.heading)))
        for p in passages.values()
    ]
    return texts, [(p.document.id, p.passage.start) for p in passages.values()]


def _indices(
    places: Sequence[tuple[int, int, int]], offsets: Sequence[tuple[str, int]], evidence: Sequence[EvidenceSentence]
) -> list[int]:
    """Evidence sentences that hold the figures and dates found by the checks."""
    found = []
    for text, start, _ in places:
        document, base = offsets[text]
        for i, item in enumerate(evidence):
            if item.document.id == document and item.start <= base + start < item.end:
                found.append(i)
                break
    return list(dict.fromkeys(found))


class _Weigher:
    """Weighted character bigrams of one sentence and of each evidence sentence."""

    def __init__(self, evidence: Sequence[EvidenceSentence], sentence: str, question: str) -> None:
        asked = grams(fold_same(question))
        self.folded = fold_same(sentence)
        self.bags = [grams(fold_same(e.text)) | _singles(fold_same(e.text)) for e in evidence]
        frequency = Counter(g for bag in self.bags for g in bag)
        own = grams(self.folded) or _singles(self.folded)
        size = len(evidence)
        self.weight = {g: math.log(1 + (size + 1) / (frequency[g] + 0.5)) * (0.4 if g in asked else 1.0) for g in own}
        self.total = sum(self.weight.values()) or 1.0
        # The question says which of several sentences that hold the answer is meant.
        idf = {g: math.log(1 + (size + 1) / (frequency[g] + 0.5)) for g in asked}
        total = sum(idf.values()) or 1.0
        self.fits = [sum(w for g, w in idf.items() if g in bag) / total for bag in self.bags]

    def covered(self, chosen: Sequence[int]) -> float:
        """Share (0..1) of the sentence's weight that the chosen evidence sentences hold together."""
        union = frozenset[str]().union(*(self.bags[i] for i in chosen))
        return sum(w for g, w in self.weight.items() if g in union) / self.total

    def cover(self, wanted: Sequence[int]) -> list[int]:
        """Greedy cover: best first, then whatever covers enough that is not covered yet."""
        chosen: list[int] = []
        left = dict(self.weight)
        while len(chosen) < MAX_CITATIONS:
            gains = [
                (sum(w for g, w in left.items() if g in bag) / self.total, i)
                for i, bag in enumerate(self.bags)
                if i not in chosen
            ]
            ranked = sorted(((g + 0.25 * self.fits[i] + (0.2 if i in wanted else 0.0), g, i) for g, i in gains), key=lambda r: (-r[0], r[2]))
            if not ranked:
                break
            _, gain, best = ranked[0]
            if gain < (0.2 if chosen else 0.3) and not (chosen and best in wanted and gain > 0.05):
                break
            chosen.append(best)
            left = {g: w for g, w in left.items() if g not in self.bags[best]}
        return chosen


def _singles(text: str) -> frozenset[str]:
    return frozenset(c for c in text if c.isalnum())

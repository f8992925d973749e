"""Attribution: a sentence of the answer is tied to the evidence sentences that bear it out, or to none.

Support is measured on characters, not on meaning: how much of what the sentence says (rare characters count
more, what the question already said counts less) stands in the cited sentences, and whether every figure and
date stands there. A sentence may stand on up to three evidence sentences; a further one is added only for
content that is not covered yet. docs/EVIDENCE.md has the definitions, thresholds and figures.
"""

from __future__ import annotations

import functools
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.types import Document, Passage
from qa.checks import EvidenceText, Found, examine
from qa.checks.text import fold_same, grams, held_share
from qa.types import Problem, State

WEIGHTS = Path(__file__).with_name("attribution.json")
"""Fitted by ``python -m training.attribution_fit``; holds its data, command and thresholds."""
MAX_CITATIONS = 3
FIRST, GAIN = 0.25, 0.2
"""Least share of the sentence's own content that the first, and each further, citation must add."""
_LITTLE = frozenset("的了于是与和在为被由有而也都就及其该此这那等将对从到以并所把向个着过地得")
"""Characters of words that say little; they weigh a fifth."""
FIT = 0.3
"""Weight of fitting the question when evidence sentences are ranked."""


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
    """One citation to be: index into the evidence given, absolute span in the document, support score
    (0..1)."""

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


def attribute(
    sentence: str,
    evidence: Sequence[EvidenceSentence],
    *,
    question: str,
) -> Attributed:
    """Tie ``sentence`` to the evidence.

    Args:
        sentence: one sentence of the answer, without markers.
        evidence: the evidence sentences that stood in the prompt.
        question: what was asked; its words count less.
    """
    if not evidence or not any(c.isalnum() for c in sentence):
        return Attributed("unsupported", (), ())
    passages, offsets = _passages(evidence)
    findings = examine(sentence, passages)
    cover = Cover(evidence, sentence, question, _held(findings.places, offsets, evidence))
    chosen = cover.choose()
    if not chosen:
        return Attributed("unsupported", (), findings.problems)
    score = support(cover.features(chosen))
    ties = tuple(
        Tie(i, evidence[i].start, evidence[i].end, round(support(cover.features([i])), 3)) for i in chosen
    )
    return Attributed(_state(score, findings.problems), ties, findings.problems, round(score, 3))


def support(features: Sequence[float]) -> float:
    """Probability (0..1) that the cited sentences bear the sentence out, before the checks have their say."""
    model = _model()
    z = model["bias"] + sum(w * f for w, f in zip(model["weights"], features, strict=True))
    return 1.0 / (1.0 + math.exp(-z))


def _state(score: float, problems: Sequence[Problem]) -> State:
    """Problems weigh more than coverage: a sentence that is nearly all copied but for one figure is
    unsupported."""
    model = _model()
    if score < model["partial"]:
        return "unsupported"
    if problems:
        return "unsupported"
    return "supported" if score >= model["supported"] else "partial"


@functools.cache
def _model() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return data


def _passages(evidence: Sequence[EvidenceSentence]) -> tuple[list[EvidenceText], list[tuple[str, int]]]:
    """Each passage once, whole, as evidence for the checks, with its document id and offset."""
    passages: dict[str, EvidenceSentence] = {}
    for item in evidence:
        passages.setdefault(item.passage.id, item)
    texts = [
        EvidenceText(p.passage.text, p.document.spoken, " ".join((p.document.title, *p.passage.heading)))
        for p in passages.values()
    ]
    return texts, [(p.document.id, p.passage.start) for p in passages.values()]


def _held(
    places: Sequence[Found], offsets: Sequence[tuple[str, int]], evidence: Sequence[EvidenceSentence]
) -> list[tuple[int, int, int]]:
    """(start, end) in the sentence of each sound figure or date, and the evidence sentence that holds it."""
    held = []
    for place in places:
        document, base = offsets[place.text]
        for i, item in enumerate(evidence):
            if item.document.id == document and item.start <= base + place.start < item.end:
                held.append((place.said_start, place.said_end, i))
                break
    return held


class Cover:
    """The characters of one sentence, weighted by rarity, and which evidence sentences hold them.

    A character is held where one of the two bigrams it belongs to is. A figure or date counts as one unit,
    held by the sentence where the checks found it, however it is spelt there. A sentence's own content is
    what the question did not say already.
    """

    def __init__(
        self,
        evidence: Sequence[EvidenceSentence],
        sentence: str,
        question: str,
        held: Sequence[tuple[int, int, int]],
    ) -> None:
        folded = fold_same(sentence)
        texts = [fold_same(e.text) for e in evidence]
        self.evidence = evidence
        self.bags: list[frozenset[str]] = [grams(t) | _singles(t) for t in texts]
        frequency = Counter(g for bag in self.bags for g in bag)
        size = len(evidence)

        def idf(gram: str) -> float:
            return math.log(1 + (size + 1) / (frequency[gram] + 0.5))

        asked = grams(fold_same(question))
        self.keys: list[tuple[frozenset[str], float, bool]] = []
        taken = set[int]()
        for number, (start, end, i) in enumerate(held):
            taken.update(range(start, end))
            self.bags[i] = self.bags[i] | {f"#{number}"}
            self.keys.append((frozenset([f"#{number}"]), 4.0, folded[start:end] not in fold_same(question)))
        for at, char in enumerate(folded):
            if at not in taken and char.isalnum():
                pairs = frozenset(
                    p
                    for p in (folded[max(0, at - 1) : at + 1], folded[at : at + 2])
                    if len(p) == 2 and p.isalnum()
                )
                weight = 0.2 * idf(char) if char in _LITTLE else idf(char)
                self.keys.append((pairs or frozenset(char), weight, not pairs & asked))
        if not any(own for _, _, own in self.keys):
            self.keys = [(key, weight, True) for key, weight, _ in self.keys]
        self.asked = {g: idf(g) for g in asked}
        self.fits = [held_share(self.asked, bag) for bag in self.bags]

    def features(self, chosen: Sequence[int]) -> tuple[float, float, float]:
        """Of the sentence's own content, of the whole sentence, and of the question: the share (0..1)
        held."""
        union = frozenset[str]().union(*(self.bags[i] for i in chosen))
        around = union | frozenset[str]().union(
            *(
                grams(fold_same(self.evidence[i].document.title + " ".join(self.evidence[i].passage.heading)))
                for i in chosen
            )
        )
        return self._held(union, own=True), self._held(around, own=False), held_share(self.asked, around)

    def _held(self, bag: frozenset[str], *, own: bool) -> float:
        keys = [(key, weight) for key, weight, is_own in self.keys if is_own or not own]
        total = sum(weight for _, weight in keys)
        return sum(weight for key, weight in keys if key & bag) / total if total else 0.0

    def choose(self) -> list[int]:
        """Greedy cover, best first: content not covered yet, and among equals what fits the question."""
        chosen: list[int] = []
        left = [(key, weight) for key, weight, own in self.keys if own]
        total = sum(weight for _, weight in left) or 1.0
        while len(chosen) < MAX_CITATIONS:
            ranked = []
            for i, bag in enumerate(self.bags):
                if i not in chosen:
                    gain = sum(weight for key, weight in left if key & bag) / total
                    ranked.append((-gain - FIT * self.fits[i], i, gain))
            if not ranked:
                break
            _, best, gain = min(ranked)
            if gain < (GAIN if chosen else FIRST):
                break
            chosen.append(best)
            left = [(key, weight) for key, weight in left if not key & self.bags[best]]
        return chosen


def _singles(text: str) -> frozenset[str]:
    return frozenset(c for c in text if c.isalnum())

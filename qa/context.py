"""Context: the passages that go into the prompt, as few as hold the answer almost surely.

Reading the prompt is what costs on a CPU. So passages are taken best first, by what the reader and the search
make of them, until it is likely enough that the answer is among them, within a budget of tokens. Offsets stay
true: every sentence is a span of a stored document.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import prompts
from index.sentences import split_sentences
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.checks.dates import with_years

LABEL_MAX = 40
"""Characters of a heading that is put before its passage."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the generator is given.

    Attributes:
        text: the material as it stands in the prompt, passages numbered from 1.
        sentences: the evidence sentences in it, in the order of the prompt.
        hits: the hits they come from, in the order of their numbers.
        tokens: length of ``text`` in the generator's tokens.
        places: where each of the sentences stands in ``text``, in characters.
    """

    text: str
    sentences: tuple[EvidenceSentence, ...]
    hits: tuple[Hit, ...]
    tokens: int
    places: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read.

    Attributes:
        tokens: most tokens of evidence.  passages: most passages.
        cover: probability (0..1) that the answer is among what is read, at which reading ends.
    """

    tokens: int
    passages: int
    cover: float


def build_context(
    hits: Sequence[Hit],
    worth: Mapping[str, tuple[float, int]],
    count_tokens: Callable[[str], int],
    limits: Limits,
) -> Context:
    """Passages best first, until the limits are reached; at least one, cut around the place that matters
    where it is longer than the budget.

    Args:
        worth: by passage id the log-odds that it answers, and the offset in its document where it does so.
    """
    ranked = sorted((hit for hit in hits if hit.passage.id in worth), key=lambda h: -worth[h.passage.id][0])
    if not ranked:
        return Context("", (), (), 0)
    best = worth[ranked[0].passage.id][0]
    shares = [math.exp(worth[hit.passage.id][0] - best) for hit in ranked[: 2 * limits.passages]]
    total, covered, left = sum(shares), 0.0, limits.tokens
    chosen: list[tuple[Hit, Sequence[EvidenceSentence]]] = []
    for hit, share in zip(ranked, shares, strict=False):
        if chosen and (covered >= limits.cover or len(chosen) == limits.passages):
            break
        taken = _within(hit, worth[hit.passage.id][1], count_tokens, left, bool(chosen))
        if not taken:
            continue
        chosen.append((hit, taken))
        covered += share / total
        left -= sum(count_tokens(s.text) for s in taken)
    return assembled(chosen, count_tokens)


def sentences_of(hit: Hit) -> list[EvidenceSentence]:
    """The sentences of a passage, as spans of the stored text."""
    base = hit.passage.start
    return [
        EvidenceSentence(hit.passage, hit.document, base + a, base + b, hit.passage.text[a:b])
        for a, b in split_sentences(hit.passage.text)
    ]


def _within(
    hit: Hit, at: int, count_tokens: Callable[[str], int], budget: int, further: bool
) -> tuple[EvidenceSentence, ...]:
    """The passage whole, or as much around ``at`` as the budget holds; of the first passage one sentence in
    any case, unless that alone is twice as long. Of a further one nothing where it does not fit."""
    sentences = sentences_of(hit)
    costs = [count_tokens(s.text) for s in sentences]
    if sum(costs) <= budget:
        return tuple(sentences)
    middle = next((i for i, s in enumerate(sentences) if s.start <= at < s.end), 0)
    if further or not sentences or costs[middle] > 2 * budget:
        return ()
    low = high = middle
    spent = costs[middle]
    while True:
        beside = [i for i in (high + 1, low - 1) if 0 <= i < len(sentences) and spent + costs[i] <= budget]
        if not beside:
            return tuple(sentences[low : high + 1])
        spent += costs[beside[0]]
        low, high = min(low, beside[0]), max(high, beside[0])


def assembled(
    chosen: Sequence[tuple[Hit, Sequence[EvidenceSentence]]], count_tokens: Callable[[str], int]
) -> Context:
    """The context of these sentences, those of one hit together under its label."""
    text, places = "", []
    for number, (hit, sentences) in enumerate(chosen, 1):
        text += ("\n" if text else "") + f"[{number}] {_label(hit)}"
        for before, one in zip((None, *sentences), sentences, strict=False):
            text += " " if before and before.end < one.start else ""
            said = prompts.escape_evidence(with_years(one.text, hit.document.spoken))
            places.append((len(text), len(text) + len(said)))
            text += said
    sentences_ = tuple(s for _, own in chosen for s in own)
    return Context(text, sentences_, tuple(h for h, _ in chosen), count_tokens(text), tuple(places))


def _label(hit: Hit) -> str:
    """What the passage speaks of without saying it: the document's title and the last heading, as far as they
    are short."""
    over = dict.fromkeys((hit.document.title, *hit.passage.heading[-1:]))
    told = "，".join(part for part in over if part and len(part) <= LABEL_MAX)
    return f"（{prompts.escape_evidence(told)}）" if told else ""

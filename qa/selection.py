"""Which sentences of the hits are worth reading: the log-odds that each holds the answer, before anything is written.

Reading the prompt is what costs on a CPU, so evidence sentences are chosen instead of whole passages. A linear model
over cheap features ranks them: words shared with the question (rare ones count more), the kind of thing asked for, the
passage's place and its likeness to the question. Fitted by ``python -m training.context_fit`` on tuning questions alone;
the weights and their figures lie in ``selection.json`` beside this file (docs/RETRIEVAL.md).
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.checks.text import fold_same, grams, held_share
from qa.linear import Linear
from qa.question import Question, asking

WEIGHTS = Path(__file__).with_name("selection.json")
_OPEN = frozenset(("what", "which", "list", "reason", "how", "yesno"))
"""Kinds that any text may answer: of these `Question.wants` tells nothing."""
_CAUSE = re.compile("因|由于|为了|为纪念|所以|使得|以便")


def selection_features(
    question: Question, hits: Sequence[Hit], spans: Sequence[tuple[int, int, EvidenceSentence]]
) -> list[dict[str, float]]:
    """Features of each sentence, in the order of ``spans``: (rank of its hit, position in its passage, sentence)."""
    folded = [fold_same(sentence.text) for _, _, sentence in spans]
    bags = [grams(text) for text in folded]
    frequency = Counter(gram for bag in bags for gram in bag)
    start, end = asking(question.text)
    asked = grams(fold_same(f"{question.text[:start]}，{question.text[end:]}"))
    weight = {g: math.log(1 + (len(bags) + 1) / (frequency[g] + 0.5)) for g in asked}
    own = [held_share(weight, bag) for bag in bags]
    around = _around(weight, hits, spans, bags)
    most_own, most_around = max(own, default=0.0) or 1.0, max(around.values(), default=0.0) or 1.0
    best = max((hit.score for hit in hits), default=1.0) or 1.0
    bound = question.kind not in _OPEN
    rows = []
    for i, (rank, position, sentence) in enumerate(spans):
        hit = hits[rank]
        beside = [own[j] for j in (i - 1, i + 1) if 0 <= j < len(spans) and spans[j][0] == rank]
        rows.append(
            {
                "asked": own[i],
                "asked_relative": own[i] / most_own,
                "asked_twice": own[i] * around[rank],
                "around_relative": around[rank] / most_around,
                "beside": max(beside, default=0.0),
                "kind": float(bound and question.wants(sentence.text)),
                "open": float(not bound),
                "cause": float(question.kind == "reason" and bool(_CAUSE.search(folded[i]))),
                "unit": float(bool(question.unit) and question.unit in folded[i]),
                "dense": hit.why.get("dense", 0.0),
                "relative_score": hit.score / best,
                "rank": math.log(1 + rank),
                "opens": float(position == 0),
                "length": math.log(1 + len(sentence.text)),
            }
        )
    return rows


def worth(features: Mapping[str, float]) -> float:
    """Log-odds that the sentence holds the answer."""
    return selection_model().logit(features)


@functools.cache
def selection_model() -> Linear:
    """The fitted model over :func:`selection_features`."""
    return Linear.of(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def _around(
    weight: Mapping[str, float],
    hits: Sequence[Hit],
    spans: Sequence[tuple[int, int, EvidenceSentence]],
    bags: Sequence[frozenset[str]],
) -> dict[int, float]:
    """For each rank the share of the question that its passage holds, with title and headings."""
    held: dict[int, frozenset[str]] = {}
    for (rank, _, _), bag in zip(spans, bags, strict=True):
        document, passage = hits[rank].document, hits[rank].passage
        over = held.get(rank) or grams(fold_same(" ".join((document.title, *passage.heading))))
        held[rank] = over | bag
    return {rank: held_share(weight, bag) for rank, bag in held.items()}

"""Quotation: the sentence of the evidence that answers the question, when the draft does not.

A small model finds the right sentence more often than it words it right (10个方面100条 becomes 10条). So each evidence
sentence gets the log-odds that it holds the answer, from features of question, sentence and draft; where the draft is
not borne out, the best one may be shown word for word, if the gate trusts it. docs/REFUSAL.md has the figures.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.checks.text import fold_same, grams
from qa.context import LEANING, Context
from qa.linear import Linear
from qa.question import Question, asking
from qa.types import Sentence


@dataclass(frozen=True, slots=True)
class Quote:
    """The evidence sentence most likely to hold the answer.

    Attributes:
        index: of the sentence in ``Context.sentences``.
        features: what the gate weighs: those of the sentence, its log-odds (``logit``) and its lead over the next.
    """

    index: int
    features: Mapping[str, float]


def best_quote(question: Question, context: Context, sentences: Sequence[Sentence], model: Linear) -> Quote | None:
    """The evidence sentence that most likely holds the answer; None without evidence.

    Args:
        sentences: of the draft, with their citations; () when there is none.
        model: log-odds of one evidence sentence, over :func:`sentence_features`.
    """
    rows = sentence_features(question, context, sentences)
    if not rows:
        return None
    logits = [model.logit(row) for row in rows]
    best = max(range(len(rows)), key=lambda i: (logits[i], -i))
    rest = [z for i, z in enumerate(logits) if i != best]
    return Quote(best, {**rows[best], "logit": logits[best], "lead": logits[best] - max(rest, default=logits[best] - 4.0)})


def sentence_features(question: Question, context: Context, sentences: Sequence[Sentence]) -> list[dict[str, float]]:
    """Features of each evidence sentence, in their order: how it fits the question and what the draft says."""
    places = context.sentences
    bags = [grams(fold_same(place.text)) for place in places]
    frequency = Counter(g for bag in bags for g in bag)

    def weights(pairs: frozenset[str]) -> dict[str, float]:
        return {g: math.log(1 + (len(bags) + 1) / (frequency[g] + 0.5)) for g in pairs}

    start, end = asking(question.text)
    asked = weights(grams(fold_same(f"{question.text[:start]}，{question.text[end:]}")))
    said = weights(grams(fold_same("".join(s.text for s in sentences))) - asked.keys())
    cited = {(c.passage_id, c.start) for s in sentences for c in s.citations}
    hits = {hit.passage.id: (rank, hit) for rank, hit in enumerate(context.hits)}
    top = max((hit.score for hit in context.hits), default=1.0) or 1.0
    rows = []
    for place, bag in zip(places, bags, strict=True):
        rank, hit = hits[place.passage.id]
        around = f"{_over(place)}\n{place.passage.text}"
        rows.append(
            {
                "asked": _share(asked, bag),
                "asked_around": _share(asked, grams(fold_same(around))),
                "said": _share(said, bag),
                "kind": float(question.wants(place.text)),
                "score": hit.score,
                "relative_score": hit.score / top,
                "first": float(rank == 0),
                "length": math.log(1 + len(place.text)),
                "news": len(bag - asked.keys()) / max(1, len(bag)),
                "cited": float((place.passage.id, place.start) in cited),
                "missing": float(bool(question.missing_from(around))),
            }
        )
    return rows


def quoted_places(quote: Quote, context: Context) -> tuple[EvidenceSentence, ...]:
    """The sentence to show, after the one it leans on (他, 该, 此外 ...) where that stood in the prompt."""
    place = context.sentences[quote.index]
    before = context.sentences[quote.index - 1] if quote.index else None
    if before and LEANING.match(place.text) and before.passage.id == place.passage.id:
        return before, place
    return (place,)


def hit_of(place: EvidenceSentence, context: Context) -> Hit:
    """The hit that an evidence sentence comes from."""
    return next(hit for hit in context.hits if hit.passage.id == place.passage.id)


def _over(place: EvidenceSentence) -> str:
    return " ".join((place.document.title, *place.passage.heading))


def _share(weight: Mapping[str, float], bag: frozenset[str]) -> float:
    total = sum(weight.values())
    return sum(w for g, w in weight.items() if g in bag) / total if total else 0.0

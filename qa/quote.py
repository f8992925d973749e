"""Quotation: the sentence of the evidence that answers the question, or the best two, when the draft does not.

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
from qa.checks.text import fold_same, grams, held_share
from qa.context import LEANING, Context
from qa.linear import Linear
from qa.question import Question, asking
from qa.types import Sentence


@dataclass(frozen=True, slots=True)
class Quote:
    """The evidence sentences most likely to hold the answer.

    Attributes:
        indices: of the sentences in ``Context.sentences``, best first; one or two.
        features: what the gate weighs: those of the best sentence, its log-odds (``logit``), its lead over the next
            (``lead``), and the log-odds of the next (``second``) and of all together (``any``).
    """

    indices: tuple[int, ...]
    features: Mapping[str, float]


def best_quote(question: Question, context: Context, sentences: Sequence[Sentence], model: Linear) -> Quote | None:
    """The two evidence sentences that most likely hold the answer; None without evidence.

    Args:
        sentences: of the draft, with their citations; () when there is none.
        model: log-odds of one evidence sentence, over :func:`sentence_features`.
    """
    rows = sentence_features(question, context, sentences)
    if not rows:
        return None
    logits = [model.logit(row) for row in rows]
    best = sorted(range(len(rows)), key=lambda i: (-logits[i], i))[:2]
    return Quote(tuple(best), rows[best[0]] | standing(logits))


def standing(logits: Sequence[float]) -> dict[str, float]:
    """How the best of some log-odds stands: itself, its lead over the next, the next, and all of them together."""
    ordered = sorted(logits, reverse=True)
    second = ordered[1] if len(ordered) > 1 else ordered[0] - 4.0
    together = ordered[0] + math.log(sum(math.exp(z - ordered[0]) for z in ordered))
    return {"logit": ordered[0], "lead": ordered[0] - second, "second": second, "any": together}


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
                "asked": held_share(asked, bag),
                "asked_around": held_share(asked, grams(fold_same(around))),
                "said": held_share(said, bag),
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
    """The sentences to show, in the order of the prompt, each after the one it leans on (他, 该, 此外 ...) where that
    stood in the prompt."""
    shown: list[int] = []
    for index in sorted(quote.indices):
        place = context.sentences[index]
        before = context.sentences[index - 1] if index else None
        if before and LEANING.match(place.text) and before.passage.id == place.passage.id:
            shown.append(index - 1)
        shown.append(index)
    return tuple(context.sentences[i] for i in dict.fromkeys(shown))


def hit_of(place: EvidenceSentence, context: Context) -> Hit:
    """The hit that an evidence sentence comes from."""
    return next(hit for hit in context.hits if hit.passage.id == place.passage.id)


def _over(place: EvidenceSentence) -> str:
    return " ".join((place.document.title, *place.passage.heading))

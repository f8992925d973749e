"""Cheap features that tell whether the context answers the question; every one is a plain float by name.

They compare question, evidence and draft, and never look at the corpus' subject. Names are stable: the fitted weights
in ``gate.json`` refer to them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from index.types import Hit
from qa.checks.text import fold_same, grams
from qa.draft import Draft
from qa.question import Question

FIGURE_KINDS = frozenset({"number", "date", "unit"})


def features(question: Question, hits: Sequence[Hit], draft: Draft) -> dict[str, float]:
    """Features of one draft; empty inputs give the values of a bad case, never NaN."""
    return _retrieval(hits) | _question(question, draft) | _draft(draft)


def _retrieval(hits: Sequence[Hit]) -> dict[str, float]:
    dense = sorted((h.why.get("dense", 0.0) for h in hits), reverse=True) or [0.0]
    coverage = sorted((h.why.get("coverage", 0.0) for h in hits), reverse=True) or [0.0]
    first = hits[0].why if hits else {}
    second = coverage[1] if len(coverage) > 1 else 0.0
    agree = first.get("dense_rank", 99.0) == 1.0 and first.get("bm25_rank", 99.0) == 1.0
    return {
        "score_top": hits[0].score if hits else 0.0,
        "dense_top": dense[0],
        "dense_margin": dense[0] - (sum(dense[1:4]) / len(dense[1:4]) if dense[1:4] else 0.0),
        "coverage_top": coverage[0],
        "coverage_margin": coverage[0] - second,
        "agreement": float(agree),
    }


def _question(question: Question, draft: Draft) -> dict[str, float]:
    cited = "".join(c.quote for s in draft.sentences for c in s.citations)
    around = _cited_passages(draft)
    return {
        "words_in_context": question.share_of_words_in(draft.context.text if draft.context else ""),
        "words_in_quote": question.share_of_words_in(cited),
        "words_in_passage": question.share_of_words_in(around),
        "entities_missing": min(3.0, float(len(question.missing_from(around)))),
        "kind_in_answer": float(question.wants(draft.text)),
        "kind_in_quote": float(question.wants(cited)),
        "news_in_answer": _news(question.text, draft.text),
    }


def _cited_passages(draft: Draft) -> str:
    """The cited passages whole, with title and headings: part of what a passage says without saying it."""
    ids = {c.passage_id for s in draft.sentences for c in s.citations}
    hits = draft.context.hits if draft.context else ()
    return "\n".join(
        "\n".join((h.document.title, *h.passage.heading, h.passage.text)) for h in hits if h.passage.id in ids
    )


def _news(question: str, answer: str) -> float:
    """Share (0..1) of the answer's character pairs that the question did not have: an echo answers nothing."""
    said = grams(fold_same(answer)) or frozenset(fold_same(answer))
    asked = grams(fold_same(question)) | frozenset(fold_same(question))
    return len(said - asked) / len(said) if said else 0.0


def _draft(draft: Draft) -> dict[str, float]:
    sentences = draft.sentences
    problems = [p for s in sentences for p in s.problems]
    scores = [max((c.score for c in s.citations), default=0.0) for s in sentences] or [0.0]
    logs = draft.logprobs or (math.log(0.5),)
    return {
        "support_min": min(scores),
        "support_mean": sum(scores) / len(scores),
        "unsupported": sum(s.state == "unsupported" for s in sentences) / max(1, len(sentences)),
        "figure_problems": float(sum(p.kind in FIGURE_KINDS for p in problems)),
        "name_problems": float(sum(p.kind in ("name", "attribution") for p in problems)),
        "polarity_problems": float(sum(p.kind in ("negation", "comparison") for p in problems)),
        "logprob_mean": sum(logs) / len(logs),
        "logprob_min": min(logs),
        "logprob_first": logs[0],
        "length": math.log(1 + len(draft.text)),
    }

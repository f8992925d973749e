"""What the gate weighs, every one a plain float by name: the search, the reader, the draft and the judge.

Names are stable: the fitted weights in ``gate.json`` refer to them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from index.types import Hit
from qa.checks.text import fold_same, grams
from qa.draft import Draft
from qa.kinds.extract import Extract


def features(hits: Sequence[Hit], draft: Draft, found: Extract | None) -> dict[str, float]:
    """Features of one draft; empty inputs give the values of a bad case, never NaN."""
    return found_features(hits, found) | _told(draft, found) | _draft(draft)


def found_features(hits: Sequence[Hit], found: Extract | None) -> dict[str, float]:
    """Those that are known before anything is written."""
    if found is None:
        return _retrieval(hits) | {
            "answerable": -4.0,
            "span": -4.0,
            "lead": 0.0,
            "exact": 0.0,
            "coverage_best": 0.0,
        }
    own = next((h.why for h in hits if h.passage.id == found.best.passage.id), {})
    return _retrieval(hits) | {
        "answerable": logit(found.likely),
        "span": logit(found.sure),
        "lead": min(6.0, found.lead),
        "exact": float(found.exact),
        "coverage_best": own.get("coverage", 0.0),
    }


def _retrieval(hits: Sequence[Hit]) -> dict[str, float]:
    dense = sorted((h.why.get("dense", 0.0) for h in hits), reverse=True) or [0.0]
    coverage = sorted((h.why.get("coverage", 0.0) for h in hits), reverse=True) or [0.0]
    first = hits[0].why if hits else {}
    agree = first.get("dense_rank", 99.0) == 1.0 and first.get("bm25_rank", 99.0) == 1.0
    return {
        "score_top": hits[0].score if hits else 0.0,
        "dense_top": dense[0],
        "dense_margin": dense[0] - (sum(dense[1:4]) / len(dense[1:4]) if dense[1:4] else 0.0),
        "coverage_top": coverage[0],
        "coverage_margin": coverage[0] - (coverage[1] if len(coverage) > 1 else 0.0),
        "agreement": float(agree),
    }


def _told(draft: Draft, found: Extract | None) -> dict[str, float]:
    """How much of what the reader found the draft says, and whether it stands on the same place."""
    if found is None:
        return {"said": 0.0, "cited": 0.0}
    start, end = found.span
    span = grams(fold_same(found.best.document.text[start:end])) or frozenset(
        found.best.document.text[start:end]
    )
    told = fold_same(draft.text)
    cited = any(
        c.document_id == found.best.document.id and c.start < found.best.end and found.best.start < c.end
        for s in draft.sentences
        for c in s.citations
    )
    return {"said": sum(g in told for g in span) / max(1, len(span)), "cited": float(cited)}


def _draft(draft: Draft) -> dict[str, float]:
    sentences = draft.sentences
    scores = [max((c.score for c in s.citations), default=0.0) for s in sentences] or [0.0]
    judged = [logit(s.support) for s in sentences if s.support is not None]
    logs = draft.logprobs or (math.log(0.5),)
    return {
        "support_min": min(scores),
        "support_mean": sum(scores) / len(scores),
        "wrong_values": float(sum(len(s.problems) for s in sentences)),
        "judged": float(bool(judged)),
        "judged_min": min(judged, default=0.0),
        "judged_mean": sum(judged) / len(judged) if judged else 0.0,
        "logprob_mean": sum(logs) / len(logs),
        "logprob_min": min(logs),
        "logprob_first": logs[0],
        "length": math.log(1 + len(draft.text)),
    }


def logit(probability: float) -> float:
    """Log-odds, held within 7 of 0."""
    kept = min(max(probability, 1e-3), 1 - 1e-3)
    return math.log(kept / (1 - kept))

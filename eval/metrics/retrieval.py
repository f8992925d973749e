"""Retrieval measures through ir-measures (MacAvaney et al., ECIR 2022), question by question.

A question whose search found nothing, or nothing of its gold, counts 0: it is a miss, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

DEPTHS = (1, 3, 5, 10)


def measures(depth: int = 10) -> dict[str, str]:
    """Our names to ir-measures' names; depths beyond ``depth`` are left out, and depth itself is added."""
    cuts = sorted({k for k in DEPTHS if k <= depth} | {depth})
    named = {f"hit@{k}": f"Success@{k}" for k in cuts} | {f"recall@{k}": f"R@{k}" for k in cuts}
    return named | {"mrr@10": "RR@10", "ndcg@10": "nDCG@10"}


def score_runs(
    qrels: Mapping[str, Mapping[str, int]], runs: Mapping[str, Sequence[str]], depth: int = 10
) -> dict[str, dict[str, float]]:
    """Per question: measure -> value. ``runs`` ranks ids best first; a missing question counts as an empty
    ranking."""
    import ir_measures

    named = {ir_measures.parse_measure(theirs): ours for ours, theirs in measures(depth).items()}
    # Scores fall with rank, so that ties in the engine's scores keep the engine's order.
    scored = {q: {doc: float(-rank) for rank, doc in enumerate(runs.get(q, ()))} for q in qrels}
    asked = {q: docs for q, docs in scored.items() if docs}
    result = {q: dict.fromkeys(named.values(), 0.0) for q in qrels}
    if asked:
        golds = {q: dict(qrels[q]) for q in asked}
        for metric in ir_measures.iter_calc(list(named), golds, asked):
            result[metric.query_id][named[metric.measure]] = float(metric.value)
    return result

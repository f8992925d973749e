"""Two encoders on the same questions: python eval/scripts/paired_retrieval.py DATA SET... --vectors FOLDER.

For BM25, for each encoder alone and for each fused: hit@1, hit@3 and hit@5, then the paired difference of the
fused ones (the first encoder less the second) with a 95 % bootstrap interval, and how many questions either
has right alone. All texts are compared, no graph; FOLDER keeps the vectors.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from eval.scripts.retrieval_sets import SETS, RetrievalSet, vectors
from index.bm25 import score_texts
from index.encoder_traits import traits_of
from index.fusion import fuse

KS = (1, 3, 5)


def hits(scores: np.ndarray, task: RetrievalSet, gold: list[str]) -> list[float]:
    """Is a right text among the best 1, 3, 5? Texts of the same name count once."""
    order = np.lexsort((np.arange(len(scores)), -scores))[:200]
    names = list(dict.fromkeys(task.names[row] for row in order))
    rank = min((names.index(name) for name in gold if name in names), default=10**6)
    return [float(rank < k) for k in KS]


def show(label: str, values: np.ndarray) -> None:
    print(f"{label:44} {' / '.join(f'{100 * v:.1f}' for v in values.mean(0))}", flush=True)


def compare(task: RetrievalSet, name: str, encoders: list[str], cache: Path, limit: int) -> None:
    cosines = [
        vectors(task.questions, e, cache, f"{name}_questions", query=True)
        @ vectors(task.texts, e, cache, name).T
        for e in encoders
    ]
    chosen = [n for n, gold in enumerate(task.gold) if gold][:limit]
    found: dict[str, list[list[float]]] = {}
    for n in chosen:
        bm25, _, ceiling = score_texts(task.questions[n], task.texts)
        kinds = {"BM25": bm25}
        for encoder, own in zip(encoders, cosines, strict=True):
            kinds[f"{encoder} alone"] = own[n]
            kinds[f"{encoder} fused"] = fuse(bm25, traits_of(encoder).relevance(own[n]), ceiling)
        for label, scores in kinds.items():
            found.setdefault(label, []).append(hits(scores, task, task.gold[n]))
    for label, rows in found.items():
        show(f"{name} n={len(chosen)} {label}", np.array(rows))
    fused = [np.array(found[f"{e} fused"]) for e in encoders]
    tuning = np.array([task.tuning[n] for n in chosen])
    for part, mask in {"all": np.ones(len(chosen), bool), "tuning": tuning, "reporting": ~tuning}.items():
        if mask.any() and (part == "all" or not mask.all()):
            paired(f"{name} {part} n={mask.sum()}", fused[0][mask] - fused[1][mask])


def paired(label: str, difference: np.ndarray) -> None:
    draw = np.random.default_rng(0)
    means = np.array(
        [difference[draw.integers(0, len(difference), len(difference))].mean(0) for _ in range(2000)]
    )
    low, high = 100 * np.percentile(means, [2.5, 97.5], axis=0)
    for i, k in enumerate(KS):
        won, lost = int((difference[:, i] > 0).sum()), int((difference[:, i] < 0).sum())
        print(
            f"  {label:30} hit@{k} {100 * difference[:, i].mean():+.1f} "
            f"[{low[i]:+.1f}, {high[i]:+.1f}]  {won} won, {lost} lost",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="+", choices=SETS)
    parser.add_argument("--encoders", nargs=2, default=("multilingual-e5-small", "m3e-small"))
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=10**9)
    given = parser.parse_args()
    given.vectors.mkdir(parents=True, exist_ok=True)
    for name in given.sets:
        compare(RetrievalSet(given.data, name), name, list(given.encoders), given.vectors, given.limit)


if __name__ == "__main__":
    main()

"""Retrieval figures of docs/RETRIEVAL.md: python eval/scripts/bench_retrieval.py DATA SET [--vectors FOLDER].

DATA is the folder of the benchmark files; SET is a name of ``eval.scripts.retrieval_sets``. Prints hit@1,
hit@5, recall@10, recall@100 and MRR@10 with 95 % bootstrap intervals for BM25, dense and hybrid search, and
the latency of each. Vectors are kept in FOLDER, so that a second run does not encode again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from eval.scripts.retrieval_sets import SETS, RetrievalSet, vectors
from index.bm25 import LexicalIndex
from index.dense import DenseIndex
from index.encoder import open_encoder
from index.retriever import HybridRetriever


class Shelf:
    """As much of a generation as ranking needs."""

    def __init__(self, path: Path, count: int) -> None:
        self.path, self.count = path, count

    def passage_at(self, row: int) -> object:
        raise NotImplementedError("ranking reads no passages")

    document = passage_at


def judge(rows: Sequence[int], task: RetrievalSet, gold: list[str]) -> tuple[float, ...]:
    names = list(dict.fromkeys(task.names[row] for row in rows))
    ranks = sorted(names.index(name) if name in names else 10**6 for name in gold)
    found = [float(np.mean([rank < k for rank in ranks])) for k in (10, 100)]
    return float(ranks[0] < 1), float(ranks[0] < 5), *found, 1 / (ranks[0] + 1) if ranks[0] < 10 else 0.0


def show(label: str, values: np.ndarray, seconds: list[float]) -> None:
    draw = np.random.default_rng(0)
    means = np.array([values[draw.integers(0, len(values), len(values))].mean(0) for _ in range(1000)])
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    parts = [
        f"{name} {100 * m:.1f} [{100 * a:.1f}, {100 * b:.1f}]"
        for name, m, a, b in zip(
            ("hit@1", "hit@5", "R@10", "R@100", "MRR@10"), values.mean(0), low, high, strict=True
        )
    ]
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95]) if seconds else (0.0, 0.0)
    print(f"{label:24} n={len(values)}  {'  '.join(parts)}  p50 {p50:.1f} ms p95 {p95:.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--encoder", default="multilingual-e5-small")
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--limit", type=int, default=10**9)
    given = parser.parse_args()
    task = RetrievalSet(given.data, given.set)
    encoder = open_encoder(given.encoder)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lexical = LexicalIndex.build(task.texts, folder)
        dense = DenseIndex.build(vectors(task.texts, given.encoder, given.vectors, given.set), folder)
        hybrid = HybridRetriever(Shelf(folder, len(task.texts)), encoder)  # type: ignore[arg-type]
        searches: dict[str, Callable[[str], list[int]]] = {
            "bm25": lambda q: lexical.search(q, 150)[0].tolist(),
            "dense": lambda q: dense.search(encoder.encode([q], query=True), 150)[0][0].tolist(),
            "hybrid": lambda q: [one.row for one in hybrid.rank(q, 150)],
        }
        for label, search in searches.items():
            results, seconds, halves = [], [], []
            for question, gold, tuning in list(zip(task.questions, task.gold, task.tuning, strict=True))[
                : given.limit
            ]:
                if not gold:
                    continue
                began = time.perf_counter()
                rows = search(question)
                seconds.append(time.perf_counter() - began)
                results.append(judge(rows, task, gold))
                halves.append(tuning)
            values, half = np.array(results), np.array(halves)
            show(f"{given.set} {label}", values, seconds)
            if given.set == "stard":
                show(f"{given.set} {label} reporting half", values[~half], [])
                show(f"{given.set} {label} tuning half", values[half], [])


if __name__ == "__main__":
    main()

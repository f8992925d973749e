"""Retrieval figures of docs/RETRIEVAL.md: python eval/scripts/bench_retrieval.py DATA SET [--vectors FOLDER].

DATA is the folder of the benchmark files; SET is trial, dev, drcd or stard. Prints hit@1, hit@5, recall@10, recall@100
and MRR@10 with 95 % bootstrap intervals for BM25, dense and hybrid search, and the latency of each. Vectors are kept
in FOLDER, so that a second run does not encode again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.bm25 import LexicalIndex
from index.dense import DenseIndex
from index.encoder import Encoder, open_encoder
from index.retriever import HybridRetriever

FILES = {"trial": "cmrc2018/cmrc2018_trial.json", "dev": "cmrc2018/cmrc2018_dev.json", "drcd": "drcd/DRCD_dev.json"}


class Task:
    """Texts, their names (hits count by name), and questions with the names that answer them."""

    def __init__(self, data: Path, name: str) -> None:
        self.texts: list[str] = []
        self.names: list[str] = []
        self.ids: list[str] = []
        self.questions: list[str] = []
        self.gold: list[list[str]] = []
        self._stard(data / "stard") if name == "stard" else self._squad(data / FILES[name])

    def _squad(self, path: Path) -> None:
        for article in json.loads(path.read_text("utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                if paragraph["context"] not in self.texts:
                    self.texts.append(paragraph["context"])
                for entry in paragraph["qas"]:
                    self.ids.append(str(entry["id"]))
                    self.questions.append(entry["question"])
                    self.gold.append([paragraph["context"]])
        self.names = self.texts

    def _stard(self, folder: Path) -> None:
        for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines():
            entry = json.loads(line)
            self.names.append(entry["name"])
            self.texts.append(f"{entry['name']}\n{entry['content']}")
        for entry in json.loads((folder / "queries.json").read_text("utf-8")):
            self.ids.append(str(entry["query_id"]))
            self.questions.append(entry["问题"])
            self.gold.append(list(entry["match_name"]))


class Shelf:
    """As much of a generation as ranking needs."""

    def __init__(self, path: Path, count: int) -> None:
        self.path, self.count = path, count

    def passage_at(self, row: int) -> object:
        raise NotImplementedError("ranking reads no passages")

    document = passage_at


def tuning_half(question_id: str) -> bool:
    """The half of stard's questions on which weights were chosen."""
    return hashlib.sha256(question_id.encode()).digest()[0] % 2 == 0


def vectors(task: Task, encoder: Encoder, cache: Path | None, name: str) -> np.ndarray:
    path = cache / f"{name}_{encoder.name}.npy" if cache else None
    if path is not None and path.is_file():
        kept: np.ndarray = np.load(path)
        return kept
    made = np.concatenate([encoder.encode(task.texts[i : i + 512]) for i in range(0, len(task.texts), 512)])
    if path is not None:
        np.save(path, made)
    return made


def judge(rows: Sequence[int], task: Task, gold: list[str]) -> tuple[float, ...]:
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
        for name, m, a, b in zip(("hit@1", "hit@5", "R@10", "R@100", "MRR@10"), values.mean(0), low, high, strict=True)
    ]
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95]) if seconds else (0.0, 0.0)
    print(f"{label:24} n={len(values)}  {'  '.join(parts)}  p50 {p50:.1f} ms p95 {p95:.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("set", choices=[*FILES, "stard"])
    parser.add_argument("--encoder", default="m3e-small")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--limit", type=int, default=10**9)
    given = parser.parse_args()
    task = Task(given.data, given.set)
    encoder = open_encoder(given.encoder, "auto", given.models)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lexical = LexicalIndex.build(task.texts, folder)
        dense = DenseIndex.build(vectors(task, encoder, given.vectors, given.set), folder)
        hybrid = HybridRetriever(Shelf(folder, len(task.texts)), encoder)  # type: ignore[arg-type]
        searches: dict[str, Callable[[str], list[int]]] = {
            "bm25": lambda q: lexical.search(q, 150)[0].tolist(),
            "dense": lambda q: dense.search(encoder.encode([q], query=True), 150)[0][0].tolist(),
            "hybrid": lambda q: [one.row for one in hybrid.rank(q, 150)],
        }
        for label, search in searches.items():
            results, seconds, halves = [], [], []
            for question, gold, question_id in list(zip(task.questions, task.gold, task.ids, strict=True))[: given.limit]:
                began = time.perf_counter()
                rows = search(question)
                seconds.append(time.perf_counter() - began)
                results.append(judge(rows, task, gold))
                halves.append(tuning_half(question_id))
            values, half = np.array(results), np.array(halves)
            show(f"{given.set} {label}", values, seconds)
            if given.set == "stard":
                show(f"{given.set} {label} reporting half", values[~half], [])
                show(f"{given.set} {label} tuning half", values[half], [])


if __name__ == "__main__":
    main()

"""Search at scale: python eval/scripts/bench_scale.py DATA N {lexical,dense} [--vectors FILE] [--questions FILE].

Real passages (statutes, and news cut at 150 characters) are used as far as they go. Beyond that passages are made up:
lexical, the front half of one with the back half of another; dense, unit vectors between two real ones (10 to 50 % of
the way) with a little noise. Questions are stard's. Dense needs two .npy files of unit vectors: passages, questions.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from index import dense
from index.bm25 import LexicalIndex
from index.dense import DenseIndex


def real_texts(data: Path) -> list[str]:
    texts = [json.loads(line)["content"] for line in (data / "stard" / "corpus.jsonl").read_text("utf-8").splitlines()]
    for line in (data / "news" / "news.jsonl").read_text("utf-8").splitlines():
        text = json.loads(line)["text"]
        texts += [text[i : i + 150] for i in range(0, len(text), 150)]
    return texts


def many_texts(real: list[str], count: int) -> Iterator[str]:
    draw = np.random.default_rng(0)
    order = draw.permutation(len(real))
    for row in range(count):
        if row < len(real):
            yield real[order[row]]
        else:
            front, back = (real[i] for i in draw.integers(len(real), size=2))
            yield front[: len(front) // 2] + back[len(back) // 2 :]


def many_vectors(real: np.ndarray, count: int, path: Path) -> np.ndarray:
    made = np.lib.format.open_memmap(path, "w+", np.float32, (count, real.shape[1]))
    draw = np.random.default_rng(1)
    made[: min(count, len(real))] = real[draw.permutation(len(real))[:count]]
    for first in range(len(real), count, 50_000):
        size = min(50_000, count - first)
        one, other = draw.integers(len(real), size=(2, size))
        share = draw.uniform(0.1, 0.5, (size, 1)).astype(np.float32)
        mixed = (1 - share) * real[one] + share * real[other] + draw.normal(0, 0.01, (size, real.shape[1]))
        made[first : first + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    made.flush()
    return made


def timings(seconds: list[float]) -> str:
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return f"p50 {p50:.2f} ms p95 {p95:.2f} ms"


def lexical(given: argparse.Namespace, folder: Path) -> None:
    asked = [entry["问题"] for entry in json.loads((given.data / "stard" / "queries.json").read_text("utf-8"))][:300]
    began = time.perf_counter()
    index = LexicalIndex.build(many_texts(real_texts(given.data), given.n), folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    print(f"lexical n={given.n} build {time.perf_counter() - began:.0f} s, {size:.0f} MB, {index.describe()['postings']:,} postings", flush=True)
    for question in asked[:50]:
        index.search(question, 100)
    for k in (10, 100):
        seconds = []
        for question in asked:
            began = time.perf_counter()
            index.search(question, k)
            seconds.append(time.perf_counter() - began)
        print(f"  k={k} n={len(asked)} {timings(seconds)}")


def nearest(given: argparse.Namespace, folder: Path) -> None:
    base = many_vectors(np.load(given.vectors, mmap_mode="r"), given.n, folder / "vectors.npy")
    asked = np.ascontiguousarray(np.load(given.questions)[:300], np.float32)
    truth = np.argsort(-np.concatenate([base[i : i + 50_000] @ asked.T for i in range(0, given.n, 50_000)]), axis=0)[:100].T
    for exact_max in (given.n, dense.EXACT_MAX) if given.n > dense.EXACT_MAX else (given.n,):
        began = time.perf_counter()
        index = DenseIndex.build(base, folder, exact_max=exact_max)
        size = sum(path.stat().st_size for path in (folder / "dense").iterdir()) / 1e6
        print(f"dense n={given.n} {index.describe()['kind']} build {time.perf_counter() - began:.0f} s, {size:.0f} MB", flush=True)
        for k in (10, 100):
            seconds, recall = [], []
            for question, right in zip(asked, truth, strict=True):
                began = time.perf_counter()
                rows = index.search(question, k)[0][0]
                seconds.append(time.perf_counter() - began)
                recall.append(len(set(rows.tolist()) & set(right[:k].tolist())) / k)
            print(f"  k={k} n={len(asked)} recall {np.mean(recall):.4f} {timings(seconds)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("n", type=int)
    parser.add_argument("what", choices=["lexical", "dense"])
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as name:
        (lexical if given.what == "lexical" else nearest)(given, Path(name))
    print(f"  peak resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()

"""Search at scale: python eval/scripts/bench_scale.py DATA N {lexical,dense} [--vectors FILE] [--questions
FILE].

Real passages (statutes, and news cut at 150 characters) are used as far as they go. Beyond that passages are
made up: lexical, the front half of one with the back half of another; dense, unit vectors between two real
ones (10 to 50 % of the way) with a little noise. Questions are stard's. Dense needs two .npy files of unit
vectors: passages, questions; --kinds names what is built of exact, graph and lists. Every question is asked
once before times are taken. With --keep the lexical index stays in that folder and is opened there the next
time.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from index.bm25 import LexicalIndex
from index.dense import DenseIndex


def real_texts(data: Path) -> list[str]:
    texts = [
        json.loads(line)["content"]
        for line in (data / "stard" / "corpus.jsonl").read_text("utf-8").splitlines()
    ]
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
        mixed = (1 - share) * real[one] + share * real[other]
        mixed += np.float32(0.01) * draw.standard_normal(mixed.shape, np.float32)
        made[first : first + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    made.flush()
    return made


def timings(index: Any, asked: Iterable[Any], k: int) -> str:
    """How long a search of each question takes."""
    seconds = []
    for question in asked:
        began = time.perf_counter()
        index.search(question, k)
        seconds.append(time.perf_counter() - began)
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return f"p50 {p50:.2f} ms p95 {p95:.2f} ms"


def lexical(given: argparse.Namespace, folder: Path) -> None:
    asked = [
        entry["问题"] for entry in json.loads((given.data / "stard" / "queries.json").read_text("utf-8"))
    ][:300]
    began, used = time.perf_counter(), time.process_time()
    if given.keep and (given.keep / "lexical" / "bm25.json").is_file():
        index, how = LexicalIndex.open(given.keep), "opened"
    else:
        index, how = (
            LexicalIndex.build(many_texts(real_texts(given.data), given.n), given.keep or folder),
            "built",
        )
    size = sum(path.stat().st_size for path in (given.keep or folder).rglob("*") if path.is_file()) / 1e6
    took = f"{time.perf_counter() - began:.0f} s, {time.process_time() - used:.0f} s of processor time"
    print(
        f"lexical n={given.n} {how} in {took}, {size:.0f} MB, {index.describe()['postings']:,} postings",
        flush=True,
    )
    for k in (10, 100):
        for question in asked:
            index.search(question, k)
        print(f"  k={k} n={len(asked)} {timings(index, asked, k)}", flush=True)


def nearest_rows(base: np.ndarray, asked: np.ndarray, k: int) -> np.ndarray:
    """The exact ``k`` nearest rows of each question, best first."""
    rows = np.zeros((len(asked), 0), np.int64)
    scores = np.zeros((len(asked), 0), np.float32)
    for first in range(0, len(base), 50_000):
        found = asked @ base[first : first + 50_000].T
        scores = np.concatenate([scores, found], 1)
        rows = np.concatenate(
            [rows, np.broadcast_to(np.arange(first, first + found.shape[1]), found.shape)], 1
        )
        best = (
            np.argsort(-scores, 1)[:, :k] if scores.shape[1] <= k else np.argpartition(-scores, k, 1)[:, :k]
        )
        scores, rows = np.take_along_axis(scores, best, 1), np.take_along_axis(rows, best, 1)
    return np.take_along_axis(rows, np.argsort(-scores, 1), 1)


BOUNDS = {"exact": (10**9, 10**9), "graph": (0, 10**9), "lists": (0, 0)}
"""exact_max and graph_max that make DenseIndex.build take each kind."""


def nearest(given: argparse.Namespace, folder: Path) -> None:
    base = many_vectors(np.load(given.vectors, mmap_mode="r"), given.n, folder / "vectors.npy")
    asked = np.ascontiguousarray(np.load(given.questions)[:300], np.float32)
    truth = nearest_rows(base, asked, 100)
    for kind in given.kinds.split(","):
        shutil.rmtree(folder / "dense", ignore_errors=True)
        began, used = time.perf_counter(), time.process_time()
        exact_max, graph_max = BOUNDS[kind]
        index = DenseIndex.build(base, folder, exact_max=exact_max, graph_max=graph_max)
        took = f"{time.perf_counter() - began:.0f} s, {time.process_time() - used:.0f} s of processor time"
        size = sum(path.stat().st_size for path in (folder / "dense").iterdir()) / 1e6
        print(
            f"dense n={given.n} {kind} {index.describe().get('factory', '')} built in {took}, {size:.0f} MB",
            flush=True,
        )
        for k in (10, 100):
            found = [index.search(question, k)[0][0] for question in asked]
            right = [
                len(set(rows.tolist()) & set(best[:k].tolist())) / k
                for rows, best in zip(found, truth, strict=True)
            ]
            told = timings(index, asked, k)
            print(f"  k={k} n={len(asked)} recall {np.mean(right):.4f} {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("n", type=int)
    parser.add_argument("what", choices=["lexical", "dense"])
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--kinds", default="exact,graph,lists")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as name:
        (lexical if given.what == "lexical" else nearest)(given, Path(name))
    print(f"  peak resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()

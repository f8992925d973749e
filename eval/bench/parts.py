"""The measurements. Each takes what it measures as arguments and returns plain numbers with n and intervals."""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from eval.bench.systems import System, Timed
from eval.manifest import peak_memory_mb
from eval.metrics.stats import percentile, statistic_figure

Progress = Callable[[int, int], None]


def answers(
    systems: Mapping[str, System], questions: Sequence[str], progress: Progress | None = None
) -> dict[str, Any]:
    """Every system on every question, one after another within a question and the first in turn, so that a busy moment
    of the machine falls on all alike. The first system is what the others are measured against.

    Returns ``systems`` (name -> metric -> figure), ``ratios`` (median of the other / median of the first, with an
    interval over paired questions) and ``n``.
    """
    names = list(systems)
    for name in names:
        systems[name](questions[0])  # loading a model is measured by ``start``, not here
    timed: dict[str, list[Timed]] = {name: [] for name in names}
    for n, question in enumerate(questions):
        for name in names[n % len(names) :] + names[: n % len(names)]:
            timed[name].append(systems[name](question))
        if progress:
            progress(n + 1, len(questions))
    found = {name: _figures(rows) for name, rows in timed.items()}
    first = names[0]
    ratios = {
        name: {what: _ratio(timed[name], timed[first], what) for what in ("first", "total")}
        for name in names[1:]
    }
    return {"n": len(questions), "systems": found, "ratios": ratios, "peak_mb": peak_memory_mb()}


def _figures(rows: Sequence[Timed]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for what in ("evidence", "first", "total"):
        values = [v for row in rows if (v := getattr(row, what)) is not None]
        for share in (0.5, 0.95):
            if values:
                figure = statistic_figure(
                    [values], functools.partial(_quantile, share), len(rows) - len(values)
                )
                found[f"seconds_{what}_p{round(100 * share)}"] = figure.to_dict()
    for what in ("tokens_in", "tokens_out"):
        found[what] = sum(getattr(row, what) for row in rows) / len(rows)
    return found


def _quantile(share: float, groups: Sequence[Sequence[float]]) -> float:
    return percentile(groups[0], share)


def _ratio(theirs: Sequence[Timed], mine: Sequence[Timed], what: str) -> dict[str, Any]:
    """Median over median on the questions where both have the figure."""
    pairs = [(getattr(a, what), getattr(b, what)) for a, b in zip(theirs, mine, strict=True)]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]

    def ratio(groups: Sequence[Sequence[tuple[float, float]]]) -> float:
        rows = groups[0]
        return percentile([a for a, _ in rows], 0.5) / max(1e-9, percentile([b for _, b in rows], 0.5))

    return statistic_figure([known], ratio, len(pairs) - len(known)).to_dict()


def askers(
    system: System, questions: Sequence[str], counts: Sequence[int] = (1, 4, 16)
) -> list[dict[str, float]]:
    """Answers a minute when so many people ask at once, each as soon as the last answer is there."""
    return [_asking(system, questions, count) for count in counts]


def _asking(system: System, questions: Sequence[str], count: int) -> dict[str, float]:
    waiting, lock = list(questions), threading.Lock()
    waits: list[float] = []
    failures: list[Exception] = []

    def person() -> None:
        while True:
            with lock:
                if not waiting or failures:
                    return
                question = waiting.pop(0)
            try:
                waits.append(system(question).total)
            except Exception as error:  # a border: threads cannot raise, so the caller does
                failures.append(error)

    people = [threading.Thread(target=person) for _ in range(count)]
    begun = time.perf_counter()
    for one in people:
        one.start()
    for one in people:
        one.join()
    elapsed = time.perf_counter() - begun
    if failures:
        raise failures[0]
    return {
        "askers": count,
        "n": len(waits),
        "per_minute": 60 * len(waits) / elapsed,
        "wait_p50": percentile(waits, 0.5),
        "wait_p95": percentile(waits, 0.95),
    }


class Indexing(Protocol):
    def add(self, paths: Sequence[Path]) -> Any: ...

    def documents(self) -> Sequence[Any]: ...

    def passages(self, document_id: str) -> Sequence[Any]: ...


def indexing(engine: Indexing, paths: Sequence[Path]) -> dict[str, float | None]:
    """Seconds to index the files, documents and passages a second."""
    start = time.perf_counter()
    engine.add(paths)
    elapsed = time.perf_counter() - start
    documents = engine.documents()
    passages = sum(len(engine.passages(document.id)) for document in documents)
    return {
        "seconds": elapsed,
        "documents": len(documents),
        "passages": passages,
        "documents_per_second": len(documents) / elapsed,
        "passages_per_second": passages / elapsed,
        "peak_mb": peak_memory_mb(),
    }


def start(
    commands: Mapping[str, Sequence[str]], repeats: int = 3, data: Path | None = None
) -> dict[str, dict[str, Any]]:
    """Seconds of whole `wenju` commands in fresh processes: the first (cold) and the median of the others (warm)."""
    environment = os.environ | ({"WENJU_DATA": str(data)} if data else {})
    found: dict[str, dict[str, Any]] = {}
    for name, arguments in commands.items():
        seconds = []
        for _ in range(repeats + 1):
            begun = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "wenju", *arguments],
                capture_output=True,
                text=True,
                env=environment,
                check=False,
            )
            seconds.append(time.perf_counter() - begun)
        found[name] = {
            "first": seconds[0],
            "median": percentile(seconds[1:] or seconds, 0.5),
            "n": repeats + 1,
            "exit": done.returncode,
        }
    return found


def search(
    sizes: Sequence[int], dimensions: int = 512, queries: int = 200, k: int = 10
) -> list[dict[str, Any]]:
    """Dense search over synthetic unit vectors in clusters: build time, size, seconds a query, recall@k against exact search."""
    import numpy as np

    from index.dense import DenseIndex

    rows = []
    for size in sizes:
        rng = np.random.default_rng(size)
        centres = rng.standard_normal((max(8, size // 200), dimensions), dtype=np.float32)
        vectors = centres[rng.integers(0, len(centres), size)] + 0.7 * rng.standard_normal(
            (size, dimensions), dtype=np.float32
        )
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        asked = vectors[rng.integers(0, size, queries)] + 0.02 * rng.standard_normal(
            (queries, dimensions), dtype=np.float32
        )
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            built = DenseIndex.build(vectors, Path(folder))
            build = time.perf_counter() - begun
            kept = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
            built.search(asked[:1], k)
            seconds, found = [], []
            for query in asked:
                begun = time.perf_counter()
                ids, _ = built.search(query[None, :], k)
                seconds.append(time.perf_counter() - begun)
                found.append(set(map(int, np.asarray(ids)[0])))
            kind = built.describe()
        exact = [set(map(int, np.argpartition(-(vectors @ query), k)[:k])) for query in asked]
        recall = [len(a & b) / k for a, b in zip(found, exact, strict=True)]
        rows.append(
            {
                "passages": size,
                "build_seconds": build,
                "megabytes": kept / 1e6,
                "seconds_p50": percentile(seconds, 0.5),
                "seconds_p95": percentile(seconds, 0.95),
                f"recall@{k}": sum(recall) / queries,
                "n": queries,
                "index": kind,
            }
        )
    return rows


def sampled(questions: Sequence[str], count: int, seed: int = 1) -> list[str]:
    """A seeded sample, in the order of the set."""
    if count >= len(questions):
        return list(questions)
    kept = set(random.Random(seed).sample(range(len(questions)), count))
    return [question for n, question in enumerate(questions) if n in kept]

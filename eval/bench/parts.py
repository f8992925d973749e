"""The measurements. Each takes what it measures as arguments and returns plain numbers with n and
intervals."""

from __future__ import annotations

import functools
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import EvalError
from eval.bench.systems import System, Timed
from eval.manifest import peak_memory_mb
from eval.metrics.stats import percentile, statistic_figure
from eval.runfolder import append_row, mend, rows_of

if TYPE_CHECKING:
    from qa.engine import Engine

Progress = Callable[[int, int], None]
Measured = dict[str, dict[int, Timed]]
"""System -> number of the question -> its answer."""


def answers(
    systems: Mapping[str, System],
    questions: Sequence[str],
    progress: Progress | None = None,
    limits: Mapping[str, int] | None = None,
    kept: Path | None = None,
) -> dict[str, Any]:
    """Every system on every question, one after another within a question and the first in turn, so that a
    busy moment of the machine falls on all alike. The first system is what the others are measured against.

    Args:
        systems: name -> what is asked.
        limits: systems that are asked only the first so many questions.
        kept: file of what was measured so far, a line an answer; an interrupted run goes on from it.

    Returns ``systems`` (name -> metric -> figure), ``ratios`` (median of the other / median of the first,
    with an interval over paired questions) and ``n``.
    """
    names = list(systems)
    most = {name: min(len(questions), (limits or {}).get(name, len(questions))) for name in names}
    timed = _kept(kept, questions) if kept else {}
    open_ = {(n, name) for name in names for n in range(most[name]) if n not in timed.get(name, {})}
    for name in names:
        if any(name == other for _, other in open_):
            systems[name](questions[-1])  # loading a model is measured by ``start``, not here
    for n, question in enumerate(questions):
        for name in names[n % len(names) :] + names[: n % len(names)]:
            if (n, name) in open_:
                timed.setdefault(name, {})[n] = one = systems[name](question)
                if kept:
                    _keep(kept, name, n, question, one)
        if progress:
            progress(n + 1, len(questions))
    chosen = {name: {n: timed[name][n] for n in range(most[name])} for name in names}
    first = names[0]
    ratios = {
        name: {what: _ratio(chosen[name], chosen[first], what) for what in ("first", "total")}
        for name in names[1:]
    }
    found = {name: _figures(list(one.values())) for name, one in chosen.items()}
    return {"n": len(questions), "systems": found, "ratios": ratios, "peak_mb": peak_memory_mb()}


def _kept(path: Path, questions: Sequence[str]) -> Measured:
    """What ``path`` holds; nothing where it does not exist. A line that was cut off at the end goes.

    Raises:
        EvalError: the file is damaged, or of other questions.
    """
    mend(path)
    found: Measured = {}
    for row in rows_of(path) if path.exists() else ():
        n = row["n"]
        if n >= len(questions) or questions[n] != row["question"]:
            raise EvalError(
                f"{path} was measured with other questions",
                "Name another --out, or give --questions and --task as then.",
            )
        found.setdefault(row["system"], {})[n] = Timed(**row["timed"])
    return found


def _keep(path: Path, system: str, n: int, question: str, timed: Timed) -> None:
    """Add one answer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    append_row(path, {"system": system, "n": n, "question": question, "timed": asdict(timed)})


def _figures(timed: Sequence[Timed]) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(timed)}
    for what in ("evidence", "first", "total"):
        values = [v for row in timed if (v := getattr(row, what)) is not None]
        for share in (0.5, 0.95):
            if values:
                figure = statistic_figure(
                    [values], functools.partial(_quantile, share), len(timed) - len(values)
                )
                found[f"seconds_{what}_p{round(100 * share)}"] = figure.to_dict()
    for what in ("tokens_in", "tokens_out"):
        found[what] = sum(getattr(row, what) for row in timed) / len(timed)
    return found


def _quantile(share: float, groups: Sequence[Sequence[float]]) -> float:
    return percentile(groups[0], share)


def _ratio(theirs: Mapping[int, Timed], mine: Mapping[int, Timed], what: str) -> dict[str, Any]:
    """Median over median on the questions where both have the figure."""
    pairs = [(getattr(theirs[n], what), getattr(mine[n], what)) for n in sorted(theirs.keys() & mine.keys())]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]

    def ratio(groups: Sequence[Sequence[tuple[float, float]]]) -> float:
        both = groups[0]
        return percentile([a for a, _ in both], 0.5) / max(1e-9, percentile([b for _, b in both], 0.5))

    return statistic_figure([known], ratio, len(pairs) - len(known)).to_dict()


def repeated(system: System, questions: Sequence[str]) -> dict[str, Any]:
    """Seconds of questions that were answered before, by a system that keeps its answers."""
    for question in questions:
        system(question)
    return _figures([system(question) for question in questions])


def askers(
    system: System, questions: Sequence[str], counts: Sequence[int] = (1, 4, 16)
) -> list[dict[str, float]]:
    """Answers a minute when so many people ask at once, each as soon as the last answer is there.

    Each number of people gets questions of its own: a prompt that was read before would be read from memory.
    ``processor_seconds`` of this process per answer say what an answer costs where other work shares the
    machine.
    """
    return [_asking(system, questions[n :: len(counts)], count) for n, count in enumerate(counts)]


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
    begun, worked = time.perf_counter(), time.process_time()
    for one in people:
        one.start()
    for one in people:
        one.join()
    elapsed, worked = time.perf_counter() - begun, time.process_time() - worked
    if failures:
        raise failures[0]
    return {
        "askers": count,
        "n": len(waits),
        "per_minute": 60 * len(waits) / elapsed,
        "processor_seconds": worked / len(waits),
        "wait_p50": percentile(waits, 0.5),
        "wait_p95": percentile(waits, 0.95),
    }


def indexing(engine: Engine, paths: Sequence[Path]) -> dict[str, float | None]:
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


def sampled(questions: Sequence[str], count: int) -> list[str]:
    """A seeded sample, in the order of the set."""
    if count >= len(questions):
        return list(questions)
    kept = set(random.Random(1).sample(range(len(questions)), count))
    return [question for n, question in enumerate(questions) if n in kept]

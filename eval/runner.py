"""Ask every question of a task and write down what comes back. Knows nothing of settings or of how engines
are made.

``run(task, engine, options)`` streams records to the run folder; started again on the same folder, it goes on
where it stopped. An answer that failed is a record with ``error`` and counts as wrong.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import EvalError, WenjuError, did_you_mean
from eval import manifest as manifests
from eval.evidence import closed_titles, gold_units, rank_units
from eval.pairs import Judging, open_pair_judge
from eval.runfolder import RunFolder, mend
from eval.tasks.types import Item, Mode, Task
from qa.serialize import answer_to_dict
from qa.types import Turn

if TYPE_CHECKING:
    from qa.engine import Engine

FAILURES_IN_A_ROW = 10
"""After so many failures one after another the run stops: the set-up is wrong, not the questions."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a task is run.

    Attributes:
        out: the run folder.  limit: a seeded random sample of so many questions; None asks all.
        split: ``tuning``, ``reporting`` or ``all``, for tasks whose questions carry a split.
        mode: open or closed; None takes the task's own.  depth: how deep retrieval is judged.
        answers: False searches only.  contexts: file name in the index -> context id of the task.
        config, command: recorded in the manifest.  retry_errors: ask failed questions again when resuming.
        judge: who decides entailment: auto, gold, own or llm.
    """

    out: Path
    limit: int | None = None
    seed: int = 1
    split: str = "reporting"
    mode: Mode | None = None
    depth: int = 10
    answers: bool = True
    contexts: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    retry_errors: bool = False
    judge: str = "auto"

    def identity(self, task: Task) -> dict[str, Any]:
        """What must be equal for a run to be continued."""
        return {
            "limit": self.limit,
            "seed": self.seed,
            "split": self.split,
            "mode": self.mode or task.mode,
            "depth": self.depth,
            "answers": self.answers and not task.retrieval_only,
        }


Progress = Callable[[int, int, dict[str, Any] | None], None]


def chosen(task: Task, split: str = "reporting", limit: int | None = None, seed: int = 1) -> Task:
    """The questions that are asked: of one split where questions carry one, and a random sample in the task's
    order."""
    items = task.items
    splits = sorted({item.split for item in items if item.split})
    if splits and split != "all":
        if split not in splits:
            raise EvalError(
                f"task {task.name!r} has no split {split!r}", did_you_mean(split, [*splits, "all"])
            )
        items = tuple(item for item in items if item.split == split)
        task = replace(task, split=split)
    if limit is not None and limit < len(items):
        if limit < 1:
            raise EvalError(f"--limit {limit}: at least 1 question")
        kept = set(random.Random(seed).sample(range(len(items)), limit))
        items = tuple(item for n, item in enumerate(items) if n in kept)
    return replace(task, items=items)


def run(task: Task, engine: Engine, options: RunOptions, progress: Progress | None = None) -> RunFolder:
    """Run, or finish, a task; returns the folder with records and scores.

    Raises:
        EvalError: the folder holds another run, the task does not fit the mode, or questions fail one after
            another.
    """
    from eval.scoring import score_run

    sampled = chosen(task, options.split, options.limit, options.seed)
    mode = options.mode or task.mode
    folder = _prepare(sampled, task, options, mode)
    if mode == "open" and not task.pairs and not engine.documents():
        raise EvalError(
            "the index is empty, so nothing can be found",
            "Add documents with `wenju index add PATH...`, or give passages with each question.",
        )
    done = {key for key, record in folder.records().items() if not (options.retry_errors and record["error"])}
    asker = Judging(open_pair_judge(engine)) if task.pairs else _Asker(engine, sampled, options, mode)
    total, failures = len(sampled.items), 0
    finished = sum(item.id in done for item in sampled.items)
    if progress:
        progress(finished, total, None)
    for item in sampled.items:
        if item.id in done:
            continue
        record = asker.ask(item)
        failures = failures + 1 if record["error"] else 0
        if failures >= FAILURES_IN_A_ROW:
            raise EvalError(
                f"{failures} questions in a row failed: {record['error']['message']}",
                "Mend that and start again.",
            )
        folder.append(record)
        finished += 1
        if progress:
            progress(finished, total, record)
    score_run(folder, options.judge)
    made = folder.manifest()
    folder.write_manifest(
        made | {"finished": manifests.now(), "peak_mb": manifests.peak_memory_mb()} | asker.made_by()
    )
    return folder


def _prepare(sampled: Task, task: Task, options: RunOptions, mode: Mode) -> RunFolder:
    if (
        mode == "closed"
        and not task.pairs
        and (bare := [item.id for item in sampled.items if not item.passages])
    ):
        raise EvalError(
            f"closed mode needs passages with every question; {len(bare)} have none, such as {bare[0]!r}",
            "Run it in open mode, or give each question its 'passages'.",
        )
    folder = RunFolder(options.out)
    made = manifests.build(sampled, options.identity(task), options.config, options.command)
    if folder.manifest_path.exists():
        other = _differs(folder.manifest(), made)
        if other:
            raise EvalError(
                f"{options.out} holds another run: its {other} differs",
                "Name another --out, or remove that folder.",
            )
        mend(folder.answers_path)
        return folder
    options.out.mkdir(parents=True, exist_ok=True)
    folder.write_items(sampled.items)
    folder.write_manifest(made)
    return folder


def _differs(before: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """The first thing in which two manifests are of different runs, or ""."""
    keys = ("task", "data_sha256", "options", "config_sha256")
    return next((key for key in keys if before.get(key) != made[key]), "")


def free_folder(parent: Path, task: Task, options: RunOptions) -> Path:
    """Where a run without a folder of its own goes: on in the same run that was interrupted, else a new
    folder."""
    base = "-".join([task.name, *([str(options.limit)] if options.limit else [])])
    made = manifests.build(task, options.identity(task), options.config, options.command)
    for number in range(1, 10_000):
        path = parent / f"{base}-{number:03d}"
        if not (path / "manifest.json").exists():
            return path
        before = RunFolder(path).manifest()
        if not before["finished"] and not _differs(before, made):
            return path
    raise EvalError(f"{parent} holds too many runs of {base}", "Remove old ones, or name --out.")


def _standalone(item: Item) -> str:
    """The question as it is searched, where no answer was asked for that would tell: after the one before, if
    there is one."""
    return " ".join((*(turn.question for turn in item.history[-1:]), item.question))


class _Asker:
    """Asks one question after another; keeps what is looked up once a run."""

    def __init__(self, engine: Engine, task: Task, options: RunOptions, mode: Mode) -> None:
        self.engine, self.options, self.mode = engine, options, mode
        self.answers = options.answers and not task.retrieval_only
        self.model = self.index = ""
        self.names: dict[str, tuple[str, str, str]] = {}  # document id -> (context id, title, source)
        self.rows: list[tuple[str, Sequence[str], str]] = []
        if mode == "open":
            for document in engine.documents():
                context = options.contexts.get(document.source, document.source)
                self.names[document.id] = (context, document.title, document.source)
            if any(item.evidence and not item.qrels for item in task.items):
                for key, names in self.names.items():
                    self.rows += [(passage.id, names, passage.text) for passage in engine.passages(key)]

    def made_by(self) -> dict[str, str]:
        return {"model": self.model, "index": self.index}

    def ask(self, item: Item) -> dict[str, Any]:
        record: dict[str, Any] = {"id": item.id, "answer": None, "error": None, "seconds": {}, "contexts": {}}
        units: dict[str, frozenset[str]] = {}
        if self.mode == "open":
            # Known before anything can fail, so that a failed question counts as a miss.
            units = self._units(item)
            record["gold"] = dict(item.qrels) or dict.fromkeys(units, 1)
        try:
            if self.answers:
                self._answer(item, record)
            if record.get("gold"):
                self._search(item, record, units)
        except (
            Exception
        ) as error:  # a border: whatever fails, the question counts as wrong and the run goes on
            message = error.message if isinstance(error, WenjuError) else str(error)
            record["error"] = {"type": type(error).__name__, "message": message}
        record["peak_mb"] = manifests.peak_memory_mb()
        return record

    def _answer(self, item: Item, record: dict[str, Any]) -> None:
        history = [Turn(turn.question, turn.answer) for turn in item.history]
        titled = closed_titles(item.passages) if self.mode == "closed" else {}
        passages = (
            [(title, context.text) for title, context in titled.items()] if self.mode == "closed" else None
        )
        start, seconds, answer = time.perf_counter(), record["seconds"], None
        for answer in self.engine.stream(item.question, history, passages=passages):
            elapsed = time.perf_counter() - start
            if answer.retrieved:
                seconds.setdefault("evidence", elapsed)
            if answer.sentences:
                seconds.setdefault("first", elapsed)
        if answer is None:
            raise EvalError(f"no answer came back for {item.id!r}")
        seconds["total"] = time.perf_counter() - start
        record["answer"] = answer_to_dict(answer)
        self.model, self.index = answer.model or self.model, answer.index or self.index
        for found in answer.retrieved:
            known = (
                titled[found.document].id
                if found.document in titled
                else self.names.get(found.document_id, ("",))[0]
            )
            record["contexts"][found.document_id] = known

    def _units(self, item: Item) -> dict[str, frozenset[str]]:
        wanted = item.evidence and not item.qrels and item.answerable
        return gold_units(item.evidence, self.rows) if wanted else {}

    def _search(self, item: Item, record: dict[str, Any], units: Mapping[str, frozenset[str]]) -> None:
        """Rank deeper than an answer needs. Gold contexts: a context ranks where its first passage does."""
        query = record["answer"]["query"] if record["answer"] else _standalone(item)
        start = time.perf_counter()
        hits = self.engine.search(query or item.question, self.options.depth * (3 if item.qrels else 1))
        record["seconds"]["search"] = time.perf_counter() - start
        if item.qrels:
            ids = list(dict.fromkeys(self.names[hit.document.id][0] for hit in hits))
        else:
            ids = rank_units((hit.passage.id for hit in hits), units)
        record["ranked"] = ids[: self.options.depth]

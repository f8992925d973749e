"""What is left of an index when its writer is killed, its disk is full, or a file of it is cut short.

    python tests/kill_points.py [--kills 200] [--disks 100] [--cuts 100] [--seed 1]

A writer in a process of its own adds, removes, syncs and switches; it kills itself at a random line of the
code that writes (SIGKILL, so nothing is tidied up). After each: the generation that answers is whole and
holds exactly what it did before or what it should hold after, `verify` finds nothing wrong, and the same step
done again comes out right. tests/test_index_kill_points.py runs a few of them.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

STEPS = ("add", "remove", "sync", "switch")
TRACED = ("store", "disk", "build", "documents", "naming", "found", "generation", "dense", "bm25", "postings")
SWITCHING = ("swap_in", "write_durably", "sync", "_clean", "file_sha256")
FULL = 77
"""What a writer gives that was told that the disk is full."""

CHILDREN = multiprocessing.get_context("forkserver")
"""What a writer imports is imported once, and each of them is a copy of the process that has it."""
CHILDREN.set_forkserver_preload(["faiss", "index.bm25", "index.dense", "index.documents", "index.local"])

State = frozenset[tuple[str, str]]


def step(root: Path, name: str) -> None:
    """Do one step on the index in ``root/index``, in this process."""
    from index_fakes import SETTINGS, Encoder

    import index.documents as documents
    from index.loaders import document_id
    from index.local import LocalBackend
    from index.store import IndexStore

    store = IndexStore(root / "index")
    building: dict[str, Any] = {"backend": LocalBackend()}
    with patch.object(documents, "Reader", InProcess):
        if name == "rebuild":
            store.write((), (), SETTINGS, Encoder(), afresh=True, **building)
        elif name == "remove":
            store.write((), [document_id("甲.txt")], SETTINGS, Encoder(), **building)
        elif name == "sync":
            documents.sync_folder(root / "files", store, SETTINGS, Encoder(), **building)
        else:
            documents.add_paths([root / "new"], store, SETTINGS, Encoder(), **building)


class InProcess:
    """Reads files in this process, so that the writer alone is looked at."""

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def start(self) -> None:
        pass

    def load_all(self, path: Path, source: str) -> object:
        from index.loaders import load_all

        return load_all(path, source)


def traced(root: Path, name: str, at: int) -> int:
    """Do a step and kill this process at the ``at``-th line of what writes; with 0, tell how many there
    are."""
    from index import bm25, dense, documents  # noqa: F401  (loaded before lines are counted)

    files = {str(TESTS.parent / "index" / f"{module}.py") for module in TRACED}
    lines = 0

    def line(frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal lines
        if event == "line":
            lines += 1
            if lines == at:
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame: FrameType, event: str, _arg: object) -> Any:
        code = frame.f_code
        return line if code.co_filename in files and (name != "switch" or code.co_name in SWITCHING) else None

    sys.settrace(call)
    try:
        step(root, name)
    finally:
        sys.settrace(None)
    return lines


def squeezed(root: Path, name: str, limit: int) -> int:
    """Do a step where no file may grow beyond ``limit`` bytes."""
    from errors import IndexError_
    from index import bm25, dense, documents  # noqa: F401

    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        step(root, name)
    except IndexError_ as error:
        return FULL if "no space left" in error.message else 1
    return 0


def tell(told: Connection, work: Callable[..., int], *given: object) -> None:
    told.send(work(*given))


def text(path: Path, mark: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "\n\n".join(f"{mark}的第{n}段，" + "内容很多，说得很细。" * 8 for n in range(4))
    path.write_text(f"# {mark}标题\n\n{body}", "utf-8")


class Trial:
    """An index of two generations in ``root/work``, put back before each trial; and what each step makes of
    it."""

    def __init__(self, root: Path) -> None:
        self.root, self.work = root, root / "work"
        for mark in "甲乙丙":
            text(self.work / "files" / f"{mark}.txt", mark)
        step(self.work, "sync")
        self.first = self.state()
        text(self.work / "files" / "丁.txt", "丁")
        step(self.work, "sync")
        shutil.copytree(self.work, root / "template")
        self.before = self.state()
        self.after = {name: self._done(name) for name in STEPS}

    def ready(self, name: str) -> None:
        """As it was before the step, with what the step is about."""
        shutil.rmtree(self.work)
        shutil.copytree(self.root / "template", self.work)
        files = self.work / "files"
        if name == "sync":
            text(files / "甲.txt", "甲，改过")
            (files / "乙.txt").unlink()
            (files / "丙.txt").rename(files / "新名.txt")
            text(files / "戊.txt", "戊")
        elif name != "remove":
            text(self.work / "new" / "己.txt", "己")

    def _done(self, name: str) -> State:
        self.ready(name)
        step(self.work, name)
        return self.state()

    def state(self) -> State:
        """Names and texts of what answers, after a full check of it."""
        from index_fakes import check

        from index.bm25 import LexicalIndex
        from index.dense import DenseIndex
        from index.store import IndexStore

        generation = IndexStore(self.work / "index").current()
        if generation is None:
            return frozenset()
        check(generation)
        row = DenseIndex.open(generation.path).search(generation.vectors()[:1], 1)[0][0]
        assert len(row) == 1 and len(LexicalIndex.open(generation.path).search("内容很多", 3)[0]) == 3
        found = frozenset((one.source, one.sha256) for one in generation.documents())
        generation.close()
        return found

    def faults(self) -> list[str]:
        from index.store import IndexStore
        from index.verify import verified

        return [
            f"{fault.place}: {fault.message}" for fault in verified(IndexStore(self.work / "index")).faults
        ]

    def child(self, work: Callable[..., int], name: str, at: int) -> int:
        """What the work gives in a process of its own, or the signal that ended it, below 0."""
        self.ready(name)
        here, there = CHILDREN.Pipe(duplex=False)
        with here:
            process = CHILDREN.Process(target=tell, args=(there, work, self.work, name, at))
            process.start()
            there.close()
            process.join(120)
            code = process.exitcode
            assert code is not None, f"{name} at {at} goes on and on"
            process.close()
            return int(here.recv()) if code == 0 else code

    def lines(self, name: str) -> int:
        return self.child(traced, name, 0)

    def kill(self, name: str, at: int) -> str:
        """``before`` or ``after``: what answers after a writer was killed at its ``at``-th line."""
        assert self.child(traced, name, at) == -signal.SIGKILL
        return self._left(name)

    def full(self, name: str, limit: int) -> str:
        """The same where the disk is full; ``told`` before it when the writer said so."""
        told = self.child(squeezed, name, limit)
        assert told in (0, FULL), (limit, told)
        left = self._left(name)
        assert (told == FULL) == (left == "before"), (name, limit, left)
        return left

    def _left(self, name: str) -> str:
        left = self.state()
        assert left in (self.before, self.after[name]), (name, sorted(left))
        assert self.faults() == []
        step(self.work, name)
        assert self.state() == self.after[name] and self.faults() == []
        assert not list((self.work / "index").glob("building-*"))
        return "before" if left == self.before else "after"

    def cut(self, file: str, size: int) -> str:
        """Cut a file of the current generation (or CURRENT) short: the one before answers, verify names it,
        rebuild mends it."""
        self.ready("remove")
        os.truncate(self.work / "index" / file, size)
        whole = file == "CURRENT"  # nothing is wrong with the generation then
        assert self.state() == (self.before if whole else self.first), file
        assert any(fault.startswith(file) for fault in self.faults()), (file, self.faults())
        step(self.work, "rebuild")
        lost = file.endswith("corpus.sqlite")
        assert self.state() == (self.first if lost else self.before) and self.faults() == [], file
        return "one generation back" if lost else "nothing lost"

    def parts(self) -> list[tuple[str, int]]:
        """The files of the current generation with their sizes, and CURRENT."""
        root = self.root / "template" / "index"
        name = (root / "CURRENT").read_text("ascii").strip()
        files = [path for path in sorted((root / name).rglob("*")) if path.is_file()]
        sizes = [(path.relative_to(root).as_posix(), path.stat().st_size) for path in files]
        return [*sizes, ("CURRENT", len(name))]  # without its line end, which nothing needs


def kills(trial: Trial, count: int, chance: random.Random) -> Iterator[str]:
    lines = {name: trial.lines(name) for name in STEPS}
    for number in range(count):
        name = STEPS[number % len(STEPS)]
        yield f"{name}: {trial.kill(name, chance.randint(1, lines[name]))} answers"


def disks(trial: Trial, count: int, chance: random.Random) -> Iterator[str]:
    largest = max(size for _, size in trial.parts()) * 2
    for number in range(count):
        name = STEPS[number % 3]
        yield f"{name}: {trial.full(name, chance.randint(0, largest))} answers"


def cuts(trial: Trial, count: int, chance: random.Random) -> Iterator[str]:
    parts = trial.parts()
    for number in range(count):
        file, size = parts[number % len(parts)]
        yield trial.cut(file, chance.randrange(size))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--disks", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # that an earlier generation answers is what is looked for here
    kinds: list[tuple[str, int, Callable[[Trial, int, random.Random], Iterator[str]]]] = [
        ("killed", given.kills, kills),
        ("disk full", given.disks, disks),
        ("cut short", given.cuts, cuts),
    ]
    for kind, count, run in kinds:
        with tempfile.TemporaryDirectory() as folder:
            counts = Counter(run(Trial(Path(folder)), count, random.Random(given.seed)))
        print(
            f"{kind}: {sum(counts.values())} of {count} as they should be",
            *(f"  {n:>4}  {what}" for what, n in sorted(counts.items())),
            sep="\n",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

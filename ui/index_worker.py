"""A worker: takes files from PostgreSQL (``ui.index_jobs``), reads and encodes them, and writes what has been
read, its own and others', where nobody else is writing.

Killed at any moment, it loses nothing and does nothing twice: its files go to another worker, and a file that
had got into the index is told there by the hash of its bytes.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from errors import DocumentError, IndexError_, WenjuError
from index.prepared import forget
from index.reading import Reader
from ui.index_jobs import IndexJob, IndexJobs

if TYPE_CHECKING:
    from qa.engine import Engine

TAKEN = 4
"""Files taken at a time: what a worker that is killed leaves to be read again."""
TOGETHER = 256
"""Files that wait to be written before reading pauses for it; fewer once nothing is left to read."""
PAUSE = 1.0
"""Seconds between two looks for work."""
MISSED = 5
"""Times in a row that writing may fail before the worker ends."""
FOLDER = ".jobs"
"""Below the index, since all workers have that in common: what was prepared."""

log = logging.getLogger("wenju.index")


class IndexWorker:
    """See the module. ``run`` returns when ``stopping`` is set, or when all is done and it is to go on no
    longer."""

    def __init__(self, engine: Engine, jobs: IndexJobs, pause: float = PAUSE) -> None:
        self.engine, self.jobs, self.pause = engine, jobs, pause
        self.folder = engine.library.store.root / FOLDER
        self.read = self.written = self.failed = self.missed = 0

    def run(self, stopping: threading.Event, *, once: bool = False) -> None:
        with _alive(self.jobs), Reader() as reader:
            while not stopping.is_set():
                taken = self.jobs.take(TAKEN)
                for job in taken:
                    if not stopping.is_set():  # what is left of them goes back
                        self._read(job, reader)
                if not taken or self.jobs.counts()["read"] >= TOGETHER:
                    worked = self._write()
                    if once and not taken and not self._left():
                        return
                    if not (taken or worked):
                        stopping.wait(self.pause)

    def _left(self) -> bool:
        counts = self.jobs.counts()
        return any(counts[state] for state in ("waiting", "reading", "read", "writing"))

    def _read(self, job: IndexJob, reader: Reader) -> None:
        try:
            self.engine.library.prepare(self.folder, str(job.id), Path(job.path), job.source, reader)
        except DocumentError as error:
            self._ended(job, "failed", str(error))
        except WenjuError:
            raise  # the model or the disk, not this file
        except Exception as error:  # the border: an administrator reads it beside the file's name
            self._ended(job, "failed", f"{job.path}: {type(error).__name__}: {error}")
        else:
            self.read += self.jobs.becomes(job, "read")

    def _write(self) -> bool:
        """Write what was read, in one generation for each folder and collection; whether there was any."""
        with self.jobs.writing() as mine:
            found = self.jobs.to_write(TOGETHER) if mine else []
            together: dict[tuple[str, str], list[IndexJob]] = defaultdict(list)
            for job in found:
                together[job.below, job.collection].append(job)
            try:
                for (below, collection), some in together.items():
                    self._add(some, Path(below) if below else None, collection)
            except IndexError_ as error:
                self.jobs.give_back()  # a disk that is full, another writer: later, by whoever can
                self.missed += 1
                if self.missed == MISSED:
                    raise
                log.error("not written: %s", error)
                return False
            self.missed = 0
            if mine:
                forget(self.folder, (str(job.id) for job in self.jobs.of("reading", "read", "writing")))
        return bool(found)

    def _add(self, some: Sequence[IndexJob], below: Path | None, collection: str) -> None:
        names = {Path(job.path): str(job.id) for job in some}
        ready = self.engine.library.prepared(self.folder, names)
        report = self.engine.add(list(names), collection=collection, below=below, prepared=ready)
        wrong: dict[Path, WenjuError] = dict(report.failed)
        for path in wrong.keys() - names.keys():  # a member of an archive, an attachment
            log.warning("not indexed: %s", wrong[path])
        for job in some:
            error = wrong.get(Path(job.path))
            self._ended(job, "failed" if error else "done", str(error or ""))

    def _ended(self, job: IndexJob, state: str, message: str) -> None:
        if self.jobs.becomes(job, state, message):
            self.failed += state == "failed"
            self.written += state == "done"
            if message:
                log.warning("not indexed: %s", message)


@contextmanager
def _alive(jobs: IndexJobs) -> Iterator[None]:
    """Renew what is held, in a thread; in the end it goes back."""
    ended = threading.Event()

    def renewing() -> None:
        while not ended.wait(jobs.lease / 3):
            try:
                jobs.renew()
            except Exception as error:  # a thread's border: the database may be back in a moment
                log.error("the database does not answer", exc_info=error)

    thread = threading.Thread(target=renewing, name="wenju-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        jobs.give_back()

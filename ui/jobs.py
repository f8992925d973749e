"""What writes into the index for an administrator: one job at a time, each in a thread that tells how far it
is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from errors import WenjuError
from ui.store_memory import new_id

Progress = Callable[[str, int, int], None]
Work = Callable[[Progress], str]
"""Does what is to be done and gives what went wrong with parts of it, "" when nothing did. May raise."""
KEPT = 500


@dataclass
class Job:
    """State is waiting, indexing, done or failed; ``done`` of ``total`` are steps of what goes on just
    now."""

    name: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    error: str = ""


class Desk:
    """Jobs under way and ended, by their ids."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, job: Job, work: Work) -> str:
        """Begin it, or have it wait for those before; gives its id."""
        job_id = new_id()
        while len(self.jobs) > KEPT:
            self.jobs.pop(next(iter(self.jobs)))
        self.jobs[job_id] = job
        threading.Thread(target=self._run, args=(job, work), name="wenju-index", daemon=True).start()
        return job_id

    def _run(self, job: Job, work: Work) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            job.done, job.total = done, total

        with self._lock:
            job.state = "indexing"
            try:
                job.error = work(progress)
            except WenjuError as error:
                job.error = str(error)
            except Exception as error:  # the border: an administrator reads it beside the file's name
                job.error = f"{type(error).__name__}: {error}"
            job.state = "failed" if job.error else "done"

"""Jobs in the background that write into the index for an administrator: one at a time, each telling how far
it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ui.storage_types import new_id

Progress = Callable[[str, int, int], None]
Wrong = tuple[str, Exception]
"""What went wrong with a file, by its name; the name is "" where it is all of it."""
Work = Callable[[Progress], Sequence[Wrong]]
"""Does what is to be done and gives what went wrong with parts of it. May raise."""
KEPT = 500


@dataclass
class Job:
    """State is waiting, indexing, done or failed; ``done`` of ``total`` are steps of what goes on just
    now."""

    name: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    wrong: Sequence[Wrong] = ()


class Jobs:
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
                job.wrong = work(progress)
            except Exception as error:  # the border: an administrator reads it beside the job's name
                job.wrong = [("", error.with_traceback(None))]
            job.state = "failed" if job.wrong else "done"

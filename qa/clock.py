"""Seconds by stage of one answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Starts when made. Stages are named once; ``check`` style stages add up over several visits."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    def mark(self, name: str) -> None:
        """Record the seconds since the start under ``name``, the first time only."""
        self._stages.setdefault(name, time.perf_counter() - self._start)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to ``name``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._stages[name] = self._stages.get(name, 0.0) + time.perf_counter() - begin

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The time spent inside belongs to no stage and not to the total."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._start += time.perf_counter() - begin

    def timings(self) -> dict[str, float]:
        """A copy of the seconds by stage so far."""
        return dict(self._stages)

    def total(self) -> dict[str, float]:
        """The seconds by stage with ``total`` since the start."""
        return self._stages | {"total": time.perf_counter() - self._start}

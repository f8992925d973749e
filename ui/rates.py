"""How often somebody may ask within a minute, by name: a person's, an anonymous visitor's address, any
address."""

from __future__ import annotations

import time
from collections import deque

from errors import WenjuError

WINDOW = 60.0


class RateLimited(WenjuError):
    """Asked as often as is allowed; ``retry_after`` seconds until the next question."""

    retry_after = 1


class TooManyWaiting(RateLimited):
    """As many questions of this person or address wait in line as may."""

    retry_after = 10


class Rate:
    """Counts what was asked under a name within the last minute. ``per_minute`` 0: no limit."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._asked: dict[str, deque[float]] = {}

    def check(self, name: str) -> None:
        """Raises RateLimited when this name has asked as often as it may; counts nothing."""
        times = self._recent(name)
        if self.per_minute and len(times) >= self.per_minute:
            error = RateLimited(
                "Too many questions within a minute", "Wait a moment before the next question"
            )
            error.retry_after = max(1, int(times[0] + WINDOW - time.monotonic()) + 1)
            raise error

    def count(self, name: str) -> None:
        """Note one question."""
        if self.per_minute:
            self._asked.setdefault(name, deque()).append(time.monotonic())

    def _recent(self, name: str) -> deque[float]:
        start = time.monotonic() - WINDOW
        for old in [n for n, times in self._asked.items() if times[-1] < start]:
            del self._asked[old]
        times = self._asked.get(name, deque())
        while times and times[0] < start:
            times.popleft()
        return times

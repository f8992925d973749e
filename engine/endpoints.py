"""Several addresses that run the same model: which one is asked next, and which is left alone for a while.

A circuit breaker for each (Nygard, Release It!): after ``FAILURES`` failures in a row nobody waits for it for
``pause`` seconds, then one call tries it, and the others follow when that one is answered. Knows nothing of
HTTP.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from errors import Cancelled

FAILURES = 3

log = logging.getLogger("wenju.engine")


@dataclass(slots=True)
class Endpoint:
    """One address; ``busy`` calls are under way there, ``failures`` ended badly since the last good one."""

    url: str
    busy: int = 0
    failures: int = 0
    until: float = 0.0


class Failed(Exception):
    """The call that raises it counts against its endpoint, and another one may be asked; ``error`` is what a
    person reads."""

    def __init__(self, error: Exception, after: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


class Busy(Failed):
    """The endpoint is well and cannot take this call now: another one may be asked, and nothing counts
    against it."""


class Endpoints:
    """Thread-safe.

    Args:
        urls: at least one.
        pause: seconds that a failing one is left alone.
        clock: seconds, rising.
    """

    def __init__(
        self, urls: Sequence[str], pause: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._all = [Endpoint(url) for url in urls]
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()

    @contextmanager
    def one(self, tried: Collection[str] = ()) -> Iterator[str | None]:
        """The address to ask, None while all are left alone: of those not ``tried`` yet, the one with the
        fewest calls.

        A ``Failed`` in the block counts against it; anything but that, ``Busy`` and a stop by the reader
        speaks for it.
        """
        with self._lock:
            endpoint = self._choose(tried)
            if endpoint is not None:
                endpoint.busy += 1
        if endpoint is None:
            yield None
            return
        failed: bool | None = False
        try:
            yield endpoint.url
        except (Busy, Cancelled):
            failed = None  # tells nothing
            raise
        except Failed:
            failed = True
            raise
        finally:
            with self._lock:
                endpoint.busy -= 1
                self._note(endpoint, failed)

    def all_in(self, tried: Collection[str]) -> bool:
        """Has every endpoint that is not left alone been tried?"""
        now = self._clock()
        with self._lock:
            return all(one.url in tried for one in self._all if one.until <= now)

    def _choose(self, tried: Collection[str]) -> Endpoint | None:
        now = self._clock()
        may = [one for one in self._all if one.until <= now and not (one.failures >= FAILURES and one.busy)]
        return min(may, key=lambda one: (one.url in tried, one.failures, one.busy), default=None)

    def _note(self, endpoint: Endpoint, failed: bool | None) -> None:
        if failed:
            endpoint.failures += 1
            if endpoint.failures >= FAILURES:
                endpoint.until = self._clock() + self._pause
                log.warning(
                    "%s failed %d times: left alone for %g s", endpoint.url, endpoint.failures, self._pause
                )
        elif failed is False:
            endpoint.failures, endpoint.until = 0, 0.0

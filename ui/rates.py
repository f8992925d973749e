"""How often somebody may ask, and how many places in line one may have: all limits of questions, for page,
API and tools.

A person has a limit of their own; all anonymous visitors of one address share one; and there is one for an
address, whoever asks from it. This machine's own address, and an unknown one, have none.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from errors import WenjuError
from ui.address import is_loopback

WINDOW = 60.0
VISITOR = "visitor-"
"""Names of anonymous visitors start so: ``visitor-<hash of the address>#<session>``."""


class RateLimited(WenjuError):
    """Asked as often as is allowed; ``retry_after`` seconds until the next question."""

    retry_after = 1


class TooManyWaiting(RateLimited):
    """As many questions of this person or address wait in line as may."""

    retry_after = 10


def too_often(seconds: float) -> RateLimited:
    """The error for one who may ask again in ``seconds``."""
    error = RateLimited.named("rate_limited")
    error.retry_after = max(1, int(seconds) + 1)
    return error


class Counts(Protocol):
    """Counts questions under a name: in this server (Rate), or in all that share a database."""

    def check(self, name: str) -> None:
        """Raises RateLimited when this name has asked as often as it may; counts nothing."""
        ...

    def count(self, name: str) -> None:
        """Note one question."""
        ...


class Limits:
    """What one may ask.

    Args:
        per_minute: questions a person may ask per minute; 0: no limit.
        visitor_per_minute: the same for all anonymous visitors of one address; 0: like everybody.
        per_address: questions that may come from one address per minute, whoever asks; 0: no limit.
        counts: makes what counts a kind of names against a limit; None: this server alone.
        places: in line of this server. A person may have a quarter of them (4 at least), an address half (8
            at least).
    """

    def __init__(
        self,
        per_minute: int = 0,
        visitor_per_minute: int = 0,
        per_address: int = 0,
        places: int = 0,
        counts: Callable[[str, int], Counts] | None = None,
    ) -> None:
        counted = counts or (lambda kind, limit: Rate(limit))
        self._people = counted("person", per_minute)
        self._visitors = counted("visitor", visitor_per_minute or per_minute)
        self._addresses = counted("address", per_address)
        self._places = places

    def take(self, user: str, address: str, waiting: Iterable[tuple[str, str]]) -> None:
        """Count one question.

        Args:
            waiting: user and address of those in line.

        Raises:
            RateLimited: asked too often in the last minute, or too many places in line; nothing is counted
                then.
        """
        name = person(user)
        rates = [(self._visitors if name.startswith(VISITOR) else self._people, name)]
        if address and not is_loopback(address):
            rates.append((self._addresses, address))
            line = [(person(who), where) for who, where in waiting]
            mine, theirs = sum(who == name for who, _ in line), sum(where == address for _, where in line)
            if mine >= max(4, self._places // 4) or theirs >= max(8, self._places // 2):
                raise TooManyWaiting.named("places_taken")
        for rate, counted in rates:
            rate.check(counted)
        for rate, counted in rates:
            rate.count(counted)


def person(user: str) -> str:
    """Whose limit counts: all sessions of an anonymous address share one."""
    return user.partition("#")[0] if user.startswith(VISITOR) else user


class Rate:
    """Counts what was asked under a name within the last minute. ``per_minute`` 0: no limit."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._asked: dict[str, deque[float]] = {}

    def check(self, name: str) -> None:
        """Raises RateLimited when this name has asked as often as it may; counts nothing."""
        times = self._recent(name)
        if self.per_minute and len(times) >= self.per_minute:
            raise too_often(times[0] + WINDOW - time.monotonic())

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

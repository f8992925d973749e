"""One queue in front of the generator, shared by page and API: so many at once, the others with a place in line."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque

from errors import WenjuError


class QueueFull(WenjuError):
    """As many people wait as may wait."""


class RateLimited(WenjuError):
    """This person has asked as often as a person may in a minute."""


class Ticket:
    """A place in line; ``ahead`` is 0 once it is one's turn. Always ``release`` it."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._admitted = asyncio.Event()

    @property
    def ahead(self) -> int:
        return self._admission.ahead(self)

    async def wait(self, timeout: float | None = None) -> bool:
        """True once it is one's turn, False when ``timeout`` seconds passed first."""
        try:
            await asyncio.wait_for(self._admitted.wait(), timeout)
        except TimeoutError:
            return False
        return True

    def admit(self) -> None:
        self._admitted.set()

    def release(self) -> None:
        """Leave, whether waiting or served; calling it twice does no harm."""
        self._admission.leave(self)


class Admission:
    """Admits ``slots`` tickets at once, in order, and lets ``queue_size`` wait. Lives on one event loop."""

    def __init__(self, slots: int, queue_size: int, rate_per_minute: int = 0) -> None:
        self._slots = slots
        self._queue_size = queue_size
        self._rate = rate_per_minute
        self._serving: set[Ticket] = set()
        self._waiting: deque[Ticket] = deque()
        self._asked: dict[str, deque[float]] = defaultdict(deque)

    def join(self, user: str) -> Ticket:
        """Take a place in line.

        Raises:
            QueueFull: nobody more may wait.
            RateLimited: this user has asked too often in the last minute.
        """
        if len(self._serving) >= self._slots and len(self._waiting) >= self._queue_size:
            raise QueueFull("The queue is full", "Try again in a minute")
        self._count(user)
        ticket = Ticket(self)
        self._waiting.append(ticket)
        self._advance()
        return ticket

    def ahead(self, ticket: Ticket) -> int:
        """People before this ticket: those waiting before it, and those being served, 0 when it is served itself."""
        if ticket not in self._waiting:
            return 0
        return self._waiting.index(ticket) + len(self._serving)

    def leave(self, ticket: Ticket) -> None:
        self._serving.discard(ticket)
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        self._advance()

    @property
    def load(self) -> tuple[int, int]:
        """How many are served and how many wait."""
        return len(self._serving), len(self._waiting)

    def _advance(self) -> None:
        while self._waiting and len(self._serving) < self._slots:
            ticket = self._waiting.popleft()
            self._serving.add(ticket)
            ticket.admit()

    def _count(self, user: str) -> None:
        if not self._rate:
            return
        times, since = self._asked[user], time.monotonic() - 60
        while times and times[0] < since:
            times.popleft()
        if len(times) >= self._rate:
            raise RateLimited("Too many questions within a minute", "Wait a moment before the next question")
        times.append(time.monotonic())
        for name in [n for n, t in self._asked.items() if not t]:
            del self._asked[name]

"""One queue in front of the generator, shared by page and API: so many at once, the others with a place in
line.

Fair between people (the visitors of one address count as one): someone's second question waits behind
everybody's first (start-time fair queueing, Goyal, Vin and Cheng 1996, with questions of equal length). Lives
on one event loop; no locks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from errors import ModelError, WenjuError
from ui.rates import Counts, Limits, RateLimited, person

if TYPE_CHECKING:
    from qa.engine import Engine
    from ui.settings import UiSettings


class QueueFull(WenjuError):
    """As many people wait as may wait; ``retry_after`` seconds until it is worth trying again."""

    retry_after = 30


def models_loaded(ready: Mapping[str, bool]) -> bool:
    """Whether questions can be taken. Without an index they can: the answer is that nothing is indexed
    yet."""
    return all(there for part, there in ready.items() if part != "index")


class Ticket:
    """A place in line; ``ahead`` is 0 once it is one's turn. Always ``release`` it."""

    def __init__(
        self, admission: Admission, user: str, rank: int, moved: Callable[[int], None] | None, address: str
    ) -> None:
        self.user = user
        self.address = address
        self.rank = rank
        self.joined = time.monotonic()
        self.moved = moved
        self._admission = admission

    @property
    def ahead(self) -> int:
        return self._admission.ahead(self)

    def release(self) -> None:
        """Leave, whether waiting or served; calling it twice does no harm."""
        self._admission.leave(self)


class Admission:
    """Admits ``slots`` tickets at once and lets ``queue_size`` wait.

    Args:
        slots: answers written at the same time.
        queue_size: how many may wait; one more is refused.
        rate_per_minute, visitor_per_minute, rate_per_address, counts: see ui.rates.Limits.
    """

    def __init__(
        self,
        slots: int,
        queue_size: int,
        rate_per_minute: int = 0,
        visitor_per_minute: int = 0,
        rate_per_address: int = 0,
        counts: Callable[[str, int], Counts] | None = None,
    ) -> None:
        self._slots = slots
        self._queue_size = queue_size
        self._limits = Limits(rate_per_minute, visitor_per_minute, rate_per_address, queue_size, counts)
        self._serving: set[Ticket] = set()
        self._waiting: list[Ticket] = []
        self._now = 0
        self._last: dict[str, int] = {}
        self.refused = {"queue_full": 0, "rate_limited": 0}
        self.joined: Callable[[], object] | None = None
        """Called when somebody takes a place in line; whoever works in idle moments stops then."""
        self.failure: WenjuError | None = None
        """Why the models did not load, once that is known; for administrators, it may name files."""

    @classmethod
    def of(
        cls, settings: UiSettings, engine: Engine, counts: Callable[[str, int], Counts] | None = None
    ) -> Admission:
        """As the settings say."""
        slots = settings.slots or engine.together
        return cls(
            slots,
            settings.queue_size,
            settings.rate_per_minute,
            settings.visitor_per_minute,
            settings.rate_per_address,
            counts,
        )

    def models_failed(self, error: Exception) -> None:
        """Note that the models will not come."""
        self.failure = (
            error if isinstance(error, WenjuError) else ModelError(f"{type(error).__name__}: {error}")
        )

    def check_models(self) -> None:
        """Raise ModelError when the models will not come. For people who ask: without the reason, which names
        files."""
        if self.failure is not None:
            raise ModelError.named("models_failed")

    def join(self, user: str, moved: Callable[[int], None] | None = None, address: str = "") -> Ticket:
        """Take a place in line. ``moved`` is called with the number of people ahead whenever it changes.

        Raises:
            QueueFull: nobody more may wait.
            RateLimited: this person or address has asked too often, or has too many places in line
                (ui.rates).
        """
        if len(self._serving) >= self._slots and len(self._waiting) >= self._queue_size:
            self.refused["queue_full"] += 1
            raise QueueFull.named("queue_full")
        try:
            self._limits.take(user, address, ((t.user, t.address) for t in self._waiting))
        except RateLimited:
            self.refused["rate_limited"] += 1
            raise
        rank = max(self._now, self._last.get(person(user), -1) + 1)
        self._last[person(user)] = rank
        ticket = Ticket(self, user, rank, moved, address)
        self._waiting.append(ticket)
        if (joined := self.joined) is not None:
            joined()
        self._waiting.sort(key=lambda t: t.rank)  # stable: first come, first served within a rank
        self._advance()
        return ticket

    def ahead(self, ticket: Ticket) -> int:
        """People before this ticket: those waiting before it and those being served; 0 when it is served
        itself."""
        if ticket not in self._waiting:
            return 0
        return self._waiting.index(ticket) + len(self._serving)

    def leave(self, ticket: Ticket) -> None:
        """Give the place or the slot back at once; the next in line moves up."""
        if ticket not in self._serving and ticket not in self._waiting:
            return
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
            ticket = self._waiting.pop(0)
            self._now = max(self._now, ticket.rank)
            self._serving.add(ticket)
            if ticket.moved is not None:
                ticket.moved(0)
        if not self._serving:
            self._last.clear()
        for place, ticket in enumerate(self._waiting, len(self._serving)):
            if ticket.moved is not None:
                ticket.moved(place)

"""What the server does while nobody asks: it answers suggested questions, so that only those are offered that
the documents answer, then reads passages ahead.

What came of one stands in the engine's answer cache: who chooses it later has the answer at once, and a
question that was refused is not offered again. A reader who asks comes first: the question under way is given
up at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.calibration import BUSY, load
from errors import Cancelled, WenjuError
from ui.admission import Admission
from ui.suggestions import known_answered, not_tried

if TYPE_CHECKING:
    from qa.engine import Engine

log = logging.getLogger("wenju.ui")
PAUSE = 5.0
"""Seconds between two looks at whether anybody asks and anything is not_tried."""
FIRST = 5
"""Questions that are asked at once; of those after them no more than SHARE of the time is spent."""
SHARE = 0.02
READ = 20
"""Passages that are read ahead at once; of those after them no more than SHARE of the time is spent."""
TRIES = 3
"""How often a question is begun at most; one that keeps failing is left alone."""


class IdleWork:
    """Asks what the page would like to offer. ``candidates`` are questions beyond those of the empty page,
    ``quiet`` tells whether nobody else works at the machine."""

    def __init__(
        self,
        engine: Engine,
        admission: Admission,
        lang: str,
        candidates: deque[str],
        quiet: Callable[[], bool] = lambda: load() <= BUSY,
    ) -> None:
        self._engine = engine
        self._admission = admission
        self._lang = lang
        self._candidates = candidates
        self._tried: Counter[str] = Counter()
        self._rest = 0.0
        self._read = 0
        self._quiet = quiet

    def run(self, stopping: threading.Event, pause: float = PAUSE) -> None:
        """Until ``stopping`` is set. For a thread of its own."""
        while not stopping.wait(pause):
            try:
                self.round(stopping)
            except WenjuError as error:  # an index being written, a generator that fails: later again
                log.debug("suggested questions could not be asked: %s", error)
            except Exception as error:  # a thread's border
                log.error("suggested questions could not be asked", exc_info=error)

    def round(self, stopping: threading.Event) -> None:
        """Ask everything not_tried, then read ahead, until somebody else asks."""
        if (
            not all(self._engine.ready.values())
            or self._busy
            or time.monotonic() < self._rest
            or not self._quiet()
        ):
            return
        self._engine.calibrate()
        for question in [*not_tried(self._engine, self._lang), *list(self._candidates)]:
            if stopping.is_set() or self._busy:
                return
            if self._tried[question] < TRIES and known_answered(self._engine, question) is None:
                begin = time.monotonic()
                self._ask(question, stopping)
                if self._tried.total() > FIRST:
                    self._rest_since(begin)
                    return
        while not (stopping.is_set() or self._busy or time.monotonic() < self._rest):
            begin = time.monotonic()
            if not self._read_ahead():
                return
            self._read += 1
            if self._read > READ:
                self._rest_since(begin)

    def _rest_since(self, begin: float) -> None:
        self._rest = time.monotonic() + (time.monotonic() - begin) * (1 / SHARE - 1)

    @property
    def _busy(self) -> bool:
        return self._admission.load != (0, 0)

    def _ask(self, question: str, stopping: threading.Event) -> None:
        self._tried[question] += 1
        cancelled = threading.Event()
        self._admission.joined = cancelled.set
        try:
            for _ in self._engine.stream(question, cancelled=cancelled):
                if stopping.is_set() or self._busy:
                    cancelled.set()
        except Cancelled:
            self._tried[question] -= 1
        finally:
            self._admission.joined = None

    def _read_ahead(self) -> bool:
        cancelled = threading.Event()
        self._admission.joined = cancelled.set
        try:
            return not self._busy and self._engine.read_ahead(cancelled)
        except Cancelled:
            return False
        finally:
            self._admission.joined = None

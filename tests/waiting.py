"""Waiting for what another thread or process does: until it is done, not for a time that is enough on a
quiet machine."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds after which it is taken to never come."""


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return as soon as ``true()`` is; fails after ``seconds``."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not come in {seconds:g} s"
        time.sleep(0.005)

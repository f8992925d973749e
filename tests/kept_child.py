"""The process that reads files, kept for the next test: to start one takes half a second, and most tests that
index a file are not about it.

One that was stopped in the middle of a file, recognises text or was started with other settings is not kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from index import reading

MOST = 2


def _settings() -> tuple[object, ...]:
    """What a process takes over at its start, but for the name of the test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return (*sys.path, *sorted(environment.items()))


Child = reading._Child


class KeptChild(Child):
    """A child that goes to ``kept`` when its reader is closed."""

    kept: list[KeptChild] = []

    def __init__(self) -> None:
        self.settings, self.asked = _settings(), False
        super().__init__()

    def ask(self, wish: dict[str, object]) -> None:
        self.asked = True
        super().ask(wish)

    def hear(self, seconds: float) -> tuple[dict[str, Any], bytes] | None:
        answer = super().hear(seconds)
        if answer is not None and answer[0].keys() & {"bytes", "reason"}:
            self.asked = False
        return answer

    def end(self) -> None:
        if self.asked or self.recognising or len(self.kept) >= MOST or not self.alive():
            super().end()
        else:
            self.kept.append(self)


def _child() -> KeptChild:
    """One that is kept and fits, or a new one."""
    while KeptChild.kept:
        child = KeptChild.kept.pop()
        if child.alive() and child.settings == _settings():
            return child
        Child.end(child)
    return KeptChild()


@contextmanager
def kept() -> Iterator[None]:
    """While it lasts, children are kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_Child", _child)
        yield
    while KeptChild.kept:
        Child.end(KeptChild.kept.pop())

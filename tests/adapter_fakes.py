"""A generator with an adapter whose states say what a test wants, and the weights that read them off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from fakes import ScriptedGenerator

from engine.base import Message
from errors import Cancelled

SIZE = 5
"""Of a state: what is answered, taken for granted, borne out; a word; a line."""
WEIGHTS: dict[str, Any] = {
    "mean": np.zeros((2, SIZE), np.float32),
    "scale": np.ones((2, SIZE), np.float32),
    "heads": np.eye(SIZE, dtype=np.float32)[:3],
    "heads_bias": np.zeros(3, np.float32),
    "borne": np.eye(SIZE, dtype=np.float32)[3],
    "borne_bias": np.zeros(1, np.float32),
    "ask": np.eye(SIZE, dtype=np.float32)[4:],
    "ask_bias": np.zeros(1, np.float32),
    "line": np.eye(SIZE, dtype=np.float32)[4:],
    "line_bias": np.float32(0.0),
    "line_scale": np.array([1.0, 0.0], np.float32),
    "states": np.array([0.3, 0.8], np.float32),
    "premise": np.float32(2.0),
    "model": "toy",
}


def weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything read the states of :class:`Adapted`."""
    for module in ("qa.adapted", "qa.judge", "qa.gate"):
        monkeypatch.setattr(f"{module}.weights", lambda: WEIGHTS)


class Adapted(ScriptedGenerator):
    """Tells of every chat what ``says`` does: ``[answered, premise, supported]`` log-odds after its last
    message, a text of which what is written in the material is what answers, and of each cut whether it is
    borne out."""

    name = "Toy 1B (test)"

    def __init__(
        self,
        says: Callable[[str], Sequence[float]] = lambda text: (0.0, 0.0, 0.0),
        line: str = "",
        odd: str = "",
        answers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(answers)
        self.says, self.line, self.odd = says, line, odd
        self.chats: list[tuple[Message, ...]] = []

    adapts = True

    def read(self, messages: tuple[Message, ...], cancelled: threading.Event) -> Any:
        raise AssertionError("it is read through the adapter")

    def read_adapted(
        self,
        messages: tuple[Message, ...],
        begin: int,
        cuts: Sequence[int],
        cancelled: threading.Event,
        material: bool = False,
    ) -> Reading:
        self.chats.append(messages)
        content = messages[-1].content
        states = np.zeros((len(cuts) + 1, SIZE), np.float32)
        states[-1, :3] = self.says(content)
        states[-1, 4] = 1.0
        for i, cut in enumerate(cuts):
            states[i, 3] = -9.0 if self.odd and content[:cut].endswith(self.odd) else 9.0
        told = np.full((begin, SIZE), -5.0, np.float16)
        if self.line in content[:begin]:
            at = content.index(self.line)
            told[at : at + len(self.line), 4] = 5.0
        return Reading(states if cuts else states[0], told, cancelled)

    def ends(self, messages: tuple[Message, ...], begin: int) -> list[int]:
        return list(range(1, begin + 1))


class Reading:
    def __init__(self, states: np.ndarray, material: np.ndarray, cancelled: threading.Event) -> None:
        self._states, self._material, self._cancelled = states, material, cancelled

    def state(self) -> np.ndarray:
        if self._cancelled.is_set():
            raise Cancelled.named("stopped")
        return self._states

    def material(self) -> np.ndarray:
        return self._material

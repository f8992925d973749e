"""A generator that writes only what somebody waiting for an answer has the patience for."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base import Chunk, GenerationRequest, Generator, Keeps
from engine.calibration import Speed

USUAL = 0.25
"""Share of the most tokens that is usually written."""
A_PASS = 1.5
"""Tokens that a pass writes, with those that were guessed rightly (docs/log/performance.md)."""


class Patient:
    """A generator for what is written on the way to one answer: a query, a calculation, the parts of a
    question. What would take longer than is left is not begun, and nothing comes of it.

    Args:
        generator: what writes.
        seconds: for all that is written; reading what has to be read for it counts.
        speed: of this machine; None: nobody measured it, and all is written.
    """

    def __init__(self, generator: Generator, seconds: float, speed: Speed | None) -> None:
        self._generator = generator
        self._left = seconds
        self._speed = speed

    @property
    def name(self) -> str:
        return self._generator.name

    def count_tokens(self, text: str) -> int:
        return self._generator.count_tokens(text)

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        """As the generator writes it; without a token, ended by ``length``, where it would take too long."""
        if self._speed is not None:
            seconds = self._seconds(request, self._speed)
            if seconds > self._left:
                yield Chunk("", finish="length")
                return
            self._left -= seconds
        yield from self._generator.stream(request)

    def _seconds(self, request: GenerationRequest, speed: Speed) -> float:
        """What writing usually takes."""
        if isinstance(self._generator, Keeps):
            unread = self._generator.unread(request.messages)
        else:
            unread = sum(self._generator.count_tokens(m.content) for m in request.messages)
        return unread / speed.read + USUAL * request.max_new_tokens / (A_PASS * speed.written)

"""Tokens into text as they are written: whole characters alone, cut before a stop string."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.base import Chunk


class Decoder(Protocol):
    """Tokens to text, holding back incomplete characters."""

    def push(self, token: int) -> str: ...

    def end(self) -> str: ...


class Cutter:
    """Passes text on until a stop string begins; holds back what may be the beginning of one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = tuple(s for s in stop if s)
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """The text that can be shown now; "" after a stop string."""
        if self.stopped:
            return ""
        self._held += text
        found = [at for s in self._stop if (at := self._held.find(s)) >= 0]
        if found:
            self.stopped = True
            text, self._held = self._held[: min(found)], ""
            return text
        keep = max((n for s in self._stop for n in range(1, len(s)) if self._held.endswith(s[:n])), default=0)
        cut = len(self._held) - keep
        text, self._held = self._held[:cut], self._held[cut:]
        return text

    def end(self) -> str:
        text, self._held = self._held, ""
        return text


class Writing:
    """Makes chunks from tokens and their log-probabilities."""

    def __init__(self, decoder: Decoder, stop: Sequence[str]) -> None:
        self._decoder = decoder
        self._cutter = Cutter(stop)
        self._logprobs: list[float] = []

    @property
    def stopped(self) -> bool:
        return self._cutter.stopped

    def push(self, token: int, logprob: float) -> Chunk | None:
        """The next chunk, or None while a character or a possible stop string is not complete."""
        self._logprobs.append(logprob)
        text = self._cutter.push(self._decoder.push(token))
        return self._chunk(text) if text else None

    def end(self, finish: str, prompt_tokens: int, completion_tokens: int) -> Iterator[Chunk]:
        """The last chunk, with what was held back."""
        text = "" if self.stopped else self._cutter.push(self._decoder.end()) + self._cutter.end()
        logprobs = tuple(self._logprobs) if text else ()
        yield Chunk(text, logprobs, finish, prompt_tokens, completion_tokens)

    def _chunk(self, text: str) -> Chunk:
        logprobs, self._logprobs = tuple(self._logprobs), []
        return Chunk(text, logprobs)

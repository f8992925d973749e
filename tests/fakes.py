"""Scripted stand-ins for what is slow or random: a generator that writes what a test tells it to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from errors import GeneratorError
from qa.generators.base import Chunk, GenerationRequest, Message

T = TypeVar("T")


class ScriptedGenerator:
    """Answers by the first key that occurs in the last user message; also a Judge.

    Args:
        answers: substring of the question -> the answer's text. The empty key is the default answer.
        delay: seconds before each chunk.
        chunk: characters per chunk; one character counts as one token.
        judgements: substring -> probability of the first option in ``choose``; "" is the default.
        logprob: log-probability reported for each token.
        fail_after: raise GeneratorError after that many chunks; None never.

    ``requests`` and ``judged`` keep what was asked, in order.
    """

    name = "scripted"

    def __init__(
        self,
        answers: Mapping[str, str] | None = None,
        *,
        delay: float = 0.0,
        chunk: int = 2,
        judgements: Mapping[str, float] | None = None,
        logprob: float = -0.05,
        fail_after: int | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.delay = delay
        self.chunk = chunk
        self.judgements = dict(judgements or {})
        self.logprob = logprob
        self.fail_after = fail_after
        self.requests: list[GenerationRequest] = []
        self.judged: list[tuple[tuple[Message, ...], tuple[str, ...]]] = []

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        self.requests.append(request)
        text, stopped = _cut(self._answer(request.messages), request.stop)
        finish = "stop" if stopped or len(text) <= request.max_new_tokens else "length"
        text = text[: request.max_new_tokens]
        prompt = sum(len(m.content) for m in request.messages)
        written = 0
        for number, start in enumerate(range(0, len(text), self.chunk)):
            if self.delay:
                request.cancelled.wait(self.delay)
            if request.cancelled.is_set():
                finish = "cancelled"
                break
            if self.fail_after is not None and number >= self.fail_after:
                raise GeneratorError("the scripted generator fails here", "it was told to")
            piece = text[start : start + self.chunk]
            written += len(piece)
            yield Chunk(piece, (self.logprob,) * len(piece))
        yield Chunk("", (), "cancelled" if request.cancelled.is_set() else finish, prompt, written)

    def count_tokens(self, text: str) -> int:
        return len(text)

    def choose(self, messages: tuple[Message, ...], options: tuple[str, ...]) -> tuple[float, ...]:
        self.judged.append((messages, options))
        if self.delay:
            time.sleep(self.delay)
        first = _lookup(self.judgements, messages, 0.9)
        rest = (1.0 - first) / max(1, len(options) - 1)
        return (first, *(rest for _ in options[1:]))

    def _answer(self, messages: Sequence[Message]) -> str:
        return _lookup(self.answers, messages, "")


def _lookup(table: Mapping[str, T], messages: Sequence[Message], default: T) -> T:
    question = next((m.content for m in reversed(messages) if m.role == "user"), "")
    for key, value in table.items():
        if key and key in question:
            return value
    return table.get("", default)


def _cut(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    ends = [text.find(s) for s in stop if s and s in text]
    return (text[: min(ends)], True) if ends else (text, False)

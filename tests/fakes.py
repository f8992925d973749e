"""Scripted stand-ins for what is slow or random: a generator that writes what a test tells it to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.base import Chunk, GenerationRequest, Message
from errors import GeneratorError


class ScriptedGenerator:
    """Answers by the first key that occurs in the last user message.

    Args:
        answers: substring of the question -> the answer's text. The empty key is the default answer.
        delay: seconds before each chunk.
        chunk: characters per chunk; one character counts as one token.
        logprob: log-probability reported for each token.
        fail_after: raise GeneratorError after that many chunks; None never.

    ``requests`` keeps what was asked, in order.
    """

    name = "scripted"

    def __init__(
        self,
        answers: Mapping[str, str] | None = None,
        *,
        delay: float = 0.0,
        chunk: int = 2,
        logprob: float = -0.05,
        fail_after: int | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.delay = delay
        self.chunk = chunk
        self.logprob = logprob
        self.fail_after = fail_after
        self.requests: list[GenerationRequest] = []

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

    def _answer(self, messages: Sequence[Message]) -> str:
        question = next((m.content for m in reversed(messages) if m.role == "user"), "")
        for key, value in self.answers.items():
            if key and key in question:
                return value
        return self.answers.get("", "")


def _cut(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    ends = [text.find(s) for s in stop if s and s in text]
    return (text[: min(ends)], True) if ends else (text, False)

"""What the engines share that run a model themselves: answers are written together, by one batch over its
passes.

That gives grounded figures, log-probabilities and guesses copied from the prompt (``jobs.py``), answers that
are written together (``batch.py``) and the reuse of what prompts have in common (``blocks.py``).
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.base import Chunk, GenerationRequest, Message
from errors import Cancelled, GeneratorError

if TYPE_CHECKING:
    from engine.batch import Batch
    from engine.jobs import ReadJob, Vocabulary

AHEAD = 64
"""Tokens that are read ahead in one go: about a second on a slow machine."""


@contextmanager
def engine_errors(engine: str) -> Iterator[None]:
    """What an engine raises, as a message with a next step."""
    try:
        yield
    except ImportError as error:
        raise GeneratorError.named("engine_needs", engine=engine, name=str(error.name)) from error
    except (RuntimeError, OSError, ValueError, MemoryError) as error:
        raise failed(engine, error) from error


def failed(engine: str, error: Exception) -> GeneratorError:
    """What somebody is told who waited for an engine."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    told = GeneratorError.named("engine_failed", engine=engine, what=lines[-1].strip()[:300])
    told.__cause__ = error
    return told


class BatchedGenerator(ABC):
    """A Generator that also Reads. The model is loaded by the first call, or by ``warm()``.

    Args:
        context: longest prompt with answer, in tokens.
        guess: tokens guessed ahead at most; 0 turns prompt lookup off.
        batch: answers written together at most; further callers wait in line.
    """

    def __init__(self, *, context: int, guess: int, batch: int) -> None:
        self._context = context
        self._guess = guess
        self._most = batch
        self._loading = threading.Lock()
        self._reading = threading.Lock()
        self._tokens_: Vocabulary | None = None
        self._batch: Batch | None = None

    @property
    @abstractmethod
    def name(self) -> str: ...

    @abstractmethod
    def _load_tokens(self) -> Vocabulary:
        """The tokenizer. Raises GeneratorError."""

    @abstractmethod
    def _load(self) -> Batch:
        """The model, ready to write. Raises GeneratorError."""

    @property
    def loaded(self) -> bool:
        return self._batch is not None

    def warm(self) -> None:
        """Load the model."""
        self._loaded(threading.Event())
        self.count_tokens("")

    def count_tokens(self, text: str) -> int:
        return len(self._tokens.encode(text))

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        from engine.jobs import WriteJob

        prompt = self._prompt(request.messages, request.max_new_tokens)
        writer = WriteJob(self._tokens, prompt, request, self._guess)
        try:
            self._loaded(request.cancelled).submit(writer)
        except Cancelled:
            writer.end()
        yield from writer.chunks()

    def read(self, messages: tuple[Message, ...], cancelled: threading.Event) -> ReadJob:
        prompt = self._prompt(messages, 1)
        return self._read(prompt, self._lasting(messages, prompt), cancelled)

    def read_at(
        self, messages: tuple[Message, ...], cuts: Sequence[int], cancelled: threading.Event
    ) -> ReadJob:
        prompt = self._prompt(messages, 1)
        whole = len(messages[-1].content)
        marks = [self._until(messages, cut, prompt) if cut < whole else len(prompt) for cut in cuts]
        return self._read(prompt[: marks[-1]], self._lasting(messages, prompt), cancelled, marks[:-1])

    @property
    def adapts(self) -> bool:
        from engine.adapter import fits

        return fits(self.name)

    def read_adapted(
        self,
        messages: tuple[Message, ...],
        begin: int,
        cuts: Sequence[int],
        cancelled: threading.Event,
        material: bool = False,
    ) -> ReadJob:
        prompt, first = self._adapted(messages, begin)
        start = self._until(messages, 0, prompt)
        ends = self._tokens.ends(messages[-1].content)
        marks = [start + bisect_left(ends, cut) + 1 for cut in cuts]
        lasting = min(self._lasting(messages, prompt), first)
        return self._read(prompt, lasting, cancelled, marks, material=(start, first) if material else None)

    def ends(self, messages: tuple[Message, ...], begin: int) -> list[int]:
        prompt, first = self._adapted(messages, begin)
        return self._tokens.ends(messages[-1].content)[: first - self._until(messages, 0, prompt)]

    def _adapted(self, messages: tuple[Message, ...], begin: int) -> tuple[list[int], int]:
        """The prompt with those tokens marked that stand from the character ``begin`` of the last message
        on, and how many stand before."""
        from engine.adapter import ADAPTED

        prompt = self._prompt(messages, 1)
        first = self._until(messages, begin, prompt)
        return [*prompt[:first], *(token | ADAPTED for token in prompt[first:])], first

    def unread(self, messages: tuple[Message, ...], begin: int | None = None) -> int:
        prompt = self._prompt(messages, 1) if begin is None else self._adapted(messages, begin)[0]
        return len(prompt) - (self._batch.known(prompt) if self._batch else 0)

    def ahead(self, messages: tuple[Message, ...], cancelled: threading.Event, written: bool = False) -> bool:
        """Read in steps of AHEAD tokens, so that who comes meanwhile waits for no more than that."""
        batch = self._loaded(cancelled)
        if batch.full:
            return False
        prompt = self._prompt(messages, 1)
        lasting = self._lasting(messages, prompt)
        if batch.known([*prompt[:lasting], -1]) < lasting:
            for end in range(AHEAD, lasting + AHEAD, AHEAD):
                end = min(end, lasting)
                self._read(prompt[:end], end, cancelled, deep=written).state()
        return True

    def _read(
        self,
        prompt: list[int],
        lasting: int,
        cancelled: threading.Event,
        marks: Sequence[int] = (),
        deep: bool = False,
        material: tuple[int, int] | None = None,
    ) -> ReadJob:
        from engine.jobs import ReadJob

        reader = ReadJob(prompt, cancelled, lasting, marks, deep, material)
        try:
            self._loaded(cancelled).submit(reader)
        except Cancelled:
            reader.end()
        return reader

    def _lasting(self, messages: Sequence[Message], prompt: Sequence[int]) -> int:
        """So many tokens of the prompt come again."""
        return self._until(messages, messages[-1].lasting, prompt) if messages[-1].lasting else 0

    def _until(self, messages: Sequence[Message], end: int, prompt: Sequence[int]) -> int:
        """Tokens of the prompt up to the ``end`` of the last message's content: those that it has in common
        with the same chat cut off there."""
        *before, last = messages
        cut = self._tokens.encode_chat([*before, replace(last, content=last.content[:end])])
        pairs = enumerate(zip(prompt, cut, strict=False))
        return next((i for i, (one, other) in pairs if one != other), len(prompt))

    def _prompt(self, messages: Sequence[Message], new: int) -> list[int]:
        ids = self._tokens.encode_chat(messages)
        if len(ids) + new > self._context:
            raise GeneratorError.named("prompt_long", found=len(ids), limit=self._context - new)
        return ids

    def _loaded(self, cancelled: threading.Event) -> Batch:
        """The batch; Cancelled when the caller gives up while somebody loads the model."""
        while self._batch is None:
            if not self._loading.acquire(timeout=0.05):
                if cancelled.is_set():
                    raise Cancelled.named("stopped")
                continue
            try:
                if self._batch is None:
                    self._batch = self._load()
            finally:
                self._loading.release()
        return self._batch

    @property
    def _tokens(self) -> Vocabulary:
        with self._reading:
            if self._tokens_ is None:
                self._tokens_ = self._load_tokens()
            return self._tokens_

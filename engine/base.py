"""The Generator seam: messages in, streamed text out. One behaviour test suite runs over all
implementations."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; ``role`` is system, user or assistant. So many characters of its beginning as
    ``lasting`` tells will come again in other chats (0: not known)."""

    role: str
    content: str
    lasting: int = 0


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One generation call, greedy.

    Attributes:
        messages: system and user messages (the engine applies the model's chat template).
        max_new_tokens: at most this many tokens are written.
        stop: the text is cut before the first of these strings.
        figures: text whose digit sequences are the only ones the generator may write (grounded decoding);
            None turns the constraint off.
        cancelled: set by another thread to stop; the stream then ends with ``finish == "cancelled"``.
    """

    messages: tuple[Message, ...]
    max_new_tokens: int = 160
    stop: tuple[str, ...] = ()
    figures: str | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of streamed text.

    ``text`` is new text (never half a character); ``logprobs`` natural logs of the probabilities of the
    tokens in it (empty when the engine does not tell); ``finish`` is "" until the last chunk, then stop,
    length or cancelled; the last chunk carries ``prompt_tokens`` and ``completion_tokens``. ``state`` of the
    first chunk is the model's hidden state after the last prompt token, float32, shape (layers kept * hidden
    size,), as a numpy array, where the engine can tell; None otherwise.
    """

    text: str
    logprobs: tuple[float, ...] = ()
    finish: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    state: object = None


class Generator(Protocol):
    """Writes text. Thread-safe: concurrent ``stream`` calls are queued or batched by the implementation."""

    @property
    def name(self) -> str:
        """Model and engine, as manifests and answers record it."""
        ...

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Yield chunks until done. Raises GeneratorError with a next step when the engine fails."""
        ...

    def count_tokens(self, text: str) -> int:
        """Number of tokens of ``text`` for this model (an estimate where the engine cannot tell)."""
        ...


@runtime_checkable
class Loads(Protocol):
    """A generator whose model is loaded by the first call, or ahead of it by ``warm()``."""

    @property
    def loaded(self) -> bool: ...

    def warm(self) -> None: ...


class Reading(Protocol):
    """Messages that are being read."""

    def state(self) -> object:
        """Wait for it: the hidden state after the last token, as ``Chunk.state`` (None where the model tells
        none).

        Raises:
            Cancelled: it was stopped before it was read.
            GeneratorError: the engine failed.
        """
        ...


@runtime_checkable
class Reads(Protocol):
    """A generator that can also read without writing, and tell its hidden state after that."""

    @property
    def name(self) -> str:
        """As a generator's: whose states these are."""
        ...

    def read(self, messages: tuple[Message, ...], cancelled: threading.Event) -> Reading:
        """Begin to read the messages (assistant turn opened); does not wait. What was read before and begins
        alike is not read again, so this is cheap beside a ``stream`` that has told its first chunk."""
        ...


@runtime_checkable
class Marks(Reads, Protocol):
    """A generator that can also tell its hidden state within what it reads."""

    def read_at(
        self, messages: tuple[Message, ...], cuts: Sequence[int], cancelled: threading.Event
    ) -> Reading:
        """Begin to read the messages as far as the last of the cuts; does not wait. ``state()`` then gives
        the states after each cut, ``[cuts, layers * hidden size]``.

        Args:
            cuts: characters of the last message's content, ascending, at least one; all of it stands for
                the end of the chat, assistant turn opened.
        """
        ...


class Told(Reading, Protocol):
    """Messages of which the end is read through an adapter."""

    def material(self) -> object:
        """What the model made of the last message's tokens before that end, float16 ``[tokens, hidden
        size]``; to be asked for after ``state()``."""
        ...


@runtime_checkable
class Adapts(Reads, Protocol):
    """A generator that may have an adapter: matrices through which the end of what is read passes
    (``engine/adapter.py``)."""

    @property
    def adapts(self) -> bool: ...

    def read_adapted(
        self,
        messages: tuple[Message, ...],
        begin: int,
        cuts: Sequence[int],
        cancelled: threading.Event,
        material: bool = False,
    ) -> Told:
        """Begin to read the messages, the last one's content from the character ``begin`` on through the
        adapter; does not wait. ``state()`` gives the states after the tokens that hold the characters
        before each of the cuts (ascending), then after the chat, ``[cuts + 1, layers * hidden size]``.

        Args:
            material: ``Told.material`` will be asked for.
        """
        ...

    def ends(self, messages: tuple[Message, ...], begin: int) -> list[int]:
        """Where each of the tokens that ``material()`` tells of ends in the last message's content."""
        ...


@runtime_checkable
class Keeps(Reads, Protocol):
    """A generator that keeps what it has read for chats that begin alike, over a restart too."""

    def unread(self, messages: tuple[Message, ...], begin: int | None = None) -> int:
        """How many tokens of the messages would have to be read now; through the adapter from a character
        of the last one on."""
        ...

    def ahead(self, messages: tuple[Message, ...], cancelled: threading.Event, written: bool = False) -> bool:
        """Read the messages as far as the last one's ``lasting`` and keep that, if it is not kept yet. False
        when there is no place to keep more.

        Args:
            written: something will be written after them, not hidden states alone told.

        Raises:
            Cancelled: it was stopped; what was read until then is not lost.
            GeneratorError: the engine failed.
        """
        ...


def same_model(name: str, fitted: str) -> bool:
    """Is a generator's name that of the model something was fitted on, as a GGUF file, a folder or a manifest
    has it: Qwen2.5 Coder 1.5B Instruct, qwen2.5-coder-1.5b?"""
    one, other = ("".join(c for c in text.casefold() if c.isalnum()) for text in (name, fitted))
    return one.startswith(other)

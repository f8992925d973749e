"""What a batch is asked for: to write an answer, or just to read. A job is told logits and says what comes
next.

Greedy. Grounded figures (``figures.py``), log-probabilities and guesses copied from the prompt
(``lookup.py``) are made here; knows nothing of blocks and passes. All but ``chunks`` and ``leave`` runs in
the batch's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.base import Chunk, GenerationRequest, Message
from engine.grounded_decoding import Figures
from engine.lookup import PromptLookup
from engine.writing import Writing
from errors import Cancelled

if TYPE_CHECKING:
    from engine.writing import Decoder

Floats = NDArray[np.float32]
_TRIES = 64


class Vocabulary(Protocol):
    """A tokenizer with its chat template: what people and documents wrote opens and closes no turn.

    ``name`` is the model's own, "" when it has none; ``eos`` the tokens that end an answer.
    """

    name: str
    eos: frozenset[int]

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""
        ...

    def ends(self, text: str) -> list[int]:
        """Where each token of plain text ends in it, in characters."""
        ...

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation, up to where the assistant is to write or to go on."""
        ...

    def decoder(self) -> Decoder: ...

    def piece(self, token: int) -> bytes:
        """What a token stands for."""
        ...


class Job(Protocol):
    """Something to be read, and then maybe written."""

    prompt: list[int]
    room: int
    """Tokens that may follow the prompt."""
    lasting: int
    """Tokens of the prompt that others will begin with as well; 0: not known."""
    deep: bool
    """Whether all layers take it in, as for what is written after; else those that hidden states need."""
    marks: Sequence[int]
    """Tokens of the prompt, counted from its beginning, after which the hidden state is wanted too."""
    wanted: tuple[int, int] | None
    """Tokens of the prompt, from and to, of which it wants to know what the lower layers gave."""

    @property
    def stopped(self) -> bool:
        """Whether nobody waits for it any more."""
        ...

    def next(self, guesses: int) -> list[int]:
        """What the next pass takes in: the last token written, and at most so many guesses of what
        follows."""
        ...

    def took(self, rows: Floats, state: Floats | None) -> int | None:
        """Told the logits after each token of the last pass (after the prompt: one row, and the hidden
        state). Returns how many guesses were right, None when the job is done."""
        ...

    def marked(self, states: Floats | None) -> None:
        """Told the states after marks that were read in the last pass, ``[marks, layers * hidden size]``."""
        ...

    def seen(self, material: NDArray[np.float16] | None) -> None:
        """Told what the lower layers gave for ``wanted``, before the state after the prompt."""
        ...

    def end(self, error: Exception | None = None) -> None:
        """Over before it was done: stopped, or failed."""
        ...


class WriteJob:
    """Writes an answer; ``chunks`` is what its reader gets.

    Args:
        guess: tokens guessed ahead at most.
    """

    lasting = 0
    deep = True
    marks: Sequence[int] = ()
    wanted: tuple[int, int] | None = None

    def __init__(self, tokens: Vocabulary, prompt: list[int], request: GenerationRequest, guess: int) -> None:
        self.prompt = prompt
        self.room = request.max_new_tokens
        self._request = request
        self._left = threading.Event()
        self._out: SimpleQueue[Chunk | Exception] = SimpleQueue()
        self._eos = tokens.eos
        self._writing = Writing(tokens.decoder(), request.stop)
        self._picker = Picker(tokens, Figures(request.figures) if request.figures is not None else None)
        self._lookup = PromptLookup(prompt, guess) if guess else None
        self._guessed: list[int] = []
        self._written: list[int] = []
        self._state: Floats | None = None

    def chunks(self) -> Iterator[Chunk]:
        """The answer as it comes. Raises what the batch failed of."""
        try:
            while True:
                item = self._out.get()
                if isinstance(item, Exception):
                    raise item
                yield item
                if item.finish:
                    return
        finally:
            self._left.set()

    @property
    def stopped(self) -> bool:
        return self._left.is_set() or self._request.cancelled.is_set()

    def next(self, guesses: int) -> list[int]:
        # The last token written was computed but not taken in; a guess goes with it into the same pass.
        most = min(guesses, self._request.max_new_tokens - len(self._written) - 1)
        self._guessed = self._lookup.guess(self._written, most) if self._lookup else []
        return [self._written[-1], *self._guessed]

    def marked(self, states: Floats | None) -> None:
        raise AssertionError("no marks were set")

    def seen(self, material: NDArray[np.float16] | None) -> None:
        raise AssertionError("nothing was wanted")

    def took(self, rows: Floats, state: Floats | None) -> int | None:
        self._state = state if state is not None else self._state
        right = 0
        for i, row in enumerate(rows):
            token, logprob = self._picker.pick(row)
            if token in self._eos:
                self._finish("stop")
                return None
            self._written.append(token)
            if chunk := self._writing.push(token, logprob):
                self._out.put(replace(chunk, state=self._state))
            if self._writing.stopped or len(self._written) >= self._request.max_new_tokens:
                self._finish("stop" if self._writing.stopped else "length")
                return None
            if i == len(self._guessed) or self._guessed[i] != token:
                break
            right += 1
        return right

    def end(self, error: Exception | None = None) -> None:
        if error is not None:
            self._out.put(error)
        else:
            self._finish("cancelled")

    def _finish(self, finish: str) -> None:
        for chunk in self._writing.end(finish, len(self.prompt), len(self._written)):
            self._out.put(chunk)


class ReadJob:
    """Reads the prompt, writes nothing and tells the hidden state after it, and after each of ``marks``
    before."""

    room = 0

    def __init__(
        self,
        prompt: list[int],
        cancelled: threading.Event,
        lasting: int = 0,
        marks: Sequence[int] = (),
        deep: bool = False,
        wanted: tuple[int, int] | None = None,
    ) -> None:
        self.prompt = prompt
        self.wanted = wanted
        self._material: NDArray[np.float16] | None = None
        self.deep = deep
        self.lasting = lasting
        self.marks = marks
        self._told: list[Floats] = []
        self._cancelled = cancelled
        self._out: SimpleQueue[Floats | Exception | None] = SimpleQueue()

    @property
    def stopped(self) -> bool:
        return self._cancelled.is_set()

    def state(self) -> Floats | None:
        """float32 ``[layers * hidden size]``, with marks ``[marks + 1, ...]``; None where the model tells
        none. Raises what the batch failed of."""
        item = self._out.get()
        if isinstance(item, Exception):
            raise item
        return item

    def material(self) -> NDArray[np.float16] | None:
        """float16 ``[tokens, hidden size]``; None where nothing was wanted, or the model tells none."""
        return self._material

    def seen(self, material: NDArray[np.float16] | None) -> None:
        self._material = material

    def next(self, guesses: int) -> list[int]:
        raise AssertionError("it is done once its prompt is read")

    def marked(self, states: Floats | None) -> None:
        self._told += [] if states is None else [states]

    def took(self, rows: Floats, state: Floats | None) -> int | None:
        if self._told and state is not None:
            state = np.concatenate([*self._told, state[None]])
        self._out.put(state)
        return None

    def end(self, error: Exception | None = None) -> None:
        self._out.put(error or Cancelled.named("stopped"))


class Picker:
    """Greedy choice; with figures, the best token that keeps to them. Log-probabilities are the model's
    own."""

    def __init__(self, tokens: Vocabulary, figures: Figures | None) -> None:
        self._tokens = tokens
        self._figures = figures
        self._state = ""

    def pick(self, row: Floats) -> tuple[int, float]:
        best = int(row.argmax())
        norm = float(row[best]) + float(np.log(np.exp(row - row[best]).sum()))
        token = best if self._figures is None else self._grounded(row, best, self._figures)
        return token, float(row[token]) - norm

    def _grounded(self, row: Floats, best: int, figures: Figures) -> int:
        for token in [best] if self._after(best, figures) is not None else _likeliest(row):
            if (state := self._after(token, figures)) is not None:
                self._state = state
                return token
        options = [self._tokens.encode(digit)[-1] for digit in sorted(figures.next_digits(self._state))]
        token = max(options, key=lambda t: float(row[t]), default=min(self._tokens.eos))
        self._state = self._after(token, figures) or ""
        return token

    def _after(self, token: int, figures: Figures) -> str | None:
        if token in self._tokens.eos:
            return "" if figures.may_end(self._state) else None
        return figures.advance(self._state, self._tokens.piece(token).decode("utf-8", "replace"))


def _likeliest(row: Floats) -> list[int]:
    """The most likely tokens, the likeliest first."""
    some: NDArray[Any] = np.argpartition(-row, _TRIES)[:_TRIES] if row.size > _TRIES else np.arange(row.size)
    return [int(token) for token in some[np.argsort(-row[some], kind="stable")]]

"""A model whose blocks hold tokens and whose logits are sums of the history, and jobs for the batch that runs
it.

What the model says depends on the whole history as the tables of blocks tell it, so that a block that is
shared, copied or written over wrongly changes what is written.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence

import numpy as np
from waiting import until as wait

from engine.paged import SIZES
from engine.passes import BLOCK, Part, Taken

WORDS, END = 90, 7


def following(history: Sequence[int]) -> int:
    """The token after ``history``; END after some."""
    mixed = sum((i % 11 + 1) * token for i, token in enumerate(history))
    return END if mixed % 23 == 0 else 10 + mixed % 80


def alone(prompt: list[int], most: int) -> list[int]:
    """What a job with this prompt is to write."""
    written: list[int] = []
    while len(written) < most and (token := following(prompt + written)) != END:
        written.append(token)
    return written


class Model:
    """``hold`` makes each pass wait for ``let(n)``; ``fails`` makes the next one fail."""

    block_bytes = 1
    sizes = SIZES

    def __init__(self, blocks: int = 64, hold: bool = False) -> None:
        self.blocks = blocks
        self.memory: list[list[int]] = [[-1] * BLOCK for _ in range(blocks)]
        self.upper: list[list[int]] = [[-1] * BLOCK for _ in range(blocks)]
        """The same of the layers above, which some passes leave out."""
        self.passes: list[list[Part]] = []
        self.fails = False
        self._steps = threading.Semaphore(0) if hold else None

    def let(self, passes: int) -> None:
        """Let so many passes run, and wait until they have."""
        assert self._steps is not None
        wanted = len(self.passes) + passes
        self._steps.release(passes)
        wait(lambda: len(self.passes) >= wanted)

    def let_go(self) -> None:
        assert self._steps is not None
        self._steps.release(1000)

    def give_back(self, blocks: Sequence[int]) -> None:
        for block in blocks:
            self.memory[block] = [-2] * BLOCK
            self.upper[block] = [-2] * BLOCK

    def forward(self, parts: Sequence[Part]) -> list[Taken]:
        if self._steps is not None:
            assert self._steps.acquire(timeout=20)
        fails, self.fails = self.fails, False
        places = [
            (part, [(part.table[at // BLOCK], at % BLOCK) for at in range(part.past + len(part.ids))])
            for part in parts
        ]
        written = [place for part, whole in places for place in whole[part.past :]]
        assert len(set(written)) == len(written), "two sequences write to one place"
        for part, whole in places:
            assert part.ids and part.keep <= len(part.ids)
            for (block, at), token in zip(whole[part.past :], part.ids, strict=True):
                self.memory[block][at] = token
        taken = []
        for part, whole in places:
            history = [self.memory[block][at] for block, at in whole]
            if part.deep is not None:
                assert [self.upper[block][at] for block, at in whole[: part.deep]] == history[: part.deep]
                for (block, at), token in zip(whole[part.deep :], history[part.deep :], strict=True):
                    self.upper[block][at] = token
            ends = [part.past + row + 1 for row in part.rows]
            rows = np.zeros((len(ends), WORDS), np.float32)
            for row, end in zip(rows, ends, strict=True):
                row[following(history[:end])] = 1
            taken.append(Taken(rows, (np.asarray(ends, np.float32)[:, None],)))
        self.passes.append(list(parts))
        if fails:
            self.memory = [[-1] * BLOCK for _ in range(self.blocks)]
            raise RuntimeError("no more memory")
        return taken

    def between(self, table: Sequence[int], begin: int, end: int) -> np.ndarray:
        """The tokens themselves."""
        held = [self.memory[table[at // BLOCK]][at % BLOCK] for at in range(begin, end)]
        return np.asarray(held, np.float16)[:, None]

    def copy(self, source: int, target: int) -> None:
        for held in (self.memory, self.upper):
            held[target] = list(held[source])

    def dump(self, block: int, deep: bool) -> bytes:
        return np.asarray(self.memory[block] + (self.upper[block] if deep else []), np.int32).tobytes()

    def fill(self, block: int, held: memoryview) -> bool:
        tokens = np.frombuffer(held, np.int32).tolist()
        self.memory[block], self.upper[block] = tokens[:BLOCK], tokens[BLOCK:] or [-1] * BLOCK
        return len(tokens) > BLOCK


class Asker:
    """A job that writes what the model says; ``guess`` makes guesses of what follows, right or wrong."""

    wanted = None

    def __init__(
        self, prompt: list[int], most: int = 12, guess: Callable[[list[int]], list[int]] | None = None
    ) -> None:
        self.prompt, self.room, self.lasting, self.marks, self.deep = prompt, most, 0, (), True
        self.stopped = False
        self.written: list[int] = []
        self.states: list[float] = []
        self.error: Exception | None = None
        self.cancelled = False
        self.breaks = False
        self.over = threading.Event()
        self._guess = guess
        self._guessed: list[int] = []

    def next(self, guesses: int) -> list[int]:
        self._guessed = (self._guess(self.prompt + self.written) if self._guess else [])[:guesses]
        self._guessed = self._guessed[: self.room - len(self.written) - 1]
        return [self.written[-1], *self._guessed]

    def took(self, rows: object, state: object) -> int | None:
        assert isinstance(rows, np.ndarray)
        if state is not None:
            self.states.append(float(np.asarray(state)[0]))
        if self.breaks:
            raise ValueError("its own mistake")
        right = 0
        for i, row in enumerate(rows):
            token = int(row.argmax())
            if token == END:
                return self._over()
            self.written.append(token)
            if len(self.written) >= self.room:
                return self._over()
            if i == len(self._guessed) or self._guessed[i] != token:
                break
            right += 1
        return right

    def marked(self, states: object) -> None:
        raise AssertionError("no marks were set")

    def seen(self, material: object) -> None:
        raise AssertionError("nothing was wanted")

    def end(self, error: Exception | None = None) -> None:
        self.error, self.cancelled = error, error is None
        self.over.set()

    def _over(self) -> None:
        self.over.set()

    def result(self) -> list[int]:
        assert self.over.wait(20)
        if self.error:
            raise self.error
        return self.written


def prompts(lengths: Sequence[int], seed: int = 1) -> list[list[int]]:
    """Prompts of these lengths that write their whole room."""
    made, source = [], random.Random(seed)
    while len(made) < len(lengths):
        prompt = [source.randrange(10, WORDS) for _ in range(lengths[len(made)])]
        if len(alone(prompt, 12)) == 12:
            made.append(prompt)
    return made

"""The forward pass of a language model over tokens of several sequences, as engines that batch make it.

Keys and values lie in blocks of BLOCK tokens, and a sequence is a table of blocks (Kwon et al. 2023,
"Efficient Memory Management for Large Language Model Serving with PagedAttention"). So joining and leaving
cost nothing, a prompt that is read and answers that are written share a pass, and two prompts that begin
alike share blocks (``blocks.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK = 32
"""Tokens in a block; OpenVINO's CPU plugin knows no other size."""
STATE_LAYERS = (15, 18, 20)
"""Layers whose output after the last token is told: what the gate's probes read (docs/REFUSAL.md)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens of one sequence for a pass.

    Attributes:
        ids: what is taken in, at least one token.
        past: tokens of the sequence that were taken in before.
        table: the sequence's blocks, enough for ``past + len(ids)`` tokens.
        keep: logits are wanted after the last ``keep`` of ``ids``; may be 0.
        marks: places in ``ids`` before these, ascending, after which they are wanted too.
        deep: tokens of the sequence that were taken in by all layers before; None: hidden states alone are
            wanted, and a model may leave out the layers above those of STATE_LAYERS.
    """

    ids: Sequence[int]
    past: int
    table: Sequence[int]
    keep: int
    marks: Sequence[int] = ()
    deep: int | None = None

    @property
    def rows(self) -> list[int]:
        """The places in ``ids`` after which logits are wanted, ascending."""
        return [*self.marks, *range(len(self.ids) - self.keep, len(self.ids))]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a pass tells of a part: logits ``[rows, vocabulary]`` (``[rows, 0]`` where none were wanted) and,
    where the model tells, the hidden states after the same tokens, float32 ``[rows, hidden size]`` for each
    of STATE_LAYERS. Valid until the next pass."""

    logits: Floats
    states: tuple[Floats, ...]

    def state(self) -> Floats | None:
        """A copy of the state after the last token, ``[len(STATE_LAYERS) * hidden size]``."""
        return np.concatenate([layer[-1] for layer in self.states]) if self.states else None

    def marked(self, number: int) -> Floats | None:
        """A copy of the states after the first ``number`` rows, ``[number, len(STATE_LAYERS) * hidden
        size]``."""
        return np.concatenate([layer[:number] for layer in self.states], axis=1) if self.states else None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many tokens a pass may take in.

    Attributes:
        read_alone: of prompts while nobody writes: how long a reader who leaves still costs (about a second
            on a CPU).
        read_beside: of prompts while others write, who wait that long for their next token.
        rows: of answers, beyond which guesses cost more than they spare.
    """

    read_alone: int
    read_beside: int
    rows: int


class PassModel(Protocol):
    """A model whose keys and values lie in ``blocks`` blocks of ``block_bytes``. Not thread-safe."""

    blocks: int
    block_bytes: int
    sizes: Sizes

    def forward(self, parts: Sequence[Part]) -> list[Taken]:
        """One pass. Raises RuntimeError when it fails; what the blocks of these parts hold is unknown
        then."""
        ...

    def between(self, table: Sequence[int], begin: int, end: int) -> NDArray[np.float16] | None:
        """A copy of what the last of STATE_LAYERS gave for tokens of a sequence, ``[tokens, hidden size]``;
        None where the model tells no states."""
        ...

    def copy(self, source: int, target: int) -> None:
        """Make block ``target`` hold what ``source`` holds."""
        ...

    def give_back(self, blocks: Sequence[int]) -> None:
        """What these blocks hold is of no use: their memory may go back to the system until they are used."""
        ...

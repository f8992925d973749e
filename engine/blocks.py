"""Which blocks of keys and values belong to which sequence, and what a new prompt can take over from others.

A prompt that begins like another, be that one in flight or done, shares its full blocks and copies the one in
which they part. Sequences that are done are kept until their blocks are needed, the longest unused first. So
the fixed part of the prompt stays read, and so do passages that several people ask about. Knows nothing of
the model but how to copy a block; not thread-safe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.passes import BLOCK


@dataclass(eq=False, slots=True)
class Held:
    """A sequence's blocks, and the tokens whose keys and values they hold (as far as they go)."""

    table: list[int]
    tokens: list[int] = field(default_factory=list)


class Blocks:
    """``count`` blocks for all sequences.

    Args:
        keep: blocks that may be in use before sequences that are done are dropped.
        copy: makes the second block hold what the first holds.
    """

    def __init__(self, count: int, keep: int, copy: Callable[[int, int], None]) -> None:
        self._count = count
        self._keep = keep
        self._copy = copy
        self.forget()

    def forget(self) -> None:
        """Nothing is held any more: what the blocks hold is unknown."""
        self._free = list(
            range(self._count - 1, -1, -1)
        )  # the last is taken first: memory is used from the front
        self._users = [0] * self._count
        self._flying: list[Held] = []
        self._kept: list[Held] = []

    def take(self, prompt: Sequence[int], room: int) -> Held | None:
        """Blocks for the prompt and ``room`` more tokens; ``tokens`` of what comes back is the part of the
        prompt that need not be read, never all of it (its last token must be computed to give logits). None
        while there are too few."""
        donor, common = self._longest(prompt)
        shared = donor.table[: common // BLOCK] if donor else []
        self._use(shared)
        if donor in self._kept:
            self._kept.remove(donor)
            self._kept.append(donor)
        needed = -(-(len(prompt) + room) // BLOCK) - len(shared)
        while len(self._free) < needed and self._kept:
            self._drop(self._kept.pop(0).table)
        if len(self._free) < needed:
            self._drop(shared)
            return None
        fresh = [self._free.pop() for _ in range(needed)]
        self._use(fresh)
        if donor and common % BLOCK:  # the donor may just have gone, but nothing has been written over it yet
            self._copy(donor.table[common // BLOCK], fresh[0])
        held = Held([*shared, *fresh], list(prompt[:common]))
        self._flying.append(held)
        return held

    def give_back(self, held: Held) -> None:
        """The sequence is done; it is kept for others to begin with. Blocks that hold nothing are free at
        once."""
        self._flying.remove(held)
        full = -(-len(held.tokens) // BLOCK)
        self._drop(held.table[full:])
        del held.table[full:]
        self._kept.append(held)
        while self._kept and self._count - len(self._free) > self._keep:
            self._drop(self._kept.pop(0).table)

    def _longest(self, prompt: Sequence[int]) -> tuple[Held | None, int]:
        best, common = None, 0
        for held in (*self._kept, *self._flying):
            most = min(len(held.tokens), len(prompt) - 1)
            if most > common and held.tokens[:common] == list(prompt[:common]):
                n = common
                while n < most and held.tokens[n] == prompt[n]:
                    n += 1
                if n > common:
                    best, common = held, n
        return best, common

    def _use(self, table: Sequence[int]) -> None:
        for block in table:
            self._users[block] += 1

    def _drop(self, table: Sequence[int]) -> None:
        for block in table:
            self._users[block] -= 1
            if not self._users[block]:
                self._free.append(block)

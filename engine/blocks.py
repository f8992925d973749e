"""Which blocks of keys and values belong to which sequence, and what a new prompt can take over from others.

A prompt that begins like another, be that one in flight or done, shares its full blocks and copies the one in
which they part. Sequences that are done are kept until their blocks are needed, the longest unused first. So
the fixed part of the prompt stays read, and so do passages that several people ask about. What will come
again is kept on disk besides (``prefix_cache.py``). The memory of blocks that are free goes back to the
system when nobody asks. Not thread-safe.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.passes import BLOCK, PassModel
from engine.prefix_cache import Disk

SPARE = 16
"""Free blocks whose memory is not given back: the next question takes them."""


@dataclass(eq=False, slots=True)
class Held:
    """A sequence's blocks, and the tokens whose keys and values they hold (as far as they go); of the first
    ``deep`` of them for all layers."""

    table: list[int]
    tokens: list[int] = field(default_factory=list)
    deep: int = 0


class Blocks:
    """The blocks of ``model`` for all sequences.

    Args:
        keep: blocks that may be in use before sequences that are done are dropped.
        disk: where blocks are kept beyond memory; None: nowhere.
    """

    def __init__(self, model: PassModel, keep: int, disk: Disk | None = None) -> None:
        self._model = model
        self._count = model.blocks
        self._keep = keep
        self._disk = disk
        self.forget()
        self._cold = self._count

    def forget(self) -> None:
        """Nothing is held any more: what the blocks hold is unknown."""
        self._free = list(
            range(self._count - 1, -1, -1)
        )  # the last is taken first: memory is used from the front, and what was just used is used again
        self._cold = 0
        """So many of the free ones, the first, take no memory."""
        self._users = [0] * self._count
        self._flying: list[Held] = []
        self._kept: list[Held] = []
        self._saved: deque[int] = deque()
        """Blocks that the disk is done with; told by its thread."""
        if self._disk:
            self._disk.forget()

    def known(self, prompt: Sequence[int]) -> int:
        """How many tokens of the prompt need not be read. Nothing is loaded, and another thread may ask."""
        common = self._longest(prompt)[1]
        return max([common, *(end for _, end in self._on_disk(prompt, common // BLOCK))])

    def take(self, prompt: Sequence[int], room: int, told: int | None = None) -> Held | None:
        """Blocks for the prompt and ``room`` more tokens; ``tokens`` of what comes back is the part of the
        prompt that need not be read, never all of it (its last token must be computed to give logits), and
        less than its first ``told`` tokens. None while there are too few."""
        self._drop_saved()
        begin = prompt[:told]
        donor, common = self._longest(begin)
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
        self._cold = min(self._cold, len(self._free))
        self._use(fresh)
        reach, whole = self._load(begin, len(shared), fresh, common)
        if donor and common % BLOCK and reach == common:
            # the donor may just have gone, but nothing has been written over it yet
            self._model.copy(donor.table[common // BLOCK], fresh[0])
        deep = min(donor.deep, common if reach == common else len(shared) * BLOCK) if donor else 0
        if deep == len(shared) * BLOCK:
            deep = max(deep, whole)
        held = Held([*shared, *fresh], list(prompt[:reach]), deep)
        self._flying.append(held)
        return held

    def rest(self) -> None:
        """Nobody asks now: the memory of free blocks goes back to the system, but for that of a few."""
        self._drop_saved()
        free = len(self._free)
        self._cold = min(self._cold, free)
        if free - self._cold > SPARE:
            self._model.give_back(self._free[self._cold : free - SPARE])
            self._cold = free - SPARE

    def give_back(self, held: Held, lasting: int = 0) -> None:
        """The sequence is done; it is kept for others to begin with, its first ``lasting`` tokens on disk
        too. Blocks that hold nothing are free at once."""
        self._flying.remove(held)
        self._save(held, lasting)
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

    def _on_disk(self, prompt: Sequence[int], full: int) -> list[tuple[str, int]]:
        return self._disk.kept.find(prompt[:-1], full * BLOCK) if self._disk else []

    def _load(self, prompt: Sequence[int], full: int, fresh: Sequence[int], common: int) -> tuple[int, int]:
        """Fill fresh blocks after the ``full`` shared ones from disk, if that holds more than the ``common``
        tokens in memory; how many are held then, and to where those from disk are of all layers."""
        found, reach, whole = self._on_disk(prompt, full), common, full * BLOCK
        if not self._disk or not found or found[-1][1] <= common:
            return common, 0
        for (name, end), block in zip(found, fresh, strict=False):
            deep = self._disk.load(name, block)
            if deep is None:
                break
            whole = end if deep and whole == (end - 1) // BLOCK * BLOCK else whole
            reach = max(reach, end)
        return reach, whole

    def _save(self, held: Held, lasting: int) -> None:
        """Have the first ``lasting`` tokens kept on disk, or as many of them as fill blocks."""
        if not self._disk or not lasting:
            return
        if len(held.tokens) < lasting:
            lasting = len(held.tokens) // BLOCK * BLOCK
        names = self._disk.kept.names(held.tokens[:lasting])
        for number, (name, block) in enumerate(zip(names, held.table, strict=False), 1):
            deep = min(number * BLOCK, lasting) <= held.deep
            if self._disk.save(name, block, deep, self._saved.append):
                self._use([block])

    def _use(self, table: Sequence[int]) -> None:
        for block in table:
            self._users[block] += 1

    def _drop_saved(self) -> None:
        self._drop([self._saved.popleft() for _ in range(len(self._saved))])

    def _drop(self, table: Sequence[int]) -> None:
        for block in table:
            self._users[block] -= 1
            if not self._users[block]:
                self._free.append(block)

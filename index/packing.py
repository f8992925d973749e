"""Numbers and blocks as the corpus keeps them: little-endian 64-bit integers, whatever the machine."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence

from index.types import Block


def pack(numbers: Sequence[int]) -> bytes:
    """Integers as little-endian 64-bit bytes."""
    packed = array("q", numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def pack_blocks(blocks: Sequence[Block]) -> bytes:
    """Blocks as three integers each: start, end, and level with the number of the table above its lowest
    byte."""
    return pack(
        [number for block in blocks for number in (block.start, block.end, block.level | block.table << 8)]
    )


def unpack_blocks(data: bytes | None) -> tuple[Block, ...]:
    flat = unpack(data)
    triples = zip(flat[0::3], flat[1::3], flat[2::3], strict=True)
    return tuple(Block(start, end, kind & 0xFF, kind >> 8) for start, end, kind in triples)


def unpack(data: bytes | None) -> array[int]:
    numbers: array[int] = array("q")
    numbers.frombytes(data or b"")
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers

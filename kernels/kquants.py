"""The product of activations with a matrix in GGUF's Q4_K or Q6_K for processors with AVX2: two thirds of the
bytes of 8-bit weights.

A superblock is 256 weights of a row (github.com/ggml-org/llama.cpp, ggml-quants.h). In Q4_K each 32 of them
are ``d * scale * q - dmin * least`` with q of 4 bits, in Q6_K each 16 are ``d * scale * (q - 32)`` with q of
6. OpenVINO reads the former as ``d * scale * (q - zero)``, zero a whole number of 0 to 15; so do we, lest a
processor decide what is answered (on average a weight moves by 8 % of its size: docs/log/performance.md).
Activations are rounded to 8 bits, a scale for each 256. ``vpmaddubsw`` multiplies q by them and adds in
pairs of 16 bits: eight products of 15 * 127 * 2 fit, two of 63 * 127 * 2. The scales, whole numbers too,
are multiplied on where pairs become 32 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kernels.code import WIDTH, Compiled

Form = Literal["Q4_K", "Q6_K"]

SUPER = 256
"""Weights of a row that share ``d``, and activations that share a scale."""
LARGEST = 127
_BYTES: dict[Form, int] = {"Q4_K": 144, "Q6_K": 210}
"""Of a superblock in the file."""
LAID: dict[Form, int] = {"Q4_K": WIDTH * 156, "Q6_K": WIDTH * 212}
"""Of WIDTH superblocks as the kernel wants them."""


@dataclass(frozen=True, slots=True)
class Activations:
    """``x [tokens, length]`` rounded: ``bytes`` of its shape, ``scales [tokens, length / 256]``, the
    ``sums`` of each 32 as 16 bits, and what ``q - 32`` takes off the pairs of each 8 (``offsets``: 2 x 16
    bits)."""

    bytes: NDArray[np.int8]
    scales: NDArray[np.float32]
    sums: NDArray[np.int16]
    offsets: NDArray[np.int16]

    @classmethod
    def of(cls, x: NDArray[np.float32], by: Compiled) -> Activations:
        """Round the rows of a contiguous array ``[..., length]``; length a multiple of 256."""
        length = x.shape[-1]
        tokens = x.size // length
        made = cls(
            np.empty((tokens, length), np.int8),
            np.empty((tokens, length // SUPER), np.float32),
            np.empty((tokens, length // 32), np.int16),
            np.empty((tokens, length // 4), np.int16),
        )
        by["quantise"](tokens, length, x.ctypes.data, *(array.ctypes.data for array in made.arrays))
        return made

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        return self.bytes, self.scales, self.sums, self.offsets


def lay_out(form: Form, blocks: NDArray[np.uint8], rows: int) -> NDArray[np.uint8]:
    """The matrix's superblocks as they lie in the file, in the order that the kernel reads them.

    Args:
        blocks: ``[rows * length / 256, bytes of a superblock]``.
        rows: a multiple of WIDTH.

    Returns:
        ``[rows / WIDTH, length / 256, bytes]``: of 16 rows the scales, then their weights four by four.
    """
    taken = blocks.reshape(rows // WIDTH, WIDTH, -1, _BYTES[form])
    count = taken.shape[2]
    out = np.empty((rows // WIDTH, count, LAID[form]), np.uint8)
    for first in range(0, len(out), 64):
        part = np.ascontiguousarray(taken[first : first + 64].transpose(0, 2, 1, 3))
        out[first : first + 64] = (_q4 if form == "Q4_K" else _q6)(part)
    return out


def _q4(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``[a, b, WIDTH, 144]`` -> ``[a, b, bytes]``: d as floats, scales by row of each 32, ``scale * zero`` of
    each two of them by row in 16 bits, and weights: two rows eight apart in a byte."""
    outer = blocks.shape[:2]
    d, dmin = np.split(blocks[..., :4].copy().view(np.float16).astype(np.float32), 2, -1)
    packed, q = blocks[..., 4:16], blocks[..., 16:].reshape(*outer, WIDTH, 4, 32)
    low, high = packed[..., :4], packed[..., 4:8]
    mixed = packed[..., 8:]
    scales = np.concatenate([low & 63, (mixed & 15) | (low >> 6 << 4)], -1)
    leasts = np.concatenate([high & 63, (mixed >> 4) | (high >> 6 << 4)], -1)
    steps = d * scales
    zeros = np.divide(dmin * leasts, steps, out=np.zeros_like(steps), where=steps > 0)
    off = scales * np.clip(np.rint(zeros), 0, 15).astype(np.int16)
    values = np.stack([q & 15, q >> 4], -2).reshape(*outer, WIDTH, 64, 4)
    halves = values[:, :, :8] | (values[:, :, 8:] << 4)
    parts = (
        d.copy().view(np.uint8),
        scales.transpose(0, 1, 3, 2),
        off.reshape(*outer, WIDTH, 4, 2).transpose(0, 1, 3, 2, 4).copy().view(np.uint8),
        halves.transpose(0, 1, 3, 2, 4),
    )
    return np.concatenate([part.reshape(*outer, -1) for part in parts], -1)


def _q6(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``[a, b, WIDTH, 210]`` -> ``[a, b, bytes]``: d as floats, scales by row of each 16, and weights: for
    each 8 of a row twice the lower halves as in Q4_K, then the upper two bits of these four registers."""
    outer = blocks.shape[:2]
    lower = blocks[..., :128].reshape(*outer, WIDTH, 2, 2, 32)
    upper = blocks[..., 128:192].reshape(*outer, WIDTH, 2, 1, 32)
    d = blocks[..., 208:].copy().view(np.float16).astype(np.float32)
    low = np.concatenate([lower & 15, lower >> 4], -2)
    high = np.concatenate([(upper >> shift) & 3 for shift in (0, 2, 4, 6)], -2)
    low, high = (part.reshape(*outer, WIDTH, 32, 2, 4) for part in (low, high))
    nibbles = low[:, :, :8] | (low[:, :, 8:] << 4)
    tops = high[:, :, :8, :, 0] | (high[:, :, 8:, :, 0] << 2) | (high[:, :, :8, :, 1] << 4)
    tops = tops | (high[:, :, 8:, :, 1] << 6)
    weights = np.concatenate(
        [nibbles.transpose(0, 1, 3, 4, 2, 5), tops[:, :, None].transpose(0, 1, 4, 2, 3, 5)], 3
    )
    parts = (
        d.copy().view(np.uint8),
        blocks[..., 192:208].transpose(0, 1, 3, 2),
        weights,
    )
    return np.concatenate([part.reshape(*outer, -1) for part in parts], -1)

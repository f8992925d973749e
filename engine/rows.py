"""An array whose rows can be given back to the system and taken again: keys and values that nobody holds."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Sequence
from itertools import groupby
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Rows:
    """Zeros of a shape. Memory is taken row by row as they are written to: in large pages, which some systems
    give without being asked, the first row of every array would take that of a hundred."""

    def __init__(self, shape: Sequence[int], dtype: DTypeLike) -> None:
        size = prod(shape) * np.dtype(dtype).itemsize
        own: dict[str, Any] = {}
        if hasattr(mmap, "MAP_PRIVATE"):  # shared, as it would be, it could not be given back
            own["flags"] = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._map = mmap.mmap(-1, max(1, size), **own)
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            with contextlib.suppress(OSError):  # a system that knows no large pages
                self._map.madvise(mmap.MADV_NOHUGEPAGE)
        self.array: NDArray[Any] = np.frombuffer(self._map, dtype, prod(shape)).reshape(shape)
        self._row = size // shape[0]

    def give_back(self, rows: Sequence[int]) -> None:
        """What these rows hold is of no use to anybody. Nothing happens where a row is no number of whole
        pages, or the system cannot take it."""
        if self._row % mmap.PAGESIZE or not self._row or not hasattr(mmap, "MADV_DONTNEED"):
            return
        for _, run in groupby(enumerate(sorted(rows)), lambda pair: pair[1] - pair[0]):
            numbers = [row for _, row in run]
            self._map.madvise(mmap.MADV_DONTNEED, numbers[0] * self._row, len(numbers) * self._row)

"""Rows of an array that go back to the system."""

from __future__ import annotations

import ctypes
import mmap
import sys

import numpy as np
import pytest

from engine.rows import Rows

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="mincore, and how memory is given back"
)
WIDE = mmap.PAGESIZE // 2


def resident(rows: Rows) -> int:
    """Pages of the array that are in memory."""
    told = (ctypes.c_ubyte * (rows.array.nbytes // mmap.PAGESIZE))()
    place = ctypes.c_void_p(rows.array.ctypes.data)
    assert ctypes.CDLL(None).mincore(place, ctypes.c_size_t(rows.array.nbytes), told) == 0
    return sum(page & 1 for page in told)


@linux
def test_rows_take_memory_when_they_are_written_and_none_when_they_were_given_back() -> None:
    rows = Rows((600, 2, WIDE), np.uint16)
    assert not resident(rows)
    rows.array[100:200] = 7
    assert resident(rows) == 200
    rows.give_back([150, 101, 102, 100, 300])
    assert resident(rows) == 192
    assert not rows.array[[100, 101, 102, 150]].any() and (rows.array[103:150] == 7).all()
    rows.array[101] = 8
    assert (rows.array[101] == 8).all()


def test_rows_that_are_no_whole_pages_stay() -> None:
    rows = Rows((8, 100), np.float16)
    rows.array[:] = 1
    rows.give_back(range(8))
    assert (rows.array == 1).all()
    assert Rows((4, 2, 0), np.float16).array.shape == (4, 2, 0)

"""Letting go of memory that nobody needs: the mapped pages of a model's file, once the plugin holds its
weights in a form of its own, what loading has left in the heap, and code that has run."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def releasing(folder: Path, every: float = 0.03) -> Iterator[None]:
    """Let go of the mapped files in ``folder`` again and again, and once at the end.

    Packing reads each weight once: let go of at the end alone, all of them are in memory twice at the peak
    (3.1 GB of a 1.5 B model, against 1.7 GB).
    """
    done = threading.Event()

    def run() -> None:
        while not done.wait(every):
            release_mapped(folder)

    helper = threading.Thread(target=run, name="release", daemon=True)
    helper.start()
    try:
        yield
    finally:
        done.set()
        helper.join()
        release_mapped(folder)


_ARENA_MAX = -8
"""M_ARENA_MAX of the GNU library's malloc.h."""


def one_heap() -> None:
    """Have threads that begin from now on share one heap. Each would get one of its own, of which the GNU
    library gives back up to 64 MB never. Linux with that library only."""
    with contextlib.suppress(AttributeError):
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def trim() -> None:
    """Give what is free in the heap back to the system: loading leaves whole pages between what stays. Linux
    with the GNU library only."""
    with contextlib.suppress(AttributeError):
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).malloc_trim(0)


def release_code(library: str) -> int:
    """Let go of the pages of a loaded library whose file is named so (``libllvmlite``, once everything is
    compiled: 70 MB); returns how many bytes were mapped. What is run again comes from the file. Pages that
    were written to, as a library's tables of addresses are, stay. Linux only."""
    if not sys.platform.startswith("linux"):
        return 0
    released = 0
    place: tuple[int, int] | None = None
    for line in Path("/proc/self/smaps").read_text("utf-8", "replace").splitlines():
        head, *fields = line.split(None, 5)
        if len(fields) == 5 and not head.endswith(":"):
            named = Path(fields[4]).name.startswith(library) and "w" not in fields[0]
            first, last = (int(edge, 16) for edge in head.split("-"))
            place = (first, last - first) if named else None
        elif place and head == "Anonymous:":
            if fields[0] == "0":
                _release(*place)
                released += place[1]
            place = None
    return released


def _release(first: int, size: int) -> None:
    libc, dont_need = ctypes.CDLL(None), 4
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    libc.madvise(first, size, dont_need)


def release_mapped(folder: Path) -> int:
    """Let go of the pages of mapped files in ``folder``; returns how many bytes were mapped.

    Once packed, the weights are held twice: by the plugin, and as pages of the mapped file (1.5 GB of a 1.5 B
    model) that are hardly read again. They stay readable: what is needed after all is read from the file
    anew. Linux only.
    """
    if not sys.platform.startswith("linux"):
        return 0
    released = 0
    inside = str(folder.resolve()) + "/"
    for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[5].startswith(inside) and fields[1].startswith("r--"):
            first, last = (int(edge, 16) for edge in fields[0].split("-"))
            _release(first, last - first)
            released += last - first
    return released

"""Writing an inverted index in bounded memory: batches are cut, sorted and spilled, then scattered to their
places.

Files (numpy, no pickle): ``codes`` sorted term codes; ``starts`` where each term's postings begin (one more
at the end); ``rows`` and ``counts`` the postings, by row within a term (counts stop at 255); ``lengths``
terms of each row; ``best`` the largest ``tf * (k1 + 1) / (tf + norm)`` of each term, an upper bound used to
stop early.

The postings of rows that an earlier index has already are taken from it: they are parts like those of a
batch.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from index import disk
from index.terms import Codes, cut

SPILLED = ("codes", "sizes", "rows", "counts")
STRETCH = 64
"""Postings that are copied together on average; where fewer are, each is sent to its place by itself."""

ARRAYS = ("codes", "starts", "rows", "counts", "lengths", "best")


PART = 8_000_000
"""Postings of an earlier index that are taken over at a time."""


def write_postings(
    batches: Iterable[list[str]],
    folder: Path,
    k1: float,
    b: float,
    earlier: tuple[Path, Sequence[tuple[int, int]]] | None = None,
) -> int:
    """Write the arrays for the texts of all batches; returns how many rows there are.

    ``earlier``: the folder of an index and the runs of its rows (half-open, ascending) that are the first
    rows of this one.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="spill-") as spill_name:
        spill = Path(spill_name)
        codes = np.zeros(0, np.uint64)
        found = np.zeros(0, np.int64)
        lengths: list[np.ndarray] = []
        parts = 0
        first = 0
        if earlier is not None:
            for unique, having in _taken_over(*earlier, spill):
                codes, found = _merge(codes, found, unique, having)
                parts += 1
            old_lengths = np.load(earlier[0] / "lengths.npy", mmap_mode="r")
            lengths = [np.asarray(old_lengths[start:stop]) for start, stop in earlier[1]]
            first = sum(map(len, lengths))
        for batch in batches:
            unique, sizes = _spill(batch, first, spill / str(parts))
            codes, found = _merge(codes, found, unique, sizes[0])
            lengths.append(sizes[1])
            first += len(batch)
            parts += 1
        all_lengths = np.concatenate(lengths) if lengths else np.zeros(0, np.int32)
        starts = np.zeros(len(codes) + 1, np.int64)
        np.cumsum(found, out=starts[1:])
        np.save(folder / "codes.npy", codes)
        np.save(folder / "starts.npy", starts)
        np.save(folder / "lengths.npy", all_lengths)
        mean = max(float(all_lengths.mean()), 1.0) if first else 1.0
        norm = (k1 * (1 - b + b * all_lengths / mean)).astype(np.float32)
        np.save(folder / "best.npy", _scatter(spill, parts, codes, starts, norm, k1, folder))
    return first


def _spill(batch: list[str], first: int, path: Path) -> tuple[Codes, tuple[np.ndarray, np.ndarray]]:
    """Sort one batch by (code, row), count, write; returns its codes with (postings per code, terms per
    row)."""
    codes, rows = cut(batch)
    lengths = np.bincount(rows, minlength=len(batch)).astype(np.int32)
    order = np.lexsort((rows, codes))
    codes, rows = codes[order], rows[order]
    new = np.ones(len(codes), np.bool_)
    new[1:] = (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1])
    at = np.flatnonzero(new)
    counts = np.minimum(np.diff(np.append(at, len(codes))), 255).astype(np.uint8)
    codes, rows = codes[at], rows[at]
    unique, sizes = np.unique(codes, return_counts=True)
    _put(path, unique, sizes, (rows + first).astype(np.int32), counts)
    return unique, (sizes, lengths)


def _taken_over(
    folder: Path, runs: Sequence[tuple[int, int]], spill: Path
) -> Iterable[tuple[Codes, np.ndarray]]:
    """Spill the postings of the rows in ``runs``, a stretch of terms at a time; yields the codes of each with
    their numbers."""
    codes, starts, rows, counts = (
        np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ARRAYS[:4]
    )
    count = len(np.load(folder / "lengths.npy", mmap_mode="r"))
    if list(runs) == [(0, count)]:  # nothing has gone, and no row has another number
        yield from _all_of(codes, starts, rows, counts, spill)
        return
    places = np.full(count, -1, np.int32)
    first = 0
    for start, stop in runs:
        places[start:stop] = np.arange(first, first + stop - start)
        first += stop - start
    at = part = 0
    while at < len(codes):
        end = max(at + 1, int(np.searchsorted(starts, starts[at] + PART, "right")) - 1)
        here = slice(int(starts[at]), int(starts[end]))
        new_rows = places[rows[here]]
        kept = new_rows >= 0
        sizes = np.add.reduceat(kept, starts[at:end] - starts[at], dtype=np.int64)
        alive = sizes > 0
        unique, sizes = codes[at:end][alive], sizes[alive]
        _put(spill / str(part), unique, sizes, new_rows[kept], counts[here][kept])
        yield unique, sizes
        at, part = end, part + 1


def _all_of(
    codes: Codes, starts: np.ndarray, rows: np.ndarray, counts: np.ndarray, spill: Path
) -> Iterable[tuple[Codes, np.ndarray]]:
    """The postings of an earlier index as they are, a stretch of terms at a time."""
    at = part = 0
    while at < len(codes):
        end = max(at + 1, int(np.searchsorted(starts, starts[at] + PART, "right")) - 1)
        here = slice(int(starts[at]), int(starts[end]))
        sizes = np.diff(starts[at : end + 1])
        _put(spill / str(part), codes[at:end], sizes, rows[here], counts[here])
        yield codes[at:end], sizes
        at, part = end, part + 1


def _put(folder: Path, *arrays: np.ndarray) -> None:
    """Spill the codes, numbers, rows and counts of one part."""
    folder.mkdir()
    for name, array in zip(SPILLED, arrays, strict=True):
        np.save(folder / f"{name}.npy", array)


def _merge(codes: Codes, found: np.ndarray, more: Codes, sizes: np.ndarray) -> tuple[Codes, np.ndarray]:
    """Two ascending lists of codes with their numbers as one."""
    places = np.searchsorted(codes, more)
    known = places < len(codes)
    known[known] = codes[places[known]] == more[known]
    found = found.copy()
    found[places[known]] += sizes[known]
    return np.insert(codes, places[~known], more[~known]), np.insert(found, places[~known], sizes[~known])


def _scatter(
    spill: Path, parts: int, codes: Codes, starts: np.ndarray, norm: np.ndarray, k1: float, folder: Path
) -> np.ndarray:
    """Write each batch's postings behind those of the batches before it; returns the bounds of the terms."""
    size = int(starts[-1])
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.int32, (size,))
    counts = np.lib.format.open_memmap(folder / "counts.npy", "w+", np.uint8, (size,))
    for name in ("rows.npy", "counts.npy"):
        disk.reserve(folder / name, (folder / name).stat().st_size)
    fill = starts[:-1].copy()
    best = np.zeros(len(codes), np.float32)
    for part in range(parts):
        own, sizes, batch_rows, batch_counts = (
            np.asarray(np.load(spill / str(part) / f"{name}.npy", mmap_mode="r")) for name in SPILLED
        )
        places = np.searchsorted(codes, own)
        begins = np.cumsum(sizes) - sizes
        _place(fill[places] - begins, begins, sizes, (rows, batch_rows), (counts, batch_counts))
        fill[places] += sizes
        if len(batch_rows):
            tf = batch_counts.astype(np.float32)
            below = norm[batch_rows]
            below += tf
            tf *= np.float32(k1 + 1)
            tf /= below  # in place: these are as long as the postings
            best[places] = np.maximum(best[places], np.maximum.reduceat(tf, begins))
    rows.flush()
    counts.flush()
    return best


def _place(
    shift: np.ndarray, begins: np.ndarray, sizes: np.ndarray, *pairs: tuple[np.ndarray, np.ndarray]
) -> None:
    """Copy the postings of a part to where they belong: those of each term ``shift`` places further on. What
    is not parted by postings of others is copied together."""
    total = int(begins[-1] + sizes[-1]) if len(begins) else 0
    parted = np.flatnonzero(np.diff(shift)) + 1
    if STRETCH * len(parted) > total:
        to = np.repeat(shift, sizes) + np.arange(total)
        for whole, part in pairs:
            whole[to] = part
        return
    edges = [0, *begins[parted].tolist(), total]
    for term, start, stop in zip([0, *parted.tolist()], edges, edges[1:], strict=False):
        if stop > start:
            by = int(shift[term])
            for whole, part in pairs:
                whole[start + by : stop + by] = part[start:stop]

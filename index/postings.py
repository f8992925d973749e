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
            unique, sizes = _spill(batch, first, spill / f"{parts}.npz")
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
    np.savez(path, codes=unique, sizes=sizes, rows=(rows + first).astype(np.int32), counts=counts)
    return unique, (sizes, lengths)


def _taken_over(
    folder: Path, runs: Sequence[tuple[int, int]], spill: Path
) -> Iterable[tuple[Codes, np.ndarray]]:
    """Spill the postings of the rows in ``runs``, a stretch of terms at a time; yields the codes of each with
    their numbers."""
    codes, starts, rows, counts = (
        np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ARRAYS[:4]
    )
    places = np.full(len(np.load(folder / "lengths.npy", mmap_mode="r")), -1, np.int32)
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
        np.savez(
            spill / f"{part}.npz", codes=unique, sizes=sizes, rows=new_rows[kept], counts=counts[here][kept]
        )
        yield unique, sizes
        at, part = end, part + 1


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
        with np.load(spill / f"{part}.npz") as batch:
            places = np.searchsorted(codes, batch["codes"])
            sizes, batch_rows, batch_counts = batch["sizes"], batch["rows"], batch["counts"]
        begins = np.cumsum(sizes) - sizes
        to = np.repeat(fill[places] - begins, sizes) + np.arange(len(batch_rows))
        rows[to] = batch_rows
        counts[to] = batch_counts
        fill[places] += sizes
        if len(batch_rows):
            tf = batch_counts.astype(np.float32)
            tops = np.maximum.reduceat(tf * np.float32(k1 + 1) / (tf + norm[batch_rows]), begins)
            best[places] = np.maximum(best[places], tops)
    rows.flush()
    counts.flush()
    return best

"""BM25 over memory-mapped postings: exact scores, few postings touched.

Score of a passage: sum over the question's terms of ``weight * idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b *
l / L))`` with ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))`` (Robertson and Zaragoza 2009, in Lucene's form);
single Han characters have a smaller ``weight``, and none where they are everywhere. A search reads the rare
terms first, scores the most promising passages fully for a bound, and stops as soon as the terms left could
not lift a new passage over it (MaxScore; Turtle and Flood 1995); what is left is then added for the surviving
passages alone. Knows nothing
of passages: rows in, rows out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errors import IndexError_
from index import terms
from index.build import Earlier
from index.postings import ARRAYS, write_postings
from index.terms import Codes, cut, is_single, query_terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

K1 = 1.0
B = 0.75
SINGLE_WEIGHT = 0.7
SINGLE_SHARE = 0.3
"""Single characters found in more than this share of the passages are left out of questions, like stop
words."""
FOLDER = "lexical"
BATCH = 8192
_GROUP = 64
"""Rows of a group at most; only the best of each is looked at to find how high the k-th best score is."""
_SEEDS = 4
"""For each result asked for, so many of the most promising rows are scored fully to find a bound."""
_WORTH = 32000
"""A bound is looked for when so many postings were read for each term that is left (and when twice as many
were)."""
_LOOK_UP = 12
"""Looking up a row costs as much as reading so many postings."""
_SLACK = 1e-3
"""Sums of float32 depend on their order; nothing this near to the bound is thrown away."""


class LexicalIndex:
    """BM25 over the rows ``0..count-1``. Read-only and thread-safe; open it with :meth:`build` or
    :meth:`open`."""

    def __init__(self, folder: Path) -> None:
        folder = folder / FOLDER
        meta = folder / "bm25.json"
        try:
            self._meta: dict[str, object] = json.loads(meta.read_text("utf-8"))
            # np.asarray keeps the mapping and drops np.memmap's slow slicing.
            arrays = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ARRAYS}
        except (OSError, ValueError) as error:
            raise IndexError_.named("lexical_unreadable", folder=str(folder), what=str(error)) from error
        if self._meta.get("terms") != terms.VERSION:
            raise IndexError_.named("lexical_version", folder=str(folder))
        self._codes: Codes = arrays["codes"]
        self._starts: Ints = arrays["starts"]
        self._rows: NDArray[np.int32] = arrays["rows"]
        self._counts: NDArray[np.uint8] = arrays["counts"]
        self._best: Floats = arrays["best"]
        lengths = np.asarray(arrays["lengths"], np.float32)
        mean = float(lengths.mean()) if lengths.size else 1.0
        self._norm: Floats = (K1 * (1 - B + B * lengths / max(mean, 1.0))).astype(np.float32)
        self.count = int(lengths.size)

    @classmethod
    def build(cls, texts: Iterable[str], folder: Path, earlier: Earlier | None = None) -> LexicalIndex:
        """Index ``texts`` (row = position) into ``folder/lexical``, which is created; memory stays bounded.

        Texts that an ``earlier`` index of this version holds are not cut again.
        """
        own = folder / FOLDER
        own.mkdir(parents=True, exist_ok=True)
        taken = None
        if earlier is not None and earlier.runs and _usable(earlier.folder / FOLDER):
            taken = (earlier.folder / FOLDER, earlier.runs)
        count = write_postings(_batches(texts, earlier.kept if taken and earlier else 0), own, K1, B, taken)
        meta = {"terms": terms.VERSION, "count": count, "k1": K1, "b": B, "single_weight": SINGLE_WEIGHT}
        (own / "bm25.json").write_text(json.dumps(meta), "utf-8")
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Map an index from disk. Raises IndexError_ when it is missing, damaged or of another version."""
        return cls(folder)

    def describe(self) -> dict[str, object]:
        """What ``wenju index info`` shows."""
        return self._meta | {"vocabulary": len(self._codes), "postings": len(self._rows)}

    def search(self, query: str, k: int) -> tuple[Ints, Floats]:
        """The best ``k`` rows and their scores (all above 0), by score, then row."""
        if k < 1:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        weights, places = self._weights(query_terms(query))
        order = np.argsort(-weights, kind="stable")
        order = order[weights[order] > 0]
        weights, places = weights[order], places[order]
        sizes = self._starts[places + 1] - self._starts[places]
        # What the terms from i on could add at most: `left[i]`.
        left = np.append(np.cumsum((weights * self._best[places])[::-1])[::-1], 0.0)
        scores = np.zeros(self.count, np.float32)
        bound, used, read, tried = 0.0, 0, 0, 0
        while used < len(places) and left[used] >= bound - _SLACK:
            self._read(scores, int(places[used]), float(weights[used]))
            read += int(sizes[used])
            used += 1
            if read - tried > max(tried, _WORTH * (len(places) - used)):
                bound, tried = max(bound, self._sure(scores, weights[used:], places[used:], k)), read
        if used:
            bound = max(bound, _kth(scores, k))
        alive = np.flatnonzero(scores > max(0.0, bound - float(left[used]) - _SLACK))
        looked_up = np.zeros(len(alive), np.float32)
        for i in range(used, len(places)):
            if sizes[i] < _LOOK_UP * len(alive):
                self._read(scores, int(places[i]), float(weights[i]))
            else:
                looked_up += self._looked_up(int(places[i]), float(weights[i]), alive)
            if len(alive) > k:
                found = scores[alive] + looked_up
                bound = max(bound, _kth(found, k))
                keep = np.flatnonzero(found >= bound - float(left[i + 1]) - _SLACK)
                alive, looked_up = alive[keep], looked_up[keep]
        return _top(alive, scores[alive] + looked_up, k)

    def _sure(self, scores: Floats, weights: Floats, places: Ints, k: int) -> float:
        """A score that at least ``k`` rows reach: the most promising ones, scored fully with the terms that
        are left."""
        few = _SEEDS * k
        rows = np.flatnonzero(scores >= max(_kth(scores, few), _SLACK))
        found = scores[rows]
        if len(rows) > few:
            best = np.sort(np.argpartition(found, len(rows) - few)[len(rows) - few :])
            rows, found = rows[best], found[best]
        for weight, place in zip(weights, places, strict=True):
            found += self._looked_up(int(place), float(weight), rows)
        return _kth(found, k)

    def scores(self, query: str, rows: Sequence[int] | Ints) -> Floats:
        """BM25 of the given rows (any order), 0 where nothing matches."""
        wanted = np.asarray(rows, np.int64)
        weights, places = self._weights(query_terms(query))
        total = np.zeros(len(wanted), np.float32)
        for weight, place in zip(weights, places, strict=True):
            total += self._looked_up(int(place), float(weight), wanted)
        return total

    def ceiling(self, query: str) -> float:
        """What no passage's BM25 can exceed: every term of the question, without end; one that no passage has
        counts as one of a single passage, so that a question in other words than the documents' is not taken
        to be met by the one term that they share."""
        return self._total(query_terms(query)) * (K1 + 1)

    def coverage(self, query: str, rows: Sequence[int] | Ints) -> Floats:
        """For each row the share (0..1) of the question's terms that it has, weighed by idf.

        Terms that no passage has count as missing everywhere, with the idf of a term of one passage.
        """
        wanted = np.asarray(rows, np.int64)
        codes = query_terms(query)
        weights, places = self._weights(codes)
        total = self._total(codes)
        found = np.zeros(len(wanted), np.float32)
        for weight, place in zip(weights, places, strict=True):
            found += weight * self._has(int(place), wanted)[0]
        return found / np.float32(total) if total > 0 else found

    def _total(self, codes: Codes) -> float:
        """Weight of all terms together; of those that no passage has, that of a term of one passage."""
        weights, places = self._weights(codes)
        unknown = codes[~np.isin(codes, self._codes[places])]
        rare = float(np.log(1 + (self.count - 0.5) / 1.5)) if self.count else 1.0
        return float(weights.sum()) + rare * float(np.where(is_single(unknown), SINGLE_WEIGHT, 1.0).sum())

    def _weights(self, codes: Codes) -> tuple[Floats, Ints]:
        """Weight (idf, less for single characters) and place in the vocabulary of the known ones of
        ``codes``."""
        places = np.searchsorted(self._codes, codes)
        known = places < len(self._codes)
        known[known] = self._codes[places[known]] == codes[known]
        places, codes = places[known], codes[known]
        return weigh(codes, self._starts[places + 1] - self._starts[places], self.count), places

    def _read(self, scores: Floats, place: int, weight: float) -> None:
        """Add what the term gives to every row that has it."""
        span = slice(int(self._starts[place]), int(self._starts[place + 1]))
        rows = self._rows[span].astype(np.intp)
        np.add.at(
            scores, rows, self._gains(self._counts[span], rows, weight)
        )  # twice as fast as scores[rows] += ...

    def _gains(self, counts: NDArray[np.uint8], rows: Ints, weight: float) -> Floats:
        """What a term found ``counts`` times adds to the score of ``rows``."""
        tf = counts.astype(np.float32)
        gains = self._norm.take(rows, mode="clip")  # "clip" spares a pass that checks the rows
        gains += tf
        np.divide(tf, gains, out=gains)
        gains *= np.float32(weight * (K1 + 1))
        return gains

    def _has(self, place: int, rows: Ints) -> tuple[NDArray[np.bool_], Ints]:
        """Which of ``rows`` have the term, and where its posting lies."""
        span = slice(int(self._starts[place]), int(self._starts[place + 1]))
        posted = self._rows[span]
        at = np.searchsorted(posted, rows.astype(np.int32))
        return posted.take(at, mode="clip") == rows, at + span.start

    def _looked_up(self, place: int, weight: float, rows: Ints) -> Floats:
        """What the term adds to each of ``rows`` (any order)."""
        here, at = self._has(place, rows)
        gains = np.zeros(len(rows), np.float32)
        gains[here] = self._gains(self._counts.take(at[here]), rows[here], weight)
        return gains


def score_texts(query: str, texts: Sequence[str]) -> tuple[Floats, Floats, float]:
    """BM25, coverage and ceiling for a handful of texts that are in no index; idf is taken from these texts
    alone."""
    codes = query_terms(query)
    tf, lengths = term_counts(codes, texts)
    having = (tf > 0).sum(0)
    weights = weigh(codes, having, len(texts))
    norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()) if len(texts) else 1.0, 1.0))
    scores = (weights * (K1 + 1) * tf / (tf + norm[:, None])).sum(1)
    coverage = ((tf > 0) * weights).sum(1) / max(float(weights.sum()), 1e-9)
    ceiling = float(weights.sum()) * (K1 + 1)
    return scores.astype(np.float32), coverage.astype(np.float32), ceiling


def term_counts(codes: Codes, texts: Sequence[str]) -> tuple[Floats, Floats]:
    """How often each text has each of the sorted ``codes``, float32 [texts, codes], and how many terms it
    has."""
    found, rows = cut(texts)
    tf = np.zeros((len(texts), len(codes)), np.float32)
    at = np.searchsorted(codes, found)
    hit = at < len(codes)
    hit[hit] = codes[at[hit]] == found[hit]
    np.add.at(tf, (rows[hit], at[hit]), 1.0)
    return np.minimum(tf, 255), np.bincount(rows, minlength=len(texts)).astype(np.float32)


def weigh(codes: Codes, having: Ints, count: int) -> Floats:
    """Weight of each term that ``having`` of ``count`` passages have: idf, less for single characters."""
    idf = np.log(1 + (count - having + 0.5) / (having + 0.5))
    single = np.where(having > max(3.0, SINGLE_SHARE * count), 0.0, SINGLE_WEIGHT)
    return np.asarray(idf * np.where(is_single(codes), single, 1.0), np.float32)


def _usable(folder: Path) -> bool:
    """May the postings in ``folder`` be taken over by this version?"""
    try:
        return bool(json.loads((folder / "bm25.json").read_text("utf-8")).get("terms") == terms.VERSION)
    except (OSError, ValueError):
        return False


def _batches(texts: Iterable[str], first: int) -> Iterator[list[str]]:
    """From the text of row ``first`` on."""
    if first and isinstance(texts, Sequence):
        for at in range(first, len(texts), BATCH):
            yield list(texts[at : at + BATCH])
        return
    source = islice(texts, first, None)
    while batch := list(islice(source, BATCH)):
        yield batch


def _kth(scores: Floats, k: int) -> float:
    """A score that at least ``k`` of them reach, near the k-th best: no passage of the final k can end below
    it.

    Of many scores only the best of each group is looked at; row ``i`` is in group ``i % n``, so that whole
    stretches are compared at once.
    """
    size = min(_GROUP, len(scores) // (8 * k))
    if size > 1:
        scores = scores[: len(scores) // size * size].reshape(size, -1).max(0)
    return float(np.partition(scores, len(scores) - k)[len(scores) - k]) if len(scores) > k else 0.0


def _top(rows: Ints, scores: Floats, k: int) -> tuple[Ints, Floats]:
    if len(rows) > k:  # keep ties at the border, so that the lower row wins
        border = np.partition(scores, len(scores) - k)[len(scores) - k]
        keep = scores >= border
        rows, scores = rows[keep], scores[keep]
    order = np.lexsort((rows, -scores))[:k]
    return rows[order].astype(np.int64), scores[order]

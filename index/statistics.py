"""How many passages have each term: what BM25 needs to know of a collection whose postings lie elsewhere.

16 bytes a term, whatever the number of passages; a changed index changes the counts by its new and gone
passages alone. The scores are those of ``index.bm25``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.bm25 import K1, SINGLE_WEIGHT, B, Floats, Ints, term_counts, weigh
from index.terms import Codes, cut, is_single, query_terms

FILE = "terms.npz"


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """Of ``count`` passages with ``length`` terms together: the terms (sorted codes), and how many passages
    have each."""

    codes: Codes
    having: Ints
    count: int = 0
    length: int = 0

    @classmethod
    def none(cls) -> TermStatistics:
        return cls(np.zeros(0, np.uint64), np.zeros(0, np.int64))

    @classmethod
    def load(cls, folder: Path) -> TermStatistics:
        with np.load(folder / FILE, allow_pickle=False) as kept:
            return cls(kept["codes"], kept["having"], int(kept["count"]), int(kept["length"]))

    def save(self, folder: Path) -> None:
        np.savez(folder / FILE, codes=self.codes, having=self.having, count=self.count, length=self.length)

    def changed(self, batches: Iterable[Sequence[str]], sign: int = 1) -> TermStatistics:
        """With the passages of all batches added (``sign`` 1) or taken away (-1)."""
        codes, having, count, length = self.codes, self.having, self.count, self.length
        for batch in batches:
            found, rows = cut(batch)
            order = np.lexsort((rows, found))
            sorted_codes, sorted_rows = found[order], rows[order]
            new = np.ones(len(order), np.bool_)  # each term once a passage
            new[1:] = (sorted_codes[1:] != sorted_codes[:-1]) | (sorted_rows[1:] != sorted_rows[:-1])
            terms, sizes = np.unique(sorted_codes[new], return_counts=True)
            every = np.union1d(codes, terms)
            sums = np.zeros(len(every), np.int64)
            sums[np.searchsorted(every, codes)] += having
            sums[np.searchsorted(every, terms)] += sign * sizes
            codes, having = every[sums > 0], sums[sums > 0]
            count, length = count + sign * len(batch), length + sign * len(found)
        return TermStatistics(codes, having, count, length)

    def weights(self, query: str) -> tuple[Codes, Floats, Floats]:
        """The question's terms; the weight of each, 0 for those that no passage has; what each counts for in
        coverage."""
        codes = query_terms(query)
        if not self.count:
            return codes, np.zeros(len(codes), np.float32), np.ones(len(codes), np.float32)
        places = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        known = self.codes[places] == codes
        weights = np.where(known, weigh(codes, self.having[places], self.count), 0.0).astype(np.float32)
        rare = np.log(1 + (self.count - 0.5) / 1.5)
        unknown = rare * np.where(is_single(codes), SINGLE_WEIGHT, 1.0)
        return codes, weights, np.where(known, weights, unknown).astype(np.float32)

    def measure(self, query: str, texts: Sequence[str]) -> tuple[Floats, Floats, float]:
        """BM25 and coverage of each text, and the ceiling of the question."""
        codes, weights, shares = self.weights(query)
        tf, lengths = term_counts(codes, texts)
        mean = max(self.length / self.count, 1.0) if self.count else 1.0
        norm = (K1 * (1 - B + B * lengths / mean)).astype(np.float32)
        scores = (weights * (K1 + 1) * tf / (tf + norm[:, None])).sum(1)
        coverage = ((tf > 0) * weights).sum(1) / max(float(shares.sum()), 1e-9)
        return scores.astype(np.float32), coverage.astype(np.float32), float(shares.sum()) * (K1 + 1)

"""Searches in memory-mapped files beside the generation: FAISS for the vectors, postings of our own for
BM25."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from index.backend import Candidates, Floats, RowNumbers, Rows
from index.bm25 import LexicalIndex
from index.build import Earlier, Progress
from index.dense import DenseIndex
from index.generation import Generation
from index.scope import EVERYTHING, Scope

SCOPES = 64
"""Scopes whose rows are remembered."""
FURTHER = 4
"""Times as many rows are searched for where a few of them may be closed."""


class LocalBackend:
    """See ``index.backend.Backend``."""

    def build(self, corpus: Generation, earlier: Earlier | None, report: Progress) -> None:
        report("dense", 0, 1)
        DenseIndex.build(corpus.vectors(), corpus.path, earlier)
        report("dense", 1, 1)
        report("lexical", 0, 1)
        LexicalIndex.build(corpus.search_texts(), corpus.path, earlier)
        report("lexical", 1, 1)

    def settle(self, current: Generation) -> None:
        """The store removes the folders of earlier generations; there is nothing else."""

    def open(self, generation: Rows) -> LocalSearches:
        return LocalSearches(generation)


class LocalSearches:
    """See ``index.backend.Searches``. Opens both indexes at once (memory-mapped, so in milliseconds)."""

    def __init__(self, generation: Rows) -> None:
        self._generation = generation
        self._lexical = LexicalIndex.open(generation.path)
        self._dense = DenseIndex.open(generation.path)
        self._among: dict[Scope, RowNumbers] = {}

    def describe(self) -> dict[str, object]:
        return {"lexical": self._lexical.describe(), "dense": self._dense.describe()}

    def propose(self, query: str, vector: Floats, wide: int, scope: Scope = EVERYTHING) -> Candidates:
        among = self._rows_in(scope) if scope else None
        lexical = self._best(
            lambda k: self._lexical.search(query, k)[0],
            lambda rows: _first(rows, self._lexical.scores(query, rows), wide, 0.0),
            wide,
            among,
        )
        dense = self._best(
            lambda k: self._dense.search(vector, k)[0][0],
            lambda rows: _first(rows, self._dense.scores(vector, rows), wide, -np.inf),
            wide,
            among,
        )
        rows = np.union1d(lexical, dense)
        return Candidates(
            rows,
            self._lexical.scores(query, rows),
            self._dense.scores(vector, rows),
            self._lexical.coverage(query, rows),
            self._lexical.ceiling(query),
        )

    def _best(
        self,
        search: Callable[[int], RowNumbers],
        compare: Callable[[RowNumbers], RowNumbers],
        wide: int,
        among: RowNumbers | None,
    ) -> RowNumbers:
        """The best ``wide`` rows of all, or ``among`` some: where those are most of the rows by searching
        further down, else (or where that was not far enough) by comparing every one of them."""
        if among is None:
            return search(wide)
        if 2 * len(among) > self._generation.count:
            asked = FURTHER * wide
            found = search(asked)
            kept = found[np.isin(found, among, kind="sort", assume_unique=True)][:wide]
            if len(kept) == wide or len(found) < asked:
                return kept
        return compare(among)

    def _rows_in(self, scope: Scope) -> RowNumbers:
        if scope not in self._among:
            if len(self._among) >= SCOPES:
                self._among.clear()
            self._among[scope] = np.array(self._generation.rows_in(scope), np.int64)
        return self._among[scope]


def _first(rows: RowNumbers, scores: np.ndarray, k: int, above: float) -> RowNumbers:
    """The best ``k`` rows with scores over ``above``, by (-score, row)."""
    order = np.lexsort((rows, -scores))[:k]
    return rows[order[scores[order] > above]]

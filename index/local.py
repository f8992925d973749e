"""Searches in memory-mapped files beside the generation: FAISS for the vectors, postings of our own for
BM25."""

from __future__ import annotations

import numpy as np

from index.backend import Candidates, Floats, RowNumbers, Rows
from index.bm25 import LexicalIndex
from index.build import Earlier, Progress
from index.dense import DenseIndex
from index.generation import Generation


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
        self._collections: dict[str, RowNumbers] = {}

    def describe(self) -> dict[str, object]:
        return {"lexical": self._lexical.describe(), "dense": self._dense.describe()}

    def propose(self, query: str, vector: Floats, wide: int, collection: str = "") -> Candidates:
        if collection:
            among = self._rows_in(collection)
            lexical = _first(among, self._lexical.scores(query, among), wide, 0.0)
            dense = _first(among, self._dense.scores(vector, among), wide, -np.inf)
        else:
            lexical = self._lexical.search(query, wide)[0]
            dense = self._dense.search(vector, wide)[0][0]
        rows = np.union1d(lexical, dense)
        return Candidates(
            rows,
            self._lexical.scores(query, rows),
            self._dense.scores(vector, rows),
            self._lexical.coverage(query, rows),
            self._lexical.ceiling(query),
        )

    def _rows_in(self, collection: str) -> RowNumbers:
        if collection not in self._collections:
            self._collections[collection] = np.array(self._generation.rows_in(collection), np.int64)
        return self._collections[collection]


def _first(rows: RowNumbers, scores: np.ndarray, k: int, above: float) -> RowNumbers:
    """The best ``k`` rows with scores over ``above``, by (-score, row)."""
    order = np.lexsort((rows, -scores))[:k]
    return rows[order[scores[order] > above]]

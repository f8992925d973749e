"""The Retriever: a question in, Hits out, from the lexical and the dense index of one generation.

Both searches propose candidates; every candidate gets both scores, is fused and comes with the reasons
(``Hit.why``). Knows nothing of generators and of how the answer is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.bm25 import LexicalIndex, score_texts
from index.copies import plain
from index.dense import DenseIndex
from index.encoder import Encoder
from index.fusion import fuse
from index.settings import IndexSettings
from index.types import Document, Hit, Passage

RowNumbers = NDArray[np.int64]

CANDIDATES = 100
"""Rows that each of the two searches proposes."""


class Rows(Protocol):
    """What is needed of a Generation: its folder, and passages and documents by row and id."""

    path: Path
    count: int

    def passage_at(self, row: int) -> Passage: ...

    def document(self, document_id: str) -> Document: ...

    def copies(self) -> Mapping[str, str]: ...

    def rows_in(self, collection: str) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Ranked:
    """A scored row: position in the index (or in the texts given), fused score, and ``why`` as in ``Hit``."""

    row: int
    score: float
    why: dict[str, float]


class HybridRetriever:
    """Searches one generation. Thread-safe; opens its indexes at once (memory-mapped, so in milliseconds)."""

    def __init__(self, generation: Rows, encoder: Encoder, settings: IndexSettings | None = None) -> None:
        self._generation = generation
        self._encoder = encoder
        self._settings = settings or IndexSettings()
        self._lexical = LexicalIndex.open(generation.path) if generation.count else None
        self._dense = DenseIndex.open(generation.path) if generation.count else None
        self._collections: dict[str, RowNumbers] = {}

    def describe(self) -> dict[str, object]:
        """Kinds and sizes of the two indexes, for ``wenju index info``."""
        if self._lexical is None or self._dense is None:
            return {}
        return {"lexical": self._lexical.describe(), "dense": self._dense.describe()}

    def search(self, query: str, k: int | None = None, collection: str = "") -> list[Hit]:
        """The best ``k`` passages (default ``settings.top_k``), by (-score, row); [] for an empty index or
        query.

        With ``collection`` those of its documents, found as if it were an index of its own but for how rare
        words are.

        A passage that stands in copies of one document counts once (``Hit.copies`` names the others).
        """
        wanted = self._settings.top_k if k is None else k
        copies = self._generation.copies()
        asked = (
            max(wanted, CANDIDATES) if copies else wanted
        )  # so that the copies of what is found are seen too
        while True:
            ranked = self.rank(query, asked, collection)
            found = self._once(ranked, copies)
            if len(found) >= wanted or len(ranked) < asked or not copies:
                break
            asked *= 4
        hits = []
        documents: dict[str, Document] = {}
        for one, passage, others in found[:wanted]:
            if passage.document_id not in documents:
                documents[passage.document_id] = self._generation.document(passage.document_id)
            hits.append(Hit(passage, documents[passage.document_id], one.score, one.why, tuple(others)))
        return hits

    def _once(
        self, ranked: Sequence[Ranked], copies: Mapping[str, str]
    ) -> list[tuple[Ranked, Passage, list[str]]]:
        """Each passage once, with the other documents that hold the same one as copies of each other."""
        found: dict[tuple[str, str], tuple[Ranked, Passage, list[str]]] = {}
        groups = set(copies.values())
        for one in ranked:
            passage = self._generation.passage_at(one.row)
            first = copies.get(passage.document_id, passage.document_id)
            key = (first, plain(passage.text)) if first in groups else (passage.id, "")
            if key not in found:
                found[key] = (one, passage, [])
            elif (
                passage.document_id != found[key][1].document_id and passage.document_id not in found[key][2]
            ):
                found[key][2].append(passage.document_id)
        return list(found.values())

    def rank(self, query: str, k: int, collection: str = "") -> list[Ranked]:
        """The best ``k`` rows without reading any passage."""
        if self._lexical is None or self._dense is None or not query.strip() or k < 1:
            return []
        wide = max(CANDIDATES, k)
        vector = self._encoder.encode([query], query=True)
        if collection:
            among = self._rows_in(collection)
            bm25_rows = _first(among, self._lexical.scores(query, among), wide, 0.0)
            dense_rows = _first(among, self._dense.scores(vector[0], among), wide, -np.inf)
        else:
            bm25_rows, _ = self._lexical.search(query, wide)
            dense_rows = self._dense.search(vector, wide)[0][0]
        rows = np.union1d(bm25_rows, dense_rows)
        bm25 = self._lexical.scores(query, rows)
        dense = self._encoder.relevance(self._dense.scores(vector[0], rows))
        scores = fuse(bm25, dense, self._lexical.ceiling(query))
        best = np.lexsort((rows, -scores))[:k]
        coverage = self._lexical.coverage(query, rows[best])
        ranks = {"bm25_rank": _ranks(bm25_rows), "dense_rank": _ranks(dense_rows)}
        return [
            Ranked(int(rows[i]), float(scores[i]), _why(bm25[i], dense[i], coverage[j], ranks, int(rows[i])))
            for j, i in enumerate(best)
        ]

    def _rows_in(self, collection: str) -> RowNumbers:
        if collection not in self._collections:
            self._collections[collection] = np.array(self._generation.rows_in(collection), np.int64)
        return self._collections[collection]


def _first(rows: RowNumbers, scores: np.ndarray, k: int, above: float) -> RowNumbers:
    """The best ``k`` rows with scores over ``above``, by (-score, row)."""
    order = np.lexsort((rows, -scores))[:k]
    return rows[order[scores[order] > above]]


def rank_texts(query: str, texts: Sequence[str], encoder: Encoder) -> list[Ranked]:
    """Score texts given with the question, without an index: best first, each with the row of its text."""
    if not texts:
        return []
    bm25, coverage, ceiling = score_texts(query, texts)
    dense = encoder.relevance(encoder.encode([*texts]) @ encoder.encode([query], query=True)[0])
    scores = fuse(bm25, dense, ceiling)
    positive = [int(row) for row in np.lexsort((np.arange(len(texts)), -bm25)) if bm25[row] > 0]
    ranks = {"bm25_rank": _ranks(positive), "dense_rank": _ranks(np.lexsort((np.arange(len(texts)), -dense)))}
    found = [
        Ranked(row, float(scores[row]), _why(bm25[row], dense[row], coverage[row], ranks, row))
        for row in range(len(texts))
    ]
    return sorted(found, key=lambda one: (-one.score, one.row))


def _ranks(rows: Sequence[int] | np.ndarray) -> dict[int, int]:
    return {int(row): rank for rank, row in enumerate(rows, 1)}


def _why(
    bm25: np.float32, dense: np.float32, coverage: np.float32, ranks: dict[str, dict[int, int]], row: int
) -> dict[str, float]:
    why = {"dense": float(dense), "bm25": float(bm25), "coverage": float(coverage)}
    return why | {name: float(places[row]) for name, places in ranks.items() if row in places}

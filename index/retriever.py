"""The Retriever: a question in, Hits out, from the lexical and the dense index of one generation.

Both searches propose candidates; every candidate gets both scores, is fused and comes with the reasons
(``Hit.why``). Knows nothing of generators and of how the answer is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.backend import Backend, Rows
from index.bm25 import score_texts
from index.duplicates import plain
from index.encoder import Encoder
from index.fusion import fuse
from index.local import LocalBackend
from index.scope import EVERYTHING, Scope
from index.settings import IndexSettings
from index.types import Document, Hit, Passage

CANDIDATES = 100
"""Rows that each of the two searches proposes."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A scored row: position in the index (or in the texts given), fused score, and ``why`` as in ``Hit``."""

    row: int
    score: float
    why: dict[str, float]


class HybridRetriever:
    """Searches one generation, with what its backend opens. Thread-safe."""

    def __init__(
        self,
        generation: Rows,
        encoder: Encoder,
        settings: IndexSettings | None = None,
        backend: Backend | None = None,
    ) -> None:
        self._generation = generation
        self._encoder = encoder
        self._settings = settings or IndexSettings()
        self._searches = (backend or LocalBackend()).open(generation) if generation.count else None

    def describe(self) -> dict[str, object]:
        """Kinds and sizes of the two indexes, for ``wenju index info``."""
        return self._searches.describe() if self._searches else {}

    def search(self, query: str, k: int | None = None, scope: Scope = EVERYTHING) -> list[Hit]:
        """The best ``k`` passages (default ``settings.top_k``), by (-score, row); [] for an empty index or
        query.

        With ``scope`` those of its documents, found as if they were an index of their own but for how rare
        words are.

        A passage that stands in copies of one document counts once (``Hit.copies`` names the others).
        """
        wanted = self._settings.top_k if k is None else k
        copies = self._generation.copies()
        asked = (
            max(wanted, CANDIDATES) if copies else wanted
        )  # so that the copies of what is found are seen too
        while True:
            ranked = self.rank(query, asked, scope)
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

    def rank(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Ranked]:
        """The best ``k`` rows without reading any passage."""
        if self._searches is None or not query.strip() or k < 1:
            return []
        wide = max(CANDIDATES, k)
        vector = self._encoder.encode([query], query=True)[0]
        found = self._searches.propose(query, vector, wide, scope)
        dense = self._encoder.relevance(found.cosines)
        scores = fuse(found.bm25, dense, found.ceiling)
        matching = np.flatnonzero(found.bm25 > 0)
        ranks = {
            "bm25_rank": _ranks(matching[np.argsort(-found.bm25[matching], kind="stable")][:wide]),
            "dense_rank": _ranks(np.argsort(-found.cosines, kind="stable")[:wide]),
        }
        best = np.lexsort((found.rows, -scores))[:k]
        return [
            Ranked(
                int(found.rows[i]),
                float(scores[i]),
                _why(found.bm25[i], dense[i], found.coverage[i], ranks, int(i)),
            )
            for i in best
        ]


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

"""The seam behind which passages are searched: files of this machine (``index.local``) or Milvus
(``index.milvus``).

A Backend makes what a generation is searched with, and opens it. Documents, passages and vectors are in the
generation's own files either way, so that nothing is lost with the searches: ``wenju index rebuild`` makes
them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.build import Earlier, Progress
from index.generation import Generation
from index.scope import EVERYTHING, Scope
from index.types import Document, Passage

Floats = NDArray[np.float32]
RowNumbers = NDArray[np.int64]


class Rows(Protocol):
    """What a retriever needs of a Generation: its folder, and passages and documents by row and id."""

    path: Path
    count: int

    def passage_at(self, row: int) -> Passage: ...

    def document(self, document_id: str) -> Document: ...

    def copies(self) -> Mapping[str, str]: ...

    def rows_in(self, scope: Scope) -> Sequence[int]: ...

    def rows_at(self, keys: Sequence[int]) -> list[int | None]: ...

    def search_texts_at(self, keys: Sequence[int]) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rows that either search proposes, each once, with the scores of both.

    Attributes:
        rows: int64 [n], ascending.
        bm25: BM25, 0 or above; 0 where no term is shared.
        cosines: with the question's vector.
        coverage: share of the question's terms that the passage has, weighed by idf, 0..1.
        ceiling: what no passage's BM25 can exceed for this question.
    """

    rows: RowNumbers
    bm25: Floats
    cosines: Floats
    coverage: Floats
    ceiling: float


class Searches(Protocol):
    """Both searches over one generation. Thread-safe."""

    def propose(self, query: str, vector: Floats, wide: int, scope: Scope = EVERYTHING) -> Candidates:
        """The best ``wide`` rows by BM25 and the best ``wide`` by cosine, of the documents that the scope
        holds.

        Raises:
            IndexError_: what is searched cannot be reached or does not fit the generation.
        """
        ...

    def describe(self) -> dict[str, object]:
        """Kinds and sizes, for ``wenju index info``."""
        ...


class Backend(Protocol):
    """Makes and opens the searches of generations."""

    def build(self, corpus: Generation, earlier: Earlier | None, report: Progress) -> None:
        """Make what a new generation is searched with; readers of the earlier one notice nothing of it."""
        ...

    def settle(self, current: Generation) -> None:
        """The generation is the current one now: what only earlier ones had may go."""
        ...

    def open(self, generation: Rows) -> Searches:
        """Raises IndexError_ when the generation was made for another backend, or is damaged."""
        ...

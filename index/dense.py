"""Nearest vectors: the only door to FAISS. Rows in, rows out; knows nothing of texts or models.

Vectors have length 1, so the inner product is the cosine. Up to ``EXACT_MAX`` rows every vector is compared; above that
an approximate index proposes candidates that are compared exactly with the stored vectors. The choice and its
measured cost stand in docs/RETRIEVAL.md; :meth:`DenseIndex.describe` tells which one an index uses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import IndexError_

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

FOLDER = "dense"
EXACT_MAX = 50_000


class DenseIndex:
    """Inner-product search over the rows ``0..count-1``. Read-only and thread-safe."""

    def __init__(self, folder: Path) -> None:
        own = folder / FOLDER
        try:
            self._meta = json.loads((own / "dense.json").read_text("utf-8"))
            self._vectors: Vectors = np.load(folder / self._meta["vectors"], mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, KeyError) as error:
            raise IndexError_(f"The dense index in {folder} cannot be read: {error}.", "Index the documents again.") from error
        self.count, self.dimension = self._vectors.shape
        if self.count != self._meta["count"]:
            raise IndexError_(f"The dense index in {folder} does not fit its vectors.", "Index the documents again.")

    @classmethod
    def build(cls, vectors: Vectors, folder: Path, metric: str = "ip") -> DenseIndex:
        """Index float32 [n, dimension] into ``folder/dense``.

        ``folder/vectors.npy`` is used for exact comparison where it exists (the store writes it first); otherwise the
        vectors are written beside the index.
        """
        if metric != "ip":
            raise ValueError(f"metric {metric!r}: only 'ip' is supported")
        own = folder / FOLDER
        own.mkdir(parents=True, exist_ok=True)
        place = "vectors.npy"
        if not (folder / place).is_file():
            place = f"{FOLDER}/vectors.npy"
            np.save(folder / place, np.ascontiguousarray(vectors, np.float32))
        meta: dict[str, Any] = {"count": len(vectors), "dimension": int(vectors.shape[1]), "vectors": place, "kind": "exact"}
        (own / "dense.json").write_text(json.dumps(meta), "utf-8")
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> DenseIndex:
        """Map an index from disk. Raises IndexError_ when it is missing or damaged."""
        return cls(folder)

    def describe(self) -> dict[str, Any]:
        """Kind, count, dimension and parameters, for ``wenju index info``."""
        return dict(self._meta)

    def search(self, vectors: Vectors, k: int) -> tuple[Rows, Vectors]:
        """The ``k`` nearest rows of each vector: int64 and float32 [n, min(k, count)], by (-score, row)."""
        import faiss

        k = min(k, self.count)
        queries = np.ascontiguousarray(vectors, np.float32)
        if k == 0:
            return np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
        scores, rows = faiss.knn(queries, self._vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
        return _ordered(rows, scores)

    def scores(self, vector: Vectors, rows: Rows) -> Vectors:
        """Cosine of one vector with the given rows."""
        return np.asarray(self._vectors[np.asarray(rows, np.int64)] @ vector.reshape(-1), np.float32)


def _ordered(rows: Rows, scores: Vectors) -> tuple[Rows, Vectors]:
    order = np.lexsort((rows, -scores), axis=-1)
    return np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)

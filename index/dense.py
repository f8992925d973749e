"""Nearest vectors: the only door to FAISS. Rows in, rows out; knows nothing of texts or models.

Vectors have length 1, so the inner product is the cosine. Up to ``EXACT_MAX`` rows every vector is compared; above that
a graph over 8-bit vectors (HNSW; Malkov and Yashunin 2018) proposes rows that are compared exactly with the stored
vectors; above ``GRAPH_MAX`` rows inverted lists of 8-bit vectors do, which find more and are built faster there. The
choice comes from the table in docs/PERFORMANCE.md; :meth:`DenseIndex.describe` tells which one is in use.
All files are memory-mapped.
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
EXACT_MAX = 20_000
GRAPH = "HNSW32,SQ8"
"""FAISS factory string: 32 neighbours a node, 8 bits a dimension."""
EF_CONSTRUCTION = 80
EF_SEARCH = 200
EF_MANY, EF_SEARCH_MANY = 200_000, 300
"""The graph is searched wider where it holds more than ``EF_MANY`` rows."""
GRAPH_MAX = 500_000
COMPARED = 100
"""Rows proposed by a graph or by lists and compared exactly, at least."""
LISTS_PER_ROOT = 4
"""Inverted lists: so many times the root of the number of rows (4,096 at a million)."""
PROBED = 128
"""Lists searched at least; one in 32 where there are more."""
TRAINING = 160_000
"""Vectors that the quantiser's ranges are learned from."""
CHUNK = 20_000


class DenseIndex:
    """Inner-product search over the rows ``0..count-1``. Read-only and thread-safe."""

    def __init__(self, folder: Path) -> None:
        own = folder / FOLDER
        try:
            self._meta = json.loads((own / "dense.json").read_text("utf-8"))
            self._vectors: Vectors = np.load(folder / self._meta["vectors"], mmap_mode="r", allow_pickle=False)
            self._graph = None if self._meta["kind"] == "exact" else _read(own / f"{self._meta['kind']}.faiss")
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise IndexError_(f"The dense index in {folder} cannot be read: {error}.", "Index the documents again.") from error
        self.count, self.dimension = self._vectors.shape
        if self.count != self._meta["count"] or (self._graph is not None and self._graph.ntotal != self.count):
            raise IndexError_(f"The dense index in {folder} does not fit its vectors.", "Index the documents again.")

    @classmethod
    def build(cls, vectors: Vectors, folder: Path, metric: str = "ip", exact_max: int = EXACT_MAX, graph_max: int = GRAPH_MAX) -> DenseIndex:
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
        if len(vectors) > max(exact_max, graph_max):
            lists = max(1, 1 << round(np.log2(LISTS_PER_ROOT * len(vectors) ** 0.5)))
            meta |= {"kind": "lists", "factory": f"IVF{lists},SQ8", "probed": min(lists, max(PROBED, lists // 32))}
        elif len(vectors) > exact_max:
            ef = EF_SEARCH_MANY if len(vectors) > EF_MANY else EF_SEARCH
            meta |= {"kind": "graph", "factory": GRAPH, "ef_construction": EF_CONSTRUCTION, "ef_search": ef}
        if meta["kind"] != "exact":
            _write(np.load(folder / place, mmap_mode="r"), own / f"{meta['kind']}.faiss", meta["factory"])
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
        k = min(k, self.count)
        queries = np.ascontiguousarray(vectors, np.float32).reshape(-1, self.dimension)
        rows = np.zeros((len(queries), k), np.int64)
        scores = np.zeros((len(queries), k), np.float32)
        for i, query in enumerate(queries if k else queries[:0]):
            rows[i], scores[i] = self._one(query, k)
        return rows, scores

    def _one(self, query: Vectors, k: int) -> tuple[Rows, Vectors]:
        if self._graph is None:
            return _best(np.arange(self.count), self._vectors @ query, k)
        found = _propose(self._graph, query, k, self._meta.get("probed", 0), self._meta.get("ef_search", 0))
        if len(found) < k:  # a graph may leave rows unreached; asked for nearly all of them, compare all
            return _best(np.arange(self.count), self._vectors @ query, k)
        return _best(found, self.scores(query, found), k)

    def scores(self, vector: Vectors, rows: Rows) -> Vectors:
        """Cosine of one vector with the given rows."""
        return np.asarray(self._vectors[np.asarray(rows, np.int64)] @ vector.reshape(-1), np.float32)


def _propose(index: Any, query: Vectors, k: int, probed: int, ef: int) -> Rows:
    import faiss

    parameters: Any
    if probed:
        parameters = faiss.SearchParametersIVF(nprobe=probed)  # type: ignore[attr-defined, call-arg, unused-ignore]
    else:
        parameters = faiss.SearchParametersHNSW(efSearch=max(ef, 2 * k))  # type: ignore[attr-defined, unused-ignore]
    found = index.search(query[None], max(k, COMPARED), params=parameters)[1][0]
    return np.sort(found[found >= 0]).astype(np.int64)


def _best(rows: Rows, scores: Vectors, k: int) -> tuple[Rows, Vectors]:
    """The best ``k`` by (-score, row); ``rows`` ascending."""
    if len(rows) > k:
        border = np.partition(scores, len(scores) - k)[len(scores) - k]
        keep = scores >= border
        rows, scores = rows[keep], scores[keep]
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]


def _write(vectors: Vectors, path: Path, factory: str) -> None:
    import faiss

    index: Any = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    if factory == GRAPH:
        index.hnsw.efConstruction = EF_CONSTRUCTION
    else:
        index.cp.niter = 8
    index.train(np.ascontiguousarray(vectors[:: max(1, len(vectors) // TRAINING)]))
    for first in range(0, len(vectors), CHUNK):
        index.add(np.ascontiguousarray(vectors[first : first + CHUNK]))
    faiss.write_index(index, str(path))


def _read(path: Path) -> Any:
    import faiss

    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)

"""Nearest vectors: the only door to FAISS. Rows in, rows out; knows nothing of texts or models.

Vectors have length 1, so the inner product is the cosine. Up to ``EXACT_MAX`` rows every vector is compared;
above that a graph over 8-bit vectors (HNSW; Malkov and Yashunin 2018) proposes rows that are compared exactly
with the stored vectors; above ``GRAPH_MAX`` rows inverted lists of 8-bit vectors do, which find more and are
built faster there. The choice comes from the table in docs/PERFORMANCE.md; :meth:`DenseIndex.describe` tells
which one is in use. All files are memory-mapped.

A graph or lists are taken over from an earlier index while few rows changed: what they name is mapped to the
rows of today (``rows.npy``, -1 for one that is gone), and the rows after the last one mapped are compared one
by one.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import IndexError_
from index.build import Earlier

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

FOLDER, MAP = "dense", "rows.npy"
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
CHANGED, CHANGED_SHARE = 4_000, 0.05
"""A graph or lists are built anew when more rows, and a larger share of them, were added or have gone
since."""


class DenseIndex:
    """Inner-product search over the rows ``0..count-1``. Read-only and thread-safe."""

    def __init__(self, folder: Path) -> None:
        own = folder / FOLDER
        try:
            self._meta = json.loads((own / "dense.json").read_text("utf-8"))
            self._vectors: Vectors = np.load(
                folder / self._meta["vectors"], mmap_mode="r", allow_pickle=False
            )
            self._graph = (
                None if self._meta["kind"] == "exact" else _read(own / f"{self._meta['kind']}.faiss")
            )
            self._map = np.load(own / MAP, allow_pickle=False) if "covered" in self._meta else None
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise IndexError_.named("dense_unreadable", folder=str(folder), what=str(error)) from error
        self.count, self.dimension = self._vectors.shape
        named = self.count if self._map is None else len(self._map)
        if self.count != self._meta["count"] or (self._graph is not None and self._graph.ntotal != named):
            raise IndexError_.named("dense_other", folder=str(folder))

    @classmethod
    def build(
        cls,
        vectors: Vectors,
        folder: Path,
        earlier: Earlier | None = None,
        metric: str = "ip",
        exact_max: int = EXACT_MAX,
        graph_max: int = GRAPH_MAX,
    ) -> DenseIndex:
        """Index float32 [n, dimension] into ``folder/dense``, taking over a graph or lists of an ``earlier``
        one while few rows changed.

        ``folder/vectors.npy`` is used for exact comparison where it exists (the store writes it first);
        otherwise the vectors are written beside the index.
        """
        if metric != "ip":
            raise ValueError(f"metric {metric!r}: only 'ip' is supported")
        own = folder / FOLDER
        own.mkdir(parents=True, exist_ok=True)
        place = "vectors.npy"
        if not (folder / place).is_file():
            place = f"{FOLDER}/vectors.npy"
            np.save(folder / place, np.ascontiguousarray(vectors, np.float32))
        meta: dict[str, Any] = {
            "count": len(vectors),
            "dimension": int(vectors.shape[1]),
            "vectors": place,
            "kind": "exact",
        }
        if len(vectors) > max(exact_max, graph_max):
            lists = max(1, 1 << round(np.log2(LISTS_PER_ROOT * len(vectors) ** 0.5)))
            meta |= {
                "kind": "lists",
                "factory": f"IVF{lists},SQ8",
                "probed": min(lists, max(PROBED, lists // 32)),
            }
        elif len(vectors) > exact_max:
            ef = EF_SEARCH_MANY if len(vectors) > EF_MANY else EF_SEARCH
            meta |= {"kind": "graph", "factory": GRAPH, "ef_construction": EF_CONSTRUCTION, "ef_search": ef}
        taken = _taken_over(earlier, own, meta) if earlier is not None and meta["kind"] != "exact" else None
        if taken is not None:
            meta |= taken
        elif meta["kind"] != "exact":
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
        asked = k if self._map is None else k + k // 8
        found = _propose(
            self._graph, query, asked, self._meta.get("probed", 0), self._meta.get("ef_search", 0)
        )
        if self._map is not None:
            found = np.sort(self._map[found])
            found = np.concatenate([found[found >= 0], self._since(query, k)])
        if len(found) < k:  # a graph may leave rows unreached; asked for nearly all of them, compare all
            return _best(np.arange(self.count), self._vectors @ query, k)
        return _best(found, self.scores(query, found), k)

    def _since(self, query: Vectors, k: int) -> Rows:
        """The best rows among those that came after the graph or the lists were built, ascending."""
        first = int(self._meta["covered"])
        return np.sort(_best(np.arange(first, self.count), self._vectors[first:] @ query, k)[0])

    def scores(self, vector: Vectors, rows: Rows) -> Vectors:
        """Cosine of one vector with the given rows."""
        return np.asarray(self._vectors[np.asarray(rows, np.int64)] @ vector.reshape(-1), np.float32)


def _taken_over(earlier: Earlier, own: Path, meta: dict[str, Any]) -> dict[str, Any] | None:
    """Copy the graph or lists of ``earlier`` and map what they name to the new rows; None where too much has
    changed.

    A copy and no link: a file that is damaged must not damage the generation before it.
    """
    theirs = earlier.folder / FOLDER
    try:
        old = json.loads((theirs / "dense.json").read_text("utf-8"))
        if old["kind"] != meta["kind"]:
            return None
        named = (
            np.load(theirs / MAP, allow_pickle=False)
            if "covered" in old
            else np.arange(old["count"], dtype=np.int32)
        )
        places = np.full(old["count"] + 1, -1, np.int32)  # the last one is that of -1
        first = 0
        for start, stop in earlier.runs:
            places[start:stop] = np.arange(first, first + stop - start)
            first += stop - start
        rows = places[named]
        covered = int(rows.max(initial=-1)) + 1
        changed = meta["count"] - covered + int((rows < 0).sum())
        if changed > max(CHANGED, CHANGED_SHARE * meta["count"]):
            return None
        shutil.copyfile(theirs / f"{old['kind']}.faiss", own / f"{old['kind']}.faiss")
    except (OSError, ValueError, KeyError):
        return None
    np.save(own / MAP, rows)
    return {
        name: old[name] for name in ("factory", "probed", "ef_construction", "ef_search") if name in old
    } | {"covered": covered}


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

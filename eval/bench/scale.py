"""Dense search over synthetic vectors of any number."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.metrics.stats import percentile


def search(
    sizes: Sequence[int], dimensions: int = 512, queries: int = 200, k: int = 10
) -> list[dict[str, Any]]:
    """Dense search over synthetic unit vectors in clusters: build time, size, seconds a query, recall@k
    against exact search."""
    import numpy as np

    from index.dense import DenseIndex
    from models.files import size_of

    rows = []
    for size in sizes:
        rng = np.random.default_rng(size)
        centres = rng.standard_normal((max(8, size // 200), dimensions), dtype=np.float32)
        vectors = centres[rng.integers(0, len(centres), size)] + 0.7 * rng.standard_normal(
            (size, dimensions), dtype=np.float32
        )
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        asked = vectors[rng.integers(0, size, queries)] + 0.02 * rng.standard_normal(
            (queries, dimensions), dtype=np.float32
        )
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            built = DenseIndex.build(vectors, Path(folder))
            build = time.perf_counter() - begun
            kept = size_of(Path(folder))
            built.search(asked[:1], k)
            seconds, found = [], []
            for query in asked:
                begun = time.perf_counter()
                ids, _ = built.search(query[None, :], k)
                seconds.append(time.perf_counter() - begun)
                found.append(set(map(int, np.asarray(ids)[0])))
            kind = built.describe()
        exact = [set(map(int, np.argpartition(-(vectors @ query), k)[:k])) for query in asked]
        recall = [len(a & b) / k for a, b in zip(found, exact, strict=True)]
        rows.append(
            {
                "passages": size,
                "build_seconds": build,
                "megabytes": kept / 1e6,
                "seconds_p50": percentile(seconds, 0.5),
                "seconds_p95": percentile(seconds, 0.95),
                f"recall@{k}": sum(recall) / queries,
                "n": queries,
                "index": kind,
            }
        )
    return rows

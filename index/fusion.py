"""Fusion: one score from a lexical and a dense one, as a weighted sum of scores brought to one scale.

Ranks alone (reciprocal rank fusion) threw away how sure the lexical side was and made it worse on every tuning set;
the weights come from the tuning data in docs/RETRIEVAL.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DENSE_WEIGHT = 0.3


def fuse(bm25: Floats, dense: Floats, weight: float = DENSE_WEIGHT) -> Floats:
    """Scores of the same candidates by both searches -> one score each, 0..1 in practice.

    Args:
        bm25: BM25, 0 or above; divided by its best.
        dense: cosines; 0 for the mean of the candidates, 1 for the best of them.
        weight: share of the dense side, 0..1.
    """
    if not len(bm25):
        return np.zeros(0, np.float32)
    top = float(bm25.max())
    lexical = bm25 / top if top > 0 else np.zeros_like(bm25)
    low, high = float(dense.min()), float(dense.max())
    near = (dense - low) / (high - low) if high > low else np.zeros_like(dense)
    return ((1 - weight) * lexical + weight * near).astype(np.float32)

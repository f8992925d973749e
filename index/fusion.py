"""Fusion: one score from a lexical and a dense one, as a weighted sum of scores brought to one scale.

Ranks alone (reciprocal rank fusion) threw away how sure the lexical side was and made the first place worse
on every tuning set;
the weights come from the tuning data in docs/RETRIEVAL.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DENSE_WEIGHT = 0.5


def fuse(bm25: Floats, dense: Floats, ceiling: float, weight: float = DENSE_WEIGHT) -> Floats:
    """Scores of the same candidates by both searches -> one score each, 0..1 in practice.

    Both scales are absolute, so scores of different questions can be compared: BM25 is divided by the most
    that this question could get, cosines come on the scale that all encoders share (``Encoder.relevance``).

    Args:
        bm25: BM25, 0 or above.
        dense: cosines on the common scale.
        ceiling: the most that BM25 could be for this question; 0 when no term of it is known.
        weight: share of the dense side, 0..1.
    """
    lexical = bm25 / ceiling if ceiling > 0 else np.zeros_like(bm25)
    return np.asarray((1 - weight) * lexical + weight * dense, np.float32)

"""Which kind of answer a question wants, told by a softmax over the encoder's vector of it. Milliseconds, no word lists.

The weights (``kinds.npz``) are made by ``training/kinds.py`` on vectors of multilingual-e5-small.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder

WEIGHTS = Path(__file__).with_name("kinds.npz")
MODEL = "multilingual-e5-small"
BEFORE = 2.0
"""Value of the feature that tells that there was a turn before."""


def kind_of(question: str, before: bool, encoder: Encoder) -> Mapping[str, float]:
    """Probability of each kind of answer (``qa.heads.KINDS``).

    Args:
        before: there is a turn before.
        encoder: multilingual-e5-small.
    """
    fit = _fit()
    vector = encoder.encode([question], query=True)[0]
    logits = fit["weights"] @ features(vector, fit["mean"], fit["scale"], before) + fit["bias"]
    share = np.exp(logits - logits.max())
    return dict(zip(fit["kinds"].tolist(), (share / share.sum()).tolist(), strict=True))


def features(vector: NDArray[Any], mean: NDArray[Any], scale: NDArray[Any], before: bool) -> NDArray[np.float32]:
    """What the softmax sees: the vector standardised, and whether there was a turn before."""
    return np.append((vector - mean) / scale, BEFORE * before).astype(np.float32)


@functools.cache
def _fit() -> Mapping[str, NDArray[Any]]:
    with np.load(WEIGHTS, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}

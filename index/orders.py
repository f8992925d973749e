"""Passages that read like orders to a program (ignore the above, always answer X): told for administrators
and left out of overviews and of what is written to order; by a linear model over vectors that the index has
anyway. No text is read again.

The weights (``orders.npz``) are made by ``training/orders.py`` on vectors of multilingual-e5-small; an index
of another encoder tells nothing.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from index.encoder import Encoder
    from index.generation import Generation
    from index.types import Document, Passage

WEIGHTS = Path(__file__).with_name("orders.npz")
BLOCK = 65_536
"""Rows looked at together."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A passage that reads like an order to a program, and how sure the model is (0..1). The document comes
    without its text."""

    document: Document
    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Fit:
    """The linear model: log-odds ``weights @ vector + bias`` for vectors of ``model``; ``least`` to be
    told."""

    weights: np.ndarray
    bias: float
    least: float
    model: str


@functools.cache
def load_fit(path: Path = WEIGHTS) -> Fit:
    """The fit that ships."""
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        return Fit(
            file["weights"].astype(np.float32), float(file["bias"]), float(file["least"]), str(file["model"])
        )


def suspects(generation: Generation, fit: Fit | None = None) -> tuple[Suspect, ...]:
    """The passages of an index that read like orders, the surest first; () for an index of another encoder.

    Milliseconds for ten thousand passages: a product of the stored vectors with one vector.
    """
    import numpy as np

    fit = fit or load_fit()
    if generation.manifest["identity"].get("encoder") != fit.model or not generation.count:
        return ()
    vectors = generation.vectors()
    found: list[tuple[float, int]] = []
    for start in range(0, len(vectors), BLOCK):
        odds = np.asarray(vectors[start : start + BLOCK]) @ fit.weights + fit.bias
        found += [(float(odds[i]), start + int(i)) for i in np.flatnonzero(odds >= fit.least)]
    return tuple(_suspect(generation, row, odds) for odds, row in sorted(found, key=lambda f: (-f[0], f[1])))


def ordering(texts: Sequence[str], encoder: Encoder, fit: Fit | None = None) -> list[int]:
    """Which of some passages, as they are searched, read like orders; [] with another encoder."""
    import numpy as np

    fit = fit or load_fit()
    if encoder.name != fit.model or not texts:
        return []
    odds = encoder.encode(texts) @ fit.weights + fit.bias
    return [int(i) for i in np.flatnonzero(odds >= fit.least)]


def _suspect(generation: Generation, row: int, odds: float) -> Suspect:
    ((document, passage),) = generation.iterate(row, row + 1)
    return Suspect(document, passage, round(1.0 / (1.0 + math.exp(-odds)), 3))


def told(found: Sequence[Suspect], document_id: str) -> list[dict[str, Any]]:
    """What of one document reads like an order, in reading order, as plain values with its span."""
    own = sorted((s for s in found if s.document.id == document_id), key=lambda s: s.passage.start)
    return [
        {"start": p.start, "end": p.end, "page": p.page, "score": s.score, "text": " ".join(p.text.split())}
        for s in own
        for p in [s.passage]
    ]

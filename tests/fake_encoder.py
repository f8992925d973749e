"""A deterministic encoder for tests: character bigrams hashed into signed buckets. No model, no download."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class FakeEncoder:
    """Texts that share character pairs are near each other; the same text always gives the same unit
    vector."""

    def __init__(self, dimension: int = 256, name: str = "fake-encoder") -> None:
        self._dimension = dimension
        self._name = name
        self.calls = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        self.calls += 1
        vectors = np.zeros((len(texts), self._dimension), np.float32)
        for row, text in enumerate(texts):
            padded = f"^{text}$"
            for i in range(len(padded) - 1):
                code = zlib.crc32(padded[i : i + 2].encode())
                vectors[row, code % self._dimension] += 1.0 if code & 0x8000 else -1.0
            norm = float(np.linalg.norm(vectors[row]))
            if norm == 0.0:
                vectors[row, 0] = norm = 1.0
            vectors[row] /= norm
        return vectors

    def relevance(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        return cosines

"""A linear probe of hidden states: a logistic regression over standardised values, as arrays that numpy alone
can apply."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


class Fitted:
    """The probe; called with ``[n, size]``, it gives log-odds ``[n]``.

    Args:
        x: ``[n, size]``.  y: bool or 0 and 1, ``[n]``.
        strength: the inverse of how much the weights are held down (C).  weight: of each row, one where None.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, strength: float, weight: np.ndarray | None = None
    ) -> None:
        scaler = StandardScaler().fit(x)
        model = LogisticRegression(C=strength, max_iter=1000).fit(
            scaler.transform(x), y, sample_weight=weight
        )
        self.mean, self.scale = scaler.mean_.astype(np.float32), scaler.scale_.astype(np.float32)
        self.weights, self.bias = model.coef_[0].astype(np.float32), np.float32(model.intercept_[0])

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.asarray((x - self.mean) / self.scale @ self.weights + self.bias)

"""A linear probe of hidden states: a logistic regression over standardised values, as arrays that numpy alone
can apply."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
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

    def named(self, name: str) -> dict[str, np.ndarray]:
        """The arrays that apply it, as ``qa.gate`` reads them."""
        return {
            name: self.weights,
            f"{name}_bias": np.asarray(self.bias),
            f"{name}_mean": self.mean,
            f"{name}_scale": self.scale,
        }


def out_of_fold(
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    strength: float,
    weight: np.ndarray | None = None,
    known: np.ndarray | None = None,
) -> np.ndarray:
    """Log-odds of every row by a probe that saw no row of its group, ``[n]``; five folds.

    Args:
        known: the rows that may be fitted on, all where None.
    """
    out = np.zeros(len(x))
    for these, others in GroupKFold(5).split(x, y, groups):
        used = these if known is None else these[known[these]]
        out[others] = Fitted(x[used], y[used], strength, None if weight is None else weight[used])(x[others])
    return out

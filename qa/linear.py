"""A fitted linear model over named features, as it lies in a JSON file; evaluating it needs no library."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLIP = 4.0
"""Standardised features are held within this many deviations: an outlier decides nothing alone."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Logit of a logistic model: ``bias + sum(weight * clip((value - mean) / scale))``.

    All tuples have the same length; ``names`` say which feature each entry belongs to.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Linear:
        """The model in a part of ``gate.json`` (keys features, mean, scale, weights, bias)."""
        names, mean, scale, weights = (tuple(data[name]) for name in ("features", "mean", "scale", "weights"))
        return cls(names, mean, scale, weights, float(data["bias"]))

    def logit(self, values: Mapping[str, float]) -> float:
        """Log-odds for the values; those without a weight are ignored. Raises KeyError when one is
        missing."""
        z = self.bias
        for name, mean, scale, weight in zip(self.names, self.mean, self.scale, self.weights, strict=True):
            z += weight * max(-CLIP, min(CLIP, (values[name] - mean) / scale))
        return z


def sigmoid(z: float) -> float:
    """Probability (0..1) of log-odds."""
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else 1.0 - 1.0 / (1.0 + math.exp(z))

"""The mathematics of the gate's fit: ridge logistic models, linear probes of hidden states, figures out of fold.

Every figure is out of fold: a row is judged by models that have not seen its fold, and so are the features that models
make (the log-odds of the evidence sentences, the probes).
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

FOLDS = 5
L2 = 5.0
SENTENCE_L2 = 1.0
PROBE_L2 = (300.0, 1000.0, 3000.0, 10000.0)
RANK = 400
"""Directions of the hidden states that a probe may use: the strongest, for speed and so that they can ship."""


def logistic(x: np.ndarray, y: np.ndarray, l2: float = L2) -> np.ndarray:
    """Weights (last one: bias) of a ridge logistic regression by Newton's method; ``x`` [n, d] standardised."""
    design = np.hstack([x, np.ones((len(x), 1))])
    weights = np.zeros(design.shape[1])
    penalty = np.eye(design.shape[1]) * l2
    penalty[-1, -1] = 1e-6
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (p - y) + penalty @ weights
        hessian = (design * (p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def fit_linear(
    names: Sequence[str], x: np.ndarray, y: np.ndarray, folds: np.ndarray, l2: float = L2
) -> tuple[dict[str, Any], np.ndarray]:
    """A :class:`qa.linear.Linear` as a dictionary, and its logits [n] out of fold."""
    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-4)
    z = np.clip((x - mean) / scale, -4, 4)
    out = np.zeros(len(y))
    for fold in range(FOLDS):
        weights = logistic(z[folds != fold], y[folds != fold], l2)
        out[folds == fold] = z[folds == fold] @ weights[:-1] + weights[-1]
    weights = logistic(z, y, l2)
    model = {
        "features": list(names),
        "mean": [round(float(v), 5) for v in mean],
        "scale": [round(float(v), 5) for v in scale],
        "weights": [round(float(v), 5) for v in weights[:-1]],
        "bias": round(float(weights[-1]), 5),
        "out_of_fold": {
            "n": len(y),
            "right": int(y.sum()),
            "auc": round(auc(out, y), 4),
            "log_loss": round(log_loss(out, y), 4),
        },
    }
    return model, out


@dataclass(frozen=True)
class States:
    """Hidden states [n, d], standardised, along their strongest directions: ``coordinates`` [n, r] times ``basis`` [r, d]."""

    mean: np.ndarray
    scale: np.ndarray
    basis: np.ndarray
    coordinates: np.ndarray

    @classmethod
    def of(cls, states: np.ndarray, rank: int = RANK) -> States:
        """Of ``states`` [n, d], along at most ``rank`` directions."""
        mean, scale = states.mean(0), np.maximum(states.std(0), 1e-4)
        u, s, vt = np.linalg.svd((states - mean) / scale, full_matrices=False)
        rank = min(rank, int((s > s[0] * 1e-4).sum()))
        return cls(mean, scale, vt[:rank], u[:, :rank] * s[:rank])

    def subset(self, rows: np.ndarray) -> States:
        """The states of some rows."""
        return replace(self, coordinates=self.coordinates[rows])


class Probes:
    """Linear probes of hidden states: ridge logistic regressions."""

    def __init__(self, states: States, folds: np.ndarray) -> None:
        self.folds = folds
        self._states = states
        self._z = np.asarray(states.coordinates, np.float64)
        self._parts = [(self._z[folds != fold], self._z[folds == fold]) for fold in range(FOLDS)]

    def best(self, y: np.ndarray) -> tuple[float, np.ndarray]:
        """The ridge with the least log-loss out of fold, and its logits [n] out of fold."""
        told = {l2: self.out_of_fold(y, l2) for l2 in PROBE_L2}
        best = min(told, key=lambda l2: log_loss(_calibrated(told[l2], y), y))
        return best, told[best]

    def out_of_fold(self, y: np.ndarray, l2: float) -> np.ndarray:
        """Logit for each state, from a probe that has not seen its fold."""
        out = np.zeros(len(y))
        for fold, (inside, held) in enumerate(self._parts):
            weights = logistic(inside, y[self.folds != fold], l2)
            out[self.folds == fold] = held @ weights[:-1] + weights[-1]
        return out

    def fit(self, y: np.ndarray, l2: float) -> tuple[np.ndarray, float]:
        """Weights [d] over standardised states and the bias, from all rows."""
        weights = logistic(self._z, y, l2)
        return (self._states.basis.T @ weights[:-1]).astype(np.float32), float(weights[-1])


def _calibrated(logit: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The logit after a line fitted to it, so that log-losses compare ranking and not scale."""
    spread = max(float(logit.std()), 1e-9)
    weights = logistic(logit[:, None] / spread, y, 1e-3)
    scaled: np.ndarray = logit / spread * weights[0] + weights[1]
    return scaled


def hash_fold(identity: str) -> int:
    """Fold of a question; those of one passage of the public sets (TRIAL_12_QUERY_3, 1147-5-1) go together."""
    passage = re.match(r"TRIAL_\d+|\d+-\d+(?=-)", identity)
    return zlib.crc32((passage.group() if passage else identity).encode()) % FOLDS


def auc(score: np.ndarray, y: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs (right, wrong) in the right order, ties counted half."""
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    for value in np.unique(score):
        same = score == value
        ranks[same] = ranks[same].mean()
    positive = y == 1
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else math.nan


def log_loss(logit: np.ndarray, y: np.ndarray) -> float:
    """Mean negative log-likelihood in nats."""
    return float(np.mean(np.logaddexp(0, logit) - y * logit))

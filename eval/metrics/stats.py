"""Uncertainty: every figure with its n and a 95 % interval, and paired tests between two runs.

Intervals are percentile bootstrap (Efron & Tibshirani 1993, ch. 13) over questions, seeded, so that the same run
gives the same interval everywhere. Binary pairs are tested with McNemar's exact test (two-sided binomial on the
discordant pairs), all others with the paired bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

RESAMPLES = 2000
SEED = 20250701
_CHUNK = 4_000_000  # random indices held at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value with a 95 % interval over ``n`` questions; ``unscored`` questions had nothing to score.

    ``low`` and ``high`` are None when n < 2. ``value`` is None when n is 0.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unscored: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "unscored": self.unscored}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Figure:
        return cls(row["value"], row["low"], row["high"], row["n"], row["unscored"])


def mean_figure(values: Sequence[float], unscored: int = 0) -> Figure:
    """The mean of ``values`` with its bootstrap interval."""
    if not values:
        return Figure(None, None, None, 0, unscored)
    import numpy as np

    data = np.asarray(values, dtype=np.float64)
    mean = float(data.mean())
    if len(data) < 2:
        return Figure(mean, None, None, len(data), unscored)
    rng = np.random.default_rng(SEED)
    means = np.empty(RESAMPLES)
    step = max(1, _CHUNK // len(data))
    for start in range(0, RESAMPLES, step):
        count = min(step, RESAMPLES - start)
        means[start : start + count] = data[rng.integers(0, len(data), (count, len(data)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Figure(mean, float(low), float(high), len(data), unscored)


def statistic_figure(
    groups: Sequence[Sequence[Any]],
    statistic: Callable[[Sequence[Sequence[Any]]], float],
    unscored: int = 0,
    resamples: int = 500,
) -> Figure:
    """``statistic(groups)`` with its bootstrap interval; each group is resampled within itself (stratified)."""
    n = sum(map(len, groups))
    if any(len(group) == 0 for group in groups):
        return Figure(None, None, None, 0, unscored + n)
    value = float(statistic(groups))
    if n < 2:
        return Figure(value, None, None, n, unscored)
    import numpy as np

    rng = np.random.default_rng(SEED)
    draws = []
    for _ in range(resamples):
        sample = [[group[i] for i in rng.integers(0, len(group), len(group))] for group in groups]
        draws.append(float(statistic(sample)))
    low, high = np.percentile(draws, [2.5, 97.5])
    return Figure(value, float(low), float(high), n, unscored)


def percentile(values: Sequence[float], share: float) -> float:
    """The ``share`` quantile (0..1), linear between order statistics (Hyndman & Fan's type 7). Raises on no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (position - below))


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p: the chance of a split at least as uneven as (gained, lost) if both were equally likely."""
    n = gained + lost
    if n == 0:
        return 1.0
    tail = sum(comb(n, k) for k in range(min(gained, lost) + 1)) / (1 << n)
    return min(1.0, 2 * tail)


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A over the same questions: value, 95 % interval, two-sided p, and the test that gave it."""

    value: float
    low: float
    high: float
    p: float
    n: int
    test: str
    gained: int = 0
    lost: int = 0


def paired(a: Sequence[float], b: Sequence[float]) -> Difference:
    """Compare two runs question by question; needs at least one pair.

    p of the paired bootstrap: twice the share of resampled mean differences on the other side of 0, with one added
    to both counts so that it is never 0 (Davison & Hinkley 1997, eq. 4.11).
    """
    import numpy as np

    delta = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    rng = np.random.default_rng(SEED)
    means = np.array([delta[rng.integers(0, len(delta), len(delta))].mean() for _ in range(RESAMPLES)])
    low, high = (float(x) for x in np.percentile(means, [2.5, 97.5]))
    value = float(delta.mean())
    if {*a, *b} <= {0.0, 1.0}:
        gained, lost = int((delta > 0).sum()), int((delta < 0).sum())
        return Difference(value, low, high, mcnemar(gained, lost), len(delta), "McNemar", gained, lost)
    other = int((means <= 0).sum()) if value > 0 else int((means >= 0).sum())
    p = 1.0 if not delta.any() else min(1.0, 2 * (other + 1) / (RESAMPLES + 1))
    return Difference(value, low, high, p, len(delta), "paired bootstrap", int((delta > 0).sum()), int((delta < 0).sum()))

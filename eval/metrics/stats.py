"""Uncertainty: every figure with its n and a 95 % interval, and paired tests between two runs.

Intervals are percentile bootstrap (Efron & Tibshirani 1993, ch. 13) over questions, seeded, so that the same
run gives the same interval everywhere. Shares of yes-or-no scores take Wilson's interval (1927) instead: the
bootstrap of 9 right out of 9 would be [1, 1], a certainty that nine questions do not give. Binary pairs are
tested with McNemar's exact test (two-sided binomial on the discordant pairs), all others with the paired
bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import comb, sqrt
from typing import Any

RESAMPLES = 2000
SEED = 20250701
Z = 1.959963984540054  # the 97.5 % quantile of the normal distribution
_CHUNK = 4_000_000  # random indices held at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value with a 95 % interval over ``n`` questions; ``unscored`` questions had nothing to
    score.

    ``low`` and ``high`` are None when n < 2. ``value`` is None when n is 0.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unscored: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def mean_figure(values: Sequence[float], unscored: int = 0) -> Figure:
    """The mean of ``values`` with its interval: Wilson's where all are 0 or 1, else bootstrap."""
    if not values:
        return Figure(None, None, None, 0, unscored)
    if len(values) > 1 and set(values) <= {0.0, 1.0}:
        low, high = wilson(int(sum(values)), len(values))
        return Figure(sum(values) / len(values), low, high, len(values), unscored)
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
    lower, upper = np.percentile(means, [2.5, 97.5])
    return Figure(mean, float(lower), float(upper), len(data), unscored)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 %: (c - h, c + h) with c = (p + z²/2n) / (1 + z²/n)."""
    p, z2 = hits / n, Z * Z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_of_shares(a: Sequence[bool], b: Sequence[bool], unscored: int = 0) -> Figure:
    """The mean of two shares of different questions, with Newcombe's interval (1998; "MOVER") from Wilson's
    of each."""
    n = len(a) + len(b)
    if not a or not b:
        return Figure(None, None, None, 0, unscored + n)
    shares = [(sum(x) / len(x), *wilson(sum(x), len(x))) for x in (a, b)]
    value = sum(p for p, _, _ in shares) / 2
    down = sqrt(sum((p - low) ** 2 for p, low, _ in shares)) / 2
    up = sqrt(sum((high - p) ** 2 for p, _, high in shares)) / 2
    return Figure(value, max(0.0, value - down), min(1.0, value + up), n, unscored)


def statistic_figure(
    groups: Sequence[Sequence[Any]],
    statistic: Callable[[Sequence[Sequence[Any]]], float],
    unscored: int = 0,
    resamples: int = 500,
) -> Figure:
    """``statistic(groups)`` with its bootstrap interval; each group is resampled within itself
    (stratified)."""
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
    """The ``share`` quantile (0..1), linear between order statistics (Hyndman & Fan's type 7). Raises on no
    values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (position - below))


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p: the chance of a split at least as uneven as (gained, lost) if both were equally
    likely."""
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

    p of the paired bootstrap: twice the share of resampled mean differences on the other side of 0, with one
    added to both counts so that it is never 0 (Davison & Hinkley 1997, eq. 4.11).
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
    return Difference(
        value, low, high, p, len(delta), "paired bootstrap", int((delta > 0).sum()), int((delta < 0).sum())
    )

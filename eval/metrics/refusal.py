"""Refusing well: risk against coverage as in selective prediction (Geifman & El-Yaniv, 2017).

The answers are ordered by confidence; coverage is the share that is given, risk the share of wrong ones among
those, AURC the mean risk over all coverages.
"""

from __future__ import annotations

from collections.abc import Sequence


def risk_coverage(points: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """The curve for (confidence, wrong) pairs: (coverage, risk) after each more question that is answered.

    Questions of equal confidence cannot be told apart, so within a tie the risk is the expected one over all
    orders: the wrong ones are spread evenly over the tie.
    """
    ordered = sorted(points, key=lambda point: -point[0])
    curve: list[tuple[float, float]] = []
    wrong = 0.0
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        share = sum(w for _, w in ordered[start:end]) / (end - start)
        for taken in range(start, end):
            wrong += share
            curve.append(((taken + 1) / len(ordered), wrong / (taken + 1)))
        start = end
    return curve


def aurc(points: Sequence[tuple[float, bool]]) -> float:
    """Area under the risk-coverage curve, 0..1, lower is better: the mean of the risks at each coverage."""
    curve = risk_coverage(points)
    return sum(risk for _, risk in curve) / len(curve)

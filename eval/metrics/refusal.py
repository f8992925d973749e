"""Refusing when the evidence is not there, and only then.

Hallucination rate and error rate as NoMIRACL defines them (Thakur et al., 2024); balanced accuracy is the
mean of 1 - each. Risk-coverage as in selective prediction (Geifman & El-Yaniv, 2017): the answers ordered by
confidence, coverage the share that is given, risk the share of wrong ones among those; AURC is the mean risk
over all coverages.
"""

from __future__ import annotations

from collections.abc import Sequence


def hallucination_rate(refused_unanswerable: Sequence[bool]) -> float:
    """Share of unanswerable questions that were answered all the same. Raises ZeroDivisionError on none."""
    return sum(not refused for refused in refused_unanswerable) / len(refused_unanswerable)


def error_rate(refused_answerable: Sequence[bool]) -> float:
    """Share of answerable questions that were refused."""
    return sum(refused_answerable) / len(refused_answerable)


def balanced_accuracy(refused_unanswerable: Sequence[bool], refused_answerable: Sequence[bool]) -> float:
    """((1 - hallucination rate) + (1 - error rate)) / 2."""
    return (1 - hallucination_rate(refused_unanswerable) + 1 - error_rate(refused_answerable)) / 2


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

"""How well a judge tells statements that the evidence bears out from those that it does not."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def auc(true: Sequence[float], false: Sequence[float]) -> float:
    """Area under the ROC curve: the chance that a true statement scores above a false one, ties counting half
    (Mann-Whitney U over n·m). Raises ZeroDivisionError where one side is empty."""
    ordered = sorted(false)
    above = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in true)
    return above / (2 * len(true) * len(false))

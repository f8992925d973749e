"""A build fails when a figure falls below its minimum, or rises above its maximum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from errors import EvalError, GateFailed, did_you_mean
from eval.runfolder import RunFolder


@dataclass(frozen=True, slots=True)
class Check:
    """One bound and what was measured."""

    metric: str
    bound: float
    maximum: bool
    value: float
    n: int

    @property
    def passed(self) -> bool:
        return self.value <= self.bound if self.maximum else self.value >= self.bound

    def __str__(self) -> str:
        sign = "<=" if self.maximum else ">="
        return f"{self.metric} {self.value:.4g} {sign} {self.bound:g} (n = {self.n})"


def check(folder: RunFolder, minimum: Iterable[str] = (), maximum: Iterable[str] = ()) -> list[Check]:
    """All bounds with what was measured.

    Raises:
        EvalError: a bound is not ``metric=value``, the run has no such metric, or there is no bound.
    """
    bounds = [(text, False) for text in minimum] + [(text, True) for text in maximum]
    if not bounds:
        raise EvalError("no bound was given", "Say for instance --min right=0.9 --max seconds_total_p95=8.")
    figures = folder.figures()
    checks = []
    for text, is_maximum in bounds:
        metric, _, number = text.partition("=")
        metric = metric.strip()
        try:
            bound = float(number)
        except ValueError:
            raise EvalError(f"{text!r} is not metric=value", "Say for instance right=0.9.") from None
        figure = figures.get(metric)
        if figure is None or figure.value is None:
            raise EvalError(f"run {folder.name} has no figure {metric!r}", did_you_mean(metric, figures))
        checks.append(Check(metric, bound, is_maximum, figure.value, figure.n))
    return checks


def enforce(checks: Iterable[Check]) -> None:
    """Raise GateFailed naming every bound that does not hold."""
    failed = [str(one) for one in checks if not one.passed]
    if failed:
        raise GateFailed(
            f"{len(failed)} bound(s) do not hold: {'; '.join(failed)}",
            "See the run's report for the questions.",
        )

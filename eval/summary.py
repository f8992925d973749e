"""Figures of a run: every metric with n, unscored and a 95 % interval; by type of question; the curves for
plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from eval import pairs
from eval.metrics.refusal import aurc, risk_coverage
from eval.metrics.stats import Figure, mean_figure, mean_of_shares, percentile, statistic_figure
from eval.tasks.types import Item
from eval.verdict import holds

LOWER_IS_BETTER = frozenset(
    {
        *(
            "hallucination_rate",
            "error_rate",
            "aurc",
            "failed",
            "tokens_in",
            "tokens_out",
        ),
        *("true_struck", "false_shown", "false_supported", "true_premise_named"),
    }
)
NEUTRAL = frozenset({"refused", "length"})
RENAMED = {"hallucinated": "hallucination_rate", "wrongly_refused": "error_rate"}
"""Per-question score -> name of its mean."""

Row = Mapping[str, Any]
LEAST = 10
POINTS = 200
"""Of a curve, as it is kept."""
"""Questions that a type needs before it can be the worst."""


def lower_is_better(metric: str) -> bool:
    return metric in LOWER_IS_BETTER or metric.startswith("seconds_") or metric == "peak_mb"


def is_neutral(metric: str) -> bool:
    """Neither more nor less of it is better in itself."""
    return metric in NEUTRAL


def summarise(items: Sequence[Item], records: Mapping[str, Row], rows: Sequence[Row]) -> dict[str, Any]:
    """The summary that a run folder stores."""
    kinds = {item.id: item.type or "other" for item in items}
    by_type = {
        kind: _means(
            [row for row in rows if kinds[row["id"]] == kind],
            ("right", "right_with_evidence", "refused", "char_f1"),
        )
        for kind in dict.fromkeys(kinds.values())
    }
    points = risk_points(items, records, rows)
    figures, worst = headline(items, records, rows), worst_type(by_type)
    if worst:
        figures["right_worst_type"] = worst[1]
    return {
        "n": len(rows),
        "of": len(items),
        "figures": {name: figure.to_dict() for name, figure in figures.items()},
        "verdicts": dict(Counter(row["verdict"] for row in rows if row["verdict"])),
        "judges": dict(Counter(row["judge"] for row in rows if row["judge"])),
        "by_type": {
            kind: {k: f.to_dict() for k, f in found.items()} for kind, found in by_type.items() if found
        },
        "worst_type": worst[0] if worst else "",
        "risk_coverage": _thin(risk_coverage(points)),
    }


def worst_type(by_type: Mapping[str, Mapping[str, Figure]]) -> tuple[str, Figure] | None:
    """The type with the lowest share of right ones among those of at least ``LEAST`` questions; None where
    less than two types have so many. Picked after the fact, so it is lower than that type would do on new
    questions."""
    shares = {kind: found["right"] for kind, found in by_type.items() if "right" in found}
    large = [(figure.value or 0.0, kind) for kind, figure in shares.items() if figure.n >= LEAST]
    return (min(large)[1], shares[min(large)[1]]) if len(large) > 1 else None


def headline(items: Sequence[Item], records: Mapping[str, Row], rows: Sequence[Row]) -> dict[str, Figure]:
    """All figures of a run by name, in the order in which they are shown."""
    names = list(dict.fromkeys(name for row in rows for name in row["scores"]))
    figures = {
        RENAMED.get(name, name): figure
        for name, figure in _means(rows, names).items()
        if not name.startswith("seconds_")
    }
    figures |= _refusal(rows) | _conversations(items, rows) | pairs.figures(rows)
    points = risk_points(items, records, rows)
    if points:
        figures["aurc"] = statistic_figure(
            [points], lambda groups: aurc(groups[0]), len(rows) - len(points), 200
        )
    for name in ("seconds_evidence", "seconds_first", "seconds_total", "seconds_judge"):
        values = _values(rows, name)
        for share, label in ((0.5, "p50"), (0.95, "p95")):
            if values:
                figures[f"{name}_{label}"] = _quantile(values, share, len(rows) - len(values))
    figures["failed"] = mean_figure([float(bool(records[row["id"]]["error"])) for row in rows])
    peaks = [record["peak_mb"] for record in records.values() if record.get("peak_mb")]
    if peaks:
        figures["peak_mb"] = Figure(max(peaks), None, None, len(peaks), len(rows) - len(peaks))
    return figures


def _means(rows: Sequence[Row], names: Sequence[str]) -> dict[str, Figure]:
    """Mean of each score that at least one question has."""
    found = {}
    for name in names:
        values = _values(rows, name)
        if values:
            found[name] = mean_figure(values, len(rows) - len(values))
    return found


def _values(rows: Sequence[Row], name: str) -> list[float]:
    return [row["scores"][name] for row in rows if row["scores"].get(name) is not None]


def _refusal(rows: Sequence[Row]) -> dict[str, Figure]:
    """Balanced accuracy; needs both kinds of questions."""
    unanswerable = [value == 0.0 for value in _values(rows, "hallucinated")]
    answerable = [value == 1.0 for value in _values(rows, "wrongly_refused")]
    if not unanswerable or not answerable:
        return {}
    unscored = len(rows) - len(unanswerable) - len(answerable)
    # ((1 - hallucination rate) + (1 - error rate)) / 2 is the mean of two shares of right decisions.
    return {
        "balanced_accuracy": mean_of_shares(unanswerable, [not refused for refused in answerable], unscored)
    }


def _conversations(items: Sequence[Item], rows: Sequence[Row]) -> dict[str, Figure]:
    """Share of the conversations whose every turn that was asked is right."""
    named = {item.id: item.conversation for item in items if item.conversation}
    turns: dict[str, list[bool]] = {}
    for row in rows:
        if row["id"] in named:
            turns.setdefault(named[row["id"]], []).append(row["scores"].get("right") == 1.0)
    return (
        {"conversations_right": mean_figure([float(all(found)) for found in turns.values()])} if turns else {}
    )


def _quantile(values: Sequence[float], share: float, unscored: int) -> Figure:
    return statistic_figure([values], lambda groups: percentile(groups[0], share), unscored, 200)


def risk_points(
    items: Sequence[Item], records: Mapping[str, Row], rows: Sequence[Row]
) -> list[tuple[float, bool]]:
    """(confidence, would answering be wrong?) of the questions with a confidence and a verdict.

    A refused question is judged by the draft that was held back; without a draft, or where there is nothing
    right to say, answering it counts as wrong. Refusing well therefore shows as the wrong ones gathered at
    the low end. Empty where no answerable question has a key: nothing could count as right.
    """
    by_id = {item.id: item for item in items}
    keyed = {item.id for item in items if item.answers or item.parts or item.false_premise}
    if not keyed:
        return []
    points = []
    for row in rows:
        if row["confidence"] is None or row["verdict"] in ("", "answered"):
            continue
        wrong = row["verdict"] not in ("right", "right_other_evidence")
        item, refusal = by_id[row["id"]], records[row["id"]]["answer"].get("refusal")
        if item.answerable and item.id not in keyed:
            continue
        if wrong and refusal and item.answerable and not item.false_premise:
            wrong = not holds(item, refusal.get("draft") or "")
        points.append((float(row["confidence"]), wrong))
    return points


def _thin(curve: Sequence[tuple[float, float]]) -> list[list[float]]:
    step = max(1, len(curve) // POINTS)
    return [
        [round(c, 4), round(r, 4)] for n, (c, r) in enumerate(curve) if n % step == 0 or n == len(curve) - 1
    ]

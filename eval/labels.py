"""Names and number formats of metrics and verdicts for readers, from the one file of texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import prompts
from eval.metrics.stats import Figure

SECONDS = "seconds_"
_COUNTS = ("length", "tokens_in", "tokens_out", "peak_mb")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "answer": (
        "right",
        "right_worst_type",
        "conversations_right",
        "right_with_evidence",
        "premise_caught",
        "true_premise_named",
        "parts_found",
        "answer_contains",
        "exact_match",
        "char_f1",
        "rouge_l",
        "ans_f1",
        "evi_f1",
        "all_f1",
        "failed",
    ),
    "support": ("support_balanced_accuracy", "true_struck", "false_shown", "false_supported", "support_auc"),
    "citation": (
        "citation_precision",
        "citation_recall",
        "citation_precision_own",
        "citation_recall_own",
        "gold_precision",
        "gold_recall",
    ),
    "refusal": ("hallucination_rate", "error_rate", "balanced_accuracy", "refused", "aurc"),
    "retrieval": ("hit@", "recall@", "mrr@", "ndcg@"),
    "cost": (
        "seconds_evidence",
        "seconds_first",
        "seconds_total",
        "seconds_judge",
        "tokens_in",
        "tokens_out",
        "length",
        "peak_mb",
    ),
}
"""Which figures stand under which heading, by the start of their names, in this order."""


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """Figure names under their headings; names that no group knows come under answers."""
    left = list(names)
    found: dict[str, list[str]] = {}
    for group, starts in GROUPS.items():
        for start in starts:
            mine = [
                n
                for n in left
                if n == start or (n.startswith(start) and (start.endswith("@") or n.startswith(start + "_p")))
            ]
            found.setdefault(group, []).extend(mine)
            left = [n for n in left if n not in mine]
    found["answer"] += left
    return {group: members for group, members in found.items() if members}


def in_order(names: Iterable[str]) -> list[str]:
    """Figure names in the order of their headings."""
    return [name for members in grouped(names).values() for name in members]


def is_share(metric: str) -> bool:
    """Is the metric a share (0..1), written in per cent or, for AURC, as it is?"""
    return not metric.startswith(SECONDS) and metric not in _COUNTS


_AT = "@"


def label(metric: str, lang: str = "zh") -> str:
    """What a reader calls the metric; a metric without a text of its own keeps its name."""
    name, at, depth = metric.partition(_AT)
    base, quantile = name, ""
    for ending in ("_p50", "_p95"):
        if name.endswith(ending):
            base, quantile = name.removesuffix(ending), ending[1:]
    try:
        text = prompts.text(f"eval_metric.{base}", lang)
    except prompts.PromptError:
        return metric
    return text + (f"@{depth}" if at else "") + (f" {quantile}" if quantile else "")


def verdict_label(kind: str, lang: str = "zh") -> str:
    return prompts.text(f"eval_verdict.{kind}", lang)


def type_label(kind: str, lang: str = "zh") -> str:
    """A type of question in the reader's words; types that a user made up stay as they are."""
    try:
        return prompts.text(f"eval_type.{kind}", lang)
    except prompts.PromptError:
        return kind


def judges_told(summary: Mapping[str, Any], lang: str = "zh") -> str:
    """Who judged support in a run, and how many; "" where nobody had to."""
    told = (prompts.text(f"eval_report.judge_{name}", lang, n=n) for name, n in summary["judges"].items())
    return "、".join(told)


def rights_by_type(summary: Mapping[str, Any]) -> list[tuple[str, Figure]]:
    """(type, share of right ones), the lowest first."""
    found = [(kind, Figure(**row["right"])) for kind, row in summary["by_type"].items() if "right" in row]
    return sorted(found, key=lambda one: (one[1].value or 0.0, one[0]))


def number(metric: str, value: float | None, signed: bool = False) -> str:
    """A value as the metric is written: shares in per cent, seconds, counts; "–" where there is none."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if metric.startswith(SECONDS):
        return f"{value:{sign}.2f} s"
    if metric == "aurc":
        return f"{value:{sign}.4f}"
    if metric == "peak_mb":
        return f"{value:{sign}.0f} MB"
    if metric in _COUNTS:
        return f"{value:{sign}.1f}"
    return f"{100 * value:{sign}.1f}%"


def interval(metric: str, figure: Figure) -> str:
    """``[low, high]`` as the metric is written, or "" where there is none."""
    if figure.low is None:
        return ""
    return f"[{number(metric, figure.low)}, {number(metric, figure.high)}]"


def p_value(p: float) -> str:
    """Three decimals; "< 0.001" below that."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"

"""Names and number formats of metrics and verdicts for readers, from the one file of texts."""

from __future__ import annotations

import prompts

SECONDS = "seconds_"
_COUNTS = ("length", "tokens_in", "tokens_out", "peak_mb")
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
    return f"{100 * value:{sign}.1f} %"

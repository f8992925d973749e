"""What the report shows, for templates/report.html: badges, figures, plots, questions, and what made the
runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eval.labels import grouped, is_share, judges_told, label, number, type_label
from eval.metrics.stats import Figure
from eval.report.plots import SERIES, Plot, bars, gauge, risk_coverage
from eval.report.questions import Loaded, Told, cards, filters, types
from eval.summary import is_neutral, lower_is_better
from prompts import text as string
from prompts.templating import Templates

REPORTS = Templates("eval.report")
KEYS = (
    "right",
    "right_with_evidence",
    "citation_precision",
    "citation_recall",
    "support_balanced_accuracy",
    "true_struck",
    "false_shown",
    "false_supported",
    "hallucination_rate",
    "error_rate",
    "hit@5",
    "seconds_first_p50",
    "seconds_total_p50",
    "seconds_total_p95",
)
"""The figures that are shown large, as far as a run has them."""


@dataclass(frozen=True, slots=True)
class Key:
    """A figure that is shown large."""

    label: str
    value: str
    span: str
    n: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A run's figure in the table, with its interval as text and as a drawing."""

    value: str
    span: str
    best: bool
    gauge: Plot | None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: one figure of every run."""

    label: str
    arrow: str
    cells: tuple[Cell | None, ...]
    counts: str
    unscored: str


class Report:
    """The whole report over runs of one task."""

    def __init__(self, runs: Sequence[Loaded], lang: str) -> None:
        self.loaded, self.lang = runs, lang
        self.title, self.several = str(runs[0].manifest["title"]), len(runs) > 1
        self.runs = [
            Told(
                run.folder.name,
                n % SERIES,
                lead(run, lang),
                len(run.scores),
                tuple(_made(run, lang)),
                json.dumps(run.manifest["config"], ensure_ascii=False, indent=1, default=str),
            )
            for n, run in enumerate(runs)
        ]
        self.filters, self.types = filters(runs[0], lang), types(runs[0], lang)
        self.cards = cards(runs, self.runs, lang)

    def render(self) -> str:
        """The page."""
        return REPORTS.render("report.html", r=self, s=self._string)

    def _string(self, key: str, **values: str | int | float) -> str:
        return string(f"eval_report.{key}", self.lang, **values)

    @property
    def badges(self) -> list[tuple[str, str]]:
        """Class and text: the split, what was not finished."""
        made = self.loaded[0].manifest
        split = str(made["split"])
        known = split in ("tuning", "reporting")
        named = self._string(f"split_{split}") if known else self._string("split_other", split=split)
        short = [run.summary for run in self.loaded if run.summary["n"] < run.summary["of"]]
        unfinished = [("warn", self._string("unfinished", n=s["n"], of=s["of"])) for s in short]
        return [(split if known else "", named), *unfinished]

    @property
    def keys(self) -> list[Key]:
        """The few figures that matter most, with their intervals; only for a single run."""
        if self.several:
            return []
        found = figures_of(self.loaded[0])
        named = [n for n in KEYS if n in found and found[n].value is not None][:8]
        return [
            Key(label(n, self.lang), number(n, found[n].value), _span(n, found[n]), found[n].n) for n in named
        ]

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """Every figure with interval, n and unscored; several runs stand side by side."""
        every = [figures_of(run) for run in self.loaded]
        names = list(dict.fromkeys(name for figures in every for name in figures))
        return [
            (group, [_row(name, [figures.get(name) for figures in every], self.lang) for name in members])
            for group, members in grouped(names).items()
        ]

    @property
    def plots(self) -> list[tuple[str, Plot]]:
        """The plots that the runs have data for."""
        kinds = dict.fromkeys(kind for run in self.loaded for kind in run.summary["by_type"])
        rows = []
        for kind in kinds:
            found = [run.summary["by_type"].get(kind, {}).get("right") for run in self.loaded]
            if any(found):
                rows.append((type_label(kind, self.lang), [Figure(**f) if f else None for f in found]))
        s = self._string
        curves = [run.summary["risk_coverage"] for run in self.loaded]
        drawn = {
            "risk": risk_coverage(curves, s("share_answered"), s("share_wrong")),
            "types": bars(rows, s("plot_types")) if len(rows) > 1 else None,
        }
        return [(kind, plot) for kind, plot in drawn.items() if plot is not None]


def figures_of(run: Loaded) -> dict[str, Figure]:
    return {name: Figure(**row) for name, row in run.summary["figures"].items()}


def lead(run: Loaded, lang: str) -> str:
    """How the run went, in a sentence or two."""
    f, said = figures_of(run), list[str]()

    def say(key: str, **values: str | int | float) -> None:
        said.append(string(f"eval_report.lead_{key}", lang, **values))

    right = f.get("right")
    if right and right.value is not None:
        share, low, high = (number("right", part) for part in (right.value, right.low, right.high))
        say("right", n=right.n, right=round(right.value * right.n), share=share, low=low, high=high)
    if (both := f.get("right_with_evidence")) and both.value is not None:
        say("evidence", share=number("right", both.value))
    made_up, refused = f.get("hallucination_rate"), f.get("error_rate")
    if made_up and refused:
        say("refusal", share=number("right", made_up.value), error=number("right", refused.value))
    if not right and "hit@1" in f:
        five = f.get("hit@5", f["hit@1"])
        say("retrieval", one=number("hit", f["hit@1"].value), five=number("hit", five.value))
    if "seconds_total_p50" in f:
        p50, p95 = f["seconds_total_p50"].value, f["seconds_total_p95"].value
        say("time", p50=number("seconds_", p50), p95=number("seconds_", p95))
    stop, comma = ("。", "；") if lang == "zh" else (".", "; ")
    return comma.join(said) + (stop if said else "")


def _span(name: str, figure: Figure) -> str:
    return "" if figure.low is None else f"{number(name, figure.low)} – {number(name, figure.high)}"


def _row(name: str, figures: Sequence[Figure | None], lang: str) -> Row:
    values = [f.value for f in figures if f is not None and f.value is not None]
    differ = len(set(values)) > 1 and not is_neutral(name)
    best = (min if lower_is_better(name) else max)(values) if differ else None
    cells = [
        Cell(
            number(name, f.value),
            _span(name, f),
            best is not None and f.value == best,
            gauge(f, n) if is_share(name) else None,
        )
        if f is not None
        else None
        for n, f in enumerate(figures)
    ]
    known = [f for f in figures if f is not None]
    arrow = "" if is_neutral(name) else "↓" if lower_is_better(name) else "↑"
    counts = "/".join(dict.fromkeys(str(f.n) for f in known))
    unscored = "/".join(dict.fromkeys(str(f.unscored) for f in known))
    return Row(label(name, lang), arrow, tuple(cells), counts, unscored)


def _made(run: Loaded, lang: str) -> list[tuple[str, str]]:
    """What made a run, as far as it is known."""
    m = run.manifest
    code = m["code"]
    commit = (code["commit"] or code["version"] or "–")[:12] + (
        f"（{string('eval_report.made_dirty', lang)}）" if code["dirty"] else ""
    )
    machine = m["machine"]
    hashes = {
        f"{model}/{file}": sha
        for model, files in m["config"].get("models_sha256", {}).items()
        for file, sha in files.items()
        if sha
    }
    judges = judges_told(run.summary, lang)
    rows: list[tuple[str, Any]] = [
        ("command", m["command"]),
        ("code", commit),
        ("model", m.get("model")),
        ("index", m.get("index")),
        ("judges", judges),
        ("data", m["data_sha256"][:16]),
        ("config", m["config_sha256"][:16]),
        ("models", "　".join(f"{name} {sha[:12]}" for name, sha in hashes.items())),
        (
            "machine",
            (
                f"{machine['cpu']} × {machine['cores']}，{machine['memory_gib']} "
                f"GiB，{machine['system']}，Python {machine['python']}"
            ),
        ),
        ("when", f"{m['started']} – {m['finished'] or ''}"),
    ]
    return [(key, str(value)) for key, value in rows if value]

"""The sections of the report: what a manager reads first, the table, the plots, and what made the runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from eval.labels import grouped, is_share, judges_told, label, number, type_label
from eval.metrics.stats import Figure
from eval.report import plots
from eval.report.questions import Loaded
from eval.summary import is_neutral, lower_is_better
from prompts import text as string


def figures_of(run: Loaded) -> dict[str, Figure]:
    return {name: Figure.from_dict(row) for name, row in run.summary["figures"].items()}


def header(runs: Sequence[Loaded], lang: str) -> str:
    """Title, what was asked, and for each run a sentence or two that say how it went."""
    made = runs[0].manifest
    split = str(made["split"])
    known = split in ("tuning", "reporting")
    badge = (
        string(f"eval_report.split_{split}", lang)
        if known
        else string("eval_report.split_other", lang, split=split)
    )
    badges = [f'<span class="tag {escape(split) if known else ""}">{escape(badge)}</span>']
    if made["changes"]:
        badges.append(
            f'<span class="tag warn">{escape(string("eval_report.changes", lang, changes="、".join(made["changes"])))}</span>'
        )
    badges += [
        f'<span class="tag warn">{escape(string("eval_report.unfinished", lang, n=run.summary["n"], of=run.summary["of"]))}</span>'
        for run in runs
        if run.summary["n"] < run.summary["of"]
    ]
    leads = "".join(_lead(run, n, len(runs) > 1, lang) for n, run in enumerate(runs))
    return (
        f'<header class="top"><p class="brand">{escape(string("eval_report.brand", lang))} · {string("eval_report.heading", lang)}</p>'
        f'<h1>{escape(str(made["title"]))}</h1><p class="tags">{"".join(badges)}</p>{leads}</header>'
    )


def _lead(run: Loaded, series: int, several: bool, lang: str) -> str:
    """The run in plain sentences."""
    f = figures_of(run)
    said = []
    right = f.get("right")
    if right and right.value is not None:
        said.append(
            string(
                "eval_report.lead_right",
                lang,
                n=right.n,
                right=round(right.value * right.n),
                share=number("right", right.value),
                low=number("right", right.low),
                high=number("right", right.high),
            )
        )
    if (both := f.get("right_with_evidence")) and both.value is not None:
        said.append(string("eval_report.lead_evidence", lang, share=number("right", both.value)))
    made_up, refused = f.get("hallucination_rate"), f.get("error_rate")
    if made_up and refused:
        said.append(
            string(
                "eval_report.lead_refusal",
                lang,
                share=number("right", made_up.value),
                error=number("right", refused.value),
            )
        )
    if not right and "hit@1" in f:
        five = f.get("hit@5", f["hit@1"])
        said.append(
            string(
                "eval_report.lead_retrieval",
                lang,
                one=number("hit", f["hit@1"].value),
                five=number("hit", five.value),
            )
        )
    if "seconds_total_p50" in f:
        p50, p95 = f["seconds_total_p50"].value, f["seconds_total_p95"].value
        said.append(
            string("eval_report.lead_time", lang, p50=number("seconds_", p50), p95=number("seconds_", p95))
        )
    name = f'<span class="run s{series % plots.SERIES}">{escape(run.folder.name)}</span> ' if several else ""
    stop, comma = ("。", "；") if lang == "zh" else (".", "; ")
    return f'<p class="lead">{name}{escape(comma.join(said))}{stop if said else ""}</p>'


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


def keys(runs: Sequence[Loaded], lang: str) -> str:
    """The few figures that matter most, large, with their intervals; only for a single run."""
    if len(runs) > 1:
        return ""
    found = figures_of(runs[0])
    tiles = []
    for name in [n for n in KEYS if n in found and found[n].value is not None][:8]:
        f = found[name]
        span = "" if f.low is None else f"{number(name, f.low)} – {number(name, f.high)}"
        tiles.append(
            f'<div class="key"><span>{escape(label(name, lang))}</span><b>{number(name, f.value)}</b><i>{span}　n={f.n}</i></div>'
        )
    return f'<section class="keys">{"".join(tiles)}</section>' if tiles else ""


def table(runs: Sequence[Loaded], lang: str) -> str:
    """Every figure with interval, n and unscored; several runs stand side by side."""
    all_figures = [figures_of(run) for run in runs]
    names = list(dict.fromkeys(name for figures in all_figures for name in figures))
    heads = "".join(
        f'<th colspan="2" class="run s{n % plots.SERIES}">{escape(run.folder.name)}</th>'
        for n, run in enumerate(runs)
    )
    top = f"<tr><th></th>{heads}<th></th><th></th></tr>" if len(runs) > 1 else ""
    per_run = (
        f'<th class="num">{string("eval_report.value", lang)}</th><th>{string("eval_report.interval", lang)}</th>'
        * len(runs)
    )
    head = (
        f'<thead>{top}<tr><th>{string("eval_report.metric", lang)}</th>{per_run}<th class="num">{string("eval_report.n", lang)}</th>'
        f'<th class="num">{string("eval_report.unscored", lang)}</th></tr></thead>'
    )
    bodies = []
    for group, members in grouped(names).items():
        rows = "".join(_row(name, [figures.get(name) for figures in all_figures], lang) for name in members)
        columns = 3 + 2 * len(runs)
        bodies.append(
            f'<tbody><tr class="group"><th colspan="{columns}">{string(f"eval_report.group_{group}", lang)}</th></tr>{rows}</tbody>'
        )
    note = f'<p class="note">{string("eval_report.footnote", lang)}</p>'
    return f'<section><h2>{string("eval_report.figures", lang)}</h2><div class="scroll"><table>{head}{"".join(bodies)}</table></div>{note}</section>'


def _row(name: str, figures: Sequence[Figure | None], lang: str) -> str:
    values = [f.value for f in figures if f is not None and f.value is not None]
    best = (
        (min if lower_is_better(name) else max)(values)
        if len(set(values)) > 1 and not is_neutral(name)
        else None
    )
    share = is_share(name)
    cells = []
    for n, figure in enumerate(figures):
        if figure is None:
            cells.append('<td class="num">–</td><td></td>')
            continue
        strong = " best" if best is not None and figure.value == best else ""
        span = "" if figure.low is None else f"{number(name, figure.low)} – {number(name, figure.high)}"
        drawn = plots.gauge(figure, n) if share else ""
        cells.append(
            f'<td class="num{strong}">{number(name, figure.value)}</td><td class="span">{drawn}<span>{span}</span></td>'
        )
    known = [f for f in figures if f is not None]
    counts = "/".join(dict.fromkeys(str(f.n) for f in known))
    missing = "/".join(dict.fromkeys(str(f.unscored) for f in known))
    arrow = "" if is_neutral(name) else "↓" if lower_is_better(name) else "↑"
    return (
        f'<tr><td>{escape(label(name, lang))} <span class="arrow">{arrow}</span></td>{"".join(cells)}'
        f'<td class="num">{counts}</td><td class="num">{missing}</td></tr>'
    )


def figures(runs: Sequence[Loaded], lang: str) -> str:
    """The plots that the runs have data for."""
    numbers = [figures_of(run) for run in runs]
    quantiles = [
        [f[k].value or 0.0 for k in ("seconds_total_p50", "seconds_total_p95") if k in f] for f in numbers
    ]
    kinds = dict.fromkeys(kind for run in runs for kind in run.summary["by_type"])
    rows = []
    for kind in kinds:
        found = [run.summary["by_type"].get(kind, {}).get("right") for run in runs]
        if any(found):
            rows.append((type_label(kind, lang), [Figure.from_dict(f) if f else None for f in found]))
    drawn = {
        "risk": plots.risk_coverage(
            [run.summary["risk_coverage"] for run in runs],
            string("eval_report.share_answered", lang),
            string("eval_report.share_wrong", lang),
        ),
        "recall": plots.recall_at_k(numbers, string("eval_report.plot_recall", lang)),
        "time": plots.histogram(
            [run.summary["seconds"] for run in runs],
            string("eval_report.seconds", lang),
            string("eval_report.n", lang),
            quantiles,
        ),
        "types": plots.bars(rows, string("eval_report.plot_types", lang)) if len(rows) > 1 else "",
    }
    legend = ""
    if len(runs) > 1:
        legend = (
            '<p class="legend">'
            + "".join(
                f'<span class="run s{n % plots.SERIES}">{escape(run.folder.name)}</span>'
                for n, run in enumerate(runs)
            )
            + "</p>"
        )
    parts = [
        f'<figure class="{name}"><figcaption><b>{string(f"eval_report.plot_{name}", lang)}</b></figcaption>{svg}'
        f'<p class="note">{string(f"eval_report.plot_{name}_note", lang)}</p></figure>'
        for name, svg in drawn.items()
        if svg
    ]
    return f'<section class="plots">{legend}{"".join(parts)}</section>' if parts else ""


def provenance(runs: Sequence[Loaded], lang: str) -> str:
    """What made each run."""
    return "".join(_made(run, n, len(runs) > 1, lang) for n, run in enumerate(runs))


def _made(run: Loaded, series: int, several: bool, lang: str) -> str:
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
        ("command", m["command"]), ("code", commit), ("model", m.get("model")), ("index", m.get("index")), ("judges", judges),
        ("data", m["data_sha256"][:16]), ("config", m["config_sha256"][:16]),
        ("models", "　".join(f"{name} {sha[:12]}" for name, sha in hashes.items())),
        ("machine", f"{machine['cpu']} × {machine['cores']}，{machine['memory_gib']} GiB，{machine['system']}，Python {machine['python']}"),
        ("when", f"{m['started']} – {m['finished'] or ''}"),
    ]  # fmt: skip
    lines = "".join(
        f"<dt>{string(f'eval_report.made_{key}', lang)}</dt><dd>{escape(str(value))}</dd>"
        for key, value in rows
        if value
    )
    name = f'<span class="run s{series % plots.SERIES}">{escape(run.folder.name)}</span>' if several else ""
    settings = escape(json.dumps(m["config"], ensure_ascii=False, indent=1, default=str))
    more = f"<details><summary>{string('eval_report.made_settings', lang)}</summary><pre>{settings}</pre></details>"
    return f'<section class="made"><h2>{string("eval_report.made", lang)} {name}</h2><dl>{lines}</dl>{more}</section>'

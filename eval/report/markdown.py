"""Runs as a Markdown table, with the command that made each: for docs/RESULTS.md and for messages."""

from __future__ import annotations

from collections.abc import Sequence

from eval.labels import grouped, judges_told, label, number, rights_by_type, type_label
from eval.report.page import figures_of
from eval.report.questions import Loaded
from eval.runfolder import RunFolder
from prompts import text as string


def table(folders: Sequence[RunFolder], lang: str = "zh") -> str:
    """One table a task: figures down, runs across, each with its interval and n; the commands under it.

    Raises:
        EvalError: a run is not finished.
    """
    runs = [Loaded.read(folder) for folder in folders]
    tasks = list(
        dict.fromkeys((run.manifest["task"], run.manifest["title"], run.manifest["split"]) for run in runs)
    )
    parts = []
    for task in tasks:
        mine = [
            run
            for run in runs
            if (run.manifest["task"], run.manifest["title"], run.manifest["split"]) == task
        ]
        parts.append(_one(mine, f"{task[1]}（{task[0]}，{task[2]}）", lang))
    return "\n\n".join(parts)


def _one(runs: Sequence[Loaded], title: str, lang: str) -> str:
    all_figures = [figures_of(run) for run in runs]
    names = [
        n
        for members in grouped(list(dict.fromkeys(n for f in all_figures for n in f))).values()
        for n in members
    ]
    lines = [f"### {_cell(title)}", ""]
    lines.append(
        f"| {string('eval_report.metric', lang)} | "
        + " | ".join(_cell(run.folder.name) for run in runs)
        + " |"
    )
    lines.append("|---|" + "---|" * len(runs))
    for name in names:
        cells = []
        for run, figures in zip(runs, all_figures, strict=True):
            figure = figures.get(name)
            if figure is None or figure.value is None:
                cells.append("–")
                continue
            span = "" if figure.low is None else f" [{number(name, figure.low)}, {number(name, figure.high)}]"
            missing = f"，{string('eval_report.unscored', lang)} {figure.unscored}" if figure.unscored else ""
            which = f"（{type_label(run.summary['worst_type'], lang)}）" if name == "right_worst_type" else ""
            cells.append(f"{number(name, figure.value)}{which}{span} n={figure.n}{missing}")
        lines.append(f"| {label(name, lang)} | " + " | ".join(cells) + " |")
    lines += ["", *_types(runs, lang)]
    for run in runs:
        code = run.manifest["code"]
        dirty = f" + {string('eval_report.made_dirty', lang)}" if code["dirty"] else ""
        lines.append(
            f"- `{run.folder.name}`: `{run.manifest['command']}` · {(code['commit'] or '–')[:12]}{dirty} · "
            f"{run.manifest.get('model') or '–'} · {run.manifest['machine']['cpu']} "
            f"× {run.manifest['machine']['cores']}"
            + (
                f" · {string('eval_report.made_judges', lang)}: {judges}"
                if (judges := judges_told(run.summary, lang))
                else ""
            )
        )
    return "\n".join(lines)


def _types(runs: Sequence[Loaded], lang: str) -> list[str]:
    """Lines of a table with the share of right ones by type, the lowest of the first run first; [] for one
    type."""
    found = [dict(rights_by_type(run.summary)) for run in runs]
    kinds = list(dict.fromkeys(kind for rights in found for kind in rights))
    if len(kinds) < 2:
        return []
    lines = [
        f"| {string('eval_report.by_type', lang)} | "
        + " | ".join(_cell(run.folder.name) for run in runs)
        + " |",
        "|---|" + "---|" * len(runs),
    ]
    for kind in kinds:
        figures = [rights.get(kind) for rights in found]
        cells = [
            "–"
            if f is None
            else f"{number('right', f.value)} [{number('right', f.low)}, {number('right', f.high)}] n={f.n}"
            for f in figures
        ]
        lines.append(f"| {_cell(type_label(kind, lang))} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

"""Runs as a Markdown table, with the command that made each: for docs/RESULTS.md and for messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eval.labels import in_order, interval, judges_told, label, number, rights_by_type, type_label
from eval.metrics.stats import Figure
from eval.report.page import figures_of
from eval.report.questions import Loaded
from eval.runfolder import RunFolder
from prompts import text as string


def table(folders: Sequence[RunFolder], lang: str = "zh") -> str:
    """One table a task: figures down, runs across, each with its interval and n; the commands under it.

    Raises:
        EvalError: a run is not finished.
    """
    tasks: dict[tuple[str, ...], list[Loaded]] = {}
    for run in map(Loaded.read, folders):
        tasks.setdefault(tuple(run.manifest[key] for key in ("task", "title", "split")), []).append(run)
    return "\n\n".join(
        _one(runs, f"{title}（{task}，{split}）", lang) for (task, title, split), runs in tasks.items()
    )


def _one(runs: Sequence[Loaded], title: str, lang: str) -> str:
    every = [figures_of(run) for run in runs]
    lines = [f"### {_cell(title)}", "", *_head("metric", runs, lang)]
    for name in in_order(dict.fromkeys(n for figures in every for n in figures)):
        cells = [_told(name, figures.get(name), run, lang) for run, figures in zip(runs, every, strict=True)]
        lines.append(_row([label(name, lang), *cells]))
    return "\n".join([*lines, "", *_types(runs, lang), *(_made(run, lang) for run in runs)])


def _types(runs: Sequence[Loaded], lang: str) -> list[str]:
    """Lines of a table with the share of right ones by type, the lowest of the first run first; [] for one
    type."""
    found = [dict(rights_by_type(run.summary)) for run in runs]
    kinds = list(dict.fromkeys(kind for rights in found for kind in rights))
    if len(kinds) < 2:
        return []
    lines = [
        _row([type_label(kind, lang), *(_figure("right", rights.get(kind)) for rights in found)])
        for kind in kinds
    ]
    return [*_head("by_type", runs, lang), *lines, ""]


def _told(name: str, figure: Figure | None, run: Loaded, lang: str) -> str:
    """A figure with its interval, n, what was not scored, and of the worst type which that is."""
    worst = figure is not None and figure.value is not None and name == "right_worst_type"
    which = f"（{type_label(run.summary['worst_type'], lang)}）" if worst else ""
    missing = figure.unscored if figure is not None and figure.value is not None else 0
    unscored = f"，{string('eval_report.unscored', lang)} {missing}" if missing else ""
    return _figure(name, figure, which) + unscored


def _figure(name: str, figure: Figure | None, which: str = "") -> str:
    if figure is None or figure.value is None:
        return "–"
    parts = (number(name, figure.value) + which, interval(name, figure), f"n={figure.n}")
    return " ".join(filter(None, parts))


def _made(run: Loaded, lang: str) -> str:
    """What made a run, in one line of a list."""
    code, machine = run.manifest["code"], run.manifest["machine"]
    dirty = f" + {string('eval_report.made_dirty', lang)}" if code["dirty"] else ""
    judges = judges_told(run.summary, lang)
    parts = (
        f"`{run.manifest['command']}`",
        (code["commit"] or "–")[:12] + dirty,
        run.manifest.get("model") or "–",
        f"{machine['cpu']} × {machine['cores']}",
        f"{string('eval_report.made_judges', lang)}: {judges}" if judges else "",
    )
    return f"- `{run.folder.name}`: " + " · ".join(filter(None, parts))


def _head(first: str, runs: Sequence[Loaded], lang: str) -> list[str]:
    named = [string(f"eval_report.{first}", lang), *(run.folder.name for run in runs)]
    return [_row(named), "|---|" + "---|" * len(runs)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

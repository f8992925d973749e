"""The report: one HTML file that asks nothing of the outside, for people who decide and people who look into
errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from errors import EvalError
from eval.runfolder import RunFolder


def html(folders: Sequence[RunFolder], lang: str = "zh") -> str:
    """The page for one run, or for several of the same task side by side.

    Raises:
        EvalError: a run is not finished, or the runs are of different tasks.
    """
    from eval.report.page import Report
    from eval.report.questions import Loaded

    runs = [Loaded.read(folder) for folder in folders]
    tasks = sorted({str(run.manifest["task"]) for run in runs})
    if len(tasks) > 1:
        raise EvalError(
            f"these runs are of different tasks: {', '.join(tasks)}", "Make a report for each task."
        )
    return Report(runs, lang).render()


def write_html(folders: Sequence[RunFolder], out: Path, lang: str = "zh") -> Path:
    """Write the page; returns where it is."""
    content = html(folders, lang)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(content, encoding="utf-8")
    except OSError as error:
        raise EvalError(f"cannot write {out}: {error.strerror}") from None
    return out

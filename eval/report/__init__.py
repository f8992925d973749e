"""The report: one HTML file that asks nothing of the outside, for people who decide and people who look into errors."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from errors import EvalError
from eval.runfolder import RunFolder

_HERE = Path(__file__).parent
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html(folders: Sequence[RunFolder], lang: str = "zh") -> str:
    """The page for one run, or for several of the same task side by side.

    Raises:
        EvalError: a run is not finished, or the runs are of different tasks.
    """
    from eval.report import page, questions
    from prompts import text as string

    runs = [questions.Loaded.read(folder) for folder in folders]
    tasks = sorted({str(run.manifest["task"]) for run in runs})
    if len(tasks) > 1:
        raise EvalError(
            f"these runs are of different tasks: {', '.join(tasks)}", "Make a report for each task."
        )
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    listed = f"<h2>{string('eval_report.questions', lang)}</h2>{questions.filters(runs, lang)}{questions.cards(runs, lang)}"
    shown = escape(string("eval_report.shown", lang, n="#"))
    body = [
        page.header(runs, lang),
        page.keys(runs, lang),
        page.figures(runs, lang),
        page.table(runs, lang),
        f'<section id="questions" data-shown="{shown}">{listed}</section>',
        page.provenance(runs, lang),
    ]
    title = f"{runs[0].manifest['title']} · {string('eval_report.heading', lang)}"
    return (
        f'<!doctype html><html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="referrer" content="no-referrer"><title>{escape(title)}</title><style>{style}</style></head>'
        f"<body><main>{''.join(body)}</main><script>{script}</script></body></html>\n"
    )


def write_html(folders: Sequence[RunFolder], out: Path, lang: str = "zh") -> Path:
    """Write the page; returns where it is."""
    content = html(folders, lang)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(content, encoding="utf-8")
    except OSError as error:
        raise EvalError(f"cannot write {out}: {error.strerror}") from None
    return out

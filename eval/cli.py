"""``wenju eval``: list, run, compare, report, gate, rescore, synth, from-feedback.

The front door hands in ``ctx.obj`` with ``settings(config, data) -> EngineSettings``; everything heavy is
imported by the command that needs it.
"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from errors import EvalError
from eval.tasks.types import Mode

if TYPE_CHECKING:
    from eval.runfolder import RunFolder
    from eval.tasks.types import Task
    from qa.settings import EngineSettings

app = typer.Typer(no_args_is_help=True, help="Measure retrieval, answers, citations, refusal and speed.")

Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders that `wenju eval run` wrote.")]
Bench = Annotated[
    Path | None,
    typer.Option("--bench", metavar="DIR", help="Folder of public benchmarks (else WENJU_BENCH)."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, for programs.")]


def front_door_settings(ctx: typer.Context, config: Path | None = None) -> EngineSettings:
    """The settings that the front door hands in. Raises EvalError when there is no front door."""
    door: Any = ctx.obj
    if door is None or not hasattr(door, "settings"):
        raise EvalError("the evaluation was started without settings", "Start it as `wenju eval ...`.")
    settings: EngineSettings = door.settings(config, None)
    # An answer that was given before must not pass for a measurement.
    return settings.model_copy(update={"answer": settings.answer.model_copy(update={"cache": False})})


def _print_json(data: Any) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


@app.command("list")
def list_tasks(bench: Bench = None, as_json: Json = False) -> None:
    """The tasks that have a name, what their figures may be used for, and whether their files are here."""
    from eval.tasks import CATALOGUE, bench_folder, locate

    folder = bench_folder(bench)
    rows = []
    for entry in CATALOGUE:
        path = locate(entry, folder)
        present = path is not None and path.exists()
        rows.append(
            {
                "name": entry.name,
                "title": entry.title,
                "split": entry.split,
                "licence": entry.licence,
                "present": present,
            }
        )
    if as_json:
        return _print_json(rows)
    from eval.console import print_tasks

    print_tasks(rows)


@app.command("run")
def run_task(
    ctx: typer.Context,
    task: Annotated[
        str,
        typer.Argument(
            metavar="TASK|FILE",
            help=(
                "A task of `wenju eval list`, a .jsonl of questions or of "
                "statements with evidence, a SQuAD .json or a BEIR folder."
            ),
        ),
    ],
    limit: Annotated[int | None, typer.Option(min=1, help="A random sample of so many questions.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="A.toml", help="Settings for this run.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run folder; an interrupted run goes on in it.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="tuning, reporting or all, where questions carry a split.")
    ] = "reporting",
    mode: Annotated[
        Mode | None,
        typer.Option(help="open: search an index of the task's texts; closed: passages are given."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 1,
    depth: Annotated[int, typer.Option(min=1, max=1000, help="How deep retrieval is judged.")] = 10,
    judge: Annotated[
        str, typer.Option(help="Who decides entailment of citations: auto, gold, own or llm.")
    ] = "auto",
    answers: Annotated[
        bool, typer.Option("--answers/--no-answers", help="Without answers only retrieval is measured.")
    ] = True,
    drafts: Annotated[bool, typer.Option("--drafts", help="Ask questions marked as drafts too.")] = False,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="When resuming, ask failed questions again.")
    ] = False,
    index: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Search the index in this data folder instead.")
    ] = None,
    bench: Bench = None,
    as_json: Json = False,
) -> None:
    """Ask every question of a task, or judge every statement, and measure what comes back."""
    from eval import console
    from eval.runner import RunOptions, chosen, free_folder, run
    from eval.tasks import load

    settings = front_door_settings(ctx, config)
    asked = chosen(load(task, bench, drafts), split, limit, seed)
    engine, names = open_task(settings, asked, mode, index)
    options = RunOptions(
        out=out or Path(),
        limit=limit,
        seed=seed,
        split="all",
        mode=mode,
        depth=depth,
        answers=answers,
        contexts=names,
        config=settings.model_dump(mode="json", exclude={"data"})
        | {"models_sha256": _model_hashes(settings)},
        command=shlex.join(["wenju", *sys.argv[1:]]),
        retry_errors=retry_errors,
        judge=judge,
    )
    if out is None:
        options = replace(options, out=free_folder(settings.data / "eval" / "runs", asked, options))
    if answers and not asked.retrieval_only and not asked.pairs:
        engine.warm()  # loading the models is no part of the first answer's time
    with console.progress(asked.name) as update:
        folder = run(asked, engine, options, update)
    if as_json:
        return _print_json({"run": str(folder.path), **folder.summary()})
    console.print_run(folder)
    console.print_written(folder.path)


def open_task(
    settings: EngineSettings, task: Task, mode: str | None, index: Path | None
) -> tuple[Any, dict[str, str]]:
    """The engine over the right index, and which file of it is which context."""
    from eval import console, corpora
    from qa.engine import Engine

    if (mode or task.mode) == "closed" or not task.contexts or index is not None:
        chosen = settings if index is None else settings.model_copy(update={"data": index})
        known = corpora.names_in(index) if index is not None else {}
        return Engine.open(chosen), known
    folder = corpora.prepare(task, settings.data / "eval" / "indexes", settings.index.model_dump(mode="json"))
    engine = Engine.open(settings.model_copy(update={"data": folder}))
    with console.progress("建立索引") as update:
        return engine, corpora.build(folder, engine, update)


def _model_hashes(settings: EngineSettings) -> dict[str, dict[str, str]]:
    """sha256 of the files of the models in use, as the model manifest pins them."""
    from models.manifest import load_manifest

    known = load_manifest()
    wanted = (settings.index.encoder, settings.generator.model)
    return {name: {file.name: file.sha256 for file in known[name].files} for name in wanted if name in known}


def _runs(paths: list[Path]) -> list[RunFolder]:
    from eval.runfolder import RunFolder

    return [RunFolder.open(path) for path in paths]


@app.command()
def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B")],
    most: Annotated[int, typer.Option(help="At most so many changed questions of each kind.")] = 20,
    as_json: Json = False,
) -> None:
    """Is B better than A? Paired tests over the questions both were asked, and the questions that changed
    sides."""
    from eval.compare import compare as compared

    found = compared(*_runs([run_a, run_b]))
    if as_json:
        return _print_json(found.to_dict())
    from eval.console import print_comparison

    print_comparison(found, most)


@app.command()
def report(
    runs: Runs,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", help="Where the page goes; default: report.html in the first run."
        ),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table in Markdown, with the commands.")
    ] = False,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
) -> None:
    """One self-contained HTML file for one run or several side by side, or the table in Markdown."""
    folders = _runs(runs)
    if markdown:
        from eval.report.markdown import table

        return typer.echo(table(folders, lang))
    from eval.console import print_written
    from eval.report import write_html

    print_written(write_html(folders, html or folders[0].path / "report.html", lang))


@app.command()
def gate(
    run: Annotated[Path, typer.Argument(metavar="RUN")],
    minimum: Annotated[list[str] | None, typer.Option("--min", metavar="METRIC=VALUE")] = None,
    maximum: Annotated[list[str] | None, typer.Option("--max", metavar="METRIC=VALUE")] = None,
) -> None:
    """Exit with 3 when a figure is below its minimum or above its maximum."""
    from eval.gate import check, enforce

    checks = check(_runs([run])[0], minimum or (), maximum or ())
    for one in checks:
        typer.echo(f"{'ok  ' if one.passed else 'FAIL'} {one}")
    enforce(checks)


@app.command()
def rescore(runs: Runs, judge: Annotated[str, typer.Option(help="auto, gold, own or llm.")] = "auto") -> None:
    """Score finished runs again, with another judge or after the metrics have changed; nothing is asked
    again."""
    from eval.console import print_run
    from eval.scoring import score_run

    for folder in _runs(runs):
        print_run(score_run(folder, judge))


@app.command()
def synth(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Your documents.")],
    out: Annotated[Path, typer.Option(metavar="FILE.jsonl", help="Where the drafts go.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many answerable questions.")] = 60,
    unanswerable: Annotated[int, typer.Option(min=0, help="At most so many that nothing answers.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of the choice.")] = 1,
) -> None:
    """Draft a question set from your own documents, for a person to check (set "status": "checked" where
    right)."""
    from eval.synth import synthesise, write

    drafts = synthesise(paths, limit, unanswerable, seed)
    typer.echo(f'{write(drafts, out)} drafts in {out}; check each, set "status" to "checked" or "rejected".')


@app.command("from-feedback")
def from_feedback(
    source: Annotated[
        Path, typer.Argument(metavar="FEEDBACK.jsonl", help="Exported feedback, one JSON object a line.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.jsonl", help="Where the regression set goes.")],
) -> None:
    """Turn feedback (wrong answer, wrong evidence, right) into a regression set."""
    from eval.feedback import from_rows
    from eval.synth import write
    from eval.tasks.files import read_jsonl

    typer.echo(f"{write(from_rows(row for _, row in read_jsonl(source)), out)} questions in {out}")

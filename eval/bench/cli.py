"""``wenju bench``: answers, askers, indexing, start. Each prints its table and writes JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from errors import EvalError
from eval.cli import front_door_settings

if TYPE_CHECKING:
    from qa.engine import Engine
    from qa.settings import EngineSettings

app = typer.Typer(no_args_is_help=True, help="Measure speed: answers, several askers, indexing, start.")

Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.json", help="Also write the figures as JSON.")
]
Questions = Annotated[int, typer.Option("--questions", min=2, help="So many questions of the task, sampled.")]
TaskName = Annotated[str, typer.Option("--task", help="Task whose questions and documents are used.")]


def _finish(name: str, found: Any, out: Path | None, **about: Any) -> None:
    """Print the figures with the machine, and write them."""
    from eval.manifest import code, machine, now

    data = {"bench": name, "when": now(), "machine": machine(), "code": code(), **about, "figures": found}
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _prepared(ctx: typer.Context, name: str, count: int) -> tuple[EngineSettings, Engine, list[str]]:
    """Settings, a warm engine over the task's documents, and the questions that can be answered by
    themselves."""
    from eval.bench.parts import sampled
    from eval.cli import open_task
    from eval.tasks import load

    settings = front_door_settings(ctx)
    task = load(name)
    engine, _ = open_task(settings, task, "open", None)
    engine.warm()
    return settings, engine, sampled([item.question for item in task.items if not item.history], count)


@app.command()
def answers(
    ctx: typer.Context,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="NAME|URL",
            help="Plain pipelines beside: openvino, transformers, llamacpp, or an OpenAI-compatible URL.",
        ),
    ] = None,
    questions: Questions = 60,
    task: TaskName = "tianjin",
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit", metavar="NAME=N", help="Ask this pipeline only the first N of the questions."
        ),
    ] = None,
    again: Annotated[
        int, typer.Option(min=0, help="So many questions are also asked again, with the answer cache on.")
    ] = 5,
    out: Out = None,
) -> None:
    """Time to evidence, first token and checked answer; beside plain pipelines on the same questions, with
    ratios.

    With --out every answer is kept beside it (FILE.jsonl): the same command goes on with an interrupted run.
    """
    from eval.bench import parts, systems
    from eval.console import progress

    limits = dict(_limit(text) for text in limit or ())
    settings, engine, asked = _prepared(ctx, task, questions)
    running = {"wenju": systems.ours(engine)}
    for name in against or ():
        running[name] = systems.open_plain(name, engine, settings)
    if unknown := sorted(limits.keys() - running.keys()):
        raise typer.BadParameter(f"{unknown[0]!r} is not asked", param_hint="--limit")
    with progress("bench") as update:
        found = parts.answers(running, asked, update, limits, out.with_suffix(".jsonl") if out else None)
    if again:
        found["repeated"] = parts.repeated(systems.ours(_with_cache(engine)), asked[:again])
    _finish(
        "answers", found, out, task=task, generator=settings.generator.model, engine=settings.generator.engine
    )


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.rpartition("=")
    if not name or not number.isdigit() or int(number) < 2:
        raise typer.BadParameter(f"{text!r} is not NAME=N with N of 2 or more", param_hint="--limit")
    return name, int(number)


def _with_cache(engine: Engine) -> Engine:
    """The same engine with the answer cache, which is off while answers are timed."""
    from qa.engine import Engine

    answer = engine.settings.answer.model_copy(update={"cache": True})
    return Engine.open(engine.settings.model_copy(update={"answer": answer}), generator=engine.generator)


@app.command()
def askers(
    ctx: typer.Context,
    people: Annotated[str, typer.Option(help="How many ask at once, one figure after another.")] = "1,4,16",
    questions: Annotated[
        int, typer.Option(min=2, help="So many questions of the task for each figure, sampled.")
    ] = 32,
    task: TaskName = "tianjin",
    out: Out = None,
) -> None:
    """Answers a minute with several people asking at once."""
    from eval.bench import parts, systems

    try:
        counts = [int(part) for part in people.split(",")]
    except ValueError:
        raise typer.BadParameter(
            f"{people!r} is not a list of numbers such as 1,4,16", param_hint="--people"
        ) from None
    _, engine, asked = _prepared(ctx, task, questions * len(counts) + 1)
    ask = systems.ours(engine)
    ask(asked[-1])
    _finish("askers", parts.askers(ask, asked[:-1], counts), out, task=task)


@app.command()
def indexing(
    ctx: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Files to index into a folder that is thrown away."),
    ],
    out: Out = None,
) -> None:
    """Documents and passages indexed a second."""
    import tempfile

    from eval.bench import parts
    from qa.engine import Engine

    settings = front_door_settings(ctx)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine.open(settings.model_copy(update={"data": Path(folder)}))
        found = parts.indexing(engine, paths)
    _finish("indexing", found, out, encoder=settings.index.encoder)


@app.command()
def start(ctx: typer.Context, repeats: Annotated[int, typer.Option(min=1)] = 3, out: Out = None) -> None:
    """Seconds until `wenju --help`, `wenju search` and `wenju ask` are done and `wenju serve` is up, ready
    and has answered a question.

    Every one in fresh processes; the first shows what a machine does that has not read the files yet.
    """
    from eval.bench import starting
    from qa.library import Library

    settings = front_door_settings(ctx)
    if not Library(settings).count:
        raise EvalError(f"nothing is indexed in {settings.data}", "Run: wenju index add corpus/*.md")
    question = "市政务服务办的机关党委书记是谁？"
    commands = {"--help": ["--help"], "search": ["search", question], "ask": ["ask", question]}
    found = starting.commands(commands, repeats, settings.data) | starting.served(
        question, repeats, settings.data
    )
    _finish("start", found, out)

"""`wenju ask`: one question, or a file of them with one model load."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wenju.options import Collection, Data, Json, open_engine, print_json, settings_of


def ask(
    ctx: typer.Context,
    question: Annotated[
        str | None, typer.Argument(help="The question, in quotes.", metavar="QUESTION")
    ] = None,
    short: Annotated[
        bool, typer.Option("--short", help="Answer with the bare words, not a sentence.")
    ] = False,
    batch: Annotated[
        Path | None,
        typer.Option("--batch", metavar="IN.jsonl", help="Questions, one JSON object a line: id, question."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="OUT.jsonl", help="Answers of --batch; lines already there are kept."),
    ] = None,
    collection: Collection = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents, with the evidence word for word, or say that they do not tell."""
    if (question is None) == (batch is None):
        raise typer.BadParameter("give either a question or --batch IN.jsonl", param_hint="QUESTION")
    if (batch is None) != (out is None):
        raise typer.BadParameter("--batch and --out go together", param_hint="--out")
    settings = settings_of(ctx, data, answer={"style": "short" if short else None})
    engine = open_engine(settings)
    if batch is not None and out is not None:
        from wenju.batch import answer_file

        report = answer_file(engine, batch, out, collection)
        typer.echo(
            f"{report.answered} answered, {report.refused} of them refused; {report.kept} were there already."
        )
        if report.failed:
            from wenju.border import fail

            fail(f"{report.failed} questions could not be taken; see 'error' in {out}.")
        return
    assert question is not None
    if as_json:
        from qa.serialize import answer_to_dict

        print_json(answer_to_dict(engine.answer(question, collection=collection)))
        return
    from rich.console import Console
    from rich.live import Live

    from wenju.show import render

    console = Console(highlight=False)
    if not sys.stdout.isatty():
        console.print(render(engine.answer(question, collection=collection), settings.ui.lang))
        return
    with Live(console=console, refresh_per_second=8, vertical_overflow="visible") as live:
        for answer in engine.stream(question, collection=collection):
            live.update(render(answer, settings.ui.lang))

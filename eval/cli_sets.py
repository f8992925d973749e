"""``wenju eval synth`` and ``from-feedback``: commands that make sets of questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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

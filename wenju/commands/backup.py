"""`wenju backup` and `wenju restore`: everything of one's own in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenju.options import Data, settings_of

if TYPE_CHECKING:
    from wenju.backup import Backup

File = Annotated[Path, typer.Argument(help="The backup.", metavar="FILE.zip")]


def backup(ctx: typer.Context, file: File, data: Data = None) -> None:
    """Put index, conversations, tokens and kept source files into one file; the server may go on. Keep it
    safe: it holds the key that signs tokens."""
    from wenju.backup import backup as write

    made = write(settings_of(ctx, data), file)
    typer.echo(f"{_told(made)} -> {file} ({file.stat().st_size / 1e6:,.1f} MB)")
    if made.left_out:
        typer.echo(made.left_out, err=True)


def restore(
    ctx: typer.Context,
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Also over what is there.")] = False,
    data: Data = None,
) -> None:
    """Put a backup in its place after checking all of it; a running server answers from its index at once."""
    from wenju.backup import restore as read

    settings = settings_of(ctx, data)
    typer.echo(f"{_told(read(settings, file, replace))} in {settings.data}")


def _told(made: Backup) -> str:
    others = "".join(
        f", {count} files in {part}" if part == "originals" else f", {part}"
        for part, count in made.parts.items()
        if part != "index"
    )
    return f"{made.documents} documents ({made.index or 'no index'}){others}"

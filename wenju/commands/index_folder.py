"""`wenju index sync` and `watch`: an index in step with a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenju.border import fail
from wenju.options import Bars, Collection, Data, Json, open_engine, print_json, settings_of

if TYPE_CHECKING:
    from errors import WenjuError
    from index.documents import AddReport

Folder = Annotated[Path, typer.Argument(help="The folder; all below it counts.", metavar="DIR")]
Empty = Annotated[bool, typer.Option("--empty", help="Take out everything where the folder is empty by now.")]


def sync(
    ctx: typer.Context,
    folder: Folder,
    collection: Collection = "",
    empty: Empty = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make the index hold what a folder holds: files added, changed, renamed and gone. Other documents are
    left alone."""
    from wenju import added

    settings = settings_of(ctx, data)
    engine = open_engine(settings)
    with Bars("files") as progress:
        report = engine.sync(folder, progress, collection=collection, empty=empty)
    if as_json:
        print_json(added.as_json(report, added.suspects_of(engine, report)))
    else:
        added.tell(report, str(settings.data), added.suspects_of(engine, report))
    if report.failed:
        fail(f"{len(report.failed)} of the files could not be read; what the index had of them it keeps.")


def watch(
    ctx: typer.Context,
    folder: Folder,
    collection: Collection = "",
    every: Annotated[
        float, typer.Option("--every", min=0.2, max=3600, help="Seconds between two looks.")
    ] = 5.0,
    data: Data = None,
) -> None:
    """Sync a folder now and whenever something changes in it, until Ctrl-C. A running server answers from it
    at once."""
    from index.watch import watch as keep
    from wenju import added

    engine = open_engine(settings_of(ctx, data))
    last = ""

    def told(what: AddReport | WenjuError) -> None:
        nonlocal last
        if isinstance(what, Exception):
            if str(what) != last:  # once, not at every look
                typer.secho(f"not synced: {what}", fg="yellow", err=True)
            last = str(what)
            return
        last = ""
        added.tell(what, str(folder))

    typer.echo(f"watching {folder}  (Ctrl-C stops)", err=True)
    keep(folder, lambda: engine.sync(folder, collection=collection), told, every)

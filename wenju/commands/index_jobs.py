"""`wenju index queue`, `worker` and `jobs`: indexing by several processes, on one machine or several, that
take their files from PostgreSQL."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenju.border import fail
from wenju.options import Collection, Data, Json, open_engine, print_json, settings_of

if TYPE_CHECKING:
    from ui.index_jobs import IndexJobs
    from wenju.settings import Settings

Paths = Annotated[
    list[Path], typer.Argument(help="Files and folders that all workers see.", metavar="PATH...")
]


def queue(ctx: typer.Context, paths: Paths, collection: Collection = "", data: Data = None) -> None:
    """Hand files and folders to the workers, through the database (ui.database)."""
    from index.files import expand, place
    from ui.index_jobs import IndexJob

    found: list[IndexJob] = []
    skipped = 0
    for given in paths:
        below = str(place(given)) if given.is_dir() else ""
        files = expand([given])
        skipped += sum(not one.known for one in files)
        name = " ".join(collection.split())
        found += [IndexJob(0, str(one.path), below, one.source, name) for one in files if one.known]
    with _jobs(settings_of(ctx, data)) as jobs:
        added = jobs.queue(found)
    more = f", {skipped} not of a kind that is read" if skipped else ""
    typer.echo(f"{added} queued, {len(found) - added} waited already{more}")


def worker(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do.")] = False,
    data: Data = None,
) -> None:
    """Read, encode and write what was queued, until Ctrl-C. Any number may run, also on several machines that
    share the index."""
    from ui.index_worker import IndexWorker

    settings = settings_of(ctx, data)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    with _jobs(settings) as jobs:
        working = IndexWorker(open_engine(settings), jobs)
        typer.echo(f"worker {jobs.worker}  (Ctrl-C stops)", err=True)
        working.run(stopping, once=once)
    typer.echo(f"{working.read} read, {working.written} written, {working.failed} failed")


def jobs(
    ctx: typer.Context,
    again: Annotated[bool, typer.Option("--again", help="Queue those that failed once more.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """How many files wait, are worked on, are done; those that failed, with the reason."""
    with _jobs(settings_of(ctx, data)) as known:
        renewed = known.again() if again else 0
        counts, failed = known.counts(), known.of("failed")
    if as_json:
        rows = [{"path": one.path, "collection": one.collection, "error": one.message} for one in failed]
        print_json({**counts, "failures": rows})
        return
    if again:
        typer.echo(f"{renewed} queued once more")
    typer.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    for one in failed:
        typer.secho(f"not indexed: {one.path}: {one.message}", fg="yellow", err=True)
    if failed:
        fail(f"{len(failed)} files failed.", "When they can be read: wenju index jobs --again", 3)


@contextmanager
def _jobs(settings: Settings) -> Iterator[IndexJobs]:
    from errors import SettingsError
    from ui.index_jobs import IndexJobs
    from ui.storage_database import open_database

    if settings.ui.database == "none":
        raise SettingsError.named("jobs_database")
    database = open_database(settings.ui.database, settings.data)
    try:
        yield IndexJobs(database)
    finally:
        database.dispose()

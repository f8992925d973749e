"""`wenju models`: list, fetch, verify, bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenju.options import Bars, Data, Json, open_store, print_json, settings_of

if TYPE_CHECKING:
    from models.files import Progress
    from models.store import ModelStore
    from wenju.settings import Settings

app = typer.Typer(no_args_is_help=True)

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Names of models; none: those that the settings use.", metavar="NAME..."),
]


@app.command("list")
def list_(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """Every model that is known: purpose, size, licence, whether it is here and what the settings use."""
    from models.files import human
    from wenju.settings import wanted_models

    settings = settings_of(ctx, data)
    store, used = open_store(settings), wanted_models(settings)
    rows = [_row(store, name, name in used) for name in store.manifest]
    if as_json:
        print_json({"folder": str(store.root), "models": rows})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "purpose", "size", "here", "licence", box=None, pad_edge=False)
    for row in rows:
        mark = "* " if row["used"] else "  "
        table.add_row(mark + row["name"], row["purpose"], human(row["size"]), row["state"], row["licence"])
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\n* used by the settings. Store: {store.root}")
    for row in rows:
        for remark in filter(None, (row["terms"], row["note"])):
            console.print(f"{row['name']}: {remark}", style="yellow" if remark == row["terms"] else "")


def _row(store: ModelStore, name: str, used: bool) -> dict[str, Any]:
    model = store.manifest[name]
    return {
        "name": name,
        "title": model.title,
        "purpose": model.purpose,
        "size": model.size,
        "state": store.state(name),
        "used": used,
        "licence": model.licence,
        "terms": model.terms,
        "note": model.note,
        "sources": list(model.sources),
    }


@app.command()
def fetch(
    ctx: typer.Context,
    names: Names = None,
    archive: Annotated[
        Path | None,
        typer.Option("--from", metavar="ARCHIVE", help="Take them from a bundle instead of the network."),
    ] = None,
    prepare: Annotated[bool, typer.Option(help="Convert once to the form that runs fastest here.")] = True,
    data: Data = None,
) -> None:
    """Bring models into the store: resumed where it stopped, checked by sha256, moved into place when
    complete."""
    settings = settings_of(ctx, data)
    store = open_store(settings)
    if archive is not None:
        with Bars() as progress:
            fetched = store.fetch_from(archive, progress)
    else:
        from models.sources import make_sources

        chosen = _chosen(names, settings)
        for name in chosen:
            _licence(store, name)
        with Bars() as progress:
            fetched = store.fetch(chosen, make_sources(settings.models), progress)
    for entry in fetched:
        if archive is not None:
            _licence(store, entry.name)
        how = "is there already" if entry.source == "store" else f"fetched ({entry.source}), sha256 checked"
        typer.echo(f"{entry.name}: {how}: {entry.path}")
    if prepare:
        with Bars("steps") as progress:
            for entry in fetched:
                _prepare(store, entry.name, entry.path, settings, progress)


def _chosen(names: Sequence[str] | None, settings: Settings) -> list[str]:
    """The names given, checked before anything is fetched; without any, what the settings use."""
    from models.manifest import find
    from wenju.settings import wanted_models

    chosen = list(names or ()) or wanted_models(settings)
    for name in chosen:
        find(name)
    return chosen


def _licence(store: ModelStore, name: str) -> None:
    model = store.manifest[name]
    typer.secho(f"{name}: {model.title}. Licence: {model.licence}. {model.terms}".strip(), err=True)


def _prepare(store: ModelStore, name: str, path: Path, settings: Settings, progress: Progress) -> None:
    """Make the fast form of a model once, at fetch time, where there is one for these settings."""
    purpose = store.manifest[name].purpose
    if purpose == "generator" and settings.generator.engine == "openvino":
        from engine.convert import prepare as prepare_generator

        prepare_generator(path, progress)
    elif purpose == "encoder" and settings.index.encoder_backend != "torch":
        from index.encoder import open_encoder

        progress(f"{name}: prepare", 0, 1)
        open_encoder(name, settings.index.encoder_backend, store.root)
        progress(f"{name}: prepare", 1, 1)


@app.command()
def verify(ctx: typer.Context, names: Names = None, data: Data = None, as_json: Json = False) -> None:
    """Read every file of the models and compare its sha256."""
    settings = settings_of(ctx, data)
    store = open_store(settings)
    with Bars() as progress:
        result = store.verify(_chosen(names, settings), progress)
    if as_json:
        print_json(result)
        return
    for name, state in result.items():
        typer.echo(f"{name}: {state}")


@app.command()
def bundle(
    ctx: typer.Context,
    archive: Annotated[Path, typer.Argument(help="The archive to write.", metavar="ARCHIVE")],
    names: Names = None,
    data: Data = None,
) -> None:
    """Write models into one archive for a machine without a network (there: wenju models fetch --from
    ARCHIVE)."""
    settings = settings_of(ctx, data)
    store = open_store(settings)
    with Bars() as progress:
        store.bundle(archive, _chosen(names, settings), progress)
    typer.echo(f"{archive}: {archive.stat().st_size} bytes")

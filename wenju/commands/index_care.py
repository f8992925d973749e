"""`wenju index verify`, `rebuild`, `export`, `import` and `collections`: an index looked after and carried
elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from errors import IndexError_
from wenju.border import fail
from wenju.options import Bars, Data, Json, open_engine, print_json, settings_of

FAILED = 3
"""Exit code of a check that failed."""

File = Annotated[Path, typer.Argument(help="The file; .gz packs it.", metavar="FILE.jsonl[.gz]")]


def verify(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """Compare every file of the index with what was written, and say all that is wrong. Changes nothing; ends
    with 3 then."""
    from dataclasses import asdict

    from index.verify import verified

    store = open_engine(settings_of(ctx, data)).library.store
    found = verified(store)
    if as_json:
        print_json(asdict(found))
    else:
        typer.echo(f"current {found.current or '-'}, answering {found.answering or '-'} in {store.root}")
        for name in found.leftovers:
            typer.echo(
                f"left over: {name} (of a writer that did not finish; harmless, the next write takes it away)"
            )
        for fault in found.faults:
            typer.secho(f"{fault.place}: {fault.message}", fg="red")
        for hint in dict.fromkeys(fault.hint for fault in found.faults):
            typer.echo(f"  {hint}")
    if found.faults:
        what = (
            f"{found.answering} answers meanwhile" if found.answering else "nothing can be answered from it"
        )
        fail(f"{len(found.faults)} faults in the index; {what}.", code=FAILED)
    if not as_json:
        typer.echo("all right" if found.answering else "there is no index yet")


def rebuild(ctx: typer.Context, data: Data = None) -> None:
    """Make a new generation from the documents' stored texts: passages, vectors and both searches anew, also
    of a damaged index."""
    settings = settings_of(ctx, data)
    library = open_engine(settings).library
    if library.store.salvaged() is None:
        raise IndexError_.named("index_none", folder=str(settings.data))
    with Bars("passages") as progress:
        made = library.write((), progress=progress, afresh=True)
    typer.echo(f"{made.name}: {made.manifest['documents']} documents, {made.count} passages")


def export(ctx: typer.Context, file: File, data: Data = None) -> None:
    """Write the documents (texts, facts, collections) to one file of JSON lines, for another index or
    program."""
    from index.transfer import export as write

    settings = settings_of(ctx, data)
    generation = open_engine(settings).library.generation
    if generation is None:
        raise IndexError_.named("index_none", folder=str(settings.data))
    count = write((generation.document(one.id) for one in generation.documents()), file)
    typer.echo(f"{count} documents -> {file}")


def import_(ctx: typer.Context, file: File, data: Data = None) -> None:
    """Take in the documents of `wenju index export`; those with the same id are replaced. A damaged file
    changes nothing."""
    from index.transfer import exported

    library = open_engine(settings_of(ctx, data)).library
    documents = exported(file)
    with Bars("documents") as progress:
        made = library.write(documents, progress=progress)
    typer.echo(f"{made.name}: {made.manifest['documents']} documents")


def collections(
    ctx: typer.Context,
    delete: Annotated[
        str, typer.Option("--delete", metavar="NAME", help="End a collection; its documents stay.")
    ] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """The collections with the number of their documents. `--collection NAME` of add, sync and watch makes
    them."""
    library = open_engine(settings_of(ctx, data)).library
    if delete:
        from qa.scoped_library import end_collection

        end_collection(library, delete)
    found = library.collections()
    if as_json:
        print_json({"collections": [{"name": name, "documents": count} for name, count in found.items()]})
        return
    for name, count in found.items():
        typer.echo(f"{count:>6}  {name}")

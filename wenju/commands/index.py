"""`wenju index`: add, info, list, show, remove; the others are in index_folder, index_jobs and index_care."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from errors import DocumentError, IndexError_, did_you_mean
from wenju.border import fail
from wenju.commands import index_care, index_folder, index_jobs
from wenju.options import Bars, Collection, Data, Json, open_engine, print_json, settings_of

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH...")],
    collection: Collection = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Read files and folders into the index. What cannot be read is named at the end; the rest is indexed."""
    from wenju import added

    settings = settings_of(ctx, data)
    engine = open_engine(settings)
    with Bars("files") as progress:
        report = engine.add(paths, progress, collection=collection)
    if as_json:
        print_json(added.as_json(report, added.suspects_of(engine, report)))
    else:
        added.tell(report, str(settings.data), added.suspects_of(engine, report))
    if report.failed:
        others = "the others are" if report.added or report.replaced or report.unchanged else "nothing was"
        fail(f"{len(report.failed)} of the files could not be read; {others} indexed.")


app.command()(index_folder.sync)
app.command()(index_folder.watch)
app.command()(index_jobs.queue)
app.command()(index_jobs.worker)
app.command()(index_jobs.jobs)
app.command()(index_care.verify)
app.command()(index_care.rebuild)
app.command()(index_care.export)
app.command("import")(index_care.import_)
app.command()(index_care.collections)


@app.command()
def info(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """What made the index, how large it is and how it searches."""
    from models.files import size_of

    settings = settings_of(ctx, data)
    library = open_engine(settings).library
    generation = library.generation
    if generation is None:
        raise IndexError_.named("index_none", folder=str(settings.data))
    facts = {
        "folder": str(generation.path),
        "bytes": size_of(generation.path),
        **generation.manifest,
        "search": library.describe(),
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        if name != "files":
            typer.echo(f"{name:<20} {value}")


@app.command("list")
def list_(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """The documents, with their ids, dates and number of passages."""
    engine = open_engine(settings_of(ctx, data))
    copies = engine.copies()
    rows = [
        {
            "id": document.id,
            "title": document.title,
            "number": document.number,
            "copy_of": copies.get(document.id),
            "source": document.source,
            "published": document.published,
            "collections": list(document.collections),
            "passages": len(engine.passages(document.id)),
            "characters": len(document.text),
            "sha256": document.sha256,
        }
        for document in engine.documents()
    ]
    if as_json:
        print_json({"documents": rows})
        return
    for row in rows:
        note = (f"  {row['number']}" if row["number"] else "") + (
            f"  (copy of {row['copy_of']})" if row["copy_of"] else ""
        )
        typer.echo(f"{row['id']}  {row['published'] or '-':<10}  {row['passages']:>5}  {row['title']}{note}")


@app.command()
def show(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(help="A file, or the id, title or source of a document.", metavar="DOCUMENT|FILE")
    ],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """What the index holds of a document, or would hold of a file: facts, sections, tables, text, what was
    not read.

    Of an archive or a message, a list of the documents in it (with --json: all of each).
    """
    from index.loaders import CONTAINERS
    from index.orders import told
    from index.shown import container, lines_of, list_of, shown

    orders: list[dict[str, Any]] = []

    if Path(what).is_file():
        from index.reading import Reader

        with Reader() as reader, Bars("files") as progress:
            loaded = reader.load_all(
                Path(what), step=lambda done, total: progress("pages", done, max(done, total))
            )
        document = loaded.documents[0]
        if Path(what).suffix.lower() in CONTAINERS:
            if as_json:
                print_json(container(loaded))
                return
            for line in list_of(loaded):
                typer.echo(line)
            return
    else:
        engine = open_engine(settings_of(ctx, data))
        known = {key: one.id for one in engine.documents() for key in (one.source, one.title, one.id)}
        if what not in known:
            raise DocumentError(
                f"There is no file and no document '{what}' in the index.", did_you_mean(what, known)
            )
        document = engine.document(known[what])
        orders = told(engine.suspects({document.source}), document.id)
    if as_json:
        print_json(shown(document) | {"orders": orders})
        return
    for order in orders:
        page = f" (page {order['page']})" if order["page"] else ""
        typer.echo(f"{'order':<12} reads like one to a program, {order['score']:.2f}{page}: {order['text']}")
    for line in lines_of(document):
        typer.echo(line)


@app.command()
def remove(
    ctx: typer.Context,
    documents: Annotated[
        list[str], typer.Argument(help="Ids or exact titles (wenju index list).", metavar="DOCUMENT...")
    ],
    data: Data = None,
) -> None:
    """Take documents out of the index."""
    engine = open_engine(settings_of(ctx, data))
    known = {key: document for document in engine.documents() for key in (document.id, document.title)}
    for name in documents:
        if name not in known:
            raise DocumentError(f"There is no document '{name}' in the index.", did_you_mean(name, known))
    going = {known[name].id: known[name] for name in documents}
    engine.remove(*going)
    for document in going.values():
        typer.echo(f"removed: {document.title}")

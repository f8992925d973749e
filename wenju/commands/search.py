"""`wenju search`: the passages for a question, without writing an answer."""

from __future__ import annotations

from typing import Annotated

import typer

from wenju.options import Collection, Data, Json, Question, open_engine, print_json, settings_of


def search(
    ctx: typer.Context,
    question: Question,
    k: Annotated[int | None, typer.Option("-k", min=1, max=200, help="How many passages.")] = None,
    collection: Collection = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the passages found for a question, best first, and why they were found."""
    settings = settings_of(ctx, data, index={"top_k": k})
    hits = open_engine(settings).search(question, settings.index.top_k, collection=collection)
    if as_json:
        from index.shown import hit_to_dict

        print_json({"question": question, "hits": [hit_to_dict(hit) for hit in hits]})
        return
    from rich.console import Console
    from rich.markup import escape

    import prompts
    from wenju.show import path_of

    console = Console(highlight=False)
    if not hits:
        console.print(prompts.text("cli.nothing_found", lang=settings.ui.lang))
    for rank, hit in enumerate(hits, 1):
        where = path_of(hit.document.name, hit.passage.heading)
        page = (
            prompts.text("cli.page", lang=settings.ui.lang, page=str(hit.passage.page))
            if hit.passage.page
            else ""
        )
        why = " ".join(f"{name}={value:.3g}" for name, value in hit.why.items())
        console.print(
            f"[bold]{rank}. {escape(where)}[/bold]{page}  [dim]{hit.score:.3f}  {escape(why)}[/dim]"
        )
        console.print(escape(hit.passage.text), "")

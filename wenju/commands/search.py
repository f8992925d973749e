"""`wenju search`: the passages for a question, without writing an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenju.options import Collection, Data, Json, Question, open_engine, print_json, settings_of

if TYPE_CHECKING:
    from index.types import Hit


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
        where = path_of(hit.document.title, hit.passage.heading)
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


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """A hit as documented for `wenju search --json`."""
    return {
        "passage_id": hit.passage.id,
        "document_id": hit.document.id,
        "document": hit.document.title,
        "heading": list(hit.passage.heading),
        "page": hit.passage.page,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "text": hit.passage.text,
        "score": round(hit.score, 6),
        "why": {name: round(value, 6) for name, value in hit.why.items()},
    }

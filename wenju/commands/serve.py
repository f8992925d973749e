"""`wenju serve`, `wenju mcp` and `wenju widget`: the page with its API, and the tools for assistants."""

from __future__ import annotations

import html
from typing import Annotated

import typer

from wenju.options import Data, settings_of


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on (127.0.0.1: this machine only).")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (7860).")] = None,
    root_path: Annotated[str | None, typer.Option(help="Public prefix behind a proxy, e.g. /wenju.")] = None,
    data: Data = None,
) -> None:
    """Open the chat page and the API. The page is up at once; the models load meanwhile."""
    settings = settings_of(ctx, data, ui={"host": host, "port": port, "root_path": root_path})
    from ui.server import serve as run

    run(settings)


def mcp(
    ctx: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help="Over HTTP instead of standard input and output.")
    ] = False,
    data: Data = None,
) -> None:
    """Offer ask and search as tools to assistants that speak MCP."""
    settings = settings_of(ctx, data)
    from ui.mcp import run

    run(settings, http=http)


def widget(
    ctx: typer.Context,
    url: Annotated[str, typer.Option(help="Address of the server as the web page reaches it.")] = "",
    data: Data = None,
) -> None:
    """Print the tag that puts the question button on a web page, for these settings."""
    ui = settings_of(ctx, data).ui
    host = "127.0.0.1" if ui.host in ("0.0.0.0", "::") else ui.host
    address = (url or ui.public_url or f"http://{host}:{ui.port}{ui.root_path}").rstrip("/")
    attributes = {
        "src": f"{address}/widget.js",
        "data-title": ui.title,
        "data-lang": ui.lang,
        "data-theme": ui.theme,
    }
    written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    typer.echo(f"<script {written} defer></script>")
    origins = (
        ", ".join(ui.allowed_origins) or "none yet: set ui.allowed_origins to the origins of those pages"
    )
    typer.echo(f"Pages that may carry it: {origins}", err=True)

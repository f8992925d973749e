"""`wenju serve` and `wenju mcp`: the page with its API, and the tools for assistants."""

from __future__ import annotations

from typing import Annotated

import typer

from wenju.options import Data, settings_of


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on (127.0.0.1: this machine only).")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (7860).")] = None,
    root_path: Annotated[
        str | None, typer.Option(help="Public prefix behind a proxy that strips it.")
    ] = None,
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

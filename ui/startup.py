"""The server while it starts: a waiting page within a second, and the real application as soon as it is
there.

Importing the page's toolkit takes seconds; nobody should look at a refused connection meanwhile. It
also puts the public prefix in place, whether a proxy strips it or not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.address import below_root
from ui.pages import PAGES
from ui.settings import UiSettings
from ui.texts import Texts

log = logging.getLogger("wenju.ui")


class StartupApp:
    """ASGI application around another one that takes long to make.

    Args:
        build: makes the application, in a thread; gives what is to be called and what has the lifespan.
        failed: called when ``build`` fails; the server should stop.
        closed: called when the server stops, after the application's own shutdown.
    """

    def __init__(
        self,
        settings: UiSettings,
        build: Callable[[], tuple[ASGIApp, FastAPI]],
        failed: Callable[[BaseException], None],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._build = build
        self._failed = failed
        self._closed = closed
        self._app: ASGIApp | None = None
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        prefixed(scope, self._settings.root_path)
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._wait_here(scope)(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        life = asyncio.create_task(self._live())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._closing.set()
        await asyncio.wait([life], timeout=5)
        self._closed()
        await send({"type": "lifespan.shutdown.complete"})

    async def _live(self) -> None:
        try:
            app, inner = await asyncio.to_thread(self._build)
            async with inner.router.lifespan_context(inner):
                self._app = app
                await self._closing.wait()
        except Exception as error:  # the border: the server must not stand there with a waiting page for ever
            self._failed(error)

    def _wait_here(self, scope: Scope) -> Response:
        path = below_root(scope)
        headers = {"cache-control": "no-store", "retry-after": "2"}
        if path == "/healthz":
            return JSONResponse({"status": "ok"})
        if path == "/readyz":
            return JSONResponse({"ready": False, "starting": True}, 503, headers)
        accept = dict(scope["headers"]).get(b"accept", b"")
        if scope["method"] == "GET" and b"text/html" in accept:
            return HTMLResponse(
                _page(self._settings),
                200,
                headers
                | {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"},
            )
        error = {
            "message": "The server is starting",
            "type": "server_error",
            "code": "starting",
            "param": None,
        }
        return JSONResponse({"error": error | {"hint": "Try again in a few seconds"}}, 503, headers)


def prefixed(scope: Scope, root: str) -> None:
    """Put the public prefix into an ASGI scope: ``path`` with it, ``root_path`` naming it, as Starlette
    expects."""
    if not root:
        return
    path = str(scope["path"])
    scope["root_path"] = root
    if path != root and not path.startswith(root + "/"):
        scope["path"] = root + path
        raw: Any = scope.get("raw_path")
        if raw:
            scope["raw_path"] = root.encode() + raw


def _page(settings: UiSettings) -> str:
    return PAGES.render("starting.html", title=settings.title, t=Texts(settings.lang))

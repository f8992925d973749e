"""Before any body is read: is its sender known, and is it small enough? A plain ASGI middleware around the
application.

    JSON and forms    ui.body_max_kb
    uploads           ui.upload_max_mb, and what the form around the file takes
    signing in        as UNKNOWN says, from anybody

A length that is announced is refused unread; without one, what arrives is counted and cut off. Nothing is
kept here.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.address import below_root
from ui.problems import NotSignedOn, TooLarge, answered, is_api, language
from ui.roles import asker
from ui.settings import UiSettings
from ui.viewer import Viewer

Known = Callable[[HTTPConnection], Viewer | None]
BODILESS = frozenset(("GET", "HEAD", "OPTIONS"))
UPLOAD = "/documents/upload"
UNKNOWN = {"/sign-in": 16 * 1024, "/sign-out": 0}
"""What somebody who is not signed on may send, in bytes."""
FORM_BYTES = 64 * 1024
"""What a form adds around an uploaded file: boundaries, headers, its name."""


class _Cut(Exception):
    """More arrived than may."""


class BodyLimit:
    """See the module.

    Args:
        who: tells the sender; asked before a body is read.
        api: whether every address is read by programs (the MCP server), which are answered in the API's form.
    """

    def __init__(self, app: ASGIApp, settings: UiSettings, who: Known, *, api: bool = False) -> None:
        self.app = app
        self.settings = settings
        self.who = who
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        path = below_root(scope)
        limit = self.limit(scope["method"], path)
        announced = request.headers.get("content-length", "")
        try:
            if scope["method"] not in BODILESS and path not in UNKNOWN:
                asker(self.who(request))
        except NotSignedOn as error:
            await self._refused(request, error)(scope, receive, send)
            return
        if announced.isdecimal() and int(announced) > limit:
            await self._refused(request, too_large(limit))(scope, receive, send)
        else:
            await self._counted(request, limit, receive, send)

    def limit(self, method: str, path: str) -> int:
        """Bytes that a body may have."""
        if path in UNKNOWN:
            return UNKNOWN[path]
        if method == "POST" and path == UPLOAD:
            return self.settings.upload_max_mb * 1024 * 1024 + FORM_BYTES
        return self.settings.body_max_kb * 1024

    async def _counted(self, request: Request, limit: int, receive: Receive, send: Send) -> None:
        """Run the application; its answer is replaced once more has arrived than may."""
        left, cut, started = limit, False, False

        async def counted() -> Message:
            nonlocal left, cut
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    cut = True
                    raise _Cut
            return message

        async def answering(message: Message) -> None:
            nonlocal started
            if not cut:
                started = True
                await send(message)

        try:
            await self.app(request.scope, counted, answering)
        except Exception:  # whatever the application made of the cut: the answer to it is given here
            if not cut:
                raise
        if cut and not started:
            response = self._refused(request, too_large(limit))
            response.headers["connection"] = "close"  # the rest, of no known length, is not waited for
            await response(request.scope, receive, send)

    def _refused(self, request: Request, error: NotSignedOn | TooLarge) -> Response:
        response = answered(error, language(request))
        if not self.api and not is_api(request):
            response = JSONResponse({"detail": error.message}, response.status_code)
        response.headers["cache-control"] = "no-store"
        return response


def too_large(limit: int) -> TooLarge:
    """The error for a body over ``limit`` bytes."""
    if limit >= 1 << 20:
        return TooLarge.named("body_too_large", limit=f"{limit >> 20} MB", setting="ui.upload_max_mb")
    return TooLarge.named("body_too_large", limit=f"{limit >> 10} kB", setting="ui.body_max_kb")

"""What every response carries and which addresses exist: CSP with a nonce, CORS, the few Gradio routes that
are used.

ASGI middlewares, outermost first: ``Denied`` -> CORSMiddleware -> ``Secured``. The page itself is rewritten
on its way out: a nonce on the inline scripts that are known, and the frame of ui.shell put before the chat.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.address import below_root
from ui.scripts import KnownScripts

READ, SEND = frozenset(("GET", "HEAD")), frozenset(("POST",))
OPEN = {
    "": READ,
    "/": READ,
    "/config": READ,
    "/theme.css": READ,
    "/favicon.ico": READ,
    "/gradio_api/theme.css": READ,
    "/gradio_api/startup-events": READ,
    "/gradio_api/queue/data": READ,
    "/gradio_api/queue/join": SEND,
    "/gradio_api/run/predict": SEND,
    "/gradio_api/cancel": SEND,
    "/gradio_api/reset": SEND,
}
"""Of Gradio's routes below /chat, those that the page uses, with their methods. What is not here does not
exist."""
OPEN_BELOW = ("/assets/", "/static/", "/gradio_api/heartbeat/")


def denied(path: str, method: str = "GET") -> bool:
    """Whether a path (below the root) is one of Gradio's that the page does not use."""
    if path != "/chat" and not path.startswith("/chat/"):
        return False
    rest = path.removeprefix("/chat")
    if rest in OPEN:
        return method not in OPEN[rest]
    return method not in READ or ".." in rest or "\\" in rest or not rest.startswith(OPEN_BELOW)


def content_policy(nonce: str, origins: Sequence[str]) -> str:
    """The Content-Security-Policy; ``origins`` may frame the page beside ourselves."""
    script = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {script}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors " + " ".join(("'self'", *origins)),
        )
    )


class Denied:
    """404 for all of Gradio's routes but the few that the page needs, whatever the mount forwards."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and denied(below_root(scope), scope["method"]):
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, send)


class Secured:
    """Security headers on every response; nonce and frame on the chat page.

    Args:
        shell: renders the frame for a request; put right after <body>.
        scripts: the inline scripts that get the nonce.
        head: put right after <head>, so that the frame has its looks before Gradio's script has loaded.
        lang, theme: of the page when its address names none; a theme that a person chose comes first.
    """

    def __init__(
        self,
        app: ASGIApp,
        origins: Sequence[str],
        shell: Callable[[Request], str],
        scripts: KnownScripts,
        head: str = "",
        lang: str = "zh",
        theme: str = "auto",
    ) -> None:
        self.app = app
        self.head = head
        self.lang, self.theme = lang, theme
        self.origins = tuple(origins)
        self.shell = shell
        self.scripts = scripts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_page = below_root(scope) in ("/chat", "/chat/")
        nonce = secrets.token_urlsafe(16) if is_page else ""
        if is_page:
            kept = [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]
            scope = {**scope, "headers": kept}
        held: list[Message] = []
        body = bytearray()
        rewriting = False

        async def secured(message: Message) -> None:
            nonlocal rewriting
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                _secure(headers, content_policy(nonce, self.origins))
                kind = Headers(raw=message["headers"]).get("content-type", "")
                rewriting = is_page and kind.startswith("text/html") and "content-encoding" not in headers
                if rewriting:
                    del headers["content-length"]
                    headers["cache-control"] = "no-store"
                    held.append(message)
                    return
            elif rewriting and message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                page = self._rewrite(bytes(body), Request(scope), nonce)
                MutableHeaders(scope=held[0])["content-length"] = str(len(page))
                await send(held[0])
                message = {"type": "http.response.body", "body": page}
            await send(message)

        await self.app(scope, receive, secured)

    def _rewrite(self, page: bytes, request: Request, nonce: str) -> bytes:
        page = page.replace(b"<head>", b"<head>" + self.head.encode(), 1)
        page = self.scripts.sign(page, nonce)
        page = page.replace(b'<link rel="manifest" href="/manifest.json" />', b"")
        page = re.sub(rb"<meta[^>]*(?:og:|twitter:)[^>]*>", b"", page)
        asked = request.query_params.get("lang")
        lang = b"en" if (asked if asked in ("zh", "en") else self.lang) == "en" else b"zh-CN"
        page = re.sub(
            rb'<html\s+lang="en"',
            b'<html lang="' + lang + b'" data-theme="' + self.theme.encode() + b'"',
            page,
            count=1,
        )
        shell = self.shell(request).encode()
        return re.sub(rb"<body[^>]*>", lambda m: m.group() + shell, page, count=1)


def _secure(headers: MutableHeaders, policy: str) -> None:
    headers.setdefault("content-security-policy", policy)
    headers["x-content-type-options"] = "nosniff"
    headers["referrer-policy"] = "same-origin"
    headers["permissions-policy"] = "camera=(), microphone=(), geolocation=()"
    headers["cross-origin-opener-policy"] = "same-origin"

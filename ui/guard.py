"""What stands before the application: whose address was called, whose page sent the request, who still has to
sign in.

Host       with sign-on off, this machine's names alone: others could be pointed here (DNS rebinding)
Origin     what changes something comes from our own pages, or from a program with a token (CSRF)
websocket  none is opened
embedded   a host's token is exchanged for a code, a code for a session, each once
sign-in    people who open a page without being signed on are sent to sign in; programs get 401
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.address import below_root, is_loopback, is_own, origin_allowed
from ui.auth import SignOn
from ui.auth_pages import sign_in_address
from ui.pages import Site
from ui.settings import UiSettings

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
OPEN_FILES = ("/static/", "/chat/assets/", "/chat/static/")
"""The same for everybody: nobody is looked up for them."""
PROGRAMS = ("/api/", "/v1/")
PEOPLE = ("/chat", "/documents", "/admin", "/shared", "/page")


class Guard:
    """ASGI middleware. See the module."""

    def __init__(self, app: ASGIApp, settings: UiSettings, sign_on: SignOn) -> None:
        self.app = app
        self.settings = settings
        self.sign_on = sign_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "websocket"
        ):  # nothing here speaks over one, and none of the checks below would see it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            if not below_root(scope).startswith(OPEN_FILES):
                await self.sign_on.look_up(Request(scope))
            refusal = self._refusal(Request(scope))
            if refusal is not None:
                refusal.headers["cache-control"] = "no-store"
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        path = below_root(request.scope)
        if path in ("/healthz", "/readyz"):
            return None
        if self.sign_on.mode == "off" and not self._own_host(request.headers):
            return PlainTextResponse(
                "Sign-on is off, so this server answers to this machine's names alone.\n"
                "Choose a sign-on (ui.auth), or name the host in ui.allowed_hosts.\n",
                421,
            )
        if request.method not in SAFE and self._foreign(request, path):
            return PlainTextResponse("This request came from another site's page.\n", 403)
        if request.method == "GET" and path in ("/chat", "/chat/"):
            moved = self._embedded(request)
            if moved is not None:
                return moved
        return self._away(request, path)

    def _own_host(self, headers: Headers) -> bool:
        host = urlsplit("//" + headers.get("host", "")).hostname or ""
        allowed = {urlsplit("//" + name).hostname for name in self.settings.allowed_hosts}
        public = urlsplit(self.settings.public_url).hostname
        return is_loopback(host) or host in allowed or (bool(public) and host == public)

    def _foreign(self, request: Request, path: str) -> bool:
        """Whether another site's page sent this on someone's behalf. Programs send neither of the two
        headers."""
        headers = request.headers
        if headers.get("authorization", "").lower().startswith("bearer "):
            return False  # nothing that a browser adds by itself
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is None:
            return site not in (None, "same-origin", "none")
        if site == "same-origin" or is_own(origin, headers, self.settings.public_url):
            return False
        listed = origin_allowed(origin, self.settings.allowed_origins)
        return not (listed and self.sign_on.mode == "off" and path.startswith(PROGRAMS))

    def _embedded(self, request: Request) -> Response | None:
        """Let an embedded page in by its code, or send it away for one; None leaves it to sign-on."""
        embedding, code = self.sign_on.embedding, request.query_params.get("code", "")
        if (
            request.query_params.get("embed") == "1"
            and code
            and (entered := embedding.enter(code)) is not None
        ):
            request.scope["wenju.viewer"], request.scope["wenju.embed"] = entered
            return None
        known = self.sign_on.who(request) is not None
        query = embedding.exchange(request.url.query, self.sign_on.address(request), known)
        if query is None:
            return None
        return RedirectResponse(f"{self.settings.root_path}/chat/?{query}", 303)

    def _away(self, request: Request, path: str) -> Response | None:
        person = "text/html" in request.headers.get("accept", "")
        if request.method != "GET" or not person or not path.startswith(PEOPLE) or self.sign_on.who(request):
            return None
        if self.sign_on.mode in ("oidc", "token") and request.query_params.get("embed") != "1":
            back = self.settings.root_path.rstrip("/") + path
            return RedirectResponse(sign_in_address(self.sign_on, back, request.url.query), 303)
        site = Site.of(self.settings)
        again = "embed_again.js" if request.query_params.get("embed") == "1" else ""
        title, text = site.t("http_401_title"), site.t("http_401")
        return site.page("message.html", title, script=again, status=401, text=text)

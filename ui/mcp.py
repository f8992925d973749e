"""`wenju mcp`: ask and search as tools for assistants that speak the Model Context Protocol, over stdio or
HTTP.

Over stdio the assistant's own process is the only one that can call; over HTTP (/mcp on ``ui.mcp_port``) the
same sign-on and guard stand before it as before the page. Each call is complete in itself: no sessions are
kept.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import WenjuError
from ui.admission import Admission
from ui.problems import answered, language
from ui.roles import member

if TYPE_CHECKING:
    from qa.engine import Engine
    from ui.auth import SignOn
    from ui.opening import ServerSettings
    from ui.services import Services


def run(settings: ServerSettings, *, http: bool = False, engine: Engine | None = None) -> None:
    """Serve the tools until the other side hangs up (stdio) or the server is stopped (HTTP).

    Raises:
        SettingsError: as ``ui.server.serve``.
    """
    from ui.mcp_tools import tools
    from ui.observability import set_up_logs
    from ui.opening import open_engine, open_store
    from ui.server import warm
    from ui.services import Services

    ui = settings.ui
    if http:
        from ui.auth import mode_of

        mode_of(ui)
    set_up_logs(ui.log_format, ui.log_level)
    store = open_store(settings)
    opened = engine if engine is not None else open_engine(settings)
    admission = Admission.of(ui, opened)
    services = Services(opened, store, admission, ui)
    threading.Thread(target=warm, args=(opened, admission), name="wenju-warm", daemon=True).start()
    try:
        if not http:
            asyncio.run(tools(services).run_stdio_async())
            return
        from ui.auth import SignOn
        from ui.opening import listen

        sign_on = SignOn(ui, settings.data, store.database)
        with listen(ui.host, ui.mcp_port) as listening:
            import uvicorn

            host, port = listening.getsockname()[:2]
            print(f"问据 Wenju MCP: http://{host}:{port}/mcp  (Ctrl-C 停止 / stops)", flush=True)
            config = uvicorn.Config(
                http_app(services, sign_on),
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        store.close()


def http_app(services: Services, sign_on: SignOn) -> ASGIApp:
    """/mcp behind the guard, for those who are signed on."""
    from mcp.server.transport_security import TransportSecuritySettings

    from ui.body_limit import BodyLimit
    from ui.guard import Guard
    from ui.mcp_tools import tools

    theirs = TransportSecuritySettings(
        enable_dns_rebinding_protection=False
    )  # Guard looks at Host and Origin
    inner = tools(services, sign_on).streamable_http_app(stateless_http=True, transport_security=theirs)

    async def signed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                member(sign_on.who(Request(scope)))
            except WenjuError as error:
                await answered(error, language(Request(scope)))(scope, receive, send)
                return
        await inner(scope, receive, send)

    return Guard(BodyLimit(signed, services.settings, sign_on.who, api=True), services.settings, sign_on)

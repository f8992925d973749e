"""Small parts that the server's tests share: an application with the API alone, and a server in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvicorn
from fake_corpus import fake_engine
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient
from waiting import until

from ui.address import peer
from ui.admission import Admission
from ui.assembly import add_api, add_metrics
from ui.auth import SignOn
from ui.auth_pages import sign_in_router
from ui.body_limit import BodyLimit
from ui.guard import Guard
from ui.observability import Metrics, Observed
from ui.settings import UiSettings
from ui.storage import Store
from ui.viewer import Viewer, local_administrator


def api_app(
    settings: UiSettings | None = None, engine: Any = None, store: Any = None, who: Any = local_administrator
) -> FastAPI:
    """The API without the page: no gradio is imported."""
    app = FastAPI(docs_url=None, redoc_url=None)
    given = settings or UiSettings(rate_per_minute=0)
    app.state.settings, app.state.engine, app.state.store = (
        given,
        engine or fake_engine(),
        store or Store.in_memory(),
    )
    app.state.who, app.state.address = who, peer
    app.state.admission = Admission.of(given, app.state.engine)
    add_api(app)
    return app


def by_header(connection: Any) -> Viewer | None:
    """A sign-on for tests: the header x-user, administrators are called admin."""
    name = connection.headers.get("x-user")
    return Viewer(name, "administrator" if name == "admin" else "reader") if name else None


@contextlib.contextmanager
def running(app: Any, **options: Any) -> Iterator[str]:
    """Serve ``app`` on a free port of this machine; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    assert server.started, "the server did not start"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "the server did not stop"


def guarded(settings: UiSettings, data: Path, database: Any = None, **given: Any) -> tuple[Any, SignOn]:
    """The API behind sign-on and guard, with a /chat/ that tells who looks: all of the server but the
    page."""
    sign_on = SignOn(settings, data, database)
    app = api_app(settings, who=sign_on.who, **given)
    app.state.address = sign_on.address
    app.include_router(sign_in_router(sign_on))
    metrics = Metrics()
    metrics.watch(app.state.admission, app.state.engine)
    add_metrics(app, metrics, sign_on)

    @app.get("/chat/")
    def chat(request: Request, response: Response) -> dict[str, object]:
        viewer = sign_on.who(request)
        response.headers["x-test-session"] = str(request.scope.get("wenju.embed", ""))
        return asdict(viewer) if viewer is not None else {}

    @app.post("/chat/change")
    def change(request: Request, response: Response) -> dict[str, object]:
        return chat(request, response)

    return Observed(Guard(BodyLimit(app, settings, sign_on.who), settings, sign_on), metrics), sign_on


PAGE = {"accept": "text/html"}
BEHIND_A_PROXY = UiSettings(
    host="0.0.0.0", auth="header", sso_proxies=("10.0.0.5", "10.1.0.0/16"), admins=("chen",)
)


def client_at(app: Any, address: str = "10.0.0.5", **options: Any) -> TestClient:
    """A client whose connection comes from ``address``."""
    return TestClient(app, client=(address, 50000), follow_redirects=False, **options)

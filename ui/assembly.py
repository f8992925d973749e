"""The whole application: the page's (ui.app), the API, sign-on and figures, inside the middlewares that guard
it.

request -> Observed (id, log line, figures) -> Guard (host, origin, sign-in) -> BodyLimit (sender, size)
        -> the page's application
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import FastAPI, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp

from ui import api, api_docs, api_openai
from ui.auth_pages import sign_in_router
from ui.body_limit import BodyLimit
from ui.observability import MeasuredEngine, Metrics, Observed
from ui.problems import add_handlers
from ui.settings import UiSettings
from ui.storage import Store

if TYPE_CHECKING:
    from qa.engine import Engine
    from ui.admission import Admission
    from ui.auth import SignOn


def assemble(
    settings: UiSettings,
    engine: Engine,
    store: Store,
    sign_on: SignOn,
    admission: Admission | None = None,
) -> tuple[ASGIApp, FastAPI]:
    """What uvicorn runs, and the application inside it (whose lifespan has to be run). Imports gradio."""
    from ui.app import create_app
    from ui.guard import Guard

    metrics = Metrics()
    measured = cast("Engine", MeasuredEngine(engine, metrics))
    app = create_app(settings, measured, store, sign_on.who, admission, sign_on.address)
    add_api(app)
    app.include_router(sign_in_router(sign_on))
    metrics.watch(app.state.admission, engine)
    add_metrics(app, metrics, sign_on)
    return Observed(Guard(BodyLimit(app, settings, sign_on.who), settings, sign_on), metrics), app


def add_api(app: FastAPI) -> None:
    """The API's routes, its page and the form of its errors."""
    for router in (api.router, api_openai.router, api_docs.router):
        app.include_router(router)
    add_handlers(app)


def add_metrics(app: FastAPI, metrics: Metrics, sign_on: SignOn) -> None:
    """/metrics, for this machine and for administrators' tokens."""

    @app.get("/metrics", include_in_schema=False)
    def figures(request: Request) -> Response:
        viewer = sign_on.who(request)
        if not sign_on.is_local(request) and not (viewer is not None and viewer.administers):
            return Response("administrators only\n", 403, media_type="text/plain")
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

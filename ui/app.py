"""The application: middleware, the page's own routes, static files, and the chat mounted at /chat.

request -> Denied -> CORS -> Secured -> /page /documents /admin /shared /static /widget.js /healthz ... /chat
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

import prompts
from errors import WenjuError
from ui import admin_page, background_jobs, documents_page, intake_page, page_routes
from ui.access import engine_for
from ui.address import Address, origin_pattern, peer
from ui.admission import Admission, models_loaded
from ui.api import API_VERSION
from ui.bucket import Bucket
from ui.intake import Intake
from ui.later import later
from ui.originals import Originals
from ui.pages import PAGES, Site
from ui.problems import NotAllowed, NotSignedOn, answered, is_api, language, problem
from ui.scripts import KnownScripts
from ui.security import Denied, Secured
from ui.services import Services
from ui.settings import UiSettings
from ui.shell import shell_html
from ui.storage import Store
from ui.viewer import Who, local_administrator

if TYPE_CHECKING:
    from qa.engine import Engine

STATIC = Path(__file__).parent / "static"


def create_app(
    settings: UiSettings,
    engine: Engine,
    store: Store,
    who: Who = local_administrator,
    admission: Admission | None = None,
    address: Address = peer,
) -> FastAPI:
    """Build the application. ``who`` tells who makes a request, ``address`` from where; ``admission`` is the
    queue, where one exists already.

    ``app.state`` carries settings, engine, store, who, address, admission, candidates and ``boot``, which
    names this run of the server.
    """
    quiet_gradio()
    app = FastAPI(title=settings.title, version=API_VERSION, docs_url=None, redoc_url=None)
    app.state.settings, app.state.engine, app.state.store, app.state.who = settings, engine, store, who
    app.state.admission = admission if admission is not None else Admission.of(settings, engine)
    app.state.address = address
    app.state.boot = secrets.token_hex(8)
    app.state.jobs = background_jobs.Jobs()
    kept = Originals(settings.originals, Bucket.of(settings))
    app.state.originals = kept
    app.state.intake = Intake(engine, kept.folder, kept) if kept.folder is not None else None
    for part in (page_routes, intake_page, documents_page, admin_page):
        app.include_router(part.router)
    app.include_router(page_routes.shared_router)
    _plain_routes(app, settings, engine)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    def shell(request: Request) -> str:
        viewer = who(request)
        ready, seen = engine.ready, engine_for(engine, settings, viewer)
        documents = len(seen.documents()) if ready.get("index") else 0
        collections = seen.collections() if ready.get("index") else {}
        return shell_html(
            request,
            settings,
            viewer,
            boot=app.state.boot,
            ready=models_loaded(ready),
            failure=app.state.admission.failure,
            documents=documents,
            collections=collections,
        )

    services = Services(engine, store, app.state.admission, settings)
    app.state.candidates = services.candidates
    early = PAGES.render("head.html", base=settings.root_path)
    app.add_middleware(
        Secured,
        origins=settings.allowed_origins,
        shell=shell,
        scripts=KnownScripts.of_gradio(),
        head=early,
        lang=settings.lang,
        theme=settings.theme,
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=origin_pattern(settings.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    app.add_middleware(Denied)
    return _with_chat(app, services, who, address)


def quiet_gradio() -> None:
    """What Gradio reads when it is imported, and what it would import for nothing."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # Gradio would group all recorded events with pandas after each one, for a dashboard that is turned off
    # here.
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))
    later("pandas")  # 0.5 s and 30 MB


def _with_chat(app: FastAPI, services: Services, who: Who, address: Address) -> FastAPI:
    """The application with the page of Gradio below /chat."""
    import gradio as gr

    from ui.page import Page, build
    from ui.theme import theme

    def user(request: Request) -> str | None:
        viewer = who(request)
        return viewer.name if viewer is not None else None

    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build(Page(services, who, address)),
        path="/chat",
        auth_dependency=user,
        show_error=False,
        run_history=False,
        footer_links=[],
        enable_monitoring=False,
        max_file_size="1kb",
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        i18n=_built_ins(gr),
        head=PAGES.render("head_last.html", base=services.settings.root_path),
    )
    return mounted


def _plain_routes(app: FastAPI, settings: UiSettings, engine: Engine) -> None:
    base = settings.root_path

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse(f"{base}/chat/")

    @app.get("/embed", include_in_schema=False)
    def embed(request: Request) -> RedirectResponse:
        query = str(request.query_params)
        return RedirectResponse(f"{base}/chat/?embed=1" + (f"&{query}" if query else ""))

    @app.get("/widget.js", include_in_schema=False)
    def widget() -> FileResponse:
        headers = {"cross-origin-resource-policy": "cross-origin", "cache-control": "public, max-age=3600"}
        return FileResponse(STATIC / "widget.js", media_type="text/javascript", headers=headers)

    @app.get("/favicon.ico", include_in_schema=False)
    def favicon() -> FileResponse:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> JSONResponse:
        ready = engine.ready
        failed = (
            {"failed": True} if app.state.admission.failure is not None and not models_loaded(ready) else {}
        )
        return JSONResponse(
            {"ready": models_loaded(ready), **ready, **failed}, 200 if models_loaded(ready) else 503
        )

    @app.exception_handler(404)
    @app.exception_handler(NotSignedOn)
    @app.exception_handler(NotAllowed)
    def refused(request: Request, error: Exception) -> Response:
        """A page for people, JSON for programs."""
        if is_api(request) and isinstance(error, WenjuError):
            return answered(error, language(request))
        status = (
            problem(error)[0] if isinstance(error, WenjuError) else int(getattr(error, "status_code", 500))
        )
        detail = error.message if isinstance(error, WenjuError) else str(getattr(error, "detail", ""))
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"detail": detail}, status)
        site = Site.of(settings)
        title, text = site.t(f"http_{status}_title"), site.t(f"http_{status}")
        return site.page("message.html", title, status=status, text=text)


def _built_ins(gr: object) -> object:
    """Gradio's own few texts that can be seen; theme.js tells it the page's language."""
    zh, en = prompts.strings("gradio", "zh"), prompts.strings("gradio", "en")
    return gr.I18n(**{"zh": zh, "zh-CN": zh, "en": en})  # type: ignore[attr-defined]

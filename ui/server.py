"""Serve: the page is up at once, the models load in a thread meanwhile."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from ui.settings import UiSettings
from ui.store import Store

if TYPE_CHECKING:
    from qa.engine import Engine

log = logging.getLogger("wenju.ui")


def serve(settings: UiSettings, engine: Engine, store: Store | None = None) -> None:
    """Run until interrupted. ``engine`` is open but cold; it is warmed here."""
    import uvicorn

    from ui.app import create_app
    from ui.store_memory import MemoryStore

    threading.Thread(target=_warm, args=(engine,), name="wenju-warm", daemon=True).start()
    app = create_app(settings, engine, store if store is not None else MemoryStore())
    uvicorn.run(
        app, host=settings.host, port=settings.port, root_path=settings.root_path, log_level="warning",
        timeout_graceful_shutdown=5,
    )  # fmt: skip


def _warm(engine: Engine) -> None:
    try:
        engine.warm()
    except Exception as error:  # the page says 正在加载模型 meanwhile; the reason belongs in the log
        log.error("the models could not be loaded: %s", error)

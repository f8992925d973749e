"""`wenju serve`: settings checked, a port taken, the page up at once, the models loaded in a thread, an
orderly end."""

from __future__ import annotations

import importlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from errors import SettingsError, WenjuError
from ui.opening import (
    ServerSettings,
    address_of,
    listen,
    open_engine,
    open_store,
    page_settings,
)
from ui.settings import UiSettings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from qa.engine import Engine
    from ui.admission import Admission
    from ui.auth import SignOn
    from ui.rates import Counts
    from ui.storage import Store

log = logging.getLogger("wenju.ui")
GRACE = 5
"""Seconds that answers under way get to end when the server stops."""
CARE_SECONDS = 3600
SHARED = ("numpy.ma", "numpy.typing", "filelock")
"""What the page's toolkit and the models both import. They are brought in side by side, in two threads; what
both need comes before, so that neither meets a module that the other has half made."""


def serve(settings: ServerSettings, engine: Engine | None = None) -> None:
    """Run until interrupted.

    Args:
        settings: the program's settings.
        engine: used instead of the one that the settings describe; it is warmed here.

    Raises:
        SettingsError: no sign-on for a network address, the port is taken, the database cannot be used.
    """
    from ui.auth import SignOn, mode_of
    from ui.observability import set_up_logs

    ui = settings.ui
    mode_of(ui)
    set_up_logs(ui.log_format, ui.log_level)
    listening = listen(ui.host, ui.port)
    store = open_store(settings)
    _recover(store, ui)
    sign_on = SignOn(ui, settings.data, store.database)
    try:
        _run(settings, engine, store, sign_on, listening)
    finally:
        listening.close()


def _recover(store: Store, ui: UiSettings) -> None:
    from ui import storage_servers
    from ui.texts import Texts

    interrupted = storage_servers.recover(store.database, Texts(ui.lang)("interrupted"))
    if interrupted:
        log.warning("answers were cut by the last stop", extra={"fields": {"answers": interrupted}})
    if storage_servers.shared(store.database):
        storage_servers.beat(store.database, store.server)


def _counts(store: Store) -> Callable[[str, int], Counts] | None:
    """What counts how often somebody asks: the database, where several servers may share it."""
    from ui import storage_servers

    if not storage_servers.shared(store.database):
        return None
    return partial(storage_servers.SharedRate, store.database)


def _run(
    settings: ServerSettings,
    engine: Engine | None,
    store: Store,
    sign_on: SignOn,
    listening: socket.socket,
) -> None:
    import uvicorn

    from ui import storage_servers
    from ui.admission import Admission
    from ui.startup import StartupApp

    ui = page_settings(settings)
    failures: list[BaseException] = []
    stopping = threading.Event()

    def build() -> tuple[ASGIApp, FastAPI]:
        for shared in SHARED:
            importlib.import_module(shared)
        opened = engine if engine is not None else open_engine(settings)
        admission = Admission.of(ui, opened, _counts(store))
        threading.Thread(target=warm, args=(opened, admission), name="wenju-warm", daemon=True).start()
        from ui.assembly import assemble

        built = assemble(ui, opened, store, sign_on, admission)
        if ui.prove_suggestions:
            from ui.idle import IdleWork

            work = IdleWork(opened, admission, ui.lang, built[1].state.candidates)
            threading.Thread(target=work.run, args=(stopping,), name="wenju-idle", daemon=True).start()
        return built

    def failed(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    def closed() -> None:
        stopping.set()
        if storage_servers.shared(store.database):
            storage_servers.leave(store.database, store.server)
        store.close()
        log.info("stopped")

    door = StartupApp(ui, build, failed, closed)
    config = uvicorn.Config(
        door,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
    )
    server = uvicorn.Server(config)
    _look_after(store, ui, stopping)
    print(f"问据 Wenju: {address_of(ui, listening)}  (Ctrl-C 停止 / stops)", flush=True)
    server.run(sockets=[listening])
    if failures:
        raise _explained(failures[0])


def _look_after(store: Store, ui: UiSettings, stopping: threading.Event) -> None:
    """Threads that delete old entries and tell other servers that this one is alive, until ``stopping``."""
    from ui import storage_servers
    from ui.texts import Texts

    if ui.retention_days:
        old = (store, ui.retention_days, stopping)
        threading.Thread(target=_care, args=old, name="wenju-care", daemon=True).start()
    if storage_servers.shared(store.database):
        given = (store.database, store.server, Texts(ui.lang)("interrupted"), stopping)
        threading.Thread(
            target=storage_servers.keep_alive, args=given, name="wenju-alive", daemon=True
        ).start()


def warm(engine: Engine, admission: Admission) -> None:
    """Load the models. What goes wrong is logged and noted, so that nobody waits for what will not come."""
    start = time.perf_counter()
    try:
        engine.warm()
    except WenjuError as error:
        admission.models_failed(error)
        log.error("the models could not be loaded: %s", error)
    except Exception as error:  # a thread's border
        admission.models_failed(error)
        log.error("the models could not be loaded", exc_info=error)
    else:
        log.info("models loaded", extra={"fields": {"seconds": round(time.perf_counter() - start, 1)}})


def _care(
    store: Store, days: int, stopping: threading.Event, purge: Callable[..., int] | None = None
) -> None:
    from ui import storage_care

    while not stopping.is_set():
        try:
            gone = (purge or storage_care.purge)(store.database, days)
            log.info("old entries deleted", extra={"fields": {"rows": gone, "older_than_days": days}})
        except Exception as error:  # a thread's border: try again in an hour
            log.error("old entries could not be deleted", exc_info=error)
        stopping.wait(CARE_SECONDS)


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, WenjuError):
        return error
    if isinstance(error, ModuleNotFoundError):
        return SettingsError.named("package_missing", name=str(error.name))
    return error

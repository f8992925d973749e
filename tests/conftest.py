"""What every test stands on: no network beyond this machine, no settings of the person who runs it, the real
models."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings come from the test alone; only WENJU_MODELS, the store of real models, is left."""
    for name in os.environ:
        if name.startswith("WENJU_") and name != "WENJU_MODELS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "no-data"))


@pytest.fixture(autouse=True, scope="session")
def offline() -> Iterator[None]:
    """A connection to anything but this machine fails at once and says so."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object, /) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family != getattr(socket, "AF_UNIX", None) and not str(host).startswith(LOOPBACK):
            raise OSError(f"tests are offline: no connection to {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def kept_child() -> Iterator[None]:
    """Readers of files take over the process of the one before."""
    from kept_child import kept

    with kept():
        yield


@pytest.fixture(scope="session")
def model_store() -> Path:
    """Folder of the store with the real default models; the test is skipped where they are not."""
    from models.store import ModelStore

    store = ModelStore()
    missing = [
        name for name in ("qwen2.5-coder-1.5b", "multilingual-e5-small") if store.state(name) != "ready"
    ]
    if missing:
        pytest.skip(f"not in {store.root}: {', '.join(missing)} (run: wenju models fetch)")
    return store.root


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, started once a module (while it runs, its thread has an event loop of playwright's
    own)."""
    from browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture
def tab(browser: Any, served: Any) -> Iterator[Any]:
    """The browser's page at the server of the module."""
    from browser import Tab

    with Tab(browser, served.url) as opened:
        yield opened


@pytest.fixture
def store() -> Any:
    """A store that the page keeps everything in."""
    from ui.storage import Store

    return Store.in_memory()


@pytest.fixture
def client(tmp_path: Path, store: Any) -> Iterator[Any]:
    """A client of the whole page over the scripted engine and that store."""
    from page_fakes import page_client

    with page_client(tmp_path, store) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL of our own; the test is skipped where the server's programs are not
    installed."""
    from databases import own_postgres

    with own_postgres(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def sql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An empty store on each database."""
    from databases import emptied

    with emptied("" if request.param == "sqlite" else request.getfixturevalue("postgres"), tmp_path) as store:
        yield store


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Any]:
    """The access tokens of a server whose data is in ``tmp_path``."""
    from ui.auth_signing import server_key
    from ui.storage import Store
    from ui.storage_tokens import TokenTable

    store = Store.open("", tmp_path)
    yield TokenTable(store.database, server_key(tmp_path))
    store.close()

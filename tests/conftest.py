"""What every test stands on: no network beyond this machine, no settings of the person who runs it, the real models."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def model_store() -> Path:
    """Folder of the store with the real default models; the test is skipped where they are not."""
    from models.store import ModelStore

    store = ModelStore()
    missing = [name for name in ("qwen2.5-coder-1.5b", "m3e-small") if store.state(name) != "ready"]
    if missing:
        pytest.skip(f"not in {store.root}: {', '.join(missing)} (run: wenju models fetch)")
    return store.root

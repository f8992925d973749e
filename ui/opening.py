"""What a server is opened with, page and tools alike: a port, the store, the engine."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from errors import SettingsError
from ui.settings import UiSettings

if TYPE_CHECKING:
    from qa.engine import Engine
    from qa.settings import EngineSettings
    from ui.storage import Store


class ServerSettings(Protocol):
    """What of the program's settings the server reads."""

    @property
    def data(self) -> Path: ...

    @property
    def ui(self) -> UiSettings: ...

    @property
    def engine(self) -> EngineSettings: ...


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        SettingsError: the port is taken or not allowed, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError.named("host_unknown", host=host, what=str(error.strerror or error)) from None
    try:
        if os.name == "posix":  # elsewhere the option lets two programs share a port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(2048)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else 8080
            raise SettingsError.named("port_taken", port=port, host=host, other=other) from None
        if error.errno == errno.EACCES:
            raise SettingsError.named("port_denied", port=port) from None
        raise SettingsError.named("port_failed", host=host, port=port, what=str(error.strerror)) from None
    return found


def address_of(settings: UiSettings, listening: socket.socket) -> str:
    """The address to open in a browser."""
    if settings.public_url:
        return f"{settings.public_url}/"
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.root_path}/"


def open_store(settings: ServerSettings) -> Store:
    """What is kept: in the database that the settings name, or until the server stops."""
    from ui.storage import Store

    ui = settings.ui
    return Store.in_memory() if ui.database == "none" else Store.open(ui.database, settings.data, ui.audit)


def page_settings(settings: ServerSettings) -> UiSettings:
    """The page's settings with what hangs on the data folder filled in."""
    ui = settings.ui
    return (
        ui if ui.originals is not None else ui.model_copy(update={"originals": settings.data / "originals"})
    )


def open_engine(settings: ServerSettings) -> Engine:
    """The engine of these settings, cold."""
    from qa.engine import Engine

    return Engine.open(settings.engine)

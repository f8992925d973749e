"""What asking needs, in one value: the engine, the store, the queue and the settings of a server."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fastapi import Request

from ui.access import engine_for
from ui.admission import Admission
from ui.settings import UiSettings
from ui.viewer import Viewer

if TYPE_CHECKING:
    from qa.engine import Engine
    from ui.storage import Store


@dataclass(frozen=True, slots=True)
class Services:
    """See the module."""

    engine: Engine
    store: Store
    admission: Admission
    settings: UiSettings
    candidates: deque[str] = field(default_factory=lambda: deque(maxlen=24))
    """Questions that would be suggested if it were known that they are answered (ui.idle)."""

    def seen_by(self, viewer: Viewer) -> Services:
        """The same with the engine as somebody may use it."""
        return replace(self, engine=engine_for(self.engine, self.settings, viewer))


def services_of(request: Request) -> Services:
    """Those of the application that takes a request."""
    state = request.app.state
    return Services(state.engine, state.store, state.admission, state.settings)

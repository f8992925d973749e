"""Who may read what: collections that ``ui.collection_groups`` keeps to groups of readers.

The one place where that is decided, for the page, the API, the tools and the widget: whatever shows or asks
documents takes the engine from here, and a test holds that nothing takes it from elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import Request

from index.scope import Scope
from qa.scoped_engine import ScopedEngine
from ui.settings import UiSettings
from ui.viewer import Viewer

if TYPE_CHECKING:
    from qa.engine import Engine
    from qa.types import Answer


def scope_of(settings: UiSettings, viewer: Viewer | None) -> Scope:
    """What of the index somebody may read: administrators all of it, others what is everybody's and the
    collections of their groups."""
    if viewer is not None and viewer.role == "administrator":
        return Scope()
    groups = viewer.groups if viewer is not None else frozenset()
    limited = settings.collection_groups
    opened = frozenset(name for name, members in limited.items() if groups.intersection(members))
    return Scope(closed=frozenset(limited) - opened, open=opened)


def engine_for(engine: Engine, settings: UiSettings, viewer: Viewer | None) -> Engine:
    """The engine as somebody may use it; the same again for one that is limited already."""
    scope = scope_of(settings, viewer)
    if not scope or isinstance(engine, ScopedEngine):
        return engine
    return cast("Engine", ScopedEngine(engine, scope))


def limited(engine: Engine) -> bool:
    """Is a part of the index closed to whom the engine is for?"""
    return isinstance(engine, ScopedEngine)


def engine_of(request: Request) -> Engine:
    """The engine as the one who makes a request may use it."""
    state = request.app.state
    return engine_for(state.engine, state.settings, state.who(request))


def hides(engine: Engine, answer: Answer | None) -> bool:
    """Does an answer, which somebody else was given, show text that is closed to whom the engine is for?"""
    return answer is not None and isinstance(engine, ScopedEngine) and engine.hides(answer)

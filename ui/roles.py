"""Who may do what, for the pages, the API and the tools alike: ask, read and keep, administer.

asker          anybody who is signed on, a widget's visitor too
member         one who may do more than ask
administrator  one who may change what is indexed and read what others asked
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from ui.problems import NotAllowed, NotSignedOn
from ui.viewer import Viewer, Who


def asker(viewer: Viewer | None) -> Viewer:
    """Raises NotSignedOn when nobody is signed on."""
    if viewer is None:
        raise NotSignedOn.named("not_signed_on")
    return viewer


def member(viewer: Viewer | None) -> Viewer:
    """Raises NotSignedOn, or NotAllowed for a widget's visitor."""
    if asker(viewer).may_only_ask:
        raise NotAllowed.named("visitors_ask_only")
    return asker(viewer)


def administrator(viewer: Viewer | None) -> Viewer:
    """Raises NotSignedOn, or NotAllowed for everybody else."""
    if not member(viewer).administers:
        raise NotAllowed.named("administrators_only")
    return member(viewer)


def viewer_of(request: Request) -> Viewer | None:
    """Who makes a request, as the server's sign-on tells."""
    who: Who = request.app.state.who
    return who(request)


def _asker(request: Request) -> Viewer:
    return asker(viewer_of(request))


def _member(request: Request) -> Viewer:
    return member(viewer_of(request))


def _administrator(request: Request) -> Viewer:
    return administrator(viewer_of(request))


Asker = Annotated[Viewer, Depends(_asker)]
Member = Annotated[Viewer, Depends(_member)]
Administrator = Annotated[Viewer, Depends(_administrator)]

"""The record of what administrators did: who, from where, what, to what. Apart from the record of questions.

Kept in the store; on the page, through the API and on the command line (``cli:`` and the
system's user name). It is written whatever ``ui.audit`` says: that is about those who ask.
"""

from __future__ import annotations

import getpass
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlette.requests import Request

from ui.viewer import Viewer

if TYPE_CHECKING:
    from ui.storage import Store

log = logging.getLogger("wenju.ui")
Name = Literal[
    "upload",
    "delete_document",
    "reindex",
    "warnings_seen",
    "read_figures",
    "read_feedback",
    "read_audit",
    "create_token",
    "revoke_token",
    "sign_out",
    "delete_user",
]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that an administrator did."""

    at: str
    user: str
    address: str
    name: str
    target: str


def note(request: Request, viewer: Viewer, name: Name, target: str = "") -> None:
    """Record what an administrator's request did. A record that cannot be written is an error in the log."""
    keep(request.app.state.store, viewer.name, request.app.state.address(request), name, target)


def keep(store: Store, user: str, address: str, name: Name, target: str = "") -> None:
    """The same, for callers without a request."""
    try:
        store.act(user, address, name, target)
    except Exception as error:  # what was done is done; the operator must know that it stands nowhere
        log.error("an administrator's action could not be recorded", exc_info=error)


def command_line() -> str:
    """Who acts on the command line."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli:"

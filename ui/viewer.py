"""Who is looking: a name and a role. Sign-on decides it; the page only reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from starlette.requests import HTTPConnection


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person (or a widget's anonymous visitor). An embedded visitor may ask and nothing else. ``groups``:
    those that the sign-on tells of."""

    name: str
    role: Literal["reader", "administrator"] = "reader"
    may_only_ask: bool = False
    groups: frozenset[str] = frozenset()

    @property
    def administers(self) -> bool:
        return self.role == "administrator" and not self.may_only_ask


def groups_of(told: object) -> frozenset[str]:
    """Groups as a provider, a token or a row of ours names them: a list of texts. Anything else is none."""
    if not isinstance(told, list | tuple):
        return frozenset()
    return frozenset(name.strip() for name in told if isinstance(name, str) and name.strip())


Who = Callable[[HTTPConnection], Viewer | None]
"""Tells who makes a request; None when nobody is signed on and somebody has to be."""


LOCAL = Viewer("local", "administrator")
"""Whoever sits at the machine itself."""


def local_administrator(connection: HTTPConnection) -> Viewer | None:
    """Sign-on turned off (loopback): whoever reaches the page owns the machine."""
    return LOCAL

"""Who is looking: a name and a role. Sign-on decides it; the page only reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from starlette.requests import HTTPConnection


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person (or a widget's anonymous visitor). An embedded visitor may ask and nothing else."""

    name: str
    role: Literal["reader", "administrator"] = "reader"
    may_only_ask: bool = False

    @property
    def administers(self) -> bool:
        return self.role == "administrator" and not self.may_only_ask


Who = Callable[[HTTPConnection], Viewer | None]
"""Tells who makes a request; None when nobody is signed on and somebody has to be."""


def local_administrator(connection: HTTPConnection) -> Viewer | None:
    """Sign-on turned off (loopback): whoever reaches the page owns the machine."""
    return Viewer("local", "administrator")

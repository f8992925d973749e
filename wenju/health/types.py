"""What a look at the installation finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``next_step`` is "" when nothing needs doing."""

    name: str
    state: State
    found: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to look: ``offline``: needing a network is a fault, and none is tried; ``ask``: a question too;
    ``measure``: the speed again, though one is kept."""

    offline: bool = False
    ask: bool = True
    measure: bool = False

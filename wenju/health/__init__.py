"""What `wenju doctor` looks at: each check says ok, warn or fail, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from errors import WenjuError
from wenju.health.types import Check, Wanted

if TYPE_CHECKING:
    from wenju.settings import Settings

__all__ = ["Check", "Wanted", "examine"]

Look = Callable[["Settings", Wanted], Iterator[Check]]


def examine(load: Callable[[], Settings], wanted: Wanted) -> Iterator[Check]:
    """All findings, one after another as they are made; a check that breaks is itself a finding.

    Args:
        load: reads the settings. When they are wrong, that is a finding, and what does not need them is still
            looked at.
    """
    from wenju.health import machine, parts, safety, trial

    bare: tuple[Callable[[], Iterator[Check]], ...] = (machine.python, machine.packages, machine.processor)
    for check in bare:
        yield from _guarded(check.__name__, check)
    try:
        settings = load()
    except WenjuError as error:
        yield Check("settings", "fail", error.message, error.hint)
        return
    looks: tuple[Look, ...] = (
        safety.settings,
        machine.memory,
        machine.disk,
        parts.prompts,
        parts.models,
        parts.generator,
        parts.index,
        parts.originals,
        parts.port,
        trial.trial,
    )
    for look in looks:
        yield from _guarded(look.__name__, lambda look=look: look(settings, wanted))  # type: ignore[misc]


def _guarded(name: str, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except WenjuError as error:
        yield Check(name, "fail", error.message, error.hint)
    except (OSError, ImportError) as error:
        yield Check(name, "fail", str(error), "Check that the place exists and may be read.")

"""Libraries that tell their makers of every use are kept from it: nothing leaves the machine, not even
that."""

from __future__ import annotations

import sys

TELLERS = ("openvino_telemetry",)
"""``import openvino`` sends an event to an analytics service, unless this package of its makers is not
there."""


def silence() -> None:
    """To be called before any of them is imported; the packages through which they are do it when they are
    imported."""
    for name in TELLERS:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]

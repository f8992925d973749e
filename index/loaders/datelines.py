"""Whose day a date in a line is: the document's own, that of the meeting it tells of, or another's. A linear
model over the runs of characters around the date; ``training/datelines.py`` fits it (``datelines.json``)."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).with_name("datelines.json")
BEFORE, AFTER, RUNS = 6, 9, (1, 2, 3)
"""Characters that are looked at in front of a date and behind it, and how long the runs of them are."""


def role(line: str, start: int, end: int) -> str:
    """Of the date at ``line[start:end]``: ``own``, the day on which the document was issued, adopted, signed
    or made; ``held``, the day of the meeting or the like that it records; ``""``, any other."""
    fit = _fit()
    seen = set(features(line, start, end))
    found = {
        name: part["bias"] + sum(part["runs"].get(one, 0.0) for one in seen) for name, part in fit.items()
    }
    best = max(found, key=lambda name: found[name])
    return best if found[best] > 0 else ""


def features(line: str, start: int, end: int) -> Iterator[str]:
    """The runs around a date, on which side they stand, and whether they stand right beside it; other figures
    count as one."""
    before, after = (re.sub(r"\d+", "0", re.sub(r"\s+", " ", part)) for part in (line[:start], line[end:]))
    sides = (("<", f"\x02{before}"[-BEFORE - 1 :]), (">", f"{after}\x03"[: AFTER + 1]))
    for n in RUNS:
        for side, text in sides:
            yield from (side + text[at : at + n] for at in range(len(text) - n + 1))
            yield 2 * side + (text[-n:] if side == "<" else text[:n])
    if line.rstrip()[-1:] in ("。", "；"):
        yield "."


@functools.cache
def _fit() -> dict[str, dict[str, Any]]:
    """Log-odds of each role against any other, by run."""
    fit: dict[str, dict[str, Any]] = json.loads(WEIGHTS.read_text("utf-8"))
    return fit

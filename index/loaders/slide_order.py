"""In which order the shapes of a slide are read: by the room between them, the widest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands on a slide: where (in EMU from the top left), which placeholder it fills, and its
    element."""

    top: int
    left: int
    bottom: int
    right: int
    holder: str
    element: Any


def ordered(shapes: Sequence[Shape], depth: int = 0) -> list[Shape]:
    """From top to bottom where the widest room goes across, from left to right where it goes down: what
    stands below a heading comes before the column beside it, a value before the label of the next row."""
    if len(shapes) > 2 and depth < DEEPEST:
        down, above = _room([(one.top, one.bottom) for one in shapes])
        beside, before = _room([(one.left, one.right) for one in shapes])
        if down > 0 or beside > 0:
            first = [(one.top < above if down >= beside else one.left < before) for one in shapes]
            one = [shape for shape, is_first in zip(shapes, first, strict=True) if is_first]
            two = [shape for shape, is_first in zip(shapes, first, strict=True) if not is_first]
            return ordered(one, depth + 1) + ordered(two, depth + 1)
    return sorted(shapes, key=lambda one: (one.top, one.left))


def _room(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The widest gap that no span reaches over, and where it ends; (0, 0) where there is none."""
    widest, place = 0, 0
    reached: int | None = None
    for start, end in sorted(spans):
        if reached is not None and start - reached > widest:
            widest, place = start - reached, start
        reached = max(reached if reached is not None else end, end)
    return widest, place

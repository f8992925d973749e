"""Which paragraphs of a document belong together: the rows of a table, the items of a list with the line that
leads in, the paragraphs of an article.

A passage that holds half of a table or of a list answers half of what is asked of it. So these are kept
together up to a size, and where one is longer it is cut into parts of about the same length, rather between
two items than within one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.outline import Paths

Span = tuple[int, int]

WITHIN = 0.2
"""Cost of a cut within an item, by levels of the tree, against 1 for one more part."""
LED = 2.0
"""Cost of a cut after a line that leads in."""


@dataclass(frozen=True, slots=True)
class Run:
    """Paragraphs that belong together; ``plain`` when it is a single one that no structure holds."""

    units: tuple[Span, ...]
    depths: tuple[int, ...]
    plain: bool

    @property
    def span(self) -> Span:
        return self.units[0][0], self.units[-1][1]


def runs_of(text: str, units: Sequence[Span], paths: Paths) -> list[Run]:
    """The units, none of them a heading, in runs of what belongs together, in order.

    A run is an article, a table or a list of items that follow one another; a line that ends with a colon
    goes with what follows it.
    """
    out: list[Run] = []
    key: object = None
    for unit in units:
        own, depth = _place(unit, paths)
        led = bool(out) and leads_in(text, out[-1].units[-1])
        if out and (led or (own is not None and own == key)):
            last = out[-1]
            out[-1] = Run((*last.units, unit), (*last.depths, depth), False)
        else:
            out.append(Run((unit,), (depth,), own is None))
        key = own if own is not None or not led else key
    return out


def leads_in(text: str, unit: Span) -> bool:
    """Does the paragraph lead in to what follows it?"""
    return text[unit[1] - 1] in "：:"


def parts_of(text: str, run: Run, size: int) -> Iterator[Span]:
    """A run as spans of at most ``size`` characters: as few as can be, of about the same length; a unit that
    is longer stands alone."""
    units = run.units
    best = [0.0] + [float("inf")] * len(units)
    begin = [0] * (len(units) + 1)
    whole = run.span[1] - run.span[0]
    ideal = whole / -(-whole // size)
    for end in range(1, len(units) + 1):
        for start in range(end - 1, -1, -1):
            length = units[end - 1][1] - units[start][0]
            if length > size and start < end - 1:
                break
            cost = best[start] + 1.0 + ((length - ideal) / size) ** 2 + _cut(text, run, start)
            if cost < best[end]:
                best[end], begin[end] = cost, start
    ends = [len(units)]
    while begin[ends[-1]] > 0:
        ends.append(begin[ends[-1]])
    for start, end in zip([0, *reversed(ends)], reversed(ends), strict=False):
        yield units[start][0], units[end - 1][1]


def _cut(text: str, run: Run, at: int) -> float:
    """Cost of a cut before the unit ``at``."""
    if at == 0:
        return 0.0
    shallow = min(run.depths[1:])
    return WITHIN * (run.depths[at] - shallow) + LED * leads_in(text, run.units[at - 1])


def _place(unit: Span, paths: Paths) -> tuple[object, int]:
    """What holds the unit, None for nothing; and how deep in the tree it stands, one deeper where it does
    not begin what it stands in."""
    way = paths.at(unit[0])
    depth = len(way) + (bool(way) and way[-1].start != unit[0] and way[-1].kind != "table")
    for section in way:
        if section.kind in ("article", "table"):
            return section.start, depth
    above = [section for section in way if section.kind == "heading"]
    if any(section.kind == "item" for section in way):
        return (above[-1].start if above else -1, "items"), depth
    return None, depth

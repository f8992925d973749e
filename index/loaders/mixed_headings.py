"""Headings that an author typed without a style, in a file whose other headings have one: 第一章 beside a
Heading 1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from index.headings import numbered_heading
from index.loaders.raw import Line, squeeze
from index.repair import listed

DEEPEST = 6


def with_form_headings(lines: Iterable[Line]) -> Iterator[Line]:
    """Mark headings by their form on the level that the styled ones of the same form have.

    A form without a styled example stands one below the next higher form. A file without any styled heading
    is left
    as it is: there the whole of :mod:`index.repair` tells.
    """
    everything = [line for line in lines if squeeze(line.text)]
    styled = [line for line in everything if line.level]
    if not styled:
        yield from everything
        return
    forms = [
        0 if line.fixed or line.row or line.level else numbered_heading(squeeze(line.text))
        for line in everything
    ]
    for number, form in enumerate(forms):
        before = everything[number - 1] if number else None
        after = everything[number + 1] if number + 1 < len(everything) else None
        if form and listed(before, everything[number], after, form):
            forms[number] = 0
    levels = _levels(styled, {form for form in forms if form})
    for line, form in zip(everything, forms, strict=True):
        yield replace(line, level=levels[form]) if form else line


def _levels(styled: list[Line], wanted: set[int]) -> dict[int, int]:
    """Form -> level."""
    seen: dict[int, Counter[int]] = defaultdict(Counter)
    for line in styled:
        if form := numbered_heading(squeeze(line.text)):
            seen[form][line.level] += 1
    levels = {form: counts.most_common(1)[0][0] for form, counts in seen.items()}
    for form in sorted(wanted - set(levels)):
        higher = [levels[other] for other in levels if other < form]
        lower = [levels[other] for other in levels if other > form]
        if higher:
            level = max(higher) + 1
        elif lower:
            level = min(lower) - 1
        else:
            level = max(line.level for line in styled) + 1
        levels[form] = max(1, min(DEEPEST, level))
    return levels

"""Small repairs of what a generator wrote: 50项 where the documents say 50多项, and where it goes in
circles."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.numbers import about_from
from qa.checks.numbers import Figure, same_unit, same_value
from qa.checks.text import EvidenceText, prepare

_LOOP = re.compile(r"([^。！？]{2,24}?)\1\1$")
_STEP = re.compile(r"\d\s*[-+*/×]\s*\d")


def keep_approximate(sentence: str, quotes: Sequence[str]) -> str:
    """``sentence`` with 多, 余, 近, 约 put back at figures that every quote with this figure has as
    approximate.

    A figure that some quote has as exact is left alone, as is one that the sentence already calls
    approximate.
    """
    told = [(quote, figure) for quote in quotes for figure in prepare(EvidenceText(quote)).figures]
    for figure in reversed(prepare(EvidenceText(sentence)).figures):
        if figure.approx or figure.weak:
            continue
        same = [(q, f) for q, f in told if same_value(figure, f) and same_unit(figure, f) and f.unit]
        if same and all(f.approx for _, f in same):
            sentence = sentence[: figure.start] + _surface(*same[0]) + sentence[figure.unit_end :]
    return sentence


def _surface(quote: str, figure: Figure) -> str:
    """The figure as the quote has it, with the word before it that makes it approximate."""
    return quote[about_from(quote, figure.start) : figure.unit_end]


def until_it_loops(text: str) -> int | None:
    """Where ``text`` begins to say the same thing over and over (阿特丽斯、阿特丽斯、阿特丽斯); None when it
    does not.

    A unit of 2 to 24 characters with a letter or a step of a calculation in it, three times in a row at the
    end: what a small model falls into in a list it
    has run out of. The index returned is the end of the first of the three.
    """
    match = _LOOP.search(text[-72:])
    if not match:
        return None
    if not any(c.isalpha() for c in match.group(1)) and not _STEP.search(2 * match.group(1)):
        return None  # 1000000 is a figure
    return max(0, len(text) - 72) + match.end(1)

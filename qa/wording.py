"""Small repairs of what a generator wrote, taken from the evidence alone: 50项 where the documents say 50多项."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.checks.numbers import Figure, same_unit, same_value
from qa.checks.text import EvidenceText, prepare

_BEFORE = re.compile(r"(?:近|约|大约|超|超过|逾|将近|接近)$")


def keep_approximate(sentence: str, quotes: Sequence[str]) -> str:
    """``sentence`` with 多, 余, 近, 约 put back at figures that every quote with this figure has as approximate.

    A figure that some quote has as exact is left alone, as is one that the sentence already calls approximate.
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
    before = _BEFORE.search(quote[: figure.start])
    return quote[before.start() if before else figure.start : figure.unit_end]

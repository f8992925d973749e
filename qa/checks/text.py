"""Folding and preparing texts for the checks. Matching happens on folded text; spans stay those of the
original.

``fold_same`` never changes the length (half width, lower case, simplified script, one form of each quote and
dash), so an offset in the folded text is an offset in the original.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.normalize import fold

from .dates import Date, find_dates
from .numbers import Figure, find_figures


@dataclass(frozen=True, slots=True)
class EvidenceText:
    """A piece of evidence for the checks.

    Attributes:
        text: the evidence itself.
        published: ISO date of its document, or None; resolves 今年, 去年, 上半年.
        context: what stands over it without being quoted (document title, heading path): its names count as
        known.
    """

    text: str
    published: str | None = None
    context: str = ""


Evidence = EvidenceText | str


class _OneToOne(dict[int, str]):
    """A table for ``str.translate``, filled as characters are met; what would grow (㎡, ½) stays as it is."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = fold(char)
        self[code] = value = {"~": "-", "'": '"'}.get(plain, plain) if len(plain) == 1 else char
        return value


_TABLE = _OneToOne()


def fold_same(text: str) -> str:
    """``text`` for matching, one character for one character."""
    return text.translate(_TABLE)


def grams(text: str) -> frozenset[str]:
    """Pairs of characters of folded text; those with punctuation or spaces are left out."""
    return frozenset(piece for i in range(len(text) - 1) if (piece := text[i : i + 2]).isalnum())


def held_share(weight: Mapping[str, float], bag: frozenset[str]) -> float:
    """Which share (0..1) of the whole weight falls on what the bag holds; 0 where there is no weight."""
    total = sum(weight.values())
    return sum(w for gram, w in weight.items() if gram in bag) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text made ready once: folded, its figures and dates found."""

    evidence: EvidenceText
    folded: str
    context: str
    figures: tuple[Figure, ...]
    dates: tuple[Date, ...]


@functools.lru_cache(maxsize=1024)
def prepare(evidence: EvidenceText) -> Prepared:
    """Fold and read one text; remembered between calls, since an answer's sentences share their
    evidence."""
    folded = fold_same(evidence.text)
    dates = find_dates(folded, evidence.published)
    figures = find_figures(folded, tuple((d.start, d.end) for d in dates))
    return Prepared(evidence, folded, fold_same(evidence.context), figures, dates)


def prepare_all(evidence: Sequence[Evidence]) -> tuple[Prepared, ...]:
    """``prepare`` for each; a bare string is evidence without date or context."""
    return tuple(prepare(EvidenceText(e) if isinstance(e, str) else e) for e in evidence)

"""Text as it is compared, with the way back to the text as it is stored.

Normalising is for matching only: a citation is always cut from the stored document, so every normalised text
carries a map of offsets. NFKC (Unicode annex 15) is applied character by character, radicals are written as
the characters they stand for, then Traditional script is written Simplified, Latin letters are lowered,
quotes and dashes are unified, and white space between Han characters is dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

from index.numbers import NumberSpan, find_numbers, parse_number
from index.radicals import RADICALS

__all__ = ["NumberSpan", "Normalized", "fold", "normalize", "number_spans", "parse_number", "simplify"]

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3007"
"""Han characters, as the inside of a regular expression's character class (〇 included)."""

_ALIKE = {
    **dict.fromkeys("“”„‟«»「」『』〝〞〟＂", '"'),
    **dict.fromkeys("‘’‚‛＇`´", "'"),
    **dict.fromkeys("‐‑‒–—―−─━", "-"),
    **dict.fromkeys("・•‧∙⋅", "·"),
    **dict.fromkeys("〜～", "~"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", " "),
    "○": "〇",
    "〔": "[",
    "〕": "]",
    "【": "[",
    "】": "]",
}
_GAP = re.compile(rf"(?<=[{HAN}])\s+(?=[{HAN}])")


@dataclass(frozen=True, slots=True)
class Normalized:
    """A normalised text. Character ``i`` of ``text`` came from ``original[starts[i]:ends[i]]``."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the original text for ``[start, end)`` of ``text``; an empty span stays
        empty."""
        if start >= end:
            at = self.starts[start] if start < len(self.text) else (self.ends[-1] if self.text else 0)
            return at, at
        return self.starts[start], self.ends[end - 1]


class _Folding(dict[int, str]):
    """A table for ``str.translate`` that is filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        alike = _ALIKE.get(char)
        if alike is None:
            simple = _simplified()
            wide = unicodedata.normalize("NFKC", RADICALS.get(code, char)).lower()
            alike = "".join(simple.get(c, _ALIKE.get(c, c)) for c in wide) or " "
            # A spacing accent decomposes into space + mark: the one character it was says as much.
            alike = " " if alike.isspace() else alike
        self[code] = alike
        return alike


@lru_cache(maxsize=1)
def _simplified() -> dict[str, str]:
    """Traditional -> Simplified, single characters (OpenCC's table, first choice)."""
    lines = (resources.files("opencc") / "dictionary" / "TSCharacters.txt").read_text("utf-8").splitlines()
    return {key: forms.split(" ")[0] for key, _, forms in (line.partition("\t") for line in lines if line)}


_FOLDING = _Folding()


def simplify(text: str) -> str:
    """Traditional characters written Simplified, one for one; everything else stays. What encoders are
    given."""
    return text.translate(_simplifying())


@lru_cache(maxsize=1)
def _simplifying() -> dict[int, str]:
    return {ord(key): form for key, form in _simplified().items() if len(key) == 1}


def fold(text: str) -> str:
    """The fast half of ``normalize``: characters folded, white space kept, no map of offsets."""
    return text.translate(_FOLDING)


def normalize(text: str) -> Normalized:
    """Fold ``text`` for matching and keep the map back. Linear in its length; the empty text is fine."""
    folded = fold(text)
    starts: Sequence[int] = range(len(text))
    ends: Sequence[int] = range(1, len(text) + 1)
    if len(folded) != len(text):  # folding never deletes, so equal lengths mean one to one
        widths = [len(_FOLDING[ord(char)]) for char in text]
        starts = [i for i, width in enumerate(widths) for _ in range(width)]
        ends = [i + 1 for i in starts]
    pieces, kept, at = [], [], 0
    for gap in _GAP.finditer(folded):
        pieces.append(folded[at : gap.start()])
        kept.append((at, gap.start()))
        at = gap.end()
    if not pieces:
        return Normalized(folded, starts, ends)
    pieces.append(folded[at:])
    kept.append((at, len(folded)))
    return Normalized(
        "".join(pieces),
        [i for a, b in kept for i in starts[a:b]],
        [i for a, b in kept for i in ends[a:b]],
    )


def number_spans(text: str) -> list[NumberSpan]:
    """Every number of ``text`` in reading order, Arabic or Chinese, as spans of ``text`` itself.

    See ``index.numbers.NumberSpan`` for values and units. Dates are not put together: 2025年7月1日 is three
    numbers with the units 年, 月 and 日.
    """
    norm = normalize(text)
    spans = []
    for span in find_numbers(norm.text):
        start, end = norm.original_span(span.start, span.end)
        unit_end = norm.original_span(span.end, span.unit_end)[1] if span.unit_end > span.end else end
        spans.append(replace(span, start=start, end=end, unit_end=unit_end))
    return spans

"""Is a text layer language, or what is left when the encoding of its fonts is lost? Statistics, no list of
words.

Two measures of Han text, with what real texts have of them (news, law, encyclopedia; simplified and
traditional):

- the share of characters that a standard counts as common (level 1 of GB 2312 or of Big5): 0.77 or more in
  every one of 38,000 real texts of 30 characters and more, at most 0.65 in text decoded by the wrong table or
  shifted;
- the share of neighbouring pairs that are words of jieba's dictionary: 0.05 or more of 100 characters, 0.3 to
  0.5 as a rule; 0.01 to 0.07 where the characters are exchanged for each other.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

COMMON_MIN = 0.72
PAIRS_MIN = 0.085
HAN_MIN, PAIRS_COUNT = 20, 150
"""Fewer characters or pairs than this tell nothing."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_RUN = re.compile("[\u4e00-\u9fff]{5,}")
_WORD = re.compile("[A-Za-z]{4,}")
_STRANGE = re.compile("[\x80-\x9f\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")
_HIGH = re.compile("[\xa1-\xff]")


def is_language(text: str) -> bool | None:
    """True or False; None where there is too little text to tell."""
    bare = re.sub(r"[\s\d.…·_\-—]", "", text)
    if len(bare) < HAN_MIN:
        return None
    if len(_STRANGE.findall(bare)) > 0.3 * len(bare) or len(_HIGH.findall(bare)) > 0.35 * len(bare):
        return False
    han = _HAN.findall(bare)
    if len(han) >= HAN_MIN:
        if sum(char in _common() for char in han) < COMMON_MIN * len(han):
            return False
        pairs = [a + b for run in _RUN.findall(bare[:20_000]) for a, b in pairwise(run)]
        return len(pairs) < PAIRS_COUNT or _worded(pairs)
    words = _WORD.findall(bare) if len(han) < 0.05 * len(bare) else []
    words = _WORD.findall(text) if words else []
    if len(words) >= 30:
        return sum(not re.search("[aeiouyAEIOUY]", word) for word in words) < 0.35 * len(words)
    return True if han or words else None


def _worded(pairs: list[str]) -> bool:
    known = _pairs()
    if sum(pair in known for pair in pairs) >= PAIRS_MIN * len(pairs):
        return True
    from index.normalize import simplify

    return sum(pair in known for pair in map(simplify, pairs)) >= PAIRS_MIN * len(pairs)


@cache
def _common() -> frozenset[str]:
    """Level 1 of GB 2312 (3,755 characters by use) and of Big5 (5,401)."""
    gb = {bytes((a, b)) for a in range(0xB0, 0xD8) for b in range(0xA1, 0xFF)}
    big = {bytes((a, b)) for a in range(0xA4, 0xC7) for b in (*range(0x40, 0x7F), *range(0xA1, 0xFF))}
    found = {code.decode("gb2312", "ignore") for code in gb} | {code.decode("big5", "ignore") for code in big}
    return frozenset(char for char in found if _HAN.fullmatch(char))


@cache
def _pairs() -> frozenset[str]:
    """The words of two characters in jieba's dictionary."""
    from importlib.resources import files

    lines = files("jieba").joinpath("dict.txt").read_text("utf-8").split("\n")
    return frozenset(line[:2] for line in lines if line[2:3] == " ")

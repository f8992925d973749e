"""One wrong character, as a typist makes it: 报消单 for 报销单, 审批流成 for 审批流程.

Put right before the question is answered, and only when both characters are pronounced alike, what was typed is nowhere in
the documents found, and the nearest passages have exactly one thing that it can be.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.normalize import simplify
from index.types import Hit

NEAREST = 3
"""Passages in which the right word is looked for."""
LEAST = 3
"""Characters that must agree but for the one: of two any pair of words would do."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistyped word: the question put right, what was typed, and what it is taken for."""

    question: str
    typed: str
    meant: str


def slip(question: str, hits: Sequence[Hit]) -> Slip | None:
    """The one mistyped character of the question; None unless that is certain."""
    folded = simplify(question)
    if len(folded) != len(question):
        return None
    near = [simplify("\n".join((h.document.title, *h.passage.heading, h.passage.text))) for h in hits[:NEAREST]]
    everything = "\n".join(simplify(h.document.text) for h in {h.document.id: h for h in hits}.values())
    found = {(at, right) for at, right, typed in _slips(folded, near) if typed not in everything}
    if len(found) != 1:
        return None
    at, right = found.pop()
    start = max(0, at - LEAST + 1)
    meant = folded[:at] + right + folded[at + 1 :]
    return Slip(question[:at] + right + question[at + 1 :], question[start : at + 1], meant[start : at + 1])


def _slips(folded: str, near: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """(place, right character, what was typed there) for every run of LEAST characters that stands near but for one."""
    for begin in range(len(folded) - LEAST + 1):
        typed = folded[begin : begin + LEAST]
        if not all("\u4e00" <= c <= "\u9fff" for c in typed):
            continue
        for text in near:
            for index in range(LEAST):
                for char in _between(text, typed[:index], typed[index + 1 :]):
                    if char != typed[index] and sounds(char) & sounds(typed[index]):
                        yield begin + index, char, typed


def _between(text: str, before: str, after: str) -> Iterator[str]:
    """The characters of a text that stand between two strings."""
    at = text.find(before)
    while at >= 0:
        middle = at + len(before)
        if middle < len(text) and text.startswith(after, middle + 1):
            yield text[middle]
        at = text.find(before, at + 1)


@functools.lru_cache(maxsize=4096)
def sounds(char: str) -> frozenset[str]:
    """The readings of a character in pinyin, without tones."""
    from pypinyin import Style, pinyin

    return frozenset(pinyin(char, style=Style.NORMAL, heteronym=True)[0]) if "\u4e00" <= char <= "\u9fff" else frozenset()

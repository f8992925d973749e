"""One wrong character, as a typist makes it: 报消单 for 报销单, 审批流成 for 审批流程.

Put right before the question is answered, and only when both characters are pronounced alike, what was typed
is nowhere in the documents found, and the nearest passages have exactly one thing that it can be.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.normalize import simplify
from index.types import Hit

NEAREST = 3
"""Passages in which the right word is looked for."""
RUNS = ((3, (1,)), (4, (0, 1, 2, 3)))
"""Characters that must agree but for one, and which of them that may be: of three the middle one, of four
any. At the end of three it would be any word that goes on differently (会议是几点, 会议时间)."""


TIMES, LONG = 2, 5000
"""Least times that a pair of the characters that are meant stands in the documents found where these have
more than so many characters: in a long text some character that sounds alike fits by chance."""


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
    near = [
        simplify("\n".join((h.document.title, *h.passage.heading, h.passage.text))) for h in hits[:NEAREST]
    ]
    everything = "\n".join(simplify(h.document.text) for h in {h.document.id: h for h in hits}.values())
    found = {
        (at, right)
        for at, right, typed in _slips(folded, near)
        if typed not in everything and _likely(folded, at, right, everything)
    }
    if len(found) != 1:
        return None
    at, right = found.pop()
    start, end = max(0, at - 1), at + 2
    meant = folded[:at] + right + folded[at + 1 :]
    return Slip(question[:at] + right + question[at + 1 :], question[start:end], meant[start:end])


def _likely(folded: str, at: int, right: str, known: str) -> bool:
    """Does neither pair of characters that was typed stand in the known text, and one that is meant several
    times, where the text is long? 教室 is no slip where a 教师 is known, nor what goes on with another word
    (现金交, 现金缴)."""
    meant = folded[:at] + right + folded[at + 1 :]
    least = TIMES if len(known) > LONG else 1
    begins = [i for i in (at - 1, at) if i >= 0 and meant[i : i + 2].isalpha() and i + 2 <= len(meant)]
    return all(folded[i : i + 2] not in known for i in begins) and any(
        known.count(meant[i : i + 2]) >= least for i in begins
    )


def _slips(folded: str, near: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """(place, right character, what was typed there) for every run of characters that stands near but for
    one."""
    for length, places in RUNS:
        for begin in range(len(folded) - length + 1):
            typed = folded[begin : begin + length]
            if not all("\u4e00" <= c <= "\u9fff" for c in typed):
                continue
            for index in places:
                for char in (c for text in near for c in _between(text, typed[:index], typed[index + 1 :])):
                    if char != typed[index] and sound(char) == sound(typed[index]) != "":
                        yield begin + index, char, typed


def _between(text: str, before: str, after: str) -> Iterator[str]:
    """The characters of a text that stand between two strings."""
    known = before or after
    at = text.find(known)
    while at >= 0:
        middle = at + len(before) if before else at - 1
        if 0 <= middle < len(text) and text.startswith(after, middle + 1):
            yield text[middle]
        at = text.find(known, at + 1)


@functools.lru_cache(maxsize=4096)
def sound(char: str) -> str:
    """The usual reading of a character in pinyin, without its tone; "" for other signs."""
    from pypinyin import Style, pinyin

    return str(pinyin(char, style=Style.NORMAL)[0][0]) if "\u4e00" <= char <= "\u9fff" else ""

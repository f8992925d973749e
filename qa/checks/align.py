"""A sentence beside its evidence, clause by clause: what is equal, and what stands in the place of what.

Each clause of the sentence is laid beside the evidence sentence that shares most with it (and with the whole
sentence); ``difflib`` (Ratcliff and Metzener 1988) gives the equal runs. A change counts as anchored when both sides
agree right before and right after it: then one text has X exactly where the other has Y.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from .text import Prepared, grams

ANCHOR = 2
"""Equal characters needed on each side of a change, unless the clause begins or ends there."""
_CLAUSE = re.compile(r"[^，,。；;！!？?：:\n]+")
LEAD = re.compile(r"(?:根据|据|依据|按照|从|由)?(?:以上|上述|所给|提供的)?(?:资料|材料|文档|文件|原文|上文|内容|记载|报道|文章)(?:显示|介绍|记载|所述|内容|指出|可知|中)?[,，:：]?")
_STOPS = "，,；;。：:、！？!?"


@dataclass(frozen=True, slots=True)
class Change:
    """``said`` (a span of the sentence) where the evidence text ``index`` has ``told`` (a span of it).

    Either span may be empty: something was added or left out. ``left`` and ``right`` are the lengths of the equal
    runs that touch it; ``share`` is how much of the clause's bigrams the evidence sentence holds (0..1).
    """

    said: tuple[int, int]
    told: tuple[int, int]
    index: int
    left: int
    right: int
    share: float


@dataclass(frozen=True, slots=True)
class Lie:
    """A clause of the sentence and the evidence sentence that it lies beside."""

    said: tuple[int, int]
    told: tuple[int, int]
    index: int


def changes(
    said: Prepared, evidence: Sequence[Prepared], within: tuple[int, int]
) -> tuple[list[Change], list[Lie]]:
    """All anchored changes between the sentence and the evidence it lies beside, in reading order; and which clause
    lies beside which evidence sentence."""
    if not evidence:
        return [], []
    whole = frozenset[str]().union(*said.sentence_grams)
    near = _nearest(whole, evidence)
    out: list[Change] = []
    beside: list[Lie] = []
    lead = LEAD.match(said.folded)
    for match in _CLAUSE.finditer(said.folded, lead.end() if lead else 0):
        start, end = match.span()
        if end <= within[0] or start >= within[1]:
            continue
        own = grams(match.group())
        if len(own) < 2:
            continue
        best, share = _beside(own, near, evidence)
        if best is None or share < 0.3:
            continue
        beside.append(Lie((start, end), evidence[best[0]].sentences[best[1]], best[0]))
        out += _compare(said, start, end, evidence[best[0]], best, share)
    return out, beside


def _nearest(whole: frozenset[str], evidence: Sequence[Prepared]) -> list[tuple[int, int, float]]:
    """Evidence sentences that share most with the whole sentence: (text, sentence, share), at most six."""
    rows = [
        (i, j, len(whole & bag) / max(1, len(whole)))
        for i, text in enumerate(evidence)
        for j, bag in enumerate(text.sentence_grams)
    ]
    rows.sort(key=lambda r: (-r[2], r[0], r[1]))
    return [r for r in rows[:6] if r[2] > 0]


def _beside(
    own: frozenset[str], near: Sequence[tuple[int, int, float]], evidence: Sequence[Prepared]
) -> tuple[tuple[int, int] | None, float]:
    best, top, share = None, 0.0, 0.0
    for i, j, overall in near:
        held = len(own & evidence[i].sentence_grams[j]) / len(own)
        if held + 0.4 * overall > top:
            best, top, share = (i, j), held + 0.4 * overall, held
    return best, share


def _compare(
    said: Prepared, start: int, end: int, text: Prepared, place: tuple[int, int], share: float
) -> list[Change]:
    """Anchored changes between one clause and the evidence beside it."""
    base, stop = _window(said.folded[start:end], text.folded, *text.sentences[place[1]])
    one, two = said.folded[start:end], text.folded[base:stop]
    found = []
    for a1, a2, b1, b2, left, right in _gaps(one, two):
        if a1 == 0:  # what stands before the clause in the evidence is no change of it
            b1 = max(b1, _last_stop(two, b2))
        if a2 == len(one):
            b2 = min(b2, _next_stop(two, b1))
        if a1 == a2 and (a1 == 0 or a2 == len(one)) and b2 - b1 > 2:  # left out before or after: no change of it
            continue
        anchored_left = left >= ANCHOR or (a1 - left == 0 and _starts(two, b1 - left))
        anchored_right = right >= ANCHOR or (a2 + right == len(one) and _ends(two, b2 + right))
        if anchored_left and anchored_right and b1 <= b2:
            found.append(Change((start + a1, start + a2), (base + b1, base + b2), place[0], left, right, share))
    return found


def _window(clause: str, text: str, base: int, stop: int) -> tuple[int, int]:
    """The evidence clause that is nearly the same as the clause, if there is one; else the whole sentence."""
    own = grams(clause)
    best = (0.0, base, stop)
    for match in _CLAUSE.finditer(text, base, stop):
        share = len(own & grams(match.group())) / len(own)
        if share > best[0]:
            best = (share, *match.span())
    return best[1:] if best[0] >= 0.5 else (base, stop)


def _gaps(one: str, two: str) -> list[tuple[int, int, int, int, int, int]]:
    """Stretches that differ: (a1, a2, b1, b2, equal before, equal after); those one character apart are joined."""
    blocks = list(SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks())
    kept = [b for i, b in enumerate(blocks) if b.size > 1 or i == len(blocks) - 1 or b.a == b.b == 0]
    out = []
    a = b = size = 0
    for block in kept:
        if (a + size, b + size) != (block.a, block.b):
            out.append((a + size, block.a, b + size, block.b, size, block.size))
        a, b, size = block.a, block.b, block.size
    return out


def _last_stop(text: str, before: int) -> int:
    """Where the clause that holds ``before`` starts."""
    return max((text.rfind(c, 0, before) for c in _STOPS), default=-1) + 1


def _next_stop(text: str, after: int) -> int:
    ends = [at for c in _STOPS if (at := text.find(c, after)) >= 0]
    return min(ends, default=len(text))


def _starts(text: str, at: int) -> bool:
    return at <= 0 or text[at - 1] in _STOPS


def _ends(text: str, at: int) -> bool:
    return at >= len(text) or text[at] in _STOPS

"""Names in the place of other names: a person, body, place, title or Latin name that the evidence does not have there.

Two signs: a name that neither the evidence nor its headings nor the question hold; and an anchored change (``align``)
in which one name stands exactly where the evidence has another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.types import Problem

from .align import LEAD, Change
from .names import holds, name_like, names, noun, rare, words
from .text import Prepared, fold_same

COPIED = 0.55
"""A clause that shares this much with its evidence is a copy: what stands in a name's place there is an exchange."""

COPIED_CLOSELY = 0.75

_BODIES = re.compile(r"[^\W\d_的是在和与于]{2,12}?(?:大学|学院|医院|公司|银行|博物馆|图书馆|协会)")
_PARTICLES = "在和与及的是由于从对被把将到向"
"""What may stick to a name where a sentence is worded freely: 宋晓光在, 和粤港澳大湾区的."""


def check_names(
    said: Prepared,
    evidence: Sequence[Prepared],
    found: Sequence[Change],
    beside: frozenset[int],
    within: tuple[int, int],
    question: str,
) -> list[Problem]:
    """Problems of kind name inside the span.

    A name must stand in one of the texts that the sentence lies ``beside`` (any text, when it lies beside none): a
    name that only some other passage has was moved here. A place that the question names and the evidence does not is
    a problem of kind attribution: what was found may be true, but of another place.
    """
    known = "\n".join(t.folded + "\n" + t.context for i, t in enumerate(evidence) if not beside or i in beside)
    asked = fold_same(question)
    lead = LEAD.match(said.folded)
    problems = []
    for name in names(said.folded):
        if not within[0] <= name.start < within[1] or (lead and name.start < lead.end()):
            continue
        own = name.text[: within[1] - name.start]  # 德国 of 德国队, where the question goes on with 队
        if not holds(known, own) and not holds(asked, own):
            problems.append(Problem("name", said.evidence.text[name.start : name.end], ""))
    if problems:
        return problems
    everything = "\n".join(t.folded + "\n" + t.context for t in evidence)
    inside = [b.span() for b in _BODIES.finditer(asked)]
    for name in names(asked):
        if any(a <= name.start and name.end < b for a, b in inside):
            continue  # 中国 of 中国科学技术大学
        if name.kind == "place" and not holds(everything, name.text):
            return [Problem("attribution", name.text, "")]
    for change in found:
        if problem := _exchanged(said, evidence[change.index], change, within, known + asked):
            return [problem]
    return []


def _exchanged(said: Prepared, told: Prepared, change: Change, within: tuple[int, int], known: str) -> Problem | None:
    """X where the evidence has Y, at least one of them a name; both, when they share characters (台湾, 台北)."""
    if not within[0] <= change.said[0] < within[1] or change.said[0] == change.said[1] or change.told[0] == change.told[1]:
        return None
    here, there = _whole_words(said.folded, told.folded, change)
    one = said.folded[slice(*here)]
    two = re.sub(r"\([^()]*\)|\"", "", told.folded[slice(*there)])
    if not (2 <= len(one) <= 14 and 2 <= len(two) <= 14) or one in two or two in one:
        return None
    clause = said.folded[max(0, here[0] - 12) : here[1] + 12]
    if not (one + two).replace("·", "").isalpha() or two in clause:
        return None
    like = (name_like(said.folded, *here), name_like(told.folded, *there))
    apart = not set(one) & set(two)
    sentence = told.sentences[told.sentence_at(change.told[0])]
    if one.strip(_PARTICLES) in told.folded[slice(*sentence)] and change.share < COPIED_CLOSELY:
        return None  # said in another order
    copied = change.share >= COPIED and any(like) and noun(said.folded, *here) and noun(told.folded, *there)
    if (all(like) or copied) and (apart or all(like)) or (apart and _novel(said.folded, here, known) and (any(like) or rare(said.folded, *here))):
        return Problem("name", said.evidence.text[slice(*here)], told.evidence.text[slice(*there)])
    return None


def _novel(folded: str, span: tuple[int, int], known: str) -> bool:
    """Is no word of the span known from the evidence or the question?"""
    inside = [w for w, at in words(folded) if at < span[1] and span[0] < at + len(w) and len(w) > 1]
    return bool(inside) and not any(w in known for w in inside)


def _whole_words(said: str, told: str, change: Change) -> tuple[tuple[int, int], tuple[int, int]]:
    """Both spans widened into the equal parts until the sentence's reaches word ends."""
    start, end = change.said
    before = after = 0
    for word, at in words(said):
        if at < start < at + len(word):
            before = start - at
        if at < end < at + len(word):
            after = at + len(word) - end
    before, after = min(before, change.left), min(after, change.right)
    return (start - before, end + after), (change.told[0] - before, change.told[1] + after)

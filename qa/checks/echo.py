"""An answer that names no place, person, body or time but those of the question: “4月21日的天津专场活动在天津举行” to 在哪个城市.

A name of the question may be the answer all the same (北京大学在哪个城市). So each rule also asks for what the cited sentence that
says most of the question has there: another place where something happens, another person or body, the day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .dates import Date
from .names import listed, names
from .text import EvidenceText, Prepared, grams, prepare

if TYPE_CHECKING:
    from qa.question import Question

TOLD = 0.3
"""Share of the question's bigrams that the cited sentence must have."""
_LOCATED = re.compile(r"(?:在|于|到了?|赴|至|落户)$")
_HAPPENS = re.compile(r"举行|举办|召开|开始|进行|开幕|开展|发布|成立|[办的了吗在是于到]")
_CHOICE = re.compile(r"还是|谁(?:更|先)|哪(?:个|家)(?:更|先)|[和与跟同].{1,12}(?:谁|哪)")


def only_asked_place(asked: str, said: str, texts: Sequence[Prepared]) -> bool:
    """Is a place of the question all that the answer has for 在哪里, where the evidence puts it somewhere else?"""
    if len(_HAPPENS.sub("", _masked(asked, said)).replace(",", "")) > 1:
        return False
    own = [n.text for n in names(said) if n.kind == "place" and n.text in asked]
    if _CHOICE.search(asked) or not own:
        return False
    told, start, end = _nearest(asked, texts)
    if told is None:
        return False
    places = [n for n in names(told.folded) if n.kind == "place" and listed(n.text) and start <= n.start < end and n.text not in asked]
    if any(_LOCATED.search(told.folded[start : m.start()]) for p in own for m in re.finditer(re.escape(p), told.folded[:end])):
        return False  # 北京大学在北京市
    return any(_LOCATED.search(told.folded[start : n.start]) for n in places)


def only_asked_name(question: Question, asked: str, said: str, texts: Sequence[Prepared]) -> bool:
    """Are persons and bodies of the question all that the answer names for 谁 or 哪个部门, and not in the cited sentence,
    which has another one?"""
    from qa.claims import bodies, named

    if question.kind not in ("who", "body") or _CHOICE.search(asked):
        return False
    kinds = ("person", "body")
    own = [n.text for n in named(said) if n.kind in kinds]
    told, start, end = _nearest(asked, texts)
    if not own or told is None or any(n not in asked for n in own):
        return False
    rest = _masked(asked, said).replace(",", "")
    sentence = told.folded[start:end]
    if len(rest) > 4 or any(n in sentence for n in own):
        return False
    others = named(sentence) if question.kind == "who" else bodies(sentence)
    return any(n.kind in kinds and n.text not in asked for n in others)


def only_asked_time(question: Question, asked: str, said: str, texts: Sequence[Prepared]) -> bool:
    """Is a year or month of the question all that the answer has for 什么时候, where the cited sentence has the month or day?"""
    dates = prepare(EvidenceText(said)).dates
    if question.kind != "date" or not dates or not question.dates or re.search(r"\d", _masked(asked, said)):
        return False
    if not all(any(_within(d, q) for q in question.dates) for d in dates):
        return False
    told, start, end = _nearest(asked, texts)
    finer = [] if told is None else [d for d in told.dates if start <= d.start < end and d.parts > max(x.parts for x in dates)]
    return any(all(_within(x, d) for x in dates) for d in finer)


def _within(part: Date, whole: Date) -> bool:
    """Does ``whole`` tell every part of ``part``?"""
    years = {whole.year, *whole.soft_years}
    return (part.year is None or part.year in years) and part.month in (None, whole.month) and part.day in (None, whole.day)


def _masked(asked: str, said: str) -> str:
    """What is said, with commas for what the question says too (runs of two characters and more)."""
    pairs = [said[i : i + 2] in asked for i in range(len(said))]
    return "".join("," if pairs[i] or (i and pairs[i - 1]) or not c.isalnum() else c for i, c in enumerate(said))


def _nearest(asked: str, texts: Sequence[Prepared]) -> tuple[Prepared | None, int, int]:
    """The stretch (between full stops and semicolons) that says most of the question; None where none says enough."""
    own = grams(asked)
    best: tuple[float, Prepared | None, int, int] = (TOLD, None, 0, 0)
    for text in texts:
        for match in re.finditer(r"[^。；;！？!?\n]+", text.folded):
            share = len(own & grams(match.group())) / len(own) if own else 0.0
            if share > best[0]:
                best = (share, text, *match.span())
    return best[1:]

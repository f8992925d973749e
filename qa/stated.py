"""Figures and dates that a question states and the evidence has otherwise: 来市应急局的16位专家, where 6位 came.

Places are compared as the checks compare them (``qa.checks.slots``); what tells them from a question about something else
is how well the place fits, whether both count the same thing, and how much of what else the question says stands there.
Thresholds were chosen on the questions of cmrc2018 trial and drcd dev, as they are and with one figure changed
(docs/EVIDENCE.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.checks import EvidenceText
from qa.checks.dates import Date
from qa.checks.names import tagged
from qa.checks.numbers import Figure
from qa.checks.slots import Fit, compare, end_of, relation
from qa.checks.text import Prepared, fold_same, grams, prepare
from qa.comparison import places
from qa.question import Question

FIGURE_MIN, DATE_MIN = 6.0, 5.0
"""A place of the evidence contradicts the question when it fits at least this well (``slots``: 0..15)."""
LIKELY_MIN, LIKELY_SHARE = 4.0, 0.6
"""... or a figure this well, when both count the same thing; or, where only the unit is another (25小时 for 25分钟), when the
sentence holds this share of what else is said."""
SAID_SHARE = 0.3
"""Share of what else is said that the sentence must hold ..."""
ALONE_MIN = 8.0
"""... unless the place fits at least this well."""
CLEAR = 2.0
"""By how much the place must fit better than one with the figure of the question that counts another thing."""
APART_SHARE, APART_LEFT, APART_LETTERS = 0.75, 0.2, 6
"""A day that the evidence has, but elsewhere: share of the words said of it that stand with another day, the most that may
stand with it, and letters that these words must have."""
_MEASURED_FROM = re.compile(r"比.*(?:多|少|高|低|长|短|大|小|快|慢|早|晚|出|上)了?(?:大?约|近)?$|(?:还|再|又)[多少]了?(?:大?约|近)?$")
_HAN = re.compile(r"[一二三四五六七八九]{2}")
_ASPECTS = re.compile(r"^方面的?")
_QUOTES = re.compile(r"[\"'《》〈〉「」『』]")
_PHRASE = re.compile(r"[^\W\d_]*")
_TOLD = re.compile(r"(?:已经|已|共计|累计|一共|总共|共|现有|建成|达到|增至|增加到|达|有|为|是|了|约|近|超|逾|到)+$")
"""What stands between a noun and its figure where the figure comes second: 就业驿站已建成113家."""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A figure or date of the question, and the place (number of the text, span in it) that has it otherwise."""

    item: Figure | Date
    text: int
    start: int
    end: int


def otherwise(question: Question, texts: Sequence[Prepared]) -> Iterator[Otherwise]:
    """Every figure and date of the question that no text bears out and one has otherwise in its place."""
    said = prepare(EvidenceText(question.text))
    items: tuple[Figure | Date, ...] = (*question.figures, *question.dates)
    for item in items:
        if question.asked[0] <= item.start < question.asked[1] or not _claims(said.folded, item):
            continue
        same, other, unit = compare(said, item, texts)
        fit = other or unit
        if fit is not None and _contradicts(question, said, item, same, fit, texts, other is None):
            yield Otherwise(item, fit.text, fit.start, fit.end)
        elif same is not None and (place := _misplaced(question, item, texts)) is not None:
            yield place


def _misplaced(question: Question, item: Figure | Date, texts: Sequence[Prepared]) -> Otherwise | None:
    """The day stands in the evidence, but with nothing of what the question says of it, all of which stands with another
    one: 3月6日在顺义开的对接会, where the meeting in 顺义 was on 2月28日."""
    if isinstance(item, Figure) or not (item.month and item.day):
        return None
    words = said_words(question, (item.start, item.end))
    if sum(map(len, words)) < APART_LETTERS:
        return None
    found = []
    for number, text in enumerate(texts):
        last = None
        for told, _, _, near in places(text, True):
            kind, share = relation(item, told), _share(words, near)
            joined, last = last is not None and told.start - last <= 2, end_of(told)
            if (kind == "same" and share > APART_LEFT) or (kind == "" and share >= APART_SHARE):
                return None
            if kind == "other" and share >= APART_SHARE and not joined:  # the end of a range is no other day
                found.append(Otherwise(item, number, told.start, end_of(told)))
    return found[0] if len(found) == 1 else None


def _claims(folded: str, item: Figure | Date) -> bool:
    """Does it say how many there are: no part of a word, no rank, fraction or decade, and nothing reckoned from another
    figure (比首尔多100毫米)?"""
    if isinstance(item, Date):
        return True
    around = folded[item.start - 1 : item.start] + folded[item.end : item.end + 1]
    return not (
        item.weak
        or item.kind in ("ordinal", "fraction")
        or "/" in around
        or item.dimension == "时刻"
        or _HAN.search(folded, item.start, item.end)
        or folded[item.start - 1 : item.start] in tuple("一二三四五六七八九")
        or folded.startswith(("年代", "成"), item.end)
        or _MEASURED_FROM.search(folded[max(0, item.start - 30) : item.start])
    )


def _contradicts(
    question: Question, said: Prepared, item: Figure | Date, same: Fit | None, fit: Fit, texts: Sequence[Prepared], unit: bool
) -> bool:
    told = texts[fit.text]
    share, _ = held(question, (item.start, end_of(item)), told.folded)
    if isinstance(item, Date):
        least = DATE_MIN if item.year is not None or item.day is not None else FIGURE_MIN
        if same is not None or unit or any(d.month is None and d.day == item.day for t in texts for d in t.dates if item.day):
            return False
        return fit.score >= ALONE_MIN or (fit.score >= least and share >= SAID_SHARE)
    alike = _counts_alike(said, item, told, next((f for f in told.figures if f.start == fit.start), None))
    if unit:
        shown = told.folded[fit.start : fit.end] != said.folded[item.start : item.unit_end]
        return shown and same is None and bool(item.unit) and fit.score >= LIKELY_MIN and share >= LIKELY_SHARE
    if same is not None:
        borne = any(relation(item, f) == "same" and _counts_alike(said, item, t, f) for t in texts for f in t.figures)
        return alike and not borne and fit.score >= max(FIGURE_MIN, same.score + CLEAR)
    enough = fit.score >= ALONE_MIN or (fit.score >= FIGURE_MIN and share >= SAID_SHARE)
    return enough or (alike and fit.score >= LIKELY_MIN)


def _counts_alike(said: Prepared, item: Figure, text: Prepared, told: Figure | None) -> bool:
    """Do both figures count one thing, as far as their nouns tell (16位专家, 6位知名专家)?"""
    own, other = (_ASPECTS.sub("", noun) for noun in (counted(said.folded, item), counted(text.folded, told) if told else ""))
    return bool(own and other and grams(own) & grams(other))


def held(question: Question, claim: tuple[int, int], folded: str) -> tuple[float, int]:
    """Share (0..1) of the words of the question, without the claim and the asking words, that a folded text has, and how
    many letters these words have; single characters, figures and pronouns do not count."""
    words = said_words(question, claim)
    return _share(words, folded), sum(map(len, words))


def said_words(question: Question, claim: tuple[int, int]) -> list[str]:
    """The words of ``held``."""
    found = []
    for word, flag, at in tagged(fold_same(question.text)):
        inside = any(start < at + len(word) and at < end for start, end in (claim, question.asked))
        if len(word) > 1 and word.isalnum() and flag[:1] not in "rmtcdpu" and not inside:
            found.append(word)
    return found


def _share(words: Sequence[str], folded: str) -> float:
    total = sum(map(len, words))
    return sum(len(w) for w in words if w in folded) / total if total else 0.0


def counted(folded: str, figure: Figure) -> str:
    """The noun that a figure counts: what follows its unit, else what stands before it (窗口47个); "" for none."""
    after = _QUOTES.sub("", folded[figure.unit_end : figure.unit_end + 12])
    phrase = _PHRASE.match(after)
    if phrase is not None and len(phrase.group()) > 1:
        return phrase.group()[:8]
    before = _QUOTES.sub("", folded[max(0, figure.start - 24) : figure.start])
    return _TOLD.sub("", re.split(r"[\W\d_]", before)[-1])[-5:]

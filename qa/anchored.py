"""False premises that a figure or date gives away: 市统计局那100条措施, where 市财政局 set 100条; 撤掉的23条线路, where 23条 are new.

The figure (or day) that the question states stands in the evidence with what else the question says; so that place is
meant. When another body is what acts there, or the opposite happened, the question takes something false for granted.
``qa.premises`` needs most of the question's own wording; here the anchor is enough, so it works within one passage. A word
turned into its opposite is also seen without an anchor, where one stretch of the evidence says nearly all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.attribution import EvidenceSentence
from qa.checks import EvidenceText
from qa.checks.dates import Date, agrees
from qa.checks.numbers import Figure, same_unit, same_value
from qa.checks.text import Prepared, fold_same, grams, prepare
from qa.premises import NamePremise, bodies, holds_name
from qa.question import Question

TOLD = 0.4
"""Share of what else the question says that must stand with the anchor, and the least number of bigrams of it."""
LEAST = 2
TOLD_WORDED, LEAST_WORDED = 0.7, 6
"""The same for a question without an anchor, where a word is turned into its opposite."""
_PART = re.compile(r"[^。；;！？!?\n]+")
_STOP = re.compile(r"[。；;！？!?\n]")
_PARTICLES = re.compile(r"[的了是在有那这个们和与及等被把从去年]|一共|总共|分别")
_NOT_ACTING = tuple("给向对从到于与和跟为被在去把用")
_CHOICE = re.compile(r"还是|哪个(?:更|在前|在后|先|后)|谁(?:更|先)|相比")
_GIVEN = re.compile(r".?[给向对]")
_REFERS = re.compile(r"^(?:该|其|它|他|她|此|这|并|还|也|又)")
_OPENING = re.compile(r"^[^，,]{0,12}[，,]?$")
OPPOSITES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("增长", "增加", "上升", "上涨", "提高", "增至", "扩大"), ("下降", "减少", "降低", "下跌", "降至", "缩小", "下滑", "缩短", "缩减", "减至")),
    (("新增", "新建", "新设", "增设", "开通", "建成", "启用", "设立", "成立", "投用", "新开"), ("取消", "撤销", "撤掉", "撤并", "裁撤", "关闭", "关停", "停办", "停运", "停用", "拆除", "拆掉", "废止", "砍掉")),
    (("提前",), ("推迟", "延后", "延期", "推后")),
    (("上调", "调高"), ("下调", "调低")),
    (("通过", "批准", "获批", "同意"), ("否决", "驳回", "拒绝", "未通过")),
    (("完工", "竣工", "完成"), ("停工", "烂尾", "未完工", "没完工")),
    (("盈利",), ("亏损",)),
    (("高于", "超过"), ("低于", "不足")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of an evidence sentence between full stops or semicolons that holds the anchor; what acts stands before
    ``until``: a figure follows its subject, a day may come before it."""

    index: int
    start: int
    text: str
    until: int


def body_premises(question: Question, evidence: Sequence[EvidenceSentence]) -> list[NamePremise]:
    """At most one body of the question, where another one acts in every place that has the anchor."""
    folded = fold_same(question.text)
    parts = None
    begin, end = question.asked
    for name in () if _CHOICE.search(folded) else bodies(_undated(question, folded)):
        if (begin < name.end and name.start < end) or folded[name.start - 1 : name.start] in _NOT_ACTING or _GIVEN.match(name.text):
            continue
        parts = list(_anchored(question, folded, (name.start, name.end), evidence)) if parts is None else parts
        if not parts or any(holds_name(p.text, name.text) for p in parts):
            continue
        for part in parts:
            acting = [b for b in bodies(part.text) if b.end <= part.until and not holds_name(folded, b.text)]
            passage = evidence[part.index].passage
            over = fold_same("\n".join((evidence[part.index].document.title, *passage.heading, passage.text)))
            if not acting or _REFERS.match(part.text):
                continue
            if not holds_name(over, name.text) or _OPENING.match(part.text[: acting[0].start]):
                found = acting[0]
                return [NamePremise((name.start, name.end), part.index, part.start + found.start, part.start + found.end)]
    return []


def opposite_premises(question: Question, evidence: Sequence[EvidenceSentence]) -> list[NamePremise]:
    """At most one word of the question (撤掉), where the evidence has its opposite (新增) with the anchor, and it not in that sentence."""
    folded = fold_same(question.text)
    for word, own, other in () if _CHOICE.search(folded) else _turned(folded):
        if question.asked[0] < word.end() and word.start() < question.asked[1]:
            continue
        places = _anchored if _anchors(question) else _worded
        parts = list(places(question, folded, word.span(), evidence))
        texts = [fold_same(evidence[p.index].text) for p in parts]
        if not parts or any(w in text for text in texts for w in (*own, word.group())):
            continue
        for part in parts:
            for instead in other:
                if (at := part.text.find(instead)) >= 0 and part.text[at - 1 : at] not in ("不", "未", "没"):
                    return [NamePremise(word.span(), part.index, part.start + at, part.start + at + len(instead))]
    return []


def _undated(question: Question, folded: str) -> str:
    """The question with commas for its dates: 6月13日市应急局 is not to be read as 日市."""
    for date in question.dates:
        folded = folded[: date.start] + "," * (date.end - date.start) + folded[date.end :]
    return folded


def _turned(folded: str) -> Iterator[tuple[re.Match[str], tuple[str, ...], tuple[str, ...]]]:
    """Words of the question that have opposites, with their likes and their opposites."""
    for one, two in OPPOSITES:
        for own, other in ((one, two), (two, one)):
            for word in re.finditer("|".join(sorted(own, key=len, reverse=True)), folded):
                if folded[word.start() - 1 : word.start()] not in ("不", "未", "没"):
                    yield word, own, other


def _anchored(question: Question, folded: str, claim: tuple[int, int], evidence: Sequence[EvidenceSentence]) -> Iterator[_Part]:
    """Every place of the evidence that has a figure or day of the question together with what else it says."""
    anchors, said = _anchors(question), _rest(question, folded, claim)
    if not anchors or len(said) < LEAST:
        return
    for index, item in enumerate(evidence):
        text = prepare(EvidenceText(item.text, item.document.spoken))
        for told in _told(anchors, text):
            start = max([m.end() for m in _STOP.finditer(text.folded, 0, told.start)], default=0)
            stop = _STOP.search(text.folded, told.end)
            part = text.folded[start : stop.start() if stop else len(text.folded)]
            held = said & grams(part)
            if len(held) >= LEAST and len(held) >= TOLD * len(said):
                yield _Part(index, start, part, told.start - start if isinstance(told, Figure) else len(part))


def _anchors(question: Question) -> list[Figure | Date]:
    items: tuple[Figure | Date, ...] = (*question.figures, *question.dates)
    return [item for item in items if _firm(item)]


def _rest(question: Question, folded: str, claim: tuple[int, int]) -> frozenset[str]:
    """What the question says besides the claim, the asking words and the anchors, as bigrams."""
    for start, end in (claim, question.asked, *((a.start, _end(a)) for a in _anchors(question))):
        folded = folded[:start] + "|" * (end - start) + folded[end:]
    return grams(_PARTICLES.sub("|", folded))


def _worded(question: Question, folded: str, claim: tuple[int, int], evidence: Sequence[EvidenceSentence]) -> Iterator[_Part]:
    """Without an anchor: every part of the evidence that says nearly all of what the question says besides."""
    said = _rest(question, folded, claim)
    for index, item in enumerate(evidence) if len(said) >= LEAST_WORDED else ():
        for match in _PART.finditer(fold_same(item.text)):
            if len(said & grams(match.group())) >= TOLD_WORDED * len(said):
                yield _Part(index, match.start(), match.group(), len(match.group()))


def _firm(item: Figure | Date) -> bool:
    """Does it point to one place: a counted or measured figure of some size, or a day?"""
    if isinstance(item, Date):
        return item.day is not None and item.month is not None
    return not item.weak and item.kind != "ordinal" and (item.value >= 3 or item.kind == "percent")


def _told(anchors: Sequence[Figure | Date], text: Prepared) -> Iterator[Figure | Date]:
    for anchor in anchors:
        if isinstance(anchor, Figure):
            yield from (f for f in text.figures if not f.weak and same_value(anchor, f) and same_unit(anchor, f))
        else:
            yield from (d for d in text.dates if d.day is not None and agrees(anchor, d))


def _end(item: Figure | Date) -> int:
    return item.unit_end if isinstance(item, Figure) else item.end

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
from qa.checks.slots import end_of
from qa.checks.text import Prepared, fold_same, grams, prepare
from qa.checks.unmet import ORDINAL, ordinal_told
from qa.claims import Named, bodies, holds_name
from qa.premises import QUOTED, NamePremise
from qa.question import Question
from qa.stated import counted

TOLD = 0.4
"""Share of what else the question says that must stand with the anchor, and the least number of bigrams of it."""
LEAST = 2
TOLD_ALIKE = 0.25
"""The share where a figure counts the same thing in both."""
TOLD_WORDED, LEAST_WORDED = 0.7, 6
"""The same for a question without an anchor, where a word is turned into its opposite."""
_PART = re.compile(r"[^。；;！？!?\n]+")
_CLAUSE = re.compile(r"[^，,。；;！？!?\n]+")
_STOP = re.compile(r"[。；;！？!?\n]")
_PARTICLES = re.compile(r"[的了是在有那这个们和与及等被把从去年]|一共|总共|分别")
_NOT_ACTING = tuple("给向对从到于与和跟为被在去把用")
_CHOICE = re.compile(r"还是|哪个(?:更|在前|在后|先|后)|谁(?:更|先)|相比")
_GIVEN = re.compile(r".?[给向对]")
_REFERS = re.compile(r"^(?:该|其|它|他|她|此|这|并|还|也|又)")
_OPENING = re.compile(r"^[^，,]{0,12}[，,]?$")
_NOT_DONE = re.compile(r"(?:还没有?|尚未|仍未|还未|都没有?|至今没有?|没有?能?)(?P<what>[^\W\d_]{2})")
_NEGATED = re.compile(r"没|未|尚|不")
OPPOSITES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("增长", "增加", "上升", "上涨", "提高", "增至", "扩大", "延长"), ("下降", "减少", "降低", "下跌", "降至", "缩小", "下滑", "缩短", "缩减", "减至")),
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
    for name in () if _CHOICE.search(folded) else bodies(_undated(question, folded)):
        if question.asks(name.start, name.end) or folded[name.start - 1 : name.start] in _NOT_ACTING or _GIVEN.match(name.text):
            continue
        parts = list(_anchored(question, folded, (name.start, name.end), evidence))
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
    """At most one word of the question (撤掉), where the evidence has its opposite (新增) with the anchor, and it not in that
    sentence, nor one like it in that clause."""
    folded = fold_same(question.text)
    for word, own, other in () if _CHOICE.search(folded) else _turned(folded):
        if question.asks(*word.span()):
            continue
        places = _anchored if _anchors(question) else _worded
        parts = list(places(question, folded, word.span(), evidence)) or list(_touching(question, folded, word, evidence))
        if any(word.group() in fold_same(evidence[p.index].text) for p in parts):
            continue
        for part in parts:
            for instead in other:
                at = part.text.find(instead)
                if at < 0 or part.text[at - 1 : at] in ("不", "未", "没"):
                    continue
                clause = next(m.group() for m in _CLAUSE.finditer(part.text) if m.end() > at)
                if not any(w in clause for w in own):
                    return [NamePremise(word.span(), part.index, part.start + at, part.start + at + len(instead))]
    return _not_undone(question, folded, evidence)


def _touching(question: Question, folded: str, word: re.Match[str], evidence: Sequence[EvidenceSentence]) -> Iterator[_Part]:
    """Clauses in which a figure stands that the word touches in the question (推迟了九个月), with something else it says."""
    figures = [f for f in question.figures if f.unit and 0 <= f.start - word.end() <= 2]
    said = _rest(question, folded, word.span())
    for index, item in enumerate(evidence) if figures else ():
        text = prepare(EvidenceText(item.text, item.document.spoken))
        if not said & grams(text.folded):
            continue
        for told in text.figures:
            if same_value(figures[0], told) and told.unit == figures[0].unit:
                clause = next(m for m in _CLAUSE.finditer(text.folded) if m.end() > told.start)
                yield _Part(index, clause.start(), clause.group(), len(clause.group()))


def _not_undone(question: Question, folded: str, evidence: Sequence[EvidenceSentence]) -> list[NamePremise]:
    """At most one thing that the question says has not happened (还没通车), where the evidence says that it has."""
    for claim in _NOT_DONE.finditer(folded):
        if question.asks(*claim.span()):
            continue
        places = _anchored if _anchors(question) else _worded
        for part in places(question, folded, claim.span(), evidence):
            done = re.search(rf"(?:已经?|均已?|都已?|恢复|全部|正式|顺利)[^\W\d_]{{0,4}}{claim['what']}", part.text)
            if done and not _NEGATED.search(part.text):
                return [NamePremise(claim.span(), part.index, part.start + done.start(), part.start + done.end())]
    return []


def ordinal_premises(question: Question, evidence: Sequence[EvidenceSentence]) -> list[NamePremise]:
    """At most one member of a series (第二批47个), where what the question says of it is told of another one (第三批)."""
    folded = fold_same(question.text)
    for claim in () if _CHOICE.search(folded) else ORDINAL.finditer(folded):
        if question.asks(*claim.span()):
            continue
        parts = list(_anchored(question, folded, claim.span(), evidence))
        if not parts or any(ordinal_told(claim, fold_same(evidence[p.index].text)) for p in parts):
            continue
        for part in parts:
            instead = [m for m in ORDINAL.finditer(part.text) if (m["u"] or m["s"]) == (claim["u"] or claim["s"])]
            if len(instead) == 1:
                at, end = instead[0].span()
                return [NamePremise(claim.span(), part.index, part.start + at, part.start + end)]
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
    anchors = [a for a in _anchors(question) if a.end <= claim[0] or a.start >= claim[1]]
    said = _rest(question, folded, claim)
    if not anchors or len(said) < LEAST:
        return
    for index, item in enumerate(evidence):
        text = prepare(EvidenceText(item.text, item.document.spoken))
        for told, alike in _told(folded, anchors, text):
            start = max([m.end() for m in _STOP.finditer(text.folded, 0, told.start)], default=0)
            stop = _STOP.search(text.folded, told.end)
            part = text.folded[start : stop.start() if stop else len(text.folded)]
            held = said & grams(part)
            if len(held) >= LEAST and len(held) >= (TOLD_ALIKE if alike else TOLD) * len(said):
                yield _Part(index, start, part, told.start - start if isinstance(told, Figure) else len(part))


def _anchors(question: Question) -> list[Figure | Date | Named]:
    """Figures of some size, days and quotations of the question."""
    items: tuple[Figure | Date, ...] = (*question.figures, *question.dates)
    quoted = (Named(m.group(), m.start(), m.end(), "title") for m in QUOTED.finditer(fold_same(question.text)))
    return [*(item for item in items if _firm(item)), *quoted]


def _rest(question: Question, folded: str, claim: tuple[int, int]) -> frozenset[str]:
    """What the question says besides the claim, the asking words and the anchors, as bigrams."""
    for start, end in (claim, question.asked, *((a.start, end_of(a)) for a in _anchors(question))):
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


def _told(folded: str, anchors: Sequence[Figure | Date | Named], text: Prepared) -> Iterator[tuple[Figure | Date | Named, bool]]:
    """Where a text has an anchor, and whether it counts the same thing there (23条公交线路)."""
    for anchor in anchors:
        if isinstance(anchor, Named):
            yield from ((Named(anchor.text, m.start(), m.end(), "title"), False) for m in re.finditer(re.escape(anchor.text), text.folded))
        elif isinstance(anchor, Figure):
            own = grams(counted(folded, anchor))
            for told in text.figures:
                if not told.weak and same_value(anchor, told) and same_unit(anchor, told):
                    yield told, bool(own & grams(counted(text.folded, told)))
        else:
            yield from ((d, False) for d in text.dates if d.day is not None and agrees(anchor, d))

"""Flipped statements: a negation put in or taken out, or a comparison turned round, in the place of its opposite.

Looks only at anchored changes (``align``), so a negation that both texts have, or that stands elsewhere, is no matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.types import Problem

from .align import Change, Lie
from .text import Prepared, fold_same

_NEGATOR = re.compile(
    r"不(?![仅但只断过久少论管丹列朽幸])|未(?![来婚])|没有?(?![收落])|无(?![论数线锡])|(?<![南北东西])非(?![常洲])|禁止|严禁|勿|除外|否(?!则)"
)
_INDIRECT = re.compile(r"除|免|停|拒|反对|缺|失|禁|避|取消|否|难|别|莫|勿|休|罕|少")
"""Evidence that may deny without a negation."""
OPPOSITES: tuple[tuple[str, str], ...] = (
    ("高于", "低于"), ("超过", "不足"), ("超过", "低于"), ("多于", "少于"), ("大于", "小于"), ("早于", "晚于"), ("优于", "劣于"), ("不足", "以上"),
    ("增长", "下降"), ("增加", "减少"), ("增长", "减少"), ("上升", "下降"), ("提高", "降低"), ("扩大", "缩小"), ("上涨", "下跌"), ("增", "减"),
    ("以上", "以下"), ("之上", "之下"), ("以前", "以后"), ("之前", "之后"), ("前", "后"), ("早", "晚"), ("首", "末"), ("上", "下"), ("上", "中"), ("中", "下"),
    ("全部", "部分"), ("所有", "部分"), ("全", "部分"), ("最大", "最小"), ("最高", "最低"), ("最多", "最少"), ("最早", "最晚"), ("最长", "最短"), ("最先", "最后"),
    ("首先", "最后"), ("第一", "最后"), ("至少", "至多"), ("不少于", "不超过"), ("最低", "最多"),
    ("允许", "禁止"), ("可以", "不得"), ("应当", "不得"), ("必须", "不必"), ("支持", "反对"), ("赞成", "反对"), ("同意", "拒绝"), ("同意", "反对"),
    ("成功", "失败"), ("胜利", "失败"), ("胜", "败"), ("赢", "输"), ("战胜", "败给"), ("开始", "结束"), ("开始", "停止"), ("内部", "外部"), ("国内", "国外"), ("内", "外"),
    ("提前", "推迟"), ("提前", "延后"), ("优点", "缺点"), ("进口", "出口"), ("加入", "退出"), ("公开", "秘密"), ("合法", "非法"), ("上半年", "下半年"),
    ("大", "小"), ("高", "低"), ("多", "少"), ("长", "短"), ("强", "弱"), ("快", "慢"), ("左", "右"), ("东", "西"), ("南", "北"), ("男", "女"), ("父", "母"),
    ("来", "去"), ("买", "卖"), ("正", "负"), ("好", "坏"), ("新", "旧"), ("有", "无"), ("真", "假"), ("开", "关"), ("生", "死"), ("升", "降"), ("涨", "跌"),
    ("开放", "关闭"), ("免费", "收费"), ("自愿", "强制"), ("主要", "次要"), ("直接", "间接"), ("积极", "消极"), ("安全", "危险"), ("接受", "拒绝"), ("存在", "消失"),
)  # fmt: skip
_TABLE = {pair for one, two in OPPOSITES for pair in ((one, two), (two, one))}
_WORDS = sorted({word for pair in OPPOSITES for word in pair}, key=len, reverse=True)


def check_polarity(
    said: Prepared, evidence: Sequence[Prepared], found: Sequence[Change], lies: Sequence[Lie], question: str
) -> list[Problem]:
    """Problems of kind negation or comparison: at the anchored changes, and negations that the evidence sentence
    (``lies``: which clause lies beside which sentence) has nowhere, before words that it has."""
    problems = []
    asked = _NEGATOR.search(fold_same(question))
    for lie in lies:
        sentence = evidence[lie.index].folded[slice(*lie.told)]
        if asked or _NEGATOR.search(sentence) or _INDIRECT.search(sentence):
            continue
        for match in _NEGATOR.finditer(said.folded, *lie.said):
            follows = said.folded[match.end() : match.end() + 2].lstrip("有")
            if len(follows) == 2 and follows in sentence:
                problems.append(Problem("negation", _wide(said, match.span()), said.evidence.text[match.end() : match.end() + 2]))
    if problems:
        return problems[:1]
    for change in found:
        told = evidence[change.index]
        here, there = said.folded[slice(*change.said)], told.folded[slice(*change.told)]
        if problem := _negation(said, told, change, here, there) or _opposite(said, told, change, here, there):
            problems.append(problem)
    return problems


def _negation(said: Prepared, told: Prepared, change: Change, here: str, there: str) -> Problem | None:
    """One side is negated and the other is not, and nothing else differs much."""
    one_rest, two_rest = _NEGATOR.sub("", here), _NEGATOR.sub("", there)
    if one_rest != two_rest and max(len(one_rest), len(two_rest)) > 2:
        return None
    one, two = _count(said.folded, change.said), _count(told.folded, change.told)
    if one % 2 == two % 2:
        return None
    return Problem("negation", _wide(said, change.said), _wide(told, change.told))


def _count(text: str, span: tuple[int, int]) -> int:
    """Negations that begin inside the span (read with what follows: 不 of 不仅 is none)."""
    return sum(span[0] <= m.start() < span[1] for m in _NEGATOR.finditer(text, max(0, span[0] - 1), span[1] + 2))


def _opposite(said: Prepared, told: Prepared, change: Change, here: str, there: str) -> Problem | None:
    """The two sides hold the two words of a pair in the same place; words may reach into the equal part."""
    if not here or not there or max(len(here), len(there)) > 6:
        return None
    for a, b in _TABLE:
        for lead in range(3):
            left = said.folded[change.said[0] - lead : change.said[0]]
            if lead and (left != told.folded[change.told[0] - lead : change.told[0]] or len(left) < lead):
                break
            one = left + here + said.folded[change.said[1] : change.said[1] + 2]
            two = left + there + told.folded[change.told[1] : change.told[1] + 2]
            if one.startswith(a) and two.startswith(b) and len(a) >= lead and len(b) >= lead:
                rest_one, rest_two = one[len(a) :], two[len(b) :]
                if len(a) + 2 >= lead + len(here) and len(b) + 2 >= lead + len(there) and (rest_one[:1] == rest_two[:1] or len(a) > 1):
                    return Problem("comparison", _wide(said, change.said), _wide(told, change.told))
    return None


def _wide(text: Prepared, span: tuple[int, int]) -> str:
    """The change with two characters on each side, from the original text."""
    return text.evidence.text[max(0, span[0] - 2) : span[1] + 2].strip("，。,;； ")

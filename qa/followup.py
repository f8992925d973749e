"""Follow-up questions into questions that stand alone: 那完工了多少？ -> 农村公路完工了多少公里？

Rules over words, no model. A question that names its own subject is left exactly as it was typed; otherwise what it
leaves out (topic, unit, the rest of the sentence before 呢) is carried over from the turn before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.checks.names import Name, names, tagged
from qa.checks.text import fold_same
from qa.question import Question, analyse
from qa.types import Turn

_LEAD = re.compile(r"^(?:那么|那(?!里|儿|边|个|些|次|位|家|项|时|年|天|场|种|座|份|封|条)|然后|还有|另外|接着|再问一下|请问|顺便问一下|那请问|好的|嗯|哦)[，,、 ]*")
_WHAT_ABOUT = re.compile(r"^(?P<new>.{1,20}?)(?:的)?(?:呢|又如何|怎么样|又是多少|又怎样)[？?。]?$")
_PERSON = re.compile(r"他们|她们|(?<![其吉])他(?![人国们])|她|(?:这|那|该)(?:位|名|个)?(?:人|书记|主任|局长|同志|先生|女士|教授|作者|导演|负责人)|此人|其人|其本人")
_PLACE = re.compile(r"(?:这|那)(?:里|儿|边|个地方|座城市)|当地|该地|此地|该(?:市|区|县|省|国|镇|村)")
_THING = re.compile(
    r"它们?|(?:这|那|该|此)(?:一)?(?:个|些|项|次|家|份|封|座|条|本|部|场|种|类|批|件|届|套|支|款|篇|所|艘|辆|首|只|台)?"
    r"(?P<noun>[\u4e00-\u9fff]{0,6}?)(?=是|在|有|由|何|什么|为|的|到|从|共|一共|总共|叫|属|被|包|主|多少|哪|谁|怎|如|[？?])"
    r"|(?<![尤与极极何])其(?![他中实次它余间])|前者|后者|上述"
)
_ASKED_BEFORE = re.compile(r"[\u4e00-\u9fff]{3,}[？?]")
_TIME = re.compile(r"(?:截至)?(?:\d{2,4}年|今年|去年|全年|目前|到目前|至今)?(?:上半年|下半年|第?[一二三四]季度)?(?:\d{1,2}月(?:\d{1,2}[日号])?)?(?:以来|里|,)?")
_GENERIC = frozenset(
    ["事", "事情", "情况", "单位", "人", "时间", "地点", "部门", "公司", "原因", "数量", "地方", "主办方", "负责人", "书记", "作者", "总数", "人数", "面积", "结果", "目的", "意义", "内容", "特点", "区别", "关系", "方面", "措施", "数字", "时候", "多少钱", "价格", "费用", "时", "名字", "名称", "全称", "简称", "英文", "别名", "问题", "单位名称", "具体", "机构", "公里", "米", "个", "家", "条", "人员", "人士", "日期", "年份", "届", "次", "期", "谁", "哪里", "地址", "电话", "联系方式", "比例", "金额", "经费", "资金", "职务", "身份", "工作", "活动", "项目", "会议", "目标", "要求", "标准", "条件", "流程", "步骤", "过程", "依据", "来源", "途径", "方式", "方法", "办法", "对象", "范围", "期限", "有效期", "长度", "高度", "规模", "年", "月", "日", "今年", "去年", "现在", "目前", "当时", "后来", "最后", "最终", "之后", "之前", "以后", "以前", "全部", "一共", "总共", "地区", "例子", "举例", "细节", "详情", "进展", "效果", "影响", "好处", "坏处", "优点", "缺点", "成效", "成果", "主办单位", "承办单位"]
)
_NOUNS = ("n", "j", "l", "i", "eng", "s", "x")


@dataclass(frozen=True, slots=True)
class _Parts:
    """The last question taken apart for reuse: what it is about, and its statement without the asking words."""

    text: str
    topic: str
    info: Question


def standalone(question: str, history: Sequence[Turn]) -> str:
    """``question`` with what it leaves out filled in from ``history``; unchanged when it stands alone.

    The result keeps the reader's own words; names come from the last question and, where the last answer named the
    person, body or place asked for, from that answer.
    """
    if not history or not question.strip():
        return question
    last = history[-1]
    before = last.query or last.question
    stripped = _LEAD.sub("", question.strip())
    body = stripped.rstrip("？?。 ")
    if not body:
        return question
    what_about = _WHAT_ABOUT.match(stripped)
    parts = _Parts(before, _topic(before), analyse(before))
    if what_about and not _asks(what_about["new"]):
        return _replace_in(parts, what_about["new"])
    if resolved := _pronouns(stripped, parts, last.answer):
        return resolved
    if _stands_alone(body, led=stripped != question.strip()):
        return question
    return _complete(stripped, body, parts)


def _asks(text: str) -> bool:
    return analyse(text).asked != (0, 0)


def _stands_alone(body: str, led: bool) -> bool:
    """Does it name a subject of its own: a name, a quoted title, or a noun that is more than a kind of thing?"""
    info = analyse(body)
    if any(n.kind != "latin" or len(n.text) > 1 for n in names(fold_same(body))):
        return not led or len(info.words) >= 2
    start, end = info.asked
    own = [
        word
        for word, flag, at in tagged(fold_same(body))
        if not start <= at < end and word not in _GENERIC and flag.startswith(_NOUNS) and len(word) > 1
    ]
    meat = [w for w in info.words if w not in _GENERIC]
    if not led and (len(meat) >= 3 or _has_subject(body)):
        return True
    return len("".join(own)) >= (4 if led else 2)


def _has_subject(body: str) -> bool:
    """年休假有几天: something that is no mere kind of thing stands before 有 or 是."""
    match = re.match(r"(.{2,12}?)(?:有|是)(?!关)", body)
    if not match or match[1][-1] in "了的" or _PERSON.search(match[1]) or _THING.search(match[1] + "？"):
        return False
    words = [word for word, _, _ in tagged(fold_same(match[1]))]
    return words[-1] not in _GENERIC and not all(flag[:1] in "vdpr" for _, flag, _ in tagged(fold_same(match[1])))


def _topic(question: str) -> str:
    """What a question is about: its words without the asking words, verbs and particles at the ends."""
    info = analyse(question)
    start, end = info.asked
    folded = fold_same(question)
    left: list[tuple[str, str, str]] = []
    right: list[tuple[str, str, str]] = []
    for word, flag, at in tagged(folded):
        if start <= at < end or not word[0].isalnum() and word not in '"《》·':
            continue
        (left if at < start or not end else right).append((question[at : at + len(word)], flag, word))
    return _noun_phrase(left) + _noun_phrase(right)


def _noun_phrase(tokens: list[tuple[str, str, str]]) -> str:
    """Tokens up to the last noun; nothing when there is none."""
    last = max((i for i, (_, flag, word) in enumerate(tokens) if _is_noun(flag, word)), default=-1)
    kept = tokens[: last + 1]
    while kept and (kept[0][1] in ("p", "c", "uj", "ul", "d", "v") or kept[0][2] in ("是", "有", "的", "了")):
        kept = kept[1:]
    return "".join(t for t, _, _ in kept)


def _is_noun(flag: str, word: str) -> bool:
    return flag.startswith(("n", "j", "l", "eng", "vn", "s", "t")) or word in '"》'


def _replace_in(parts: _Parts, new: str) -> str:
    """北京呢？ after a question about 天津: the same question with the like part exchanged."""
    folded, old = fold_same(new), fold_same(parts.text)
    kind, flags = _kind_of(folded)
    if _counts_another(parts, folded, kind, flags):
        return f"{parts.text[: _leading_time(old)]}{new}有多少？"
    start, end = parts.info.asked
    best: tuple[float, int, int] | None = None
    tokens = [(n.text, n.kind, n.start) for n in names(old)] + [(w, f, at) for w, f, at in tagged(old)]
    for dates_first in parts.info.dates if analyse(new).dates else ():
        return parts.text[: dates_first.start] + new + parts.text[dates_first.end :]
    for word, flag, at in tokens:
        if start <= at < end or word == folded or len(word) < 2:
            continue
        score = 0.0
        if kind and flag in (kind, {"place": "ns", "person": "nr", "body": "nt"}.get(kind, "")):
            score += 2
        score += 1.0 if flag[:1] == flags[:1] else 0.0
        score += 2.0 * len(set(word) & set(folded)) / max(len(word), len(folded))
        if score >= 1.5 and (best is None or score > best[0]):
            best = (score, at, at + len(word))
    if best:
        return parts.text[: best[1]] + new + parts.text[best[2] :]
    if parts.topic and (at := parts.text.find(parts.topic)) >= 0 and kind not in ("place",):
        return parts.text[:at] + new + parts.text[at + len(parts.topic) :]
    return new + parts.text


def _counts_another(parts: _Parts, new: str, kind: str, flag: str) -> bool:
    """Is a number asked for, and another thing named now (农村公路开工多少公里, 公交线路)? Verb and unit may not fit it.

    A name, a date, a verb or a thing of the same head word (公路) takes the place of its like in the question instead.
    """
    if parts.info.kind != "count" or not parts.info.unit or kind or not flag.startswith(("n", "s", "vn")) or analyse(new).dates:
        return False
    head = new[-2:]
    return not any(word.endswith(head) for word, _, _ in tagged(fold_same(parts.text)))


def _leading_time(folded: str) -> int:
    """Length of the time that a question begins with (上半年), 0 for none."""
    match = _TIME.match(folded)
    return match.end() if match else 0


def _kind_of(folded: str) -> tuple[str, str]:
    found = names(folded)
    kind = found[0].kind if found else ""
    words = tagged(folded)
    return kind, words[-1][1] if words else ""


def _pronouns(question: str, parts: _Parts, answer: str) -> str:
    """The question with its pronoun replaced, or "" when it has none that points back."""
    for pattern, kind in ((_PLACE, "place"), (_PERSON, "person"), (_THING, "")):
        match = pattern.search(question)
        if not match or _ASKED_BEFORE.search(question, 0, match.start()):  # 哪些单位参加了？它们…: it points within the question
            continue
        target = _referent(kind, parts, answer, match.groupdict().get("noun") or "")
        if not target:
            continue
        word = match.group()
        joint = "的" if word == "其" and not target.endswith("的") else ""
        return question[: match.start()] + target + joint + question[match.end() :]
    return ""


def _referent(kind: str, parts: _Parts, answer: str, noun: str) -> str:
    """What a pronoun of this kind points to: the thing the last question asked for when the answer names it."""
    found = [n for n in names(fold_same(answer)) if n.kind == kind]
    asked = {"person": ("who",), "place": ("place",)}.get(kind, ("body", "which"))
    if kind and found and parts.info.kind in asked:
        return _cut(answer, found[0])
    if kind:
        own = [n for n in names(fold_same(parts.text)) if n.kind == kind]
        if own:
            return _cut(parts.text, own[-1])
        if found:
            return _cut(answer, found[0])
        return parts.topic if kind == "place" else ""
    titles = [n for n in names(fold_same(parts.text)) if n.kind == "title" and parts.text[n.start] == "《"]
    if titles:
        return parts.text[titles[0].start : titles[0].end]
    topic = parts.topic
    return topic if not noun or noun in _GENERIC or noun in topic else topic + noun


def _cut(text: str, name: Name) -> str:
    return text[name.start : name.end]


def _complete(question: str, body: str, parts: _Parts) -> str:
    """An elliptic question behind the topic of the last one; a bare 多少 takes over the unit."""
    info = analyse(body)
    start, end = info.asked
    tail = question[len(body) :] or "？"
    if info.kind == "count" and not info.unit and parts.info.unit and body[start:end].endswith(("多少", "几")):
        body = body[:end] + parts.info.unit + body[end:]
    meat = [w for w in info.words if w not in _GENERIC]
    if meat or info.kind == "count":
        return f"{parts.topic}{body}{tail}"
    start, end = parts.info.asked
    old = parts.text.rstrip("？?。 ")
    said = re.sub(r"^(?:是|由|在)|(?:是|的|了|吗|呢)$", "", old[:start] + old[end:]) if end else old
    return f"{body}{said}{tail}" if info.kind == "reason" else f"{said}是{body}{tail}" if body[:1] not in "是在由" else f"{said}{body}{tail}"

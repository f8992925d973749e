"""Is a figure said of what the evidence says it of? 公交线路开工251公里, where 251公里 is what the roads have.

``slots`` compares figures with figures. Here it is the noun that is compared: when nothing that the sentence counts
stands with the figure in the evidence, and what it counts stands with another figure there, the figure was moved.
Words that the evidence does not have at all say nothing (they may be synonyms).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.types import Problem

from .names import tagged
from .numbers import Figure
from .slots import Span, relation
from .text import Prepared, grams

_BREAK = re.compile(r"[，。；;！？!?：:\n、（）()]|,(?!\d{3})")
_NOUNS = ("n", "vn", "j", "l", "i", "eng", "an", "s", "x")
_JOINED = (*_NOUNS, "b", "f", "a")
_VAGUE = frozenset(
    ["时", "时候", "人", "人们", "年", "月", "日", "天", "其中", "方面", "目前", "全部", "部分", "主要", "数量", "总数", "当时", "后", "前", "内", "期间", "左右", "之间", "地方", "时间", "人口", "面积", "个", "次", "第", "资料", "材料", "文档", "情况", "问题", "工作", "活动", "总计", "合计", "人数", "规模", "中", "上", "下", "里", "以上", "以下", "以来", "上半年", "下半年", "今年", "去年", "截至", "公里", "米", "元", "个月", "小时", "分钟", "名称", "日期", "长度", "高度", "距离", "数字", "内容", "方式", "原因", "结果", "者", "部", "家", "种", "条", "项", "位"]
)  # fmt: skip
_AGES = ("年代", "世纪", "年", "时刻")
NEXT = 12
"""Characters behind a clause in which a figure still belongs to it."""
BACK = 3
"""Clauses to look back for the subject of one that names none."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch between two stops, with its nouns as (start, end), absolute in the text."""

    start: int
    end: int
    nouns: tuple[Span, ...]


def check_subjects(said: Prepared, evidence: Sequence[Prepared], sound: Sequence[Figure]) -> list[Problem]:
    """A problem of kind number for each of the ``sound`` figures (they are in the evidence) that belongs to another subject."""
    problems = []
    for item in sound:
        if item.weak or item.kind == "ordinal" or item.dimension in _AGES:
            continue
        before, after = _said_of(said.folded, item)
        if (before or after) and (other := _moved(before, after, said.folded, item, evidence)):
            problems.append(Problem("number", said.evidence.text[item.start : item.unit_end], other))
    return problems


def _said_of(folded: str, item: Figure) -> tuple[list[str], list[str]]:
    """The nouns that a figure of the sentence is said of: before it and after it in its clause; when that has none,
    those of the nearest clause before."""
    for clause in _clauses_back(folded, item.start, 0):
        before = [folded[a:b] for a, b in clause.nouns if b <= item.start]
        after = [folded[a:b] for a, b in clause.nouns if a >= item.unit_end]
        if before or after:
            return before, after
    return [], []


def _moved(before: Sequence[str], after: Sequence[str], said: str, item: Figure, evidence: Sequence[Prepared]) -> str:
    """What the evidence has for the sentence's subject instead, as it is written there; "" when the place fits.

    It fits when a noun before the figure stands with it in the evidence; and when only what is counted does (学院 of
    12个学院), unless the evidence names another subject there, of which the sentence says nothing.
    """
    places = [(text, told) for text in evidence for told in text.figures if relation(item, told) == "same"]
    strict = False
    for text, told in places:
        lines, subject = _scope(text, told)
        scope = lines + "\n" + text.context
        if any(_held(noun, scope) for noun in before):
            return ""
        if any(_held(noun, scope) for noun in after):
            if not before or not subject or _held(subject, said):
                return ""
            strict = True
    for text in dict.fromkeys(text for text, _ in places):
        for noun in before if strict else (*before, *after):
            if other := _other(noun, item, text, strict):
                return other
    return ""


def _scope(text: Prepared, told: Figure) -> tuple[str, str]:
    """What a figure of the evidence is said of: its clause, and those before while it has no subject of its own;
    and the subject of its own clause, "" when it names none."""
    number = text.sentence_at(told.start)
    start, stop = text.sentences[number]
    out: list[str] = []
    own = ""
    for clause in _clauses_back(text.folded, told.start, start):
        out.append(text.folded[clause.start : clause.end])
        if subject := _subject(text.folded, clause, told.start):
            own = "" if len(out) > 1 else subject
            break
    else:
        first = _BREAK.search(text.folded, start)
        out.append(text.folded[start : first.start() if first else stop])
        out += [text.folded[slice(*text.sentences[number - 1])]] if number else []
    return "\n".join(out), own


def _subject(folded: str, clause: Clause, before: int) -> str:
    """What the clause speaks of, named before the figure; not when the noun is the object of a verb."""
    for start, end in clause.nouns:
        if start >= before:
            continue
        between = folded[end : min(before, clause.end)]
        if between.strip("了约近达共有为") or before > clause.end:
            return folded[start:end]
        lead = folded[clause.start : start]
        if not any(flag.startswith("v") for _, flag, _ in tagged(lead)) or lead.endswith("的"):
            return folded[start:end]
    return ""


def _held(noun: str, scope: str) -> bool:
    if noun in scope:
        return True
    own = grams(noun)
    return bool(own) and 2 * len(own & grams(scope)) >= len(own)


def _other(noun: str, item: Figure, text: Prepared, strict: bool) -> str:
    """The figure that the evidence has for a noun, in its clause or (unless ``strict``) right after it in its sentence."""
    for match in re.finditer(re.escape(noun if noun in text.folded else noun[-4:]), text.folded):
        stop = text.sentences[text.sentence_at(match.start())][1]
        clause = next(_clauses_back(text.folded, match.start(), 0))
        for told in text.figures:
            if told.weak or told.kind == "ordinal":
                continue
            if clause.start <= told.start < max(clause.end, 0 if strict else min(stop, clause.end + NEXT)) and relation(item, told) != "same":
                return text.evidence.text[told.start : told.unit_end]
    return ""


def _clauses_back(folded: str, at: int, first: int) -> Iterator[Clause]:
    """The clause that holds ``at``, then those before it, as far as ``first``; at most ``BACK`` of them."""
    stop = _BREAK.search(folded, at)
    end = stop.start() if stop else len(folded)
    for _ in range(BACK + 1):
        start = first
        for match in _BREAK.finditer(folded, first, min(at, end)):
            start = match.end()
        yield Clause(start, end, tuple(nouns(folded, start, end)))
        if start <= first:
            return
        end = at = start - 1


def nouns(folded: str, start: int, end: int) -> Iterator[Span]:
    """Runs of nouns (农村公路), as spans of the text; those that say nothing by themselves are left out."""
    run: list[tuple[str, int]] = []
    for word, flag, at in (*tagged(folded[start:end]), ("", "w", end - start)):
        if word not in _VAGUE and (flag.startswith(_NOUNS) or (run and flag.startswith(_JOINED))) and not word[:1].isdigit():
            run.append((word, at))
            continue
        length = sum(len(w) for w, _ in run)
        if length > 1:
            yield start + run[0][1], start + run[0][1] + length
        run = []


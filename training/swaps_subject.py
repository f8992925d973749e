"""Freely worded sentences on a figure, true and with the subject of another figure: the ``subject`` family of the swap test.

From clauses in which a noun, a verb and a figure follow each other, sentences of the form noun, verb, figure are made
(农村公路开工251公里); the wrong one has the noun, or noun and verb, of another figure of the same passage. Found with
jieba's words and a regular expression of its own, not with the checks that are tested.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from training.swaps_make import Case, Source, related
from training.swaps_names import tags

_FIGURE = re.compile(r"\d[\d,.]*[余多]?[万亿萬億]?[余多餘]?[%％]?|[二三四五六七八九十百]{1,4}(?=[个個名位家座所项項条條种種次人部艘架辆輛首])")
_CLAUSE = re.compile(r"[^，,。；;！？!?：:\n、（）()]+")
_NOUNS = ("n", "vn", "j", "l", "eng")
_LITTLE = frozenset("一共 共 共有 约 約 大约 大約 近 达 達 达到 達到 了 有 为 為 是 超过 超過 已 累计 累計 总共 總共 仅 僅 只 只有 高达 高達 则 則 也 都 又 还 還 曾 曾经 于 於 在".split())  # noqa: SIM905
VAGUE = frozenset("时 时候 時候 人 人们 人們 年 月 日 其中 方面 目前 全部 部分 主要 数量 數量 总数 總數 当时 當時 后 後 前 内 內 期间 期間 左右 之间 之間 地方 时间 時間 人口 面积 面積 个 個 次 第".split())  # noqa: SIM905
ONCE = 2
"""A noun that the passage has more often is what it is about, and may be the subject of anything there."""
PAIRS = 4
"""Pairs from one passage at most."""
FORMS = ("words", "words", "question", "bare")


@dataclass(frozen=True, slots=True)
class Said:
    """noun + verb + figure with its unit, as one clause of a passage has them; ``at`` is the figure's offset."""

    noun: str
    verb: str
    figure: str
    tail: str
    at: int


def subject_cases(sources: Sequence[Source], n: int, seed: int, noise: int = 3) -> list[Case]:
    """``n`` true sentences and one with another figure's subject for each, paired, like ``swaps_make.cases``."""
    rng = random.Random(f"{seed}-subject")
    order = list(sources)
    rng.shuffle(order)
    out: list[Case] = []
    for source in order:
        found = triples(source.text)
        pairs = [(a, b) for a in found for b in found if _apart(a, b, source.text)]
        rng.shuffle(pairs)
        for one, two in pairs[:PAIRS]:
            if len(out) >= 2 * n:
                return out
            form = rng.choice(FORMS)
            how = rng.choice(("noun", "noun_verb"))
            wrong = Said(two.noun, two.verb if how == "noun_verb" else one.verb, one.figure, one.tail, one.at)
            evidence = [source.text, *(s.text for s in rng.sample(order, noise) if s.text != source.text)]
            rng.shuffle(evidence)
            for swapped, told in ((False, one), (True, wrong)):
                sentence, question = _worded(told, form)
                out.append(Case("subject", swapped, "bare" if form == "bare" else form, how if swapped else "true", sentence, question,
                                tuple(evidence), (one.noun, two.noun) if swapped else ("", ""), 0 if swapped else -1))  # fmt: skip
    return out


def triples(text: str) -> list[Said]:
    """Clauses of a passage that say how many or how much of something: noun, verb, figure in this order."""
    found = []
    for clause in _CLAUSE.finditer(text):
        figures = list(_FIGURE.finditer(clause.group()))
        if len(figures) != 1 or re.match(r"[年月日号號/.:-]", clause.group()[figures[0].end() :]):
            continue  # one figure, and no date
        figure = figures[0]
        words = [w for w in tags(clause.group()) if w[2] + len(w[0]) <= figure.start()]
        while words and words[-1][0] in _LITTLE:
            words.pop()
        verb = ""
        if words and words[-1][1] == "v" and len(words[-1][0]) > 1:
            verb = words.pop()[0]
        while words and (words[-1][1] in ("d", "p", "uj", "ul") or words[-1][0] in _LITTLE):
            words.pop()
        noun = _run(words)
        gap = clause.group()[words[-1][2] + len(words[-1][0]) : figure.start()] if words else ""
        tail = re.match(r"[^\W\d_]{0,6}", clause.group()[figure.end() :])
        joint = verb or next((w for w in ("共有", "达", "達", "有", "为", "為", "约", "約") if w in gap), "")
        if noun and joint and tail and tail.group():
            found.append(Said(noun, joint, figure.group(), tail.group(), clause.start() + figure.start()))
    return found


def _run(words: Sequence[tuple[str, str, int]]) -> str:
    """The nouns at the end of some words, joined: 农村 + 公路."""
    run = ""
    for word, flag, _ in reversed(words):
        if not flag.startswith(_NOUNS) or word in VAGUE:
            break
        run = word + run
    return run if 2 <= len(run) <= 10 else ""


def _apart(one: Said, two: Said, text: str) -> bool:
    """Two figures of two subjects: neither noun is part of the other or of the other's words, and neither is what
    the whole passage is about."""
    if one.at == two.at or related(one.noun, two.noun) or one.noun[-2:] == two.noun[-2:]:
        return False
    if max(text.count(one.noun), text.count(two.noun)) > ONCE or two.noun in one.tail or one.figure == two.figure:
        return False
    return len(re.findall(rf"(?<!\d){re.escape(one.figure)}(?!\d)", text)) == 1


def _worded(told: Said, form: str) -> tuple[str, str]:
    """The sentence, and the question that it answers ("" for none)."""
    if form == "words":
        return f"{told.noun}{told.verb}{told.figure}{told.tail}。", ""
    question = f"{told.noun}{told.verb}多少{told.tail}？"
    return (told.figure, question) if form == "bare" else (f"{told.noun}{told.verb}{told.figure}{told.tail}。", question)

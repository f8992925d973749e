"""True sentences and swapped ones for the swap test, made from reading-comprehension passages with a seed.

Made without the checks that are tested: figures, dates and names are found here with regular expressions of
their own, with gold answers and with jieba's dictionary; polarity words come from a list of their own.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from errors import EvalError
from index.sentences import split_sentences
from training.swaps_names import named
from training.swaps_rewrite import REWRITES, answer_sentence, scripts

KINDS = ("number", "date", "name", "polarity")
FORMS = ("verbatim", "drop", "reorder", "width", "numerals", "script", "prefix", "answer", "bare")
_HAN = "零一二三四五六七八九"
_DATE = re.compile(
    r"(?P<y>\d{3,4})年(?:(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})[日号])?)?|(?<!\d)(?P<m2>1[0-2]|[1-9])月(?P<d2>[123]?\d)[日号]"
)
_NUMBER = re.compile(
    r"(?<![\d.:：a-zA-Z-])\d+(?:\.\d+)?(?:[万亿萬億])?(?![\d.:：]|年(?!代)|月|[日号號])|(?<![第一-鿿])[二三四五六七八九十两兩][十百千万萬]?[二三四五六七八九]?(?=[个個名位家座所项項条條种種次人部艘架辆輛首张張组組])"
)
OPPOSITES = [
    ("高于", "低于"),
    ("超过", "不足"),
    ("增长", "下降"),
    ("增加", "减少"),
    ("上升", "下降"),
    ("以上", "以下"),
    ("以前", "以后"),
    ("之前", "之后"),
    ("最大", "最小"),
    ("最高", "最低"),
    ("最多", "最少"),
    ("最早", "最晚"),
    ("全部", "部分"),
    ("首先", "最后"),
    ("第一", "最后一"),
    ("允许", "禁止"),
    ("支持", "反对"),
    ("成功", "失败"),
    ("胜利", "失败"),
    ("开始", "结束"),
    ("有", "没有"),
    ("可以", "不可以"),
    ("能够", "不能够"),
    ("是", "不是"),
    ("属于", "不属于"),
    ("内部", "外部"),
    ("国内", "国外"),
    ("提前", "推迟"),
    ("赞成", "反对"),
    ("优点", "缺点"),
    ("进口", "出口"),
    ("扩大", "缩小"),
    ("大于", "小于"),
    ("多于", "少于"),
    ("早于", "晚于"),
    ("加入", "退出"),
    ("公开", "秘密"),
    ("合法", "非法"),
    ("上半年", "下半年"),
]
_REMOVE = re.compile(
    r"不(?=[能会是可再得必需应愿想同允准被受在属具包含接像])|没有|未(?=[能被有经曾得])|无法|沒有|無法|从未|並未|并未|禁止|不得"
)
_VERB = re.compile(
    r"(?<=[\u4e00-\u9fff])(?=被|曾|可以|能够|能夠|位于|位於|属于|屬於|成为|成為|获得|獲得|参加|參加|出现|出現|发生|發生|担任|擔任|包括|建立|支持|存在|使用|采用|採用|进行|進行|具有|得到|加入|发现|發現|接受|影响|影響|提供)"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A passage with its questions: (question, answer, offset of the answer)."""

    text: str
    questions: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence to be checked against the passages; ``how`` says what was done, ``changed`` what became what
    and ``at`` where."""

    kind: str
    swapped: bool
    form: str
    how: str
    sentence: str
    question: str
    evidence: tuple[str, ...]
    changed: tuple[str, str] = ("", "")
    at: int = -1


@dataclass
class Pools:
    """What other passages have: numbers by digits, names by type."""

    numbers: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)


def read(path: Path) -> list[Source]:
    """Passages of a SQuAD-style file. Raises EvalError naming the file when it cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        return [
            Source(
                p["context"],
                tuple(
                    (q["question"], q["answers"][0]["text"], q["answers"][0]["answer_start"])
                    for q in p["qas"]
                ),
            )
            for article in data
            for p in article["paragraphs"]
        ]
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise EvalError(
            f"{path} cannot be read as a SQuAD-style file: {error}",
            "Give the folder of the benchmarks with --data.",
        ) from error


def cases(sources: Sequence[Source], kind: str, n: int, seed: int, noise: int = 3) -> list[Case]:
    """``n`` true sentences that hold something of ``kind``, and one swapped sentence for each, paired.

    Each is checked against its own passage and ``noise`` others, in random order.
    """
    rng = random.Random(f"{seed}-{kind}")
    pools = _pools(sources)
    out: list[Case] = []
    stream = _candidates(sources, rng)
    seen: set[str] = set()
    for source, sentence, question, form in stream:
        if len(out) >= 2 * n:
            break
        swap = _SWAPS[kind](sentence, source, pools, rng, question)
        if swap is None or sentence in seen:
            continue
        seen.add(sentence)
        how, before, after, wrong = swap
        evidence = [source.text, *(s.text for s in rng.sample(list(sources), noise) if s.text != source.text)]
        rng.shuffle(evidence)
        out.append(Case(kind, False, form, "true", sentence, question, tuple(evidence)))
        out.append(
            Case(
                kind,
                True,
                form,
                how,
                wrong,
                question,
                tuple(evidence),
                (before, after),
                _first_difference(sentence, wrong),
            )
        )
    return out


def _first_difference(one: str, two: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
    )


def _candidates(sources: Sequence[Source], rng: random.Random) -> Iterator[tuple[Source, str, str, str]]:
    """Endless (passage, true sentence, question, form), forms in equal shares as far as they apply."""
    prepared = [(s, [s.text[a:b] for a, b in split_sentences(s.text) if 12 <= b - a <= 120]) for s in sources]
    prepared = [p for p in prepared if p[1]]
    for _ in range(400_000):
        source, sentences = rng.choice(prepared)
        form = rng.choice(FORMS)
        if form in ("answer", "bare"):
            if not source.questions:
                continue
            question, answer, _ = rng.choice(source.questions)
            made = answer if form == "bare" else answer_sentence(question, answer)
            if made and len(answer) <= 30:
                yield source, made, question, form
            continue
        sentence = rng.choice(sentences)
        made = REWRITES[form](sentence, rng)
        if made and (form == "verbatim" or made != sentence):
            yield source, made, "", form


Swap = tuple[str, str, str, str] | None
"""(how, before, after, the whole wrong sentence)"""


def _put(sentence: str, start: int, end: int, new: str, how: str) -> Swap:
    before = sentence[start:end]
    if before == new or not new:
        return None
    return how, before, new, sentence[:start] + new + sentence[end:]


def _swap_number(sentence: str, source: Source, pools: Pools, rng: random.Random, question: str) -> Swap:
    spans = [
        m
        for m in _NUMBER.finditer(sentence)
        if not any(d.start() <= m.start() < d.end() for d in _DATE.finditer(sentence))
    ]
    if not spans:
        return None
    found = rng.choice(spans)
    old = found.group()
    how = rng.choice(["other", "near", "transposed", "magnitude", "in_passage"])
    digits = re.match(r"\d+", old)
    if not digits:
        new = rng.choice([c for c in "二三四五六七八九" if c != old[0]]) + old[1:]
        return _put(sentence, *found.span(), new, "other") if old[0] in _HAN else None
    value = digits.group()
    if how == "near":
        new = str(max(0, int(value) + rng.choice([-1, 1]))) + old[len(value) :]
    elif how == "transposed" and len(set(value)) > 1:
        flipped = list(value)
        at = rng.choice([i for i in range(len(value) - 1) if value[i] != value[i + 1]])
        flipped[at], flipped[at + 1] = flipped[at + 1], flipped[at]
        new = "".join(flipped) + old[len(value) :]
        if flipped[0] == "0":
            return None
    elif how == "magnitude" and int(value):
        new = old[:-1] if old[-1] in "万亿萬億" else old + rng.choice("万亿")
    elif how == "in_passage":
        same = [m.group() for m in _NUMBER.finditer(source.text) if m.group()[0].isdigit()]
        same = [x for x in same if _plain(x) not in _plain(sentence)]
        if not same:
            return None
        new = rng.choice(same)
    else:
        how, new = "other", rng.choice(pools.numbers)
    return None if _equal(new, old) else _put(sentence, *found.span(), new, how)


def _plain(text: str) -> str:
    """Half width, simplified magnitudes, no thousands separators: for telling a change from a mere other
    spelling."""
    return unicodedata.normalize("NFKC", text).translate(str.maketrans("萬億兩", "万亿两", ","))


def _equal(one: str, two: str) -> bool:
    return re.sub(r"\.0+$", "", _plain(one)) == re.sub(r"\.0+$", "", _plain(two))


def _swap_date(sentence: str, source: Source, pools: Pools, rng: random.Random, question: str) -> Swap:
    if not (found := list(_DATE.finditer(sentence))):
        return None
    match = rng.choice(found)
    part = rng.choice([k for k, v in match.groupdict().items() if v])
    old = match[part]
    how = rng.choice(["other", "near", "in_passage"])
    if how == "in_passage":
        same = [m[part] for m in _DATE.finditer(source.text) if m[part] and m[part] not in _plain(sentence)]
        if not same:
            return None
        return _put(sentence, *match.span(part), rng.choice(same), f"{how}_{part[0]}")
    top = {"y": 2020, "m": 12, "d": 28}[part[0]]
    value = int(old)
    low = max(1, min(value, top) - 60) if part[0] == "y" else 1
    new = value + rng.choice([-1, 1]) if how == "near" else rng.randint(low, top)
    if new == value or not 1 <= new <= max(top, 31 if part[0] == "d" else top):
        return None
    return _put(sentence, *match.span(part), str(new), f"{how}_{part[0]}")


def _swap_name(sentence: str, source: Source, pools: Pools, rng: random.Random, question: str) -> Swap:
    spans = list(named(source.questions, sentence, question))
    if not spans:
        return None
    start, end, kind = rng.choice(spans)
    old = sentence[start:end]
    how = rng.choice(["other", "other", "in_passage"])
    if how == "in_passage":
        here = {source.text[a:b] for a, b, k in named(source.questions, source.text, "") if k == kind}
        pool = sorted(x for x in here if not related(x, sentence) and not related(x, old))
    else:
        pool = [
            x
            for x in rng.sample(pools.names[kind], min(20, len(pools.names[kind])))
            if x not in source.text and not related(x, old)
        ]
    if not pool:
        return None
    return _put(sentence, start, end, rng.choice(pool), f"{how}_{kind}")


def related(one: str, two: str) -> bool:
    """The same name, or part of it, in either script."""
    one, two = (_plain(x).translate(scripts()["t2s"]) for x in (one, two))
    return one in two or two in one


def _swap_polarity(sentence: str, source: Source, pools: Pools, rng: random.Random, question: str) -> Swap:
    how = rng.choice(["removed", "inserted", "opposite"])
    if how == "removed":
        found = list(_REMOVE.finditer(sentence))
        if not found:
            return None
        match = rng.choice(found)
        new = {
            "没有": "有",
            "沒有": "有",
            "无法": "能够",
            "無法": "能夠",
            "禁止": "允许",
            "不得": "可以",
            "从未": "曾",
            "并未": "",
            "並未": "",
        }.get(match.group(), "")
        return how, match.group(), new, sentence[: match.start()] + new + sentence[match.end() :]
    if how == "inserted":
        found = [m for m in _VERB.finditer(sentence) if sentence[m.start() - 1] not in "不未没沒无無非"]
        if not found:
            return None
        at = rng.choice(found).start()
        following = sentence[at : at + 1]
        new = rng.choice(["没有", "并未", "从未"] if following != "可" and following != "能" else ["不"])
        return how, "", new, sentence[:at] + new + sentence[at:]
    pairs = [
        (a, b)
        for one, two in OPPOSITES[:22] + OPPOSITES[24:]
        for a, b in ((one, two), (two, one))
        if a in sentence and len(a) > 1
    ]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    at = sentence.index(a)
    return _put(sentence, at, at + len(a), b, how)


_SWAPS: dict[str, Callable[[str, Source, Pools, random.Random, str], Swap]] = {
    "number": _swap_number,
    "date": _swap_date,
    "name": _swap_name,
    "polarity": _swap_polarity,
}


def _pools(sources: Sequence[Source]) -> Pools:
    pools = Pools()
    for source in sources:
        pools.numbers += [m.group() for m in _NUMBER.finditer(source.text) if m.group()[0].isdigit()]
        for start, end, kind in named(source.questions, source.text, ""):
            pools.names.setdefault(kind, []).append(source.text[start:end])
    return pools

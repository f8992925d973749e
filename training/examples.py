"""Training examples: pairs of texts with what each head should say of them. Made with a seed, so the same
every time.

Every example has a first text (a question, a statement) and a second (a passage, the turns before). ``None``
in a label means that nobody knows, and that head learns nothing from it.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from index.sentences import split_sentences
from qa.reader import history
from training.swaps_make import cases, read

DATA = Path(__file__).with_name("data")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Example:
    """One pair of texts.

    Attributes:
        task: read, judge, turn or kind: the word that stands before the first text.
        first, second: the texts.
        spans: of ``second`` that are wanted, in characters; None: not known.
        answerable, supported, alone: labels of the text heads.
        unborne: spans of ``first`` that the second text does not bear out; None: not known.
        kind: name of the kind of answer, "" when not known.
        group: what must not be split between training and trying (a passage, a document kind).
    """

    task: str
    first: str
    second: str
    spans: tuple[Span, ...] | None = None
    answerable: bool | None = None
    supported: bool | None = None
    alone: bool | None = None
    unborne: tuple[Span, ...] | None = None
    kind: str = ""
    group: str = ""


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def headed(row: dict[str, Any], rng: random.Random) -> tuple[str, int]:
    """A passage under its headings as the program gives it, sometimes without; and where the passage
    begins."""
    over = rng.choice((f"{row['title']} > {row['heading']}\n", f"{row['heading']}\n", ""))
    return over + row["passage"], len(over)


def written(paths: Iterable[Path], seed: int = 0) -> Iterator[Example]:
    """Questions and statements written by hand: spans, near misses, borne out or not; and answers put to
    questions."""
    for path in paths:
        for row in rows(path):
            rng = random.Random(f"{seed}-{row['id']}")
            for item in row["questions"]:
                yield from _asked(row, item, rng)
            for query in row.get("queries", ()):
                yield Example("read", query, headed(row, rng)[0], answerable=True, group=row["kind"])
            yield from _stated(row, rng)


def _asked(row: dict[str, Any], item: dict[str, Any], rng: random.Random) -> Iterator[Example]:
    text, begin = headed(row, rng)
    spans, at = [], 0
    for answer in item["answers"]:
        found = row["passage"].find(answer, at)
        found = row["passage"].find(answer) if found < 0 else found
        if found >= 0:
            spans.append((begin + found, begin + found + len(answer)))
            at = found + len(answer)
    yield Example("read", item["q"], text, tuple(spans), bool(spans), group=row["kind"])
    if "polarity" in item and spans:  # what a question of yes or no comes to
        for word, polarity in (("是", "yes"), ("否", "no")):
            right = item["polarity"] == polarity
            yield Example("judge", f"{item['q']} {word}", text, supported=right, group=row["kind"])
    told = "、".join(item["answers"]) if item["answers"] else ""
    others = [
        a for other in row["questions"] for a in other["answers"] if other["q"] != item["q"] and a not in told
    ]
    if told and len(item["answers"]) <= 4:  # an answer put to its question, and the answer of another
        yield Example("judge", f"{item['q']} {told}", text, supported=True, unborne=(), group=row["kind"])
    if others:
        wrong = rng.choice(others)
        if wrong != told and wrong not in told and told not in wrong or not told:
            first = f"{item['q']} {wrong}"
            bad = ((len(item["q"]) + 1, len(first)),)
            yield Example("judge", first, text, supported=False, unborne=bad, group=row["kind"])


def _stated(row: dict[str, Any], rng: random.Random) -> Iterator[Example]:
    true = [s["s"] for s in row["statements"] if s["label"]]
    for item in row["statements"]:
        text, _ = headed(row, rng)
        bad = () if item["label"] else _changed(item["s"], true)
        yield Example("judge", item["s"], text, supported=item["label"], unborne=bad, group=row["kind"])


def _changed(false: str, true: Sequence[str]) -> tuple[Span, ...] | None:
    """What a false statement has that its true twin does not; None where there is no twin."""
    best = max(true, key=lambda t: SequenceMatcher(None, false, t, autojunk=False).ratio(), default="")
    match = SequenceMatcher(None, best, false, autojunk=False)
    if match.ratio() < 0.75:
        return None
    spans = tuple((max(0, c - 1), max(c + 1, d)) for op, _, _, c, d in match.get_opcodes() if op != "equal")
    return spans if len(spans) <= 3 else None


def window(text: str, start: int, end: int, size: int) -> tuple[str, int]:
    """Whole sentences around a span, about ``size`` characters, and where they begin."""
    cuts = split_sentences(text)
    a = next((i for i, (_, e) in enumerate(cuts) if e > start), 0)
    b = max(a, next((i for i, (_, e) in enumerate(cuts) if e >= end), len(cuts) - 1))
    while cuts[b][1] - cuts[a][0] < size and (a > 0 or b < len(cuts) - 1):
        a, b = max(0, a - 1), min(len(cuts) - 1, b + 1)
    return text[cuts[a][0] : cuts[b][1]], cuts[a][0]


def comprehension(path: Path, seed: int = 0) -> Iterator[Example]:
    """A SQuAD-style file: the spans, and for half of the questions another passage of the same article or
    file."""
    data = json.loads(path.read_text("utf-8"))["data"]
    passages = [p for article in data for p in article["paragraphs"]]
    for number, passage in enumerate(passages):
        for qa in passage["qas"]:
            rng = random.Random(f"{seed}-{qa['id']}")
            answer = qa["answers"][0]
            start = answer["answer_start"]
            if passage["context"][start : start + len(answer["text"])] != answer["text"]:
                start = passage["context"].find(answer["text"])
            if start < 0:
                continue
            end = start + len(answer["text"])
            text, begin = window(passage["context"], start, end, rng.choice((120, 250, 380)))
            yield Example(
                "read", qa["question"], text, ((start - begin, end - begin),), True, group=path.stem
            )
            if rng.random() < 0.5:
                other = passages[number - 1 if rng.random() < 0.7 else rng.randrange(len(passages))][
                    "context"
                ]
                if answer["text"] not in other:
                    cut = window(other, 0, 1, 250)[0]
                    yield Example("read", qa["question"], cut, (), False, group=path.stem)
            others = [o["answers"][0]["text"] for o in passage["qas"] if o is not qa]
            true = f"{qa['question']} {answer['text']}"
            if others and rng.random() < 0.5:
                wrong = rng.choice(others)
                if wrong not in answer["text"] and answer["text"] not in wrong and wrong in text:
                    first = f"{qa['question']} {wrong}"
                    bad = ((len(qa["question"]) + 1, len(first)),)
                    yield Example("judge", first, text, supported=False, unborne=bad, group=path.stem)
                    yield Example("judge", true, text, supported=True, unborne=(), group=path.stem)


def swapped(paths: Sequence[Path], each: int, seed: int = 0) -> Iterator[Example]:
    """True sentences and ones with a number, date, name or polarity changed, each with the part that was
    changed."""
    sources = [source for path in paths for source in read(path)]
    for kind in ("number", "date", "name", "polarity"):
        for case in cases(sources, kind, each, seed, noise=0):
            if case.form == "bare":
                continue
            text = case.evidence[0]
            at = _where(
                case.sentence
                if not case.swapped
                else case.sentence.replace(case.changed[1], case.changed[0], 1),
                text,
            )
            part = window(text, at, at + 1, 160)[0]
            bad = ((case.at, max(case.at + 1, case.at + len(case.changed[1]))),) if case.swapped else ()
            yield Example("judge", case.sentence, part, supported=not case.swapped, unborne=bad, group=kind)


def _where(sentence: str, text: str) -> int:
    match = SequenceMatcher(None, text, sentence, autojunk=False).find_longest_match()
    return match.a


_MODAL = [
    ("应当", "可以"),
    ("不得", "可以"),
    ("必须", "可以"),
    ("可以", "应当"),
    ("以上", "以下"),
    ("不少于", "不超过"),
    ("不超过", "不少于"),
    ("以内", "以上"),
    ("工作日", "日"),
    ("书面", "口头"),
    ("全部", "部分"),
    ("每年", "每月"),
    ("每日", "每周"),
    ("之前", "之后"),
    ("以前", "以后"),
    ("或者", "并且"),
    ("和", "或者"),
    ("除外", "在内"),
    ("低于", "高于"),
    ("超过", "不足"),
    ("国务院", "省级人民政府"),
    ("县级", "省级"),
    ("不予", "应当予以"),
    ("无需", "必须"),
    ("有权", "无权"),
    ("免费", "收费"),
    ("甲方", "乙方"),
    ("乙方", "甲方"),
    ("申请人", "主管部门"),
]


def statutes(path: Path, most: int, seed: int = 0) -> Iterator[Example]:
    """Sentences of statutes, and the same with a modal verb, a limit, a body or a figure changed."""
    rng = random.Random(seed)
    lines = path.read_text("utf-8").splitlines()
    rng.shuffle(lines)
    made = 0
    for line in lines:
        article = json.loads(line)["content"].strip()
        parts = [article[a:b].strip() for a, b in split_sentences(article) if 12 <= b - a <= 110]
        if not parts or not 50 <= len(article) <= 420 or made >= most:
            continue
        sentence = rng.choice(parts)
        changed = _swap(sentence, rng)
        if changed is None:
            continue
        made += 1
        wrong, bad = changed
        yield Example("judge", _plainer(sentence, rng), article, supported=True, unborne=(), group="statutes")
        yield Example("judge", wrong, article, supported=False, unborne=bad, group="statutes")


def _plainer(sentence: str, rng: random.Random) -> str:
    """The same said with harmless changes, some of the time."""
    for one, two in (
        ("应当", "应"),
        ("或者", "或"),
        ("不得", "不能"),
        ("不得", "禁止"),
        ("予以", ""),
        ("、", "和"),
        ("的，", "，"),
    ):
        if one in sentence and rng.random() < 0.4:
            sentence = sentence.replace(one, two, 1)
    return sentence.rstrip("。；") if rng.random() < 0.5 else sentence


def _swap(sentence: str, rng: random.Random) -> tuple[str, tuple[Span, ...]] | None:
    pairs = [(m.start(), one, two) for one, two in _MODAL for m in re.finditer(one, sentence)]
    for m in re.finditer(r"[二三四五六七八九]十|[二三四五六七八九十](?=[日年月个人倍万元])", sentence):
        pairs.append((m.start(), m[0], rng.choice([c for c in "二三四五六七八九十" if c not in m[0]])))
    if not pairs:
        return None
    at, one, two = rng.choice(pairs)
    return sentence[:at] + two + sentence[at + len(one) :], ((at, at + len(two)),)


def relevance(folder: Path, seed: int = 0) -> Iterator[Example]:
    """Lay questions with the statute that answers them and near ones that do not (the tuning half of STARD),
    and questions with passages judged by people (the tuning half of NoMIRACL)."""
    articles: dict[str, str] = {}
    for row in rows(folder / "stard" / "corpus.jsonl"):
        articles[row["name"]] = row["content"].strip()
    names = sorted(articles)
    bags = {name: _pairs(articles[name]) for name in names}
    rng = random.Random(seed)
    for query in json.loads((folder / "stard" / "queries.json").read_text("utf-8")):
        if zlib.crc32(str(query["query_id"]).encode()) % 2:
            continue
        gold = [name for name in query["match_name"] if name in articles]
        asked = _pairs(query["问题"])
        near = sorted(rng.sample(names, 6000), key=lambda n: -len(asked & bags[n]) / (20 + len(bags[n])))[:6]
        for name in gold[:2]:
            yield Example(
                "read", query["问题"], f"{name}\n{articles[name][:400]}", answerable=True, group="stard"
            )
        for name in rng.sample([n for n in near if n not in gold], 3):
            yield Example(
                "read", query["问题"], f"{name}\n{articles[name][:400]}", answerable=False, group="stard"
            )
    for row in rows(folder / "nomiracl-zh" / "test.jsonl"):
        if zlib.crc32(str(row["query_id"]).encode()) % 2 or row["subset"] != "non_relevant":
            continue
        for passage in row["passages"][:3]:
            yield Example("read", row["query"], passage[:400], (), False, group="nomiracl")


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


def kinds(path: Path = DATA / "kinds.jsonl") -> Iterator[Example]:
    """Questions with the kind of answer they want."""
    for row in rows(path):
        yield Example(
            "kind",
            row["q"],
            history([(row["before"], row["before_answer"])]),
            kind=row["kind"],
            group=row["domain"],
        )


def turns(
    path: Path = DATA / "conversations.jsonl", hard: Path = DATA / "rewrites_hard.jsonl"
) -> Iterator[Example]:
    """Turns of conversations: does the question stand alone, and which words of the turns before does it
    need?"""
    for row in rows(path):
        said: list[tuple[str, str]] = []
        for turn in row["turns"]:
            if said:
                yield _turn(turn["q"], turn["standalone"], said[-5:], row["domain"])
            said.append((turn["q"], turn["a"]))
    for row in rows(hard):
        yield _turn(row["q"], row["standalone"], [(row["before"], row["before_answer"])], "hard")


def _turn(question: str, standalone: str, said: Sequence[tuple[str, str]], group: str) -> Example:
    before = history(said)
    alone = _bare(question) == _bare(standalone)
    spans = () if alone else carried(question, standalone, before)
    return Example("turn", question, before, spans, alone=alone, group=group)


def carried(question: str, standalone: str, before: str) -> tuple[Span, ...]:
    """Where the turns before have what the question standing alone has, and the question itself has not."""
    found: list[Span] = []
    match = SequenceMatcher(None, question, standalone, autojunk=False)
    new = [standalone[c:d] for op, _, _, c, d in match.get_opcodes() if op in ("insert", "replace")]
    for piece in new:
        at = 0
        while at < len(piece):
            length = next((n for n in range(len(piece) - at, 1, -1) if piece[at : at + n] in before), 0)
            if length:
                where = before.find(piece[at : at + length])
                found.append((where, where + length))
            at += max(1, length)
    return tuple(sorted(set(found)))


def _bare(text: str) -> str:
    return re.sub(r"[\s，。？！?!,.]", "", text)

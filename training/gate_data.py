"""Tuning questions for the gate: with and without the passage that answers them, as refusal benchmarks have them.

Four kinds, all of tuning data alone. From cmrc2018 trial and drcd dev: each context is cut into passages of about 150
characters; a question is given the passages nearest to it by shared character pairs, and for half of the questions
every passage that holds an answer is taken out. What is left speaks of the same subject: a near miss. And questions
written for this project over news articles (``data/news_tuning.jsonl``, worded as staff ask; half of them ask what the
article does not tell), each with the passages nearest to it out of some hundred articles. Questions written for this
project as MIRACL's were (``data/wiki_tuning.jsonl``): by who had read the first words of an encyclopaedia article only,
with the ten nearest passages of cmrc2018 trial and drcd dev, then judged: do these answer it? And the tuning half of
NoMIRACL, by the hash of its ids.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.tasks.retrieval import read_nomiracl
from index.normalize import normalize
from index.sentences import split_sentences

PASSAGE = 150
GIVEN = 10
ARTICLES = 1500
"""News articles among which the passages of a question are looked for, besides those that questions were written for."""


@dataclass(frozen=True, slots=True)
class GateItem:
    """A question with its closed context; ``answers`` is empty when none of the passages answers it."""

    id: str
    question: str
    passages: tuple[str, ...]
    answers: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...] = ()

    def row(self) -> dict[str, Any]:
        """The question as ``training.gate_rows`` takes it."""
        row = {"id": self.id, "question": self.question, "answers": list(self.answers), "passages": [("", p) for p in self.passages]}
        return row | ({"answer_parts": [list(part) for part in self.parts]} if self.parts else {})


def gate_items(files: Sequence[Path], count: int, seed: int = 1) -> list[GateItem]:
    """``count`` items drawn from SQuAD-style files, about half of them not answerable; the same for the same seed."""
    passages: list[str] = []
    questions: list[tuple[str, str, tuple[str, ...], frozenset[int]]] = []
    for file in files:
        for paragraph in _paragraphs(file):
            first, cuts = len(passages), _cut(paragraph["context"])
            passages += [text for _, text in cuts]
            for qa in paragraph["qas"]:
                at = int(qa["answers"][0]["answer_start"])
                gold = frozenset(first + i for i, (start, text) in enumerate(cuts) if start <= at < start + len(text))
                questions.append((str(qa["id"]), qa["question"], tuple(a["text"] for a in qa["answers"]), gold))
    search = _Pairs(passages)
    draw = random.Random(seed)
    draw.shuffle(questions)
    items: list[GateItem] = []
    for identity, question, answers, gold in questions:
        answerable = len(items) % 2 == 0
        near = search.nearest(question, GIVEN * 2)
        if not answerable:
            near = [row for row in near if row not in gold and not any(a in passages[row] for a in answers)]
        elif not gold & set(near[:GIVEN]):
            continue
        given = near[:GIVEN]
        draw.shuffle(given)
        items.append(GateItem(identity, question, tuple(passages[r] for r in given), answers if answerable else ()))
        if len(items) == count:
            break
    return items


def news_items(questions: Path, news: Path) -> list[GateItem]:
    """The questions written over news articles, each with its nearest passages, those that hold an answer among them.

    Args:
        questions: JSON lines with id, article, question, answers, and answer_parts where several things are asked.
        news: the articles, JSON lines with id and text.
    """
    asked = [json.loads(line) for line in questions.read_text("utf-8").splitlines()]
    wanted = {item["article"] for item in asked}
    articles = [json.loads(line) for line in news.read_text("utf-8").splitlines()]
    kept = [a for a in articles if a["id"] in wanted] + [a for a in articles if a["id"] not in wanted][:ARTICLES]
    rows = [(article["id"], text) for article in kept for _, text in _cut(article["text"])]
    search = _Pairs([text for _, text in rows])
    items = []
    for item in asked:
        parts = _parts(item)
        spans = [span for part in parts or (item["answers"],) for span in part]
        gold = [r for r, (article, text) in enumerate(rows) if article == item["article"] and any(s in text for s in spans)]
        near = search.nearest(item["question"], GIVEN)
        near = near[: GIVEN - len(set(gold) - set(near))] + [row for row in gold if row not in near]
        passages = [rows[row][1] for row in near[:GIVEN]]
        random.Random(item["id"]).shuffle(passages)
        items.append(GateItem(item["id"], item["question"], tuple(passages), tuple(item["answers"]), parts))
    return items


def wiki_items(questions: Path, files: Sequence[Path]) -> list[GateItem]:
    """The questions written as MIRACL's were, each with its GIVEN nearest passages of the SQuAD-style ``files``.

    Args:
        questions: JSON lines with id, question, answers ([] where the ten passages do not tell), and answer_parts.
    """
    texts = [text for file in files for paragraph in _paragraphs(file) for _, text in _cut(paragraph["context"])]
    search = _Pairs(texts)
    items = []
    for line in questions.read_text("utf-8").splitlines():
        item = json.loads(line)
        passages = [texts[row] for row in search.nearest(item["question"], GIVEN)]
        random.Random(item["id"]).shuffle(passages)
        items.append(GateItem(item["id"], item["question"], tuple(passages), tuple(item["answers"]), _parts(item)))
    return items


def nomiracl_items(labels: Path, file: Path) -> Iterator[dict[str, Any]]:
    """The tuning half of NoMIRACL (see ``eval.tasks.retrieval``), passages with their titles.

    Args:
        labels: JSON lines with id, answers and answer_parts for those questions that NoMIRACL has as answered (it marks
            passages, not answers): what the evidence sentences tell, [] where they do not though a passage may.
    """
    told = {row["id"]: row for row in (json.loads(line) for line in labels.read_text("utf-8").splitlines())}
    for item in read_nomiracl(file).items:
        if item.split == "tuning" and (not item.answerable or item.id in told):
            answers = told[item.id] if item.answerable else {"answers": []}
            passages = [(context.title, context.text) for context in item.passages]
            yield {**answers, "id": item.id, "question": item.question, "passages": passages, "answerable": item.answerable}


def _parts(item: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The alternatives of each thing that is asked for; () where it is one."""
    return tuple(tuple(part) for part in item.get("answer_parts", ()))


def _paragraphs(file: Path) -> list[dict[str, Any]]:
    data = json.loads(file.read_text(encoding="utf-8"))["data"]
    return [paragraph for article in data for paragraph in article["paragraphs"]]


def _cut(context: str) -> list[tuple[int, str]]:
    """Passages of about PASSAGE characters, cut between sentences, with their offsets."""
    out: list[tuple[int, str]] = []
    start = end = 0
    for a, b in split_sentences(context):
        if end > start and b - start > PASSAGE:
            out.append((start, context[start:end]))
            start = a
        end = b
    return [*out, (start, context[start:end])] if end > start else out


class _Pairs:
    """Passages by shared character pairs, rare ones counting more (BM25, k1 1.2, b 0.75)."""

    def __init__(self, passages: Sequence[str]) -> None:
        self.holders: dict[str, list[tuple[int, int]]] = defaultdict(list)
        bags = [Counter(_pairs(p)) for p in passages]
        mean = sum(b.total() for b in bags) / max(1, len(bags))
        self.norm = [1.2 * (0.25 + 0.75 * b.total() / mean) for b in bags]
        for row, bag in enumerate(bags):
            for pair, times in bag.items():
                self.holders[pair].append((row, times))

    def nearest(self, question: str, count: int) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        for pair in set(_pairs(question)):
            held = self.holders.get(pair, [])
            weight = math.log(1 + (len(self.norm) - len(held) + 0.5) / (len(held) + 0.5))
            for row, times in held:
                scores[row] += weight * times * 2.2 / (times + self.norm[row])
        return sorted(scores, key=lambda row: (-scores[row], row))[:count]


def _pairs(text: str) -> list[str]:
    flat = "".join(c for c in normalize(text).text if c.isalnum())
    return [flat[i : i + 2] for i in range(len(flat) - 1)]

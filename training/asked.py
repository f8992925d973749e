"""What the adapter is trained on: of a passage as it stands in a prompt the questions and statements about
it, with what is known of each."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import prompts
from index.sentences import split_sentences
from qa.types import Turn
from qa.understand import after

BESIDE = (0.5, 0.75, 0.9, 1.0)
"""Shares of the passages beside which none, at most one, two, three others stand."""
CUT = 350
"""Characters of another passage."""
ALIKE = 0.5
"""Least share of characters in common of two questions of which one is told to be borne out as far as it
differs."""
STRANGE = 2
"""Questions about other kinds of documents that are asked of a passage too."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Text:
    """A question or a statement. ``None``: nobody knows.

    Attributes:
        answered, premise, supported: see ``qa.adapted.HEADS``.
        lines: those of the material that answer, ``[lines]``: 1, 0, or a number below 0 for those of which
        one does
            (the same number for one part of the answer).
        borne: spans of a question's characters that the material bears out (1) or not (0).
        twin: place among the passage's texts of the one that differs in one thing.
    """

    text: str
    statement: bool = False
    answered: bool | None = None
    premise: bool | None = None
    supported: bool | None = None
    lines: tuple[int, ...] | None = None
    borne: tuple[tuple[Span, int], ...] = ()
    twin: int | None = None


@dataclass(slots=True)
class Asked:
    """A passage with what is asked of it; ``lines`` are spans of ``evidence``."""

    id: str
    kind: str
    evidence: str
    lines: list[Span]
    texts: list[Text] = field(default_factory=list)


def asked(
    row: Mapping[str, Any], given: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
) -> Asked:
    """A row of the hand-written form with its questions, those of ``pairs`` that name it, and its statements.

    Args:
        given: rows of all kinds, for what stands beside it.
    """
    rng = random.Random(row["id"])
    evidence, lines, first = _evidence(row, given, rng)
    found = Asked(row["id"], row["kind"], evidence, lines)
    found.texts += _questions(row, _Lines(row["passage"], first, len(lines)))
    for pair in (p for p in pairs if p["passage_id"] == row["id"]):
        found.texts += _pair(twins(pair), len(found.texts), len(lines))
    others = [r for r in given if r["kind"] != row["kind"]]
    for other in rng.sample(others, min(STRANGE, len(others))):
        text = rng.choice(other["questions"])["q"]
        if text not in {t.text for t in found.texts}:
            found.texts.append(Text(text, False, False, False, None, (0,) * len(lines)))
    found.texts += _statements(row["statements"], len(found.texts))
    return found


def of_tables(
    documents: Sequence[Mapping[str, Any]], questions: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of the hand-written form of tables and lists (``count_docs.jsonl``) and what counts, adds or lists
    some of their lines (``count_asked.jsonl``); a row of a table as the index has it."""
    found = []
    for document in documents:
        told = _told(document["passage"])
        own = [question for question in questions if question["passage_id"] == document["id"]]
        asked = [
            {"q": one["q"], "answers": [told[line] for line in one["lines"]], "type": one["operation"]}
            for one in own
        ]
        text = "\n".join(line for line in told.values() if line)
        found.append(
            {
                **document,
                "heading": document.get("heading", document["title"]),
                "passage": text,
                "questions": asked,
                "statements": [],
            }
        )
    return found


def _told(passage: str) -> dict[str, str]:
    """By line of a passage how it is told: a row of a table with its columns, what stands over it not."""
    found: dict[str, str] = {}
    columns: list[str] = []
    for line in passage.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            columns, found[line] = [], line
        elif not columns or not any(cell.strip("-: ") for cell in cells):
            columns, found[line] = columns or cells, ""
        else:
            pairs = zip(columns, cells, strict=False)
            found[line] = "；".join(f"{column}：{cell}" for column, cell in pairs if cell)
    return found


def _questions(row: Mapping[str, Any], lines: _Lines) -> list[Text]:
    """The questions of a row; one with ``premise`` takes something false for granted, or is the true twin
    that follows it."""
    found: list[Text] = []
    for question in row["questions"]:
        text, answered, twin = question["q"], bool(question["answers"]), question.get("twin")
        if "premise" in question:
            false, at = not question["premise"], len(found)
            found.append(Text(text, premise=false, twin=at + 1 if false else at - 1))
            continue
        told = lines.told(question.get("rows") or question["answers"]) if answered else lines.none
        borne = (
            _all(text) if answered else _borne(row["questions"][twin]["q"], text) if twin is not None else ()
        )
        found.append(Text(text, False, answered, False, None, told, borne, twin))
    return found


def _statements(items: Sequence[Mapping[str, Any]], at: int) -> list[Text]:
    """The statements of a row, which stand from ``at`` on. ``twin`` is a number that two of them share, or,
    where none do, the other's place."""
    numbers = [item.get("twin") for item in items]
    shared = all(number is None or numbers.count(number) == 2 for number in numbers)
    found = []
    for i, (item, number) in enumerate(zip(items, numbers, strict=True)):
        if shared and number is not None:
            number = next(n for n, other in enumerate(numbers) if other == number and n != i)
        twin = None if number is None else at + number
        found.append(Text(item["s"], True, supported=bool(item["label"]), twin=twin))
    return found


def _pair(these: Sequence[tuple[str, int]], at: int, lines: int) -> list[Text]:
    """The questions of a pair (see :func:`twins`), which stand from ``at`` on."""
    found = []
    for i, (text, label) in enumerate(these):
        twin = at + 1 - i if len(these) > 1 else None
        if label >= 2:
            found.append(Text(text, premise=label == 2, twin=twin))
            continue
        borne = _all(text) if label else _borne(these[1 - i][0], text)
        found.append(
            Text(text, False, bool(label), False, None, None if label else (0,) * lines, borne, twin)
        )
    return found


class _Lines:
    """Which lines of the evidence hold parts of its passage.

    Args:
        first: the passage's first line.  number: how many there are in all.
    """

    def __init__(self, passage: str, first: int, number: int) -> None:
        self._text = prompts.escape_evidence(passage)
        self._own = _sentences(passage)
        self._first = first
        self.none = (0,) * number
        self._unsure = 0

    def told(self, parts: Sequence[str]) -> tuple[int, ...] | None:
        """The lines that hold the parts, as ``Text.lines`` has them; None where none does."""
        out = list(self.none)
        for part in (prompts.escape_evidence(part) for part in parts):
            starts = [i for i in range(len(self._text)) if self._text.startswith(part, i)]
            hit = [self._held(start, start + len(part)) for start in starts]
            if len(hit) > 1:
                self._unsure -= 1
            for i in set().union(*hit):
                out[i] = 1 if len(hit) == 1 else out[i] or self._unsure
        return tuple(out) if any(out) else None

    def _held(self, begin: int, end: int) -> set[int]:
        return {self._first + i for i, (a, b) in enumerate(self._own) if a < end and begin < b}


def _all(text: str) -> tuple[tuple[Span, int], ...]:
    return (((0, len(text)), 1),)


def twins(pair: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The questions of a pair, as the program asks them after turns, with 1 (answered), 0 (not), 2 (takes
    something false for granted) or 3 (its true twin)."""
    if "false" in pair:
        return [(pair["false"], 2), (pair["true"], 3)]
    if "answered" not in pair:
        return [(pair["question"], 3)]
    turns = [Turn(turn["q"], turn["a"]) for turn in pair.get("turns") or ()]
    alone = not turns or pair["answered"] == pair["answered_alone"]
    both = [pair["answered"], pair["unanswered"]]
    return [(text if alone else after(turns, text), label) for text, label in zip(both, (1, 0), strict=True)]


def _evidence(
    row: Mapping[str, Any], given: Sequence[Mapping[str, Any]], rng: random.Random
) -> tuple[str, list[Span], int]:
    """The passage as a prompt has it, under its title and heading or without, often beside others; the
    sentences of all of them, and which is the passage's first."""
    chance = rng.random()
    number = next(i for i, share in enumerate(BESIDE) if chance < share)
    same = [r for r in given if r["kind"] == row["kind"] and r is not row]
    other = [r for r in given if r["kind"] != row["kind"]]
    texts: list[tuple[Mapping[str, Any], str]] = [(row, row["passage"])]
    for _ in range(number):
        chosen = rng.choice(same if same and rng.random() < 0.6 else other)
        if all(chosen is not one for one, _ in texts):
            texts.insert(rng.randrange(len(texts) + 1), (chosen, chosen["passage"][:CUT]))
    out, first = "", 0
    lines: list[Span] = []
    labelled = rng.random()
    for i, (one, text) in enumerate(texts, 1):
        over = [one["title"], one["heading"]] if labelled < 0.7 else [one["title"]] if labelled < 0.85 else []
        label = f"（{prompts.escape_evidence('，'.join(over))}）" if over else ""
        out += ("\n" if out else "") + f"[{i}] {label}"
        first = len(lines) if one is row else first
        lines += [(len(out) + a, len(out) + b) for a, b in _sentences(text)]
        out += prompts.escape_evidence(text)
    return out, lines, first


def _sentences(text: str) -> list[Span]:
    """Spans of the sentences of a text as it stands in a prompt, where line breaks are no longer seen."""
    found = []
    at = 0
    for a, b in split_sentences(text):
        part = prompts.escape_evidence(text[a:b])
        at = prompts.escape_evidence(text).index(part, at)
        found.append((at, at + len(part)))
        at += len(part)
    return found


def _borne(one: str, other: str) -> tuple[tuple[Span, int], ...]:
    """Of the other of two questions that differ in one thing: what is borne out until it differs, and what
    is not where that ends."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    found = [(c, d) for tag, _, _, c, d in matcher.get_opcodes() if tag != "equal" and d > c]
    if not found or matcher.ratio() < ALIKE:
        return ()
    begin, end = found[0][0], found[-1][1]
    return (((0, begin), 1), ((max(0, end - 1), len(other)), 0))

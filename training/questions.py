"""Collects the default generator's hidden states after it has read evidence and a question: is it answered
there, is what it takes for granted borne out? What the probes of ``qa.gate`` are fitted on.

    python -m training.questions OUT.npz [--premises PAIRS.jsonl...] [--part N] FILE.jsonl...

FILEs are of the hand-written form (``passage``, ``questions``); pairs name a passage of them
(``passage_id``) and have a question with a false premise and its twin (``false``, ``true``), or two that are
nearly the same of which the passage answers one (``answered``, ``unanswered``), maybe after some ``turns``.
One row a question: ``answered`` float16 [n, layers * hidden size] (the state after ``prompts/judge.md``),
``label`` int8 [n] (1 answered, 0 not, 2 false premise, 3 its true twin), ``ids``, ``groups``, ``near`` bool
[n] (one of two questions nearly the same); with ``--words`` also ``words`` float16 [characters, layers *
hidden size], the states after each character of the questions, one after the other, ``letters`` int [n] of
each. Goes on where it stopped: OUT is written every 40 passages.
"""

from __future__ import annotations

import argparse
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import prompts
from engine.base import Marks, Message
from qa.draft import letters
from qa.types import Turn
from qa.understand import after
from training.examples import rows
from training.kept import opened

DISTRACTED = 0.7
"""Share of the passages beside which another one stands, half of the time of the same kind of document."""


def asked(
    row: dict[str, Any], pairs: Sequence[dict[str, Any]], of_pairs: bool = False
) -> list[tuple[str, int]]:
    """Questions about one passage with their labels, those of the pairs alone if so wanted."""
    found = [] if of_pairs else [(q["q"], int(bool(q["answers"]))) for q in row["questions"]]
    for pair in pairs:
        if pair["passage_id"] == row["id"]:
            found += twins(pair)
    return found


def twins(pair: dict[str, Any]) -> list[tuple[str, int]]:
    """The questions of a pair with their labels; after turns as the program asks them."""
    if "false" in pair:
        return [(pair["false"], 2), (pair["true"], 3)]
    if "answered" not in pair:
        return [(pair["question"], 3)]
    turns = [Turn(turn["q"], turn["a"]) for turn in pair.get("turns") or ()]
    alone = not turns or pair["answered"] == pair["answered_alone"]
    both = [pair["answered"], pair["unanswered"]]
    return [
        (asked if alone else after(turns, asked), label) for asked, label in zip(both, (1, 0), strict=True)
    ]


def evidence(row: dict[str, Any], given: Sequence[dict[str, Any]]) -> str:
    """The passage as it stands in a prompt, under its title, often with another one before or after it."""
    rng = random.Random(row["id"])
    texts = [f"（{row['title']}）{row['passage']}" if rng.random() < 0.7 else row["passage"]]
    if rng.random() < DISTRACTED:
        same = [r for r in given if r["kind"] == row["kind"] and r is not row]
        other = rng.choice(same if same and rng.random() < 0.5 else [r for r in given if r is not row])
        texts.insert(rng.randrange(2), f"（{other['title']}）{other['passage'][:250]}")
    return "\n".join(f"[{i}] {prompts.escape_evidence(text)}" for i, text in enumerate(texts, 1))


def chat(evidence: str, question: str) -> tuple[Message, ...]:
    parts = prompts.chat("judge", evidence=evidence, question=prompts.escape_evidence(question))
    return tuple(Message(role, content) for role, content in parts)


def read(generator: Marks, given: str, questions: Sequence[str]) -> list[np.ndarray]:
    """States of the questions of one passage, ``[characters + 1, ...]`` each; the first is read alone, so
    that the others find the evidence read."""
    states: list[np.ndarray] = []
    for part in (questions[:1], questions[1:]):
        chats = [(chat(given, question), question) for question in part]
        begun = [generator.read_at(one, letters(one, asked), threading.Event()) for one, asked in chats]
        states += [np.asarray(one.state(), np.float16) for one in begun]
    return states


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--premises", type=Path, nargs="*", default=[])
    parser.add_argument("--of-pairs", action="store_true", help="no questions but those of the pairs")
    parser.add_argument("--words", action="store_true", help="keep the states after each character too")
    parser.add_argument("--part", type=int, default=1, help="every Nth passage that no pair names")
    given = parser.parse_args()
    pairs = [pair for path in given.premises for pair in rows(path)]
    named = {pair["passage_id"] for pair in pairs}
    every = [row for path in given.files for row in rows(path)]
    chosen = [row for i, row in enumerate(every) if row["id"] in named or i % given.part == 0]
    nearly = {q for pair in pairs if "how" in pair or pair.get("turns") for q, _ in twins(pair)}
    names = ["answered", "label", "ids", "groups", "near", *(["words", "letters"] if given.words else [])]
    kept: dict[str, list[Any]] = {name: [] for name in names}
    if given.out.is_file():
        with np.load(given.out) as file:
            kept = {name: list(file[name]) for name in kept}
    generator = opened(Marks)
    done = {name.split("#")[0] for name in kept["ids"]}
    for at, row in enumerate(chosen, 1):
        if row["id"] not in done:
            questions = asked(row, pairs, given.of_pairs)
            told = read(generator, evidence(row, every), [q for q, _ in questions])
            kept["answered"] += [states[-1] for states in told]
            if given.words:
                kept["words"] += [state for states in told for state in states[:-1]]
                kept["letters"] += [len(states) - 1 for states in told]
            kept["label"] += [label for _, label in questions]
            kept["ids"] += [f"{row['id']}#{q}" for q, _ in questions]
            kept["groups"] += [row["kind"]] * len(questions)
            kept["near"] += [q in nearly for q, _ in questions]
        if at % 40 == 0 or at == len(chosen):
            new = given.out.with_suffix(".new.npz")
            np.savez(new, **{name: np.asarray(value) for name, value in kept.items()})
            new.replace(given.out)
            print(f"{at} of {len(chosen)}", flush=True)


if __name__ == "__main__":
    main()

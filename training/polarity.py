"""Fits what a question of yes or no comes to (``qa/polarity.npz``): a softmax over the state that the default
generator has after the question beside the lines that decide, through its adapter.

    python -m training.polarity collect STATES.npz     # goes on where it stopped; 200 questions a minute
    python -m training.polarity fit STATES.npz [--write]

Read are the questions of ``data/polarity.jsonl`` (yes, no or it depends, with the sentence that decides) and
those of the hand-written files that have a ``polarity``, beside the sentences with their answers. Folds share
no passage.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from engine.adapter import weights
from engine.base import Adapts, Generator
from index.types import Document, Hit, Passage
from qa.adapted import told
from qa.context import assembled
from qa.kinds.evidence import narrow
from qa.polarity import FILE, NAMES, SURE, fingerprint
from training import kept
from training.examples import DATA, rows

STRENGTH = 0.001
FOLDS = 5


class Asked(NamedTuple):
    """A question with what it comes to, and what of which passage decides."""

    passage: str
    question: str
    polarity: str
    deciding: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.passage} {self.question}"


def asked() -> Iterator[Asked]:
    """All questions, each once."""
    seen = set[str]()
    for row in rows(DATA / "polarity.jsonl"):
        one = Asked(row["passage_id"], row["q"], row["polarity"], (row["evidence"],))
        seen.add(one.name)
        yield one
    for passage in passages().values():
        for row in passage["questions"]:
            if row.get("polarity") in NAMES and row["answers"]:
                deciding = tuple(row.get("rows") or row["answers"])
                one = Asked(passage["id"], row["q"], row["polarity"], deciding)
                if one.name not in seen:
                    yield one


def passages() -> dict[str, dict[str, Any]]:
    """The hand-written passages by their id."""
    return {row["id"]: row for path in sorted(DATA.glob("?.jsonl")) for row in rows(path)}


def collect(out: Path) -> None:
    """Read what is not there yet, and keep it every hundred questions."""
    generator = kept.opened(Adapts)  # type: ignore[type-abstract]
    own, known = passages(), kept.known(out)
    for number, one in enumerate([one for one in asked() if one.name not in known], 1):
        state = _state(one, own[one.passage], generator) if one.passage in own else None  # type: ignore[arg-type]
        if state is not None:
            known[one.name] = state
        if number % 100 == 0:
            print(number, flush=True)
            np.savez(out, names=list(known), states=list(known.values()))
    np.savez(out, names=list(known), states=list(known.values()))


def _state(one: Asked, row: dict[str, Any], generator: Generator) -> np.ndarray | None:
    text = row["passage"]
    document = Document(row["id"], row["title"], f"{row['title']}.txt", text, row["id"])
    heading = (row["heading"],) if row.get("heading") else ()
    hit = Hit(Passage(f"{row['id']}-0001", row["id"], 0, len(text), text, heading), document, 0.5)
    lines = [s for s in narrow(hit).sentences() if any(d in s.text or s.text in d for d in one.deciding)]
    if not lines:
        return None
    context = assembled([(hit, lines)], generator.count_tokens)
    found = told(one.question, one.question, context, generator, threading.Event())
    return found.state if found else None


def fit(path: Path, write: bool) -> None:
    """Fit, print how well out of fold, write the weights."""
    known = kept.known(path)
    given = [one for one in asked() if one.name in known]
    x = np.stack([known[one.name] for one in given]).astype(np.float32)
    y = np.array([NAMES.index(one.polarity) for one in given])
    names = sorted({one.passage for one in given})
    drawn = dict(zip(np.random.default_rng(0).permutation(names).tolist(), range(len(names)), strict=True))
    fold = np.array([drawn[one.passage] % FOLDS for one in given])
    shares = np.zeros((len(y), len(NAMES)))
    for number in range(FOLDS):
        weight, bias = _fitted(x[fold != number], y[fold != number])
        z = x[fold == number] @ weight.T + bias
        z = np.exp(z - z.max(1, keepdims=True))
        shares[fold == number] = z / z.sum(1, keepdims=True)
    right = shares.argmax(1) == y
    print(f"n {len(y)}, right {right.mean():.3f}")
    for number, name in enumerate(NAMES[:2]):
        sure = shares[:, number] >= SURE
        print(f"{name} said of {sure.sum()} ({sure.mean():.1%}), right {(y[sure] == number).mean():.3f}")
    if write:
        weight, bias = _fitted(x, y)
        adapter = fingerprint(weights()["heads"])
        np.savez_compressed(FILE, weights=weight.astype(np.float16), bias=bias, adapter=adapter)


def _fitted(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights ``[3, size]`` and biases over the states as they are."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    model = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced")
    model.fit((x - mean) / scale, y)
    weight = (model.coef_ / scale).astype(np.float32)
    return weight, (model.intercept_ - weight @ mean).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("collect", "fit"):
        one = verbs.add_parser(verb)
        one.add_argument("states", type=Path)
        if verb == "fit":
            one.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.verb == "collect":
        collect(given.states)
    else:
        fit(given.states, given.write)


if __name__ == "__main__":
    main()

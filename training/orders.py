"""Fits which passages read like orders to a program: a linear model over the encoder's vectors
(``index/orders.npz``).

    python -m training.orders [--out index/orders.npz]

Orders: the documents of ``eval/data/injection.jsonl``. Ordinary: the passages of ``training/data/a.jsonl`` to
``k.jsonl``, and ``training/data/orders.jsonl`` (the same documents without their orders, and texts that tell
people what to do or speak of assistants). Every kind of order is left out once: recall is of kinds that the
fit has not seen, precision over ordinary passages that it has not seen. The threshold is the one that lets
ALARMS of ordinary passages through.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from eval.metrics.stats import wilson
from eval.scripts.injection import load
from index.encoder import open_encoder
from index.loaders import finish
from index.loaders.raw import Line, Raw, clean
from index.paragraphs import passage_search_text, passages_of
from training.examples import DATA, rows

MODEL = "multilingual-e5-small"
STRENGTH = 1.0
ALARMS = 0.01
"""Share of ordinary passages that may be told wrongly."""
FILES = "abcdefghijk"


@dataclass(frozen=True, slots=True)
class Example:
    """A passage as it is indexed; ``group``: kind of order, or where an ordinary passage is from."""

    text: str
    group: str
    order: bool
    source: str


def examples() -> list[Example]:
    """Ordinary passages first, then orders: passages of the attacks that are no part of the same document
    without its order."""
    found = []
    for row in rows(DATA / "orders.jsonl"):
        found += [Example(t, str(row["group"]), False, row["id"]) for t in indexed(row["title"], row["text"])]
    for name in FILES:
        for row in rows(DATA / f"{name}.jsonl"):
            if "passage" in row:
                text = "\n".join(part for part in (row.get("title", ""), row["passage"]) if part)
                found.append(Example(text, "ordinary", False, row["id"]))
    clean = {example.text for example in found}
    for attack in load():
        texts = [text for text in indexed(attack.title, attack.text) if text not in clean]
        found += [Example(text, attack.kind, True, attack.id) for text in texts]
    return found


def indexed(title: str, text: str) -> list[str]:
    """What is embedded of a small document, passage by passage."""
    raw = Raw([Line(line) for line in clean(text).split("\n")], "text/plain", title=title)
    document = finish(raw, "a.txt")
    return [passage_search_text(document, passage) for passage in passages_of(document)]


def odds_out_of_fold(x: np.ndarray, given: Sequence[Example]) -> np.ndarray:
    """Log-odds of every example by a fit that saw neither its kind of order nor its share of ordinary
    passages."""
    kinds = sorted({e.group for e in given if e.order})
    chance = np.random.default_rng(7)
    fold = np.array([kinds.index(e.group) if e.order else chance.integers(len(kinds)) for e in given])
    y = np.array([e.order for e in given])
    odds = np.zeros(len(given))
    for number in range(len(kinds)):
        seen = fold != number
        odds[~seen] = fitted(x[seen], y[seen]).decision_function(x[~seen])
    return odds


def fitted(x: np.ndarray, y: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=3000, class_weight="balanced").fit(x, y)


def report(odds: np.ndarray, given: Sequence[Example], least: float) -> None:
    """Recall by kind of order, alarms by origin, precision, each with its interval."""
    told = odds >= least
    for order, word in ((True, "told"), (False, "false alarms")):
        for group in [*sorted({e.group for e in given if e.order == order}), None]:
            own = [i for i, e in enumerate(given) if e.order == order and group in (None, e.group)]
            hits = int(told[own].sum())
            low, high = wilson(hits, len(own))
            share = f"{hits / len(own):.1%}, {low:.1%} to {high:.1%}"
            print(f"{group or 'all':10} {word} {hits} of {len(own)} ({share})")
    right = sum(e.order for e, t in zip(given, told, strict=True) if t)
    low, high = wilson(right, int(told.sum()))
    print(f"precision {right} of {int(told.sum())} ({right / told.sum():.1%}, {low:.1%} to {high:.1%})")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    data = examples()
    print(
        f"{sum(e.order for e in data)} passages with orders, {sum(not e.order for e in data)} ordinary",
        flush=True,
    )
    vectors = open_encoder(MODEL).encode([e.text for e in data])
    mean, scale = vectors.mean(0), vectors.std(0)
    x = (vectors - mean) / scale
    odds = odds_out_of_fold(x, data)
    least = float(np.quantile([o for o, e in zip(odds, data, strict=True) if not e.order], 1 - ALARMS))
    report(odds, data, least)
    if given.out:
        model = fitted(x, np.array([e.order for e in data]))
        weights = model.coef_[0] / scale
        bias = float(model.intercept_[0] - weights @ mean)
        np.savez(given.out, weights=weights.astype(np.float32), bias=bias, least=least, model=MODEL)


if __name__ == "__main__":
    main()

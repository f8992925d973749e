"""Fits a probe of ``qa.probes``: which label a chat has, from the state that the default generator has at its
end.

    python -m training.told collect NAME STATES.npz [--seconds N]   # again: goes on where it stopped
    python -m training.told fit NAME STATES.npz [--write]           # qa/NAME.npz, of what is known by then

NAME: ``replaced`` (does a sentence say that a document that it names is replaced?), with ``data/NAME.jsonl``.
Prints what is right out of fold, where no fold shares a family of phrasings.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from engine.base import Reads
from qa.probes import file_of, states
from training import kept
from training.examples import DATA, rows
from training.gate import MODEL

FILES = {
    "replaced": (("title", "sentence", "named"), "replaced", 0.01),
}
"""Variables of the prompt, label, and how little the weights are held down (C), by the probe's name."""
FOLDS = 10


def chats(name: str) -> list[dict[str, str]]:
    """The variables of the prompt, of every row of the data."""
    return [{key: row[key] for key in FILES[name][0]} for row in rows(DATA / f"{name}.jsonl")]


def collect(name: str, out: Path, seconds: float) -> None:
    """Read until the time is over; what is there already is kept."""
    wanted = [(json.dumps(chat), chat) for chat in chats(name)]
    random.Random(0).shuffle(wanted)  # so that what is read in part is a fair part
    kept.read(out, dict(wanted), Reads, lambda part, by: states(name, part, by, threading.Event()), seconds)


def fit(name: str, path: Path, write: bool) -> None:
    """Fit, print what is right out of fold, write the weights."""
    have, data = kept.known(path), rows(DATA / f"{name}.jsonl")
    keys = [json.dumps(chat) for chat in chats(name)]
    data = [row for row, key in zip(data, keys, strict=True) if key in have]
    x = np.stack([have[key] for key in keys if key in have]).astype(np.float32)
    y = np.array([str(row[FILES[name][1]]) for row in data])
    groups = np.array([row["family"] for row in data])
    found = np.empty_like(y)
    for these, others in GroupKFold(FOLDS).split(x, y, groups):
        scaler, model = _model(name, x[these], y[these])
        found[others] = model.predict(scaler.transform(x[others]))
    print(f"right out of fold over {len(set(groups))} families: {(found == y).mean():.3f}, n {len(y)}")
    for label in sorted(set(y)):
        told = Counter(found[y == label].tolist()).most_common(5)
        right = (found[y == label] == label).mean()
        print(f"{label:12} n {(y == label).sum():4}  right {right:.2f}  {dict(told)}")
    for row, was, is_ in zip(data, y, found, strict=True):
        if was != is_:
            print(f"  {was} told {is_}: {row}")
    if write:
        scaler, model = _model(name, x, y)
        coef, bias = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # as two rows of a softmax
            coef, bias = np.concatenate([-coef, coef]) / 2, np.concatenate([-bias, bias]) / 2
        half = {"mean": scaler.mean_, "scale": scaler.scale_, "weights": coef}
        arrays = {key: value.astype(np.float16) for key, value in half.items()}
        np.savez_compressed(
            file_of(name), **arrays, bias=bias.astype(np.float32), labels=model.classes_, model=MODEL
        )


def _model(name: str, x: np.ndarray, y: np.ndarray) -> tuple[StandardScaler, LogisticRegression]:
    scaler = StandardScaler().fit(x)
    return scaler, LogisticRegression(C=FILES[name][2], max_iter=1000).fit(scaler.transform(x), y)


def main() -> None:
    asked = kept.command_line(__doc__, FILES).parse_args()
    if asked.verb == "collect":
        collect(asked.name, asked.states, asked.seconds)
    else:
        fit(asked.name, asked.states, asked.write)


if __name__ == "__main__":
    main()

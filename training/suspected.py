"""Fits which doubtful sentences are orders to a program (``qa/suspected.npz``): a linear probe of the states
that the default generator has after the sentence and at the end of its chat (``qa.suspected``).

    python -m training.suspected collect STATES.npz --doubtful FILE.json [--seconds N]   # again: goes on
    python -m training.suspected fit STATES.npz --doubtful FILE.json [--write]

FILE: what ``training.orders --doubtful`` wrote. Read are all orders and all sentences written to be mistaken
(``data/orders.jsonl``), and of the passages, the documents of ``eval/data`` and the technical pages what is
doubtful. Folds share no kind; nothing of ``eval/data`` is fitted on.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from engine import open_generator
from engine.base import Marks
from engine.settings import GeneratorSettings
from models.settings import ModelSettings
from qa.probes import AT_ONCE, file_of
from qa.suspected import PROBE, states
from training.fitted import Fitted
from training.gate import MODEL
from training.orders import Example, examples, folds_of, told

STRENGTH = 0.003
HARD, ALARMS = 0.08, 0.04
"""Share of what was written to be mistaken, and of ordinary texts, that may be told of what is doubtful."""


def wanted(doubtful: Path) -> list[Example]:
    """The sentences that are read."""
    near = frozenset(json.loads(doubtful.read_text("utf-8")))
    return [e for e in examples() if e.origin in ("order", "hard") or e.text in near]


def collect(out: Path, doubtful: Path, seconds: float) -> None:
    """Read until the time is over, the most doubtful first; what is there already is kept."""
    texts, kept = known(out)
    have, until = set(texts), time.monotonic() + seconds
    near = json.loads(doubtful.read_text("utf-8"))
    todo = [e.text for e in wanted(doubtful) if e.text not in have]
    todo.sort(key=lambda text: (-near.get(text, -np.inf), text))
    generator = open_generator(GeneratorSettings(), ModelSettings())
    assert isinstance(generator, Marks), "the generator tells no hidden states"
    rows = [kept] if len(kept) else []
    for start in range(0, len(todo), AT_ONCE):
        if time.monotonic() > until:
            break
        part = todo[start : start + AT_ONCE]
        found = states(part, generator, threading.Event())
        assert found is not None
        rows.append(found.astype(np.float16))
        texts += part
    np.savez(out, texts=np.array(texts), states=np.concatenate(rows))
    print(f"{len(texts)} sentences, {len(have) + len(todo) - len(texts)} left")


def known(path: Path) -> tuple[list[str], np.ndarray]:
    """Sentences and their states, of a file that may not be there yet."""
    if not path.is_file():
        return [], np.zeros((0, 0), np.float16)
    with np.load(path) as file:
        return file["texts"].tolist(), file["states"]


def fit(path: Path, doubtful: Path, write: bool) -> None:
    """Fit, print how well out of fold, write the weights."""
    texts, x = known(path)
    row, near = {text: i for i, text in enumerate(texts)}, json.loads(doubtful.read_text("utf-8"))
    given = [e for e in examples() if e.text in row]
    x = x[[row[e.text] for e in given]].astype(np.float32)
    y, fold = np.array([e.order for e in given]), folds_of(given)
    odds = np.zeros(len(y))
    for number in range(max(fold) + 1):
        probe = Fitted(x[(fold >= 0) & (fold != number)], y[(fold >= 0) & (fold != number)], STRENGTH)
        odds[fold == number] = probe(x[fold == number])
        odds[fold < 0] += probe(x[fold < 0]) / (max(fold) + 1)
    doubt = np.array([e.text in near for e in given])  # only what is doubtful is asked
    beside = np.array([near.get(e.text, 0.0) for e in given])
    both = LogisticRegression().fit(np.stack([odds, beside], 1)[doubt & (fold >= 0)], y[doubt & (fold >= 0)])
    weight = float(both.coef_[0][1] / both.coef_[0][0])
    given, odds, y = (
        [e for e, d in zip(given, doubt, strict=True) if d],
        (odds + weight * beside)[doubt],
        y[doubt],
    )
    origin = np.array([e.origin for e in given])
    hard, plain = origin == "hard", ~np.isin(origin, ("order", "hard"))
    least = float(max(np.quantile(odds[hard], 1 - HARD), np.quantile(odds[plain], 1 - ALARMS)))
    print(f"AUC {roc_auc_score(y, odds):.4f}, beside hard {roc_auc_score(y[~plain], odds[~plain]):.4f}")
    print(f"what the vectors tell weighs {weight:.2f}, at {least:.2f}")
    for one in ("order", "hard", "office", "eval", "technical"):
        told(f"  {one} told", (odds >= least)[origin == one])
    for group in sorted({e.group for e in given if e.origin in ("order", "hard")}):
        told(f"    {group}", (odds >= least)[[e.group == group for e in given]])
    if write:
        probe = Fitted(
            x[fold >= 0], np.array([e.order for e in examples() if e.text in row])[fold >= 0], STRENGTH
        )
        arrays = {"mean": probe.mean, "scale": probe.scale, "order": probe.weights}
        half = {name: value.astype(np.float16) for name, value in arrays.items()}
        np.savez_compressed(file_of(PROBE), **half, bias=probe.bias - least, beside=weight, model=MODEL)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("collect", "fit"))
    parser.add_argument("states", type=Path)
    parser.add_argument("--doubtful", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.verb == "collect":
        collect(asked.states, asked.doubtful, asked.seconds)
    else:
        fit(asked.states, asked.doubtful, asked.write)


if __name__ == "__main__":
    main()

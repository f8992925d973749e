"""Fits which doubtful sentences are orders to a program (``qa/suspected.npz``): a linear probe of the states
that the default generator has after the sentence and at the end of its chat (``qa.suspected``).

    python -m training.suspected collect STATES.npz --doubtful FILE.json [--seconds N]   # again: goes on
    python -m training.suspected fit STATES.npz --doubtful FILE.json [--write]

FILE: what ``training.orders --doubtful`` wrote. Read are all orders and all sentences written to be mistaken
(``data/orders.jsonl``), and of the passages, the documents of ``eval/data`` and the technical pages what is
doubtful. Folds share no kind; nothing of ``eval/data`` is fitted on.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from engine.base import Marks
from qa.probes import file_of
from qa.suspected import PROBE, states
from training import kept
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
    near = json.loads(doubtful.read_text("utf-8"))
    texts = sorted((e.text for e in wanted(doubtful)), key=lambda text: (-near.get(text, -np.inf), text))
    kept.read(
        out, {t: t for t in texts}, Marks, lambda part, by: states(part, by, threading.Event()), seconds
    )


def fit(path: Path, doubtful: Path, write: bool) -> None:
    """Fit, print how well out of fold, write the weights."""
    have, near = kept.known(path), json.loads(doubtful.read_text("utf-8"))
    given = [e for e in examples() if e.text in have]
    x = np.stack([have[e.text] for e in given]).astype(np.float32)
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
            x[fold >= 0], np.array([e.order for e in examples() if e.text in have])[fold >= 0], STRENGTH
        )
        arrays = {"mean": probe.mean, "scale": probe.scale, "order": probe.weights}
        half = {name: value.astype(np.float16) for name, value in arrays.items()}
        np.savez_compressed(file_of(PROBE), **half, bias=probe.bias - least, beside=weight, model=MODEL)


def main() -> None:
    parser = kept.command_line(__doc__)
    parser.add_argument("--doubtful", type=Path, required=True)
    asked = parser.parse_args()
    if asked.verb == "collect":
        collect(asked.states, asked.doubtful, asked.seconds)
    else:
        fit(asked.states, asked.doubtful, asked.write)


if __name__ == "__main__":
    main()

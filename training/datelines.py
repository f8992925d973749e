"""Fits whose day a date in a line is (``index/loaders/datelines.json``): a softmax over the runs of
characters around it.

    python -m training.datelines [--out index/loaders/datelines.json]

Prints what is right out of fold over kinds of documents, and of the kinds that are not fitted on
(``held_out`` in ``training/data/datelines.jsonl``). In that file a date in ``{}`` is the document's own, one
in ``<>`` that of the meeting it records.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

from eval.metrics.stats import wilson
from index.loaders.datelines import WEIGHTS, features
from index.loaders.dates import days
from training.examples import DATA, rows

ROLES = ("", "own", "held")
STRENGTH = 1.0
OFTEN = 2
"""Runs that stand in fewer examples are left out."""


@dataclass(frozen=True, slots=True)
class Example:
    """A date: where it stands, its role, and the kind of document its line is from."""

    line: str
    start: int
    end: int
    role: str
    kind: str
    held_out: bool


def examples() -> list[Example]:
    found = []
    for row in rows(DATA / "datelines.jsonl"):
        marks = list(re.finditer(r"[{}<>]", row["text"]))
        line = re.sub(r"[{}<>]", "", row["text"])
        told = {match.start() - n: match[0] for n, match in enumerate(marks)}
        for start, end in days(line):
            name = {"{": "own", "<": "held"}.get(told.get(start, ""), "")
            found.append(Example(line, start, end, name, row["kind"], row.get("held_out", False)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    every = examples()
    fitted, other = [e for e in every if not e.held_out], [e for e in every if e.held_out]
    seen = [set(features(e.line, e.start, e.end)) for e in fitted]
    often = Counter(one for some in seen for one in some)
    names = sorted(one for one, count in often.items() if count >= OFTEN)
    x, y = _matrix(seen, names), np.array([ROLES.index(e.role) for e in fitted])
    model = LogisticRegression(C=STRENGTH, max_iter=3000)
    out = cross_val_predict(model, x, y, groups=[e.kind for e in fitted], cv=LeaveOneGroupOut())
    _say("out of fold", out, y)
    model.fit(x, y)
    held = [set(features(e.line, e.start, e.end)) for e in other]
    told, right = model.predict(_matrix(held, names)), np.array([ROLES.index(e.role) for e in other])
    _say(f"other kinds ({len({e.kind for e in other})})", told, right)
    for one, role in zip(other, told, strict=True):
        if ROLES[role] != one.role:
            print(f"  {ROLES[role] or 'any'} for {one.role or 'any'}: {one.line}")
    parts = {}
    for at, name in enumerate(ROLES[1:], 1):
        weights = model.coef_[at] - model.coef_[0]
        runs = {run: round(float(w), 2) for run, w in zip(names, weights, strict=True) if abs(w) >= 0.01}
        parts[name] = {"bias": round(float(model.intercept_[at] - model.intercept_[0]), 2), "runs": runs}
    given.out.write_text(json.dumps(parts, ensure_ascii=False, indent=0) + "\n", "utf-8")


def _matrix(seen: list[set[str]], names: list[str]) -> sparse.csr_matrix:
    at = {name: n for n, name in enumerate(names)}
    places = [(row, at[one]) for row, some in enumerate(seen) for one in some if one in at]
    where = tuple(zip(*places, strict=True))
    return sparse.csr_matrix((np.ones(len(places)), where), shape=(len(seen), len(names)))


def _say(name: str, told: np.ndarray, right: np.ndarray) -> None:
    hits, n = int((told == right).sum()), len(right)
    low, high = wilson(hits, n)
    print(f"{name}: {hits} of {n} ({100 * low:.1f} to {100 * high:.1f} %)")


if __name__ == "__main__":
    main()

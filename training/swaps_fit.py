"""Fit the weights with which ``qa.checks`` compares places, on the tuning split of the swap test.

    python -m training.swaps_fit [--of figures|dates|names] [--n 700] [--seed 11] [--data ../shared/bench]

For every figure and date that has a place with the same value and one with another value in the evidence, the
difference of their features is one row (``slots``); the label says whether the value had been swapped. ``--of dates``:
every date that has a rival is one (``slots.rivalry``; sentences with numbers swapped are true rows of theirs); ``--of
names``: every name that has one (``roles``). Logistic regression without class weights (needs scikit-learn). The seed
differs from the swap test's own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from qa.checks import _said
from qa.checks.align import changes
from qa.checks.dates import Date
from qa.checks.numbers import Figure
from qa.checks.roles import find_rivals
from qa.checks.slots import WEIGHTS, Place, compare, features, relation, rivalry
from qa.checks.text import prepare_all
from training.swaps import load
from training.swaps_make import Case, cases


def rows(all_cases: Sequence[Case]) -> tuple[list[list[float]], list[int]]:
    """Feature differences (other minus same) and labels (1: the value was swapped)."""
    x: list[list[float]] = []
    y: list[int] = []
    for case in all_cases:
        said, within = _said(case.sentence, case.question)
        evidence = prepare_all(case.evidence)
        items: tuple[Figure | Date, ...] = (*said.figures, *said.dates)
        for item in items:
            end = item.unit_end if isinstance(item, Figure) else item.end
            touched = item.start <= case.at + within[0] <= end
            if not within[0] <= item.start < within[1] or (case.swapped and not touched):
                continue
            place = Place.of(said, item)
            best: dict[str, tuple[float, tuple[float, ...]]] = {}
            for text in evidence:
                for told in text.figures if isinstance(item, Figure) else text.dates:
                    kind = relation(item, told)
                    if kind not in ("same", "other"):
                        continue
                    values = features(place, text, told)
                    score = sum(w * f for w, f in zip(WEIGHTS, values, strict=True))
                    if kind not in best or score > best[kind][0]:
                        best[kind] = (score, values)
            if len(best) == 2:
                x.append([a - b for a, b in zip(best["other"][1], best["same"][1], strict=True)])
                y.append(int(case.swapped))
    return x, y


def date_rows(all_cases: Sequence[Case]) -> tuple[list[list[float]], list[int]]:
    """``slots.rivalry`` of every date that has a rival, and labels (1: the value was swapped)."""
    x: list[list[float]] = []
    y: list[int] = []
    for case in all_cases:
        said, within = _said(case.sentence, case.question)
        evidence = prepare_all(case.evidence)
        for date in said.dates:
            touched = date.start <= case.at + within[0] <= date.end
            if not within[0] <= date.start < within[1] or (case.swapped and not touched):
                continue
            same, other, _ = compare(said, date, evidence)
            if same is not None and other is not None:
                x.append(list(rivalry(said, same, other, evidence)))
                y.append(int(case.swapped))
    return x, y


def name_rows(all_cases: Sequence[Case]) -> tuple[list[list[float]], list[int]]:
    """Features of every name that has a rival, and labels (1: the name was swapped)."""
    x: list[list[float]] = []
    y: list[int] = []
    for case in all_cases:
        said, within = _said(case.sentence, case.question)
        evidence = prepare_all(case.evidence)
        beside = {lie.index for lie in changes(said, evidence, within)[1]}
        start = case.at + within[0]
        end = start + len(case.changed[1])
        for rival in find_rivals(said, evidence, beside, within, case.question):
            if not case.swapped or (rival.name.start < end and start < rival.name.end):
                x.append(list(rival.features))
                y.append(int(case.swapped))
    return x, y


def main(argv: Sequence[str] | None = None) -> int:
    """Print weights, and for several margins the share of swaps caught and of true figures flagged."""
    from sklearn.linear_model import LogisticRegression

    parser = argparse.ArgumentParser(prog="python -m training.swaps_fit", description=__doc__)
    parser.add_argument("--of", default="figures", choices=("figures", "dates", "names"))
    parser.add_argument("--n", type=int, default=700)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--data", type=Path, default=Path("../shared/bench"))
    args = parser.parse_args(argv)
    sources = load(args.data, "tuning")
    made = [c for kind in (("name",) if args.of == "names" else ("number", "date")) for c in cases(sources, kind, args.n, args.seed)]
    x, y = {"figures": rows, "dates": date_rows, "names": name_rows}[args.of](made)
    model = LogisticRegression(C=1.0, fit_intercept=True, max_iter=1000).fit(x, y)
    print("weights", [round(float(w), 2) for w in model.coef_[0]], "intercept", round(float(model.intercept_[0]), 2), "rows", len(y), "swapped", sum(y))
    bias = 0.0 if args.of == "figures" else float(model.intercept_[0])
    score = [bias + float(sum(w * f for w, f in zip(model.coef_[0], row, strict=True))) for row in x]
    for margin in (-1.0, -0.5, 0.0, 0.3, 0.5, 0.7, 1.0):
        caught = [s > margin for s, label in zip(score, y, strict=True) if label]
        wrong = [s > margin for s, label in zip(score, y, strict=True) if not label]
        print(f"margin {margin:5.1f}: swapped caught {sum(caught) / len(caught):.3f} of {len(caught)}, true flagged {sum(wrong) / len(wrong):.4f} of {len(wrong)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

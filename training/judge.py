"""Fits the judge: a logistic model over the hidden states that ``training.states`` collected.

    python -m training.judge --fit STATES.npz... --try STATES.npz... [--out qa/judge.npz]

Thresholds come out of fold over kinds of documents, from the statements of ``--calibrate``: ``shown`` strikes
at most 8 % of the true statements, ``supported`` lets at most 3 % of the false ones through. ``--try`` files
are only measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL = "qwen2.5-coder-1.5b"
STRENGTHS = (0.0003, 0.001, 0.003, 0.01)
STRUCK, PASSED = 0.08, 0.03


def load(paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States float32 [n, size], labels bool [n], groups [n]."""
    files = [np.load(path) for path in paths]
    states, labels, groups = ([file[name] for file in files] for name in ("states", "labels", "groups"))
    return np.concatenate(states).astype(np.float32), np.concatenate(labels), np.concatenate(groups)


def model(strength: float) -> object:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))


def told(labels: np.ndarray, chances: np.ndarray, shown: float, supported: float) -> str:
    """AUC, balanced accuracy and what is struck and let through, in one line."""
    true, false = chances[labels], chances[~labels]
    balanced = ((true >= shown).mean() + (false < shown).mean()) / 2
    cuts = np.quantile(chances, np.linspace(0, 1, 201))
    best = max(((true >= cut).mean() + (false < cut).mean()) / 2 for cut in cuts)
    return (
        f"n {len(labels)} AUC {roc_auc_score(labels, chances):.3f} "
        f"balanced {balanced:.1%} (best cut {best:.1%}); "
        f"true struck {(true < shown).mean():.1%}, false shown {(false >= shown).mean():.1%}, "
        f"false shown as supported {(false >= supported).mean():.1%}, "
        f"true not fully {(true < supported).mean():.1%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fit", type=Path, nargs="+", required=True)
    parser.add_argument("--try", dest="tried", type=Path, nargs="*", default=[])
    parser.add_argument(
        "--calibrate", type=Path, help="one of --fit: thresholds are those of its statements alone"
    )
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    states, labels, groups = load(given.fit)
    counted = np.concatenate(
        [np.full(len(load([path])[1]), given.calibrate in (None, path)) for path in given.fit]
    )
    folds = GroupKFold(5)
    found = {
        c: cross_val_predict(model(c), states, labels, groups=groups, cv=folds, method="predict_proba")[:, 1]
        for c in STRENGTHS
    }
    strength = max(found, key=lambda c: roc_auc_score(labels, found[c]))
    chances = found[strength]
    shown = float(np.quantile(chances[labels & counted], STRUCK))
    supported = max(shown, float(np.quantile(chances[~labels & counted], 1 - PASSED)))
    print(f"C {strength}, shown {shown:.3f}, supported {supported:.3f}")
    print("out of fold:", told(labels[counted], chances[counted], shown, supported))
    fitted = model(strength).fit(states, labels)  # type: ignore[attr-defined]
    for path in given.tried:
        other, truth, _ = load([path])
        print(f"{path.stem}:", told(truth, fitted.predict_proba(other)[:, 1], shown, supported))
    if given.out:
        scaler, logistic = fitted[0], fitted[1]
        np.savez(
            given.out,
            mean=scaler.mean_.astype(np.float32),
            scale=scaler.scale_.astype(np.float32),
            weights=logistic.coef_[0].astype(np.float32),
            bias=logistic.intercept_[0],
            shown=shown,
            supported=supported,
            model=MODEL,
        )


if __name__ == "__main__":
    main()

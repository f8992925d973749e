"""Fits which kind of answer a question wants (``qa/kinds.npz``), what is to be computed for it
(``operations.npz``), how many conditions it puts on what is counted (``conditions.npz``), what an order on an
answer does with it (``arranged.npz``) and what is asked of two editions of a document (``editions.npz``): a
softmax over the encoder's vector of the question and its runs of characters.

    python -m training.kinds [--of kinds|operations|conditions|arranged|editions] [--out qa/kinds.npz]

Prints accuracy out of fold over domains, and the confusions. The vector is multilingual-e5-small's.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from index.encoder import open_encoder
from qa.heads import KINDS
from qa.kind import MODEL, SLOTS, features, grams
from training.examples import DATA, rows

STRENGTH = 0.1
BALANCED = frozenset({"conditions"})
"""What is fitted with each label weighing the same."""
FILES = {
    "kinds": ("kinds", "kind"),
    "operations": ("operations", "op"),
    "conditions": ("conditions", "conditions"),
    "arranged": ("arranged", "form"),
    "editions": ("editions", "editions"),
}
"""File of data and its label, by what is fitted."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--of", choices=list(FILES), default="kinds")
    given = parser.parse_args()
    file, label = FILES[given.of]
    data = rows(DATA / f"{file}.jsonl")
    names = list(KINDS) if given.of == "kinds" else sorted({row[label] for row in data})
    vectors = open_encoder(MODEL).encode([row["q"] for row in data], query=True)
    mean, scale = vectors.mean(0), vectors.std(0)
    dense = np.stack(
        [features(v, mean, scale, bool(row.get("before"))) for v, row in zip(vectors, data, strict=True)]
    )
    x = sparse.hstack([sparse.csr_matrix(dense), sparse.vstack([runs(row["q"]) for row in data])]).tocsr()
    y = np.array([names.index(row[label]) for row in data])
    apart = ("chat", "about")  # these have no domain: every question is a group of its own
    groups = np.array([row["id"] if row[label] in apart else row["domain"] for row in data])
    found = cross_val_predict(_model(given.of), x, y, groups=groups, cv=GroupKFold(5))
    print(f"accuracy out of fold over {len(set(groups))} domains: {(found == y).mean():.3f}, n {len(y)}")
    for i, kind in enumerate(names):
        told = Counter(names[j] for j in found[y == i]).most_common(4)
        print(f"{kind:18} n {(y == i).sum():4}  right {(found[y == i] == i).mean():.2f}  {dict(told)}")
    if given.out:
        fitted = _model(given.of).fit(x, y)
        save(given.out, fitted.coef_, fitted.intercept_, mean, scale, names)


def save(out: Path, weights: Any, bias: Any, mean: Any, scale: Any, names: Sequence[str]) -> None:
    """Write the weights as ``qa.kind`` reads them."""
    dense = len(mean) + 1
    np.savez_compressed(
        out,
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        weights=weights[:, :dense].astype(np.float32),
        bias=bias.astype(np.float32),
        grams=weights[:, dense:].astype(np.float16),
        kinds=names,
    )


def _model(of: str) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=300, class_weight="balanced" if of in BALANCED else None)


def runs(question: str) -> sparse.csr_matrix:
    """The runs of characters of one question as a sparse row."""
    places, values = grams(question)
    return sparse.csr_matrix((values, places, [0, len(places)]), (1, SLOTS))


if __name__ == "__main__":
    main()

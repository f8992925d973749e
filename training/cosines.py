"""Fits how an encoder's cosines are brought to the common scale, m3e-small's: the constants of
``index.encoder_traits``.

    python -m training.cosines DATA --vectors FOLDER [--encoder multilingual-e5-small]

DATA is the folder of the benchmark files. On tuning questions only (those of ``tianjin`` marked so,
answerable or not, and 300 of cmrc2018 trial) both encoders rank all texts; the cosines of each question's
best 8 by either are pooled within the set, and the quantiles of the one are regressed on the same quantiles
of the other, both sets counting alike.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from training.retrieval_sets import RetrievalSet, vectors

REFERENCE = "m3e-small"
BEST = 8
QUANTILES = np.linspace(0.02, 0.98, 49)
SETS = ("tianjin", "trial-sample")


def top(questions: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """The best cosines of each question, float32 [questions, BEST], falling."""
    return -np.sort(-(questions @ texts.T), axis=1)[:, :BEST]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--encoder", default="multilingual-e5-small")
    given = parser.parse_args()
    given.vectors.mkdir(parents=True, exist_ok=True)
    names = (given.encoder, REFERENCE)
    pairs = []
    for name in SETS:
        task = RetrievalSet(given.data, name)
        chosen = [n for n, tuning in enumerate(task.tuning) if tuning]
        found = []
        for encoder in names:
            asked = vectors(task.questions, encoder, given.vectors, f"{name}_questions", query=True)
            found.append(top(asked[chosen], vectors(task.texts, encoder, given.vectors, name)))
        quantiles = [np.quantile(cosines, QUANTILES) for cosines in found]
        pairs.append(np.stack(quantiles))
        for label, cosines in zip(names, found, strict=True):
            print(
                f"{name} n={len(chosen)} {label}: best "
                f"{cosines[:, 0].mean():.3f}, 8th {cosines[:, -1].mean():.3f}"
            )
    own, wanted = np.concatenate(pairs, axis=1)
    factor, shift = np.polyfit(own, wanted, 1)
    rest = factor * own + shift - wanted
    print(
        f"offset {-shift / factor:.4f}, factor {factor:.4f}; quantiles off by "
        f"{np.abs(rest).mean():.3f} on average, {np.abs(rest).max():.3f} at most"
    )


if __name__ == "__main__":
    main()

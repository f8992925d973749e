"""Would showing the evidence sentence straight away, without writing a draft, be right often enough?

    python training/straight_quotes.py

Fits, on the packed tuning rows of the gate and out of fold, the probability that the best evidence sentence holds the
answer from what is known before anything is written: retrieval, the sentence itself and the probe of the hidden state
after the prompt. Prints, for each share of the questions answered that way, how often the sentence is right and how
often the draft is, with the difference and its 95 % bootstrap interval over questions.
"""

from __future__ import annotations

import numpy as np

from training.gate_model import SENTENCE_L2, Probes, auc, fit_linear, hash_fold
from training.gate_rows import PACKED, read

BEFORE = ("score_top", "dense_top", "dense_margin", "coverage_top", "coverage_margin", "agreement", "words_in_context", "entities_missing")
"""Features of the gate that need no draft."""
AFTER = ("said", "cited")
"""Features of a sentence that need one."""


def main() -> None:
    rows, states = read(PACKED)
    folds = np.array([hash_fold(row["id"]) for row in rows])
    counts = np.array([len(row["holds"]) for row in rows])
    names = [n for n in rows[0]["sentence_names"] if n not in AFTER]
    columns = [rows[0]["sentence_names"].index(n) for n in names]
    each = np.concatenate([row["sentences"] for row in rows])[:, columns]
    holds = np.concatenate([row["holds"] for row in rows]).astype(float)
    _, logits = fit_linear(names, each, holds, np.repeat(folds, counts), SENTENCE_L2)
    picked, held = [], []
    for end, count in zip(np.cumsum(counts), counts, strict=True):
        own = np.sort(logits[end - count : end])
        best = end - count + int(logits[end - count : end].argmax())
        picked.append([*each[best], own[-1], own[-1] - (own[-2] if count > 1 else own[-1] - 4.0)])
        held.append(holds[best])
    told = np.array([float(np.any(row["holds"])) for row in rows])
    _, probe = Probes(states["answer"], folds).best(told)
    plain = np.array([[row["features"][n] for n in BEFORE] for row in rows])
    wide = np.hstack([plain, np.array(picked), probe[:, None]])
    right = np.array(held)
    _, likely = fit_linear([*BEFORE, *names, "logit", "lead", "probe"], wide, right, folds)
    draft = np.array([float(row["right"] and row["passed"]) for row in rows])
    print(f"{len(rows)} questions, AUC of the decision out of fold {auc(likely, right):.3f}")
    order, random = np.argsort(-likely), np.random.default_rng(1)
    for share in (0.1, 0.2, 0.3, 0.4, 0.5):
        top = order[: round(share * len(rows))]
        gap = right[top] - draft[top]
        spread = [gap[random.integers(0, len(gap), len(gap))].mean() for _ in range(2000)]
        low, high = np.percentile(spread, [2.5, 97.5])
        print(
            f"surest {share:.0%} (n={len(top)}): sentence right {right[top].mean():.1%}, draft right {draft[top].mean():.1%}, "
            f"difference {gap.mean():+.1%} [{low:+.1%}, {high:+.1%}]"
        )


if __name__ == "__main__":
    main()

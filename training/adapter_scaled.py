"""How well the adapter's heads tell, and their log-odds (Platt 1999, "Probabilistic Outputs for Support
Vector Machines") with what follows from them: where probabilities become states of a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from qa.adapted import HEADS
from training.adapted import Adapter, Lower
from training.adapter_loss import tokens_borne, told

STRUCK, PASSED, FALSE_ALARMS = 0.08, 0.03, 0.05
"""Share of true statements that may be struck, of false ones that may be shown as borne out, of true
premises that may be taken for false."""
IN_USE = 1.6
"""Log-odds by which the best passage of a search answers more often than those of the files, half of whose
questions have no answer: with them the unanswerable questions of tuning sets are refused, and few others
(docs/log/gate.md)."""


@torch.no_grad()
def calibrated(
    adapter: Adapter, lower: Lower, passages: Sequence[dict[str, Any]]
) -> Mapping[str, NDArray[Any]]:
    """The adapter's arrays with heads that tell log-odds, and the least probabilities at which a statement is
    shown, and shown as borne out.

    Args:
        passages: that it was not fitted on (``training.adapter_read``).
    """
    found = [said(adapter, lower, one) for one in passages]
    arrays = adapter.arrays()
    for at, name in enumerate(HEADS):
        texts = [t for p in found for t in p["texts"] if t[name] is not None]
        if name == "premise":
            texts = [t for t in texts if t["answered"] is None]
        z, y = np.array([t[f"{name}_told"] for t in texts]), np.array([bool(t[name]) for t in texts])
        a, b = _platt(z, y)
        odds = a * z + b
        print(f"{name}: n {len(y)}, {a:.2f} z {b:+.2f}, AUC {roc_auc_score(y, odds):.3f}")
        arrays["heads"][at] *= a
        arrays["heads_bias"][at] = a * arrays["heads_bias"][at] + b + (IN_USE if name == "answered" else 0.0)
        if name == "supported":
            arrays["states"] = _states(1 / (1 + np.exp(-odds)), y)
        if name == "premise":
            arrays["premise"] = np.quantile(odds[~y], 1 - FALSE_ALARMS).astype(np.float32)
            print(f"  false from {arrays['premise']:.2f}: {(odds[y] > arrays['premise']).mean():.3f} of them")
    each = [(told(adapter, lower, one)[1].detach(), tokens_borne(one)) for one in passages[::3]]
    borne, label = (torch.cat(side).numpy() for side in zip(*each, strict=True))
    a, b = _platt(borne[label >= 0], label[label >= 0])
    arrays["borne"] *= a
    arrays["borne_bias"] = a * arrays["borne_bias"] + b
    print(f"words: n {(label >= 0).sum()}, {a:.2f} z {b:+.2f}")
    lines = [(t["lines"], t["pointed"]) for p in found for t in p["texts"] if t["lines"] and any(t["lines"])]
    pairs = [(v > 0, s) for y, z in lines for v, s in zip(y, z, strict=True) if v >= 0]
    y, z = (np.array(side) for side in zip(*pairs, strict=True))
    a, b = _platt(z, y)
    arrays["line_scale"] = np.array([a, b], np.float32)
    print(f"lines: n {len(y)}, {a:.2f} z {b:+.2f}, AUC {roc_auc_score(y, z):.3f}")
    return arrays


def _states(chance: NDArray[Any], true: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The least probabilities at which a statement is shown, and shown as borne out."""
    shown = np.quantile(chance[true], STRUCK)
    sure = max(shown, np.quantile(chance[~true], 1 - PASSED))
    share = (chance[true] >= sure).mean()
    print(f"  shown from {shown:.3f}, as borne out from {sure:.3f}: of true ones {share:.3f}")
    return np.array([shown, sure], np.float32)


def _platt(z: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and bias of the logistic model of labels over scores (Platt 1999, "Probabilistic
    Outputs for Support Vector Machines")."""
    model = LogisticRegression(C=1e3).fit(z[:, None], y)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


@torch.no_grad()
def said(adapter: Adapter, lower: Lower, one: dict[str, Any]) -> dict[str, Any]:
    """What the heads say of a passage's texts, beside what is so."""
    heads, borne, lines = told(adapter, lower, one)
    least, begin = [], 0
    for within in one["within"]:
        inside = [i for i, end in enumerate(within) if end > 0]
        least.append(float(borne[begin : begin + len(within)][inside].min()) if inside else 0.0)
        begin += len(within)
    return {
        "id": one["id"],
        "kind": one["kind"],
        "texts": [
            {
                "text": text.text,
                "lines": text.lines,
                "twin": text.twin,
                "least": least[i],
                "pointed": [round(v, 3) for v in lines[i].tolist()],
                **{name: getattr(text, name) for name in HEADS},
                **{f"{name}_told": round(float(heads[i, at]), 3) for at, name in enumerate(HEADS)},
            }
            for i, text in enumerate(one["texts"])
        ],
    }


def measured(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """AUC of each head, twins told apart, and how often the first line is one that answers."""
    for name in HEADS:
        texts = [(p, t) for p in found for t in p["texts"] if t[name] is not None]
        if len({t[name] for _, t in texts}) < 2:
            continue
        auc = roc_auc_score([t[name] for _, t in texts], [t[f"{name}_told"] for _, t in texts])
        pairs = [
            t[f"{name}_told"] > p["texts"][t["twin"]][f"{name}_told"]
            for p, t in texts
            if t["twin"] is not None and t[name] and p["texts"][t["twin"]][name] is False
        ]
        apart = f", twins told apart {np.mean(pairs):.3f} (n {len(pairs)})" if pairs else ""
        yield f"{name}: AUC {auc:.3f} (n {len(texts)}){apart}"
    answered = [
        (t["lines"], t["pointed"]) for p in found for t in p["texts"] if t["lines"] and any(t["lines"])
    ]
    single = [(y, z) for y, z in answered if sum(v != 0 for v in y) == 1 and len(y) > 2]
    first = [y[int(np.argmax(z))] != 0 for y, z in single]
    if first:
        flat = [(v != 0, s) for y, z in answered for v, s in zip(y, z, strict=True)]
        auc = roc_auc_score(*zip(*flat, strict=True))
        yield f"lines: AUC {auc:.3f}, first right {np.mean(first):.3f} (n {len(first)})"

"""Fits the gate (``qa/gate.json``, ``qa/probe.npz``): which drafts answer their question.

    python -m eval.gate_fit collect --data DIR --out FILE [--count N]     runs the pipeline on tuning questions
    python -m eval.gate_fit fit [FILE]                                    fits, prints the figures, writes gate.json
    python -m eval.gate_fit pack FILE                                     keeps what a fit needs in eval/data

Tuning data alone: cmrc2018 trial and drcd dev with and without the passage that answers (``eval.gate_data``), and the
tuning splits of the questions that ship. Figures are out of fold (5 folds, questions of one passage together).
"""

from __future__ import annotations

import argparse
import json
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.normalize import normalize
from index.types import Hit
from qa.draft import Draft
from qa.engine import Engine
from qa.gate import PROBE, WEIGHTS, Decision, Gate
from qa.question import Question

L2 = 5.0
FOLDS = 5
PACKED = Path(__file__).with_name("data") / "gate_tuning.jsonl"
PROBE_L2 = (100.0, 300.0, 1000.0, 3000.0)


class RecordingGate(Gate):
    """Refuses nothing and keeps what it saw."""

    def __init__(self) -> None:
        super().__init__(risk=1.0)
        self.seen: Decision | None = None
        self.draft: Draft | None = None

    def decide(self, question: Question, hits: Sequence[Hit], draft: Draft) -> Decision:
        self.seen, self.draft = super().decide(question, hits, draft), draft
        return self.seen


def collect(engine: Engine, gate: RecordingGate, items: Iterator[tuple[str, dict[str, Any]]], out: Path) -> None:
    """One JSON line for each question, appended; questions already there are skipped."""
    known = {json.loads(line)["id"] for line in out.read_text("utf-8").splitlines()} if out.exists() else set()
    with out.open("a", encoding="utf-8") as file:
        for source, item in items:
            if item["id"] in known:
                continue
            gate.seen = gate.draft = None
            engine.answer(item["question"], passages=item.get("passages"))
            if gate.seen is None or gate.draft is None:
                continue
            draft: Draft = gate.draft
            row = {
                "id": item["id"],
                "source": source,
                "answerable": bool(item["answers"]),
                "right": is_right(draft.text, item),
                "features": gate.seen.features,
                "question": item["question"],
                "draft": draft.text,
                "answers": item["answers"],
            }
            if draft.state is not None:
                row["state"] = [round(float(x), 4) for x in np.asarray(draft.state)]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()


def read(file: Path) -> list[dict[str, Any]]:
    """Rows as ``collect`` or ``pack`` wrote them, with their states where there are any."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    states = file.with_suffix(".npz")
    if states.exists():
        with np.load(states, allow_pickle=False) as kept:
            for row, state in zip(rows, kept["states"].astype(np.float64), strict=True):
                row["state"] = state
    return rows


def pack(rows: list[dict[str, Any]]) -> None:
    """Keep ids, labels, features and states (half precision); no text of the public sets is copied."""
    kept = ("id", "source", "answerable", "right", "features")
    lines = (json.dumps({name: row[name] for name in kept}, ensure_ascii=False) for row in rows)
    PACKED.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    states = np.array([row["state"] for row in rows], dtype=np.float16)
    np.savez_compressed(PACKED.with_suffix(".npz"), allow_pickle=False, states=states)


def is_right(text: str, item: dict[str, Any]) -> bool:
    """Whether one of the answers, or one of each of the parts, stands in the text; False when there is no answer."""
    parts = item.get("answer_parts") or ([item["answers"]] if item["answers"] else [])
    plain = _plain(text)
    return bool(parts) and all(any(_plain(a) in plain for a in part) for part in parts)


def _plain(text: str) -> str:
    return "".join(c for c in normalize(text).text if c.isalnum())


def logistic(x: np.ndarray, y: np.ndarray, l2: float = L2) -> np.ndarray:
    """Weights (last one: bias) of a ridge logistic regression by Newton's method; ``x`` [n, d] standardised."""
    design = np.hstack([x, np.ones((len(x), 1))])
    weights = np.zeros(design.shape[1])
    penalty = np.eye(design.shape[1]) * l2
    penalty[-1, -1] = 1e-6
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (p - y) + penalty @ weights
        hessian = (design * (p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def fit(rows: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, np.ndarray] | None]:
    """The model for ``gate.json`` with its out-of-fold figures, and the probe (None without hidden states)."""
    y = np.array([float(r["right"]) for r in rows])
    folds = np.array([hash_fold(r["id"]) for r in rows])
    names = sorted(rows[0]["features"])
    plain = np.array([[r["features"][n] for n in names] for r in rows])
    model: dict[str, Any] = {"without_state": _fit_part(names, plain, y, folds)}
    probe = None
    if all("state" in r for r in rows):
        states = np.array([r["state"] for r in rows])
        l2 = min(PROBE_L2, key=lambda one: log_loss(_scaled(probe_out_of_fold(states, y, folds, one), y), y))
        told = probe_out_of_fold(states, y, folds, l2)
        probe = fit_probe(states, y, l2)
        model["with_state"] = _fit_part([*names, "probe"], np.hstack([plain, told[:, None]]), y, folds)
        model["probe"] = {"l2": l2, "auc": round(auc(told, y), 4)}
    return model, probe


def _fit_part(names: list[str], x: np.ndarray, y: np.ndarray, folds: np.ndarray) -> dict[str, Any]:
    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-6)
    z = np.clip((x - mean) / scale, -4, 4)
    out = np.zeros(len(y))
    for fold in range(FOLDS):
        weights = logistic(z[folds != fold], y[folds != fold])
        out[folds == fold] = z[folds == fold] @ weights[:-1] + weights[-1]
    weights = logistic(z, y)
    return {
        "features": names,
        "mean": [round(float(v), 5) for v in mean],
        "scale": [round(float(v), 5) for v in scale],
        "weights": [round(float(v), 5) for v in weights[:-1]],
        "bias": round(float(weights[-1]), 5),
        "out_of_fold": {"n": len(y), "right": int(y.sum()), "auc": round(auc(out, y), 4), "log_loss": round(log_loss(out, y), 4)},
        "thresholds": thresholds(out, y),
    }


def thresholds(logit: np.ndarray, y: np.ndarray) -> dict[str, dict[str, float]]:
    """Out of fold, for some probabilities below which is refused: right answers refused, others let through."""
    p = 1 / (1 + np.exp(-logit))
    return {
        f"{t:.2f}": {
            "right_refused": round(float((p[y == 1] < t).mean()), 4),
            "others_shown": round(float((p[y == 0] >= t).mean()), 4),
        }
        for t in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    }


def fit_probe(states: np.ndarray, y: np.ndarray, l2: float) -> dict[str, np.ndarray]:
    """A linear probe of hidden states [n, d]: ridge logistic regression, solved in the span of the n states."""
    mean, scale = states.mean(0), np.maximum(states.std(0), 1e-4)
    u, s, vt = np.linalg.svd((states - mean) / scale, full_matrices=False)
    weights = logistic(u * s, y, l2)
    parts = {"mean": mean, "scale": scale, "weights": vt.T @ weights[:-1], "bias": weights[-1:]}
    return {name: part.astype(np.float32) for name, part in parts.items()}


def probe_out_of_fold(states: np.ndarray, y: np.ndarray, folds: np.ndarray, l2: float) -> np.ndarray:
    """Logit of the probe for each state, from a probe that has not seen its fold."""
    out = np.zeros(len(y))
    for fold in range(FOLDS):
        probe = fit_probe(states[folds != fold], y[folds != fold], l2)
        held = (states[folds == fold] - probe["mean"]) / probe["scale"]
        out[folds == fold] = held @ probe["weights"] + probe["bias"]
    return out


def _scaled(logit: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The logit after a line fitted to it, so that log-losses compare ranking and not scale."""
    weights = logistic(logit[:, None] / max(float(logit.std()), 1e-9), y, 1e-3)
    scaled: np.ndarray = logit / max(float(logit.std()), 1e-9) * weights[0] + weights[1]
    return scaled


def hash_fold(identity: str) -> int:
    """Fold of a question; those of one passage of the public sets (TRIAL_12_QUERY_3, 1147-5-1) go together."""
    passage = re.match(r"TRIAL_\d+|\d+-\d+(?=-)", identity)
    return zlib.crc32((passage.group() if passage else identity).encode()) % FOLDS


def auc(score: np.ndarray, y: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs (right, wrong) in the right order, ties counted half."""
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    for value in np.unique(score):
        same = score == value
        ranks[same] = ranks[same].mean()
    positive = y == 1
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else math.nan


def log_loss(logit: np.ndarray, y: np.ndarray) -> float:
    """Mean negative log-likelihood in nats."""
    return float(np.mean(np.logaddexp(0, logit) - y * logit))


def tuning_items(bench: Path, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Closed-context items first, then the tuning split of `tianjin` (open corpus)."""
    from eval.gate_data import gate_items

    shipped = Path(__file__).with_name("data") / "tianjin.jsonl"
    for line in shipped.read_text("utf-8").splitlines():
        item = json.loads(line)
        if item["split"] == "tuning" and not item.get("history"):
            yield "tianjin", item
    files = [bench / "cmrc2018" / "cmrc2018_trial.json", bench / "drcd" / "DRCD_dev.json"]
    for item_ in gate_items(files, count):
        passages = [("", text) for text in item_.passages]
        yield "squad", {"id": item_.id, "question": item_.question, "answers": list(item_.answers), "passages": passages}


def main() -> None:
    """Command line of this module."""
    from models.settings import ModelSettings
    from qa.settings import AnswerSettings, EngineSettings

    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    gather = steps.add_parser("collect")
    gather.add_argument("--data", type=Path, required=True)
    gather.add_argument("--bench", type=Path, default=Path("../shared/bench"))
    gather.add_argument("--out", type=Path, required=True)
    gather.add_argument("--models", type=Path, help="model store; default: the user's")
    gather.add_argument("--count", type=int, default=400)
    steps.add_parser("fit").add_argument("file", type=Path, nargs="?", default=PACKED)
    steps.add_parser("pack").add_argument("file", type=Path)
    args = parser.parse_args()
    if args.step == "collect":
        models = ModelSettings(folder=args.models)
        settings = EngineSettings(data=args.data, models=models, answer=AnswerSettings(risk=1.0, cache=False))
        gate = RecordingGate()
        engine = Engine.open(settings, gate=gate)
        if not engine.library.count:
            from corpus import sample_documents

            engine.add(sample_documents())
        collect(engine, gate, tuning_items(args.bench, args.count), args.out)
        return
    rows = read(args.file)
    if args.step == "pack":
        pack(rows)
        return
    model, probe = fit(rows)
    model["data"] = {"file": args.file.name, "questions": len(rows), "sources": sorted({r["source"] for r in rows})}
    if probe is not None:
        np.savez(PROBE, allow_pickle=False, **probe)
    WEIGHTS.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(model, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()

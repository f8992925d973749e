"""Fits the gate (``qa/gate.json``, ``qa/probe.npz``): which drafts, and which quotations, answer their question.

    python -m training.gate_fit collect --data DIR --out FILE [--count N]     runs the pipeline on tuning questions
    python -m training.gate_fit fit [FILE]                                    fits, prints the figures, writes gate.json
    python -m training.gate_fit pack FILE                                     keeps what a fit needs in eval/data

The rows are those of ``training.gate_rows``, tuning data alone. Figures are out of fold (5 folds, questions of one passage
together).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qa.engine import Engine
from qa.gate import PROBE, WEIGHTS
from qa.quote import standing
from training.gate_model import SENTENCE_L2, Probes, States, fit_linear, hash_fold
from training.gate_rows import PACKED, collect, pack, read, tuning_items


def fit(rows: list[dict[str, Any]], states: Mapping[str, States]) -> tuple[dict[str, Any], dict[str, np.ndarray] | None]:
    """The models for ``gate.json`` with their out-of-fold figures, and the probes (None without hidden states)."""
    folds = np.array([hash_fold(row["id"]) for row in rows])
    counts = np.array([len(row["holds"]) for row in rows])
    each = np.concatenate([np.asarray(row["sentences"], dtype=np.float64) for row in rows])
    holds = np.concatenate([np.asarray(row["holds"], dtype=np.float64) for row in rows])
    sentence, logits = fit_linear(rows[0]["sentence_names"], each, holds, np.repeat(folds, counts), SENTENCE_L2)
    quotes, held, held_two = _best(rows[0]["sentence_names"], each, holds, logits, counts)
    right = np.array([float(row["right"]) for row in rows])
    told = np.array([float(np.any(row["holds"])) for row in rows])
    names = sorted(rows[0]["features"])
    plain = np.array([[row["features"][name] for name in names] for row in rows])
    wide, wide_names = np.hstack([plain, quotes[1]]), [*names, *quotes[0]]
    asked = {"draft": (names, plain, right), "quote": (wide_names, wide, held), "quotes": (wide_names, wide, held_two)}
    model: dict[str, Any] = {"sentence": sentence}
    out = {}
    for of, (own, x, y) in asked.items():
        without, out[of] = fit_linear(own, x, y, folds)
        model[of] = {"without_state": without}
    probes = None
    if states:
        probed: dict[str, np.ndarray] = {}
        parts: dict[str, Any] = {}
        for state, own_states in states.items():
            probe = Probes(own_states, folds)
            parts |= {f"{state}_mean": own_states.mean, f"{state}_scale": own_states.scale}
            for target, y in (("draft", right), ("quote", told)):
                l2, probed[f"probe_{state}_{target}"] = probe.best(y)
                parts[f"{state}_{target}"], parts[f"{state}_{target}_bias"] = probe.fit(y, l2)
        probes = {name: np.asarray(part, np.float32) for name, part in parts.items()}
        for of, (own, x, y) in asked.items():
            model[of]["with_state"], out[of] = fit_linear([*own, *probed], np.column_stack([x, *probed.values()]), y, folds)
    model["outcomes"] = outcomes(rows, out, {of: y for of, (_, _, y) in asked.items()})
    return model, probes


def _best(
    names: Sequence[str], each: np.ndarray, holds: np.ndarray, logits: np.ndarray, counts: np.ndarray
) -> tuple[tuple[list[str], np.ndarray], np.ndarray, np.ndarray]:
    """Names and features [n, f] of each question's best sentence (as ``qa.quote.best_quote``), whether it holds the
    answer, and whether it or the next does."""
    features, held, held_two = [], [], []
    stands: dict[str, float] = {}
    for end, count in zip(np.cumsum(counts), counts, strict=True):
        own, at = logits[end - count : end], end - count
        order = np.argsort(-own, kind="stable")[:2]
        stands = standing(own.tolist())
        features.append([*each[at + order[0]], *stands.values()])
        held.append(holds[at + order[0]])
        held_two.append(holds[at + order].max())
    return ([f"quote_{name}" for name in [*names, *stands]], np.array(features)), np.array(held), np.array(held_two)


def outcomes(
    rows: list[dict[str, Any]], logits: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]
) -> dict[str, dict[str, dict[str, float]]]:
    """Out of fold, by source and risk: shares answered right, refused though answerable, refused with no answer.

    Args:
        logits, right: for draft, quote and quotes: log-odds out of fold [n], and whether they answer [n].
    """
    sure = {of: 1 / (1 + np.exp(-logit)) for of, logit in logits.items()}
    passed = np.array([row["passed"] for row in rows])
    answerable = np.array([row["answerable"] for row in rows])
    source = np.array([row["source"] for row in rows])
    table: dict[str, dict[str, dict[str, float]]] = {}
    for name in [*sorted(set(source)), "all"]:
        own = np.ones(len(rows), bool) if name == "all" else source == name
        table[name] = {}
        for risk in (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9):
            draft = passed & (sure["draft"] >= 1 - risk)
            quote = ~draft & (sure["quote"] >= 1 - risk)
            quotes = ~draft & ~quote & (sure["quotes"] >= 1 - risk)
            good = np.select([draft, quote, quotes], [right["draft"], right["quote"], right["quotes"]], 0.0)
            shown = draft | quote | quotes
            table[name][f"{risk:.2f}"] = {
                "answered_right": round(float(good[own & answerable].mean()), 4),
                "answerable_refused": round(float((~shown)[own & answerable].mean()), 4),
                "unanswerable_refused": round(float((~shown)[own & ~answerable].mean()), 4),
                "quoted": round(float((quote | quotes)[own].mean()), 4),
            }
    return table


def main() -> None:
    """Command line of this module."""
    from engine.settings import GeneratorSettings
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
    gather.add_argument("--together", type=int, default=8, help="questions asked at once")
    steps.add_parser("fit").add_argument("file", type=Path, nargs="?", default=PACKED)
    steps.add_parser("pack").add_argument("file", type=Path)
    args = parser.parse_args()
    if args.step == "collect":
        models = ModelSettings(folder=args.models)
        settings = EngineSettings(data=args.data, models=models, answer=AnswerSettings(risk=1.0, cache=False))
        engine = Engine.open(settings)
        if not engine.library.count:
            from corpus import sample_documents

            engine.add(sample_documents())
        collect(engine, tuning_items(args.bench, args.count), args.out, args.together)
        return
    rows, states = read(args.file)
    if args.step == "pack":
        pack(rows, states)
        return
    model, probe = fit(rows, states)
    sources = sorted({row["source"] for row in rows})
    model["data"] = {"model": GeneratorSettings().model, "file": args.file.name, "questions": len(rows), "sources": sources}
    if probe is not None:
        np.savez(PROBE, allow_pickle=False, **probe)
    WEIGHTS.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(model, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()

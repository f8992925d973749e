"""Fits the gate (``qa/gate.json``, ``qa/probe.npz``): which drafts, and which quotations, answer their question.

    python -m eval.gate_fit collect --data DIR --out FILE [--count N]     runs the pipeline on tuning questions
    python -m eval.gate_fit fit [FILE]                                    fits, prints the figures, writes gate.json
    python -m eval.gate_fit pack FILE                                     keeps what a fit needs in eval/data

Tuning data alone: cmrc2018 trial and drcd dev with and without the passage that answers (``eval.gate_data``), questions
written over news and over an encyclopaedia, the tuning half of NoMIRACL, and the tuning splits of the questions that
ship. Figures are out of fold (5 folds, questions of one passage together).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.gate_model import SENTENCE_L2, Probes, fit_linear, hash_fold
from index.normalize import normalize
from index.types import Hit
from qa.draft import Draft
from qa.engine import Engine
from qa.gate import PROBE, WEIGHTS, Decision, Gate
from qa.question import Question
from qa.quote import sentence_features, standing

PACKED = Path(__file__).with_name("data") / "gate_tuning.jsonl"
KEPT = ("id", "source", "answerable", "right", "passed", "features")
"""What a fit needs of a row besides its arrays: no text of the public sets is copied."""


class RecordingGate(Gate):
    """Refuses nothing that has support and keeps what it saw."""

    def __init__(self) -> None:
        super().__init__(risk=1.0)
        self.question: Question | None = None
        self.seen: Decision | None = None
        self.draft: Draft | None = None

    def decide(self, question: Question, hits: Sequence[Hit], draft: Draft) -> Decision:
        self.question, self.draft = question, draft
        self.seen = super().decide(question, hits, draft)
        return self.seen


def collect(engine: Engine, gate: RecordingGate, items: Iterator[tuple[str, dict[str, Any]]], out: Path) -> None:
    """One JSON line for each question, appended; questions already there are skipped."""
    known = {json.loads(line)["id"] for line in out.read_text("utf-8").splitlines()} if out.exists() else set()
    with out.open("a", encoding="utf-8") as file:
        for source, item in items:
            if item["id"] in known:
                continue
            gate.seen = gate.draft = gate.question = None
            engine.answer(item["question"], passages=item.get("passages"))
            if row := row_of(gate, source, item):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()


def row_of(gate: RecordingGate, source: str, item: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the gate saw of one question, with the labels; None when it was not asked (nothing was found)."""
    draft, seen, question = gate.draft, gate.seen, gate.question
    if draft is None or seen is None or question is None or draft.context is None:
        return None
    rows = sentence_features(question, draft.context, draft.sentences)
    row = {
        "id": item["id"],
        "source": source,
        "answerable": bool(item.get("answerable", item["answers"])),
        "right": is_right(draft.text, item, whole=False),
        "passed": seen.reason is None and seen.quote is None,
        "features": {name: value for name, value in seen.features.items() if not name.startswith("quote_")},
        "sentences": [[round(row[name], 5) for name in sorted(row)] for row in rows],
        "sentence_names": sorted(rows[0]),
        "holds": [is_right(place.text, item, whole=False) for place in draft.context.sentences],
        "question": item["question"],
        "draft": draft.text,
        "answers": item["answers"],
    }
    if draft.state is not None:
        row["state"] = [round(float(x), 4) for x in np.asarray(draft.state)]
    return row


def read(file: Path) -> list[dict[str, Any]]:
    """Rows as ``collect`` or ``pack`` wrote them, with their arrays."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    arrays = file.with_suffix(".npz")
    if arrays.exists():
        with np.load(arrays, allow_pickle=False) as kept:
            ends = np.cumsum(kept["counts"])
            names, features, holds = kept["names"].tolist(), kept["sentences"].astype(np.float64), kept["holds"]
            for row, state, end, count in zip(rows, kept["states"].astype(np.float64), ends, kept["counts"], strict=True):
                row["state"], row["sentence_names"] = state, names
                row["sentences"], row["holds"] = features[end - count : end], holds[end - count : end]
    return rows


def pack(rows: list[dict[str, Any]], file: Path = PACKED) -> None:
    """Keep ids, labels, features and states (half precision) in ``file`` and an ``.npz`` beside it."""
    lines = (json.dumps({name: row[name] for name in KEPT}, ensure_ascii=False) for row in rows)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    np.savez_compressed(
        file.with_suffix(".npz"),
        allow_pickle=False,
        states=np.array([row["state"] for row in rows], dtype=np.float16),
        names=np.array(rows[0]["sentence_names"]),
        counts=np.array([len(row["holds"]) for row in rows], dtype=np.int32),
        sentences=np.concatenate([np.asarray(row["sentences"], dtype=np.float16) for row in rows]),
        holds=np.concatenate([np.asarray(row["holds"], dtype=bool) for row in rows]),
    )


def is_right(text: str, item: Mapping[str, Any], *, whole: bool = True) -> bool:
    """Whether one of the answers, or one of each of the parts, stands in the text; False when there is no answer.

    ``whole=False``: of three parts or more, half will do. A list that is short of a few is no reason to refuse it.
    """
    parts = item.get("answer_parts") or ([item["answers"]] if item["answers"] else [])
    plain = _plain(text)
    found = sum(any(_plain(a) in plain for a in part) for part in parts)
    return bool(parts) and found >= (len(parts) if whole or len(parts) < 3 else (len(parts) + 1) // 2)


def _plain(text: str) -> str:
    return "".join(c for c in normalize(text).text if c.isalnum())


def fit(rows: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, np.ndarray] | None]:
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
    if all("state" in row for row in rows):
        probe = Probes(np.array([row["state"] for row in rows]), folds)
        (l2, by_draft), (l2_quote, by_quote) = probe.best(right), probe.best(told)
        both, both_names = np.stack([by_draft, by_quote], 1), ["probe_draft", "probe_quote"]
        for of, (own, x, y) in asked.items():
            model[of]["with_state"], out[of] = fit_linear([*own, *both_names], np.hstack([x, both]), y, folds)
        weights, bias = probe.fit(right, l2)
        weights_quote, bias_quote = probe.fit(told, l2_quote)
        probes = {"mean": probe.mean, "scale": probe.scale, "draft": weights, "quote": weights_quote}
        probes = {name: part.astype(np.float32) for name, part in probes.items()}
        probes |= {"draft_bias": np.float32(bias), "quote_bias": np.float32(bias_quote)}
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


def tuning_items(bench: Path, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tuning split of `tianjin` (open corpus) first, then closed-context items: NoMIRACL, encyclopaedia, news, cmrc2018
    trial and drcd dev."""
    from eval.gate_data import gate_items, news_items, nomiracl_items, wiki_items

    data = Path(__file__).with_name("data")
    shipped = data / "tianjin.jsonl"
    for line in shipped.read_text("utf-8").splitlines():
        item = json.loads(line)
        if item["split"] == "tuning" and not item.get("history"):
            yield "tianjin", item
    for item in nomiracl_items(data / "nomiracl_tuning.jsonl", bench / "nomiracl-zh" / "test.jsonl"):
        yield "nomiracl", item
    files = [bench / "cmrc2018" / "cmrc2018_trial.json", bench / "drcd" / "DRCD_dev.json"]
    given = [("wiki", item) for item in wiki_items(data / "wiki_tuning.jsonl", files)]
    given += [("news", item) for item in news_items(data / "news_tuning.jsonl", bench / "news" / "news.jsonl")]
    given += [("squad", item) for item in gate_items(files, count)]
    for source, item_ in given:
        item = {"id": item_.id, "question": item_.question, "answers": list(item_.answers)}
        if item_.parts:
            item["answer_parts"] = [list(part) for part in item_.parts]
        yield source, item | {"passages": [("", text) for text in item_.passages]}


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

"""Fits the gate: collects what it weighs for questions whose answers are known, then fits logistic models.

    python -m training.gate collect OUT.json DATA QUESTIONS.jsonl [--limit N]    # asks the index in DATA;
    goes on
                                                                                 # where it stopped
    python -m training.gate fit ROWS.json... [--try ROWS.json...] [--write]

A question has ``answers`` (any one is right) or ``answer_parts`` (all are), neither where the documents do
not answer it, and ``type``. A row: the features of ``qa.features`` with what the adapter tells
(``qa.gate.probed``), whether the draft is right, and whether what the reader found is. The adapter was
trained on other questions."""

from __future__ import annotations

import json
import random
import re
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict

from qa.clock import Clock
from qa.context import Limits, build_context
from qa.draft import Draft, write_draft
from qa.engine import Engine
from qa.features import features, found_features
from qa.finding import dated, found_in, searched, worth_of
from qa.gate import WEIGHTS, probed
from qa.judge import judged, open_judge
from qa.kinds.evidence import narrow, read
from qa.kinds.extract import SPREAD
from qa.linear import CLIP
from qa.pipeline import READ
from qa.rationale import Rationale
from qa.rerank import Budget, reranked, sentences_told
from qa.settings import AnswerSettings, EngineSettings
from qa.types import Answer, Turn
from qa.understand import understand
from training.collected import collected, parsers
from training.examples import rows

SKIPPED = frozenset({"chat", "instruct", "overview", "count_across", "false_premise"})
STRENGTH = 0.05
MODEL = "qwen2.5-coder-1.5b"


def right(item: dict[str, Any], text: str) -> bool:
    """Does the text hold the answer?"""
    said = _plain(text)
    if item.get("answer_parts"):
        return all(
            any(_plain(a) in said for a in ([part] if isinstance(part, str) else part))
            for part in item["answer_parts"]
        )
    return any(_plain(a) in said for a in item.get("answers") or ())


def _plain(text: str) -> str:
    return re.sub(r"[\s,，*|]", "", unicodedata.normalize("NFKC", text)).lower()


def collect(out: Path, data: Path, questions: Path, limit: int) -> None:
    """Ask what is not in ``out`` yet."""
    engine = Engine.open(EngineSettings(data=data, answer=AnswerSettings(cache=False)))
    items = [item for item in rows(questions) if item.get("type") not in SKIPPED]
    random.Random(1).shuffle(items)
    collected(out, items[: limit or None], lambda item: _row(engine, item))


def _row(engine: Engine, item: dict[str, Any]) -> dict[str, Any]:
    reader, generator, index, settings = (
        engine.reader,
        engine.generator,
        engine.library,
        engine.settings.answer,
    )
    assert reader is not None
    turns = [Turn(turn["question"], turn["answer"]) for turn in item.get("history") or ()]
    want, stop = understand(item["question"], turns, reader), threading.Event()
    hits = searched(want.query, index, engine.settings.index.top_k, want.before)
    query = dated(want.query, hits)
    told = want.told if want.after_turns else query
    windows = read(query, [narrow(hit) for hit in hits], reader)
    budget = Budget(2 * READ)
    typed = item["question"] if want.after_turns else ""
    windows, drafts = reranked(told, windows, generator, budget, stop, typed)
    telling = sentences_told(told, generator, budget, stop, drafts)
    kind = "fact" if want.kind in SPREAD else want.kind
    found = found_in(Answer(item["question"], query, kind=kind), hits, windows, index, reader, telling)
    context = build_context(
        hits, worth_of(hits, windows), generator.count_tokens, Limits(*settings.context_limits)
    )
    first = drafts.get(found.best.passage.id, Draft()) if found else Draft()
    if found:
        found, weighed = Rationale(told, hits, drafts, generator, budget, stop).whole(found)
        first = replace(first, lines=weighed.lines, left=weighed.odds)
    *_, draft = write_draft(generator, told, context, settings, Clock(), stop, first.judged)
    judge = open_judge(generator)
    if judge and draft.sentences:
        draft = replace(draft, sentences=judged(draft.sentences, context, judge, stop))
    draft = replace(draft, lines=first.lines, left=first.left)
    shown = "".join(s.text for s in draft.sentences if s.state != "unsupported")
    answerable = bool(item.get("answers") or item.get("answer_parts"))
    row = {
        "id": item.get("id", ""),
        "type": item.get("type", ""),
        "question": item["question"],
        "draft": draft.text,
        "answerable": answerable,
        "features": features(hits, draft, found) | probed(draft),
        "draft_right": answerable and right(item, shown),
        "found": "".join(s.text for s in found.lines) if found else "",
    }
    row["found_right"] = answerable and right(item, row["found"])
    return row


def fit(paths: Sequence[Path], tried: Sequence[Path], write: bool) -> None:
    """Fit, print how well out of fold and on ``tried``, write the weights."""
    everything, other = (
        [row for path in files for row in json.loads(path.read_text("utf-8"))] for files in (paths, tried)
    )
    out: dict[str, Any] = {"data": {"rows": len(everything), "model": MODEL}}
    every = sorted(everything[0]["features"])
    states = [name for name in every if name.startswith("probe")]
    before = [name for name in every if name in found_features([], None)] + states
    models = {"draft": every, "quote": every, "before": before, "lines": states}
    for of, names in models.items():
        out[of] = {}
        label = "draft_right" if of == "draft" else "found_right"
        for part in ("with_state", "without_state"):
            if used := [n for n in names if part == "with_state" or not n.startswith(("probe", "judged"))]:
                out[of][part] = _linear(everything, used, label, f"{of} {part}", other)
    if write:
        WEIGHTS.write_text(json.dumps(out, indent=1) + "\n", "utf-8")


def _linear(
    given: Sequence[dict[str, Any]],
    names: Sequence[str],
    label: str,
    said: str,
    other: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    x = np.array([[row["features"][n] for n in names] for row in given])
    y = np.array([row[label] for row in given])
    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-6)
    z = np.clip((x - mean) / scale, -CLIP, CLIP)
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    chances = cross_val_predict(
        model, z, y, cv=KFold(5, shuffle=True, random_state=1), method="predict_proba"
    )[:, 1]
    auc = {"out_of_fold": round(float(roc_auc_score(y, chances)), 3)}
    fitted = model.fit(z, y)
    if other:
        xo = np.clip(
            (np.array([[row["features"][n] for n in names] for row in other]) - mean) / scale, -CLIP, CLIP
        )
        auc["tried"] = round(
            float(roc_auc_score([row[label] for row in other], fitted.predict_proba(xo)[:, 1])), 3
        )
    print(f"{said}: n {len(y)}, right {y.mean():.2f}, AUC {auc}")
    top = sorted(zip(names, fitted.coef_[0], strict=True), key=lambda p: -abs(p[1]))[:8]
    print("  ", ", ".join(f"{name} {weight:+.2f}" for name, weight in top))
    return {
        "features": list(names),
        "mean": mean.round(6).tolist(),
        "scale": scale.round(6).tolist(),
        "weights": fitted.coef_[0].round(6).tolist(),
        "bias": round(float(fitted.intercept_[0]), 6),
        "auc": auc,
    }


def main() -> None:
    parser, fitting = parsers(__doc__)
    fitting.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.verb == "collect":
        collect(given.out, given.data, given.questions, given.limit)
    else:
        fit(given.rows, given.tried, given.write)


if __name__ == "__main__":
    main()

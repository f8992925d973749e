"""Fits the gate: collects what it weighs for questions whose answers are known, then fits probes and logistic
models.

    python -m training.gate collect OUT.npz DATA QUESTIONS.jsonl [--limit N]     # asks the index in DATA;
    goes on where it stopped python -m training.gate fit --states QUESTION_STATES.npz... --rows ROWS.npz...
    [--try ROWS.npz...] [--write]

A question has ``answers`` (any one is right) or ``answer_parts`` (all are), neither where the documents do
not answer it, and
``type``. A row: the features of ``qa.features``, the hidden state after ``prompts/judge.md``, whether the
draft is right, and whether what the reader found is. The probes are fitted on other questions
(``training.questions``) than the models over them.

OUT.npz: ``judged`` float16, the states of ``Draft.judged`` of all rows one after the other, ``letters`` int
[n], of how many characters each; OUT.json the rest.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
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
from qa.gate import PROBE, WEIGHTS, probed_by
from qa.judge import judged, open_judge
from qa.kinds.evidence import narrow, read
from qa.kinds.extract import SPREAD
from qa.linear import CLIP
from qa.pipeline import READ
from qa.rerank import Budget, reranked, sentences_told
from qa.settings import AnswerSettings, EngineSettings
from qa.types import Answer, Turn
from qa.understand import understand
from training.examples import rows
from training.fitted import Fitted, out_of_fold

SKIPPED = frozenset({"chat", "instruct", "overview", "count_across", "false_premise"})
STRENGTH, PROBE_STRENGTH = 0.05, 0.003
TWINS = 5.0
"""Weight of a false premise and of its true twin beside other questions: these two tell what is false, not
what is odd."""
NEARLY = 0.1
"""Weight of one of two questions that are nearly the same: more of it and questions about other things are
told less well (docs/log/gate.md)."""
FALSE_ALARMS = 0.05
"""Share of true twins that may be taken for having a false premise."""
WORDS_STRENGTH = 0.001
ODD = 0.3
"""Weight of one of two questions that are nearly the same where what the two probes tell is weighed."""
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
    kept: list[dict[str, Any]] = json.loads(out.with_suffix(".json").read_text()) if out.is_file() else []
    states: list[np.ndarray] = []
    if out.is_file():
        with np.load(out) as file:
            states = np.split(file["judged"], np.cumsum(file["letters"] + 1)[:-1])
    for item in items[len(kept) : limit or None]:
        row, state = _row(engine, item)
        kept.append(row)
        states.append(state)
        if len(kept) % 20 == 0 or len(kept) == len(items[: limit or None]):
            np.savez(out, judged=np.concatenate(states), letters=[len(told) - 1 for told in states])
            out.with_suffix(".json").write_text(json.dumps(kept, ensure_ascii=False))
            print(f"{len(kept)} of {len(items[: limit or None])}", flush=True)


def _row(engine: Engine, item: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
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
    telling = sentences_told(told, generator, budget, stop)
    kind = "fact" if want.kind in SPREAD else want.kind
    found = found_in(Answer(item["question"], query, kind=kind), hits, windows, index, reader, telling)
    context = build_context(
        hits, worth_of(hits, windows), generator.count_tokens, Limits(*settings.context_limits)
    )
    first = drafts.get(found.best.passage.id, Draft()) if found else Draft()
    *_, draft = write_draft(generator, told, context, settings, Clock(), stop, first.judged)
    judge = open_judge(generator)
    if judge and draft.sentences:
        draft = replace(draft, sentences=judged(draft.sentences, context, judge, stop))
    shown = "".join(s.text for s in draft.sentences if s.state != "unsupported")
    answerable = bool(item.get("answers") or item.get("answer_parts"))
    row = {
        "id": item.get("id", ""),
        "type": item.get("type", ""),
        "question": item["question"],
        "draft": draft.text,
        "answerable": answerable,
        "features": features(hits, draft, found),
        "draft_right": answerable and right(item, shown),
        "found": "".join(s.text for s in found.lines) if found else "",
    }
    row["found_right"] = answerable and right(item, row["found"])
    return row, np.asarray(draft.judged, np.float16)


def fit(states: Sequence[Path], paths: Sequence[Path], tried: Sequence[Path], write: bool) -> None:
    """Fit, print how well out of fold and on ``tried``, write the weights."""
    probe, premise = probes(load_states(states))
    given = [_read(path, probe) for path in paths]
    everything = [row for part in given for row in part]
    other = [row for path in tried for row in _read(path, probe)]
    out: dict[str, Any] = {"premise": premise, "data": {"rows": len(everything), "model": MODEL}}
    before = {*found_features([], None), "probe_answered", "probe_premise", "probe_words"}
    for of, label in (("draft", "draft_right"), ("quote", "found_right"), ("before", "found_right")):
        out[of] = {}
        for part in ("with_state", "without_state"):
            names = sorted(
                n
                for n in everything[0]["features"]
                if part == "with_state" or not n.startswith(("probe", "judged"))
            )
            names = [n for n in names if of != "before" or n in before]
            out[of][part] = _linear(everything, names, label, f"{of} {part}", other)
    if write:
        WEIGHTS.write_text(json.dumps(out, indent=1) + "\n", "utf-8")
        np.savez_compressed(PROBE, **probe, model=MODEL)


def load_states(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Everything of the files that ``training.questions`` makes, one after the other; without ``words`` a
    question has no ``letters``."""
    files = [dict(np.load(path)) for path in paths]
    for file in files:
        file.setdefault("near", np.zeros(len(file["label"]), bool))
        file.setdefault("letters", np.zeros(len(file["label"]), int))
        file.setdefault("words", np.zeros((0, file["answered"].shape[1]), np.float16))
    return {name: np.concatenate([file[name] for file in files]) for name in files[0]}


def probes(told: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], float]:
    """Probes as ``probe.npz`` has them, and the log-odds from which a premise counts as false."""
    x, label = told["answered"].astype(np.float32), told["label"].astype(int)
    weight = np.where(label >= 2, TWINS, np.where(told["near"], NEARLY, 1.0))
    known = label < 2
    answered = out_of_fold(x, label == 1, told["groups"], PROBE_STRENGTH, weight, known)
    print(
        f"answered: AUC out of fold {roc_auc_score(label[known] == 1, answered[known]):.3f}, n {known.sum()}"
    )
    fitted = Fitted(x[known], label[known] == 1, PROBE_STRENGTH, weight[known]).named("answered")
    premise = out_of_fold(x, label == 2, told["groups"], PROBE_STRENGTH, weight)
    twins = np.isin(label, (2, 3))
    auc = roc_auc_score(label[twins] == 2, premise[twins])
    least = float(np.quantile(premise[label == 3], 1 - FALSE_ALARMS))
    caught = {
        k: round(float((premise[label == v] > least).mean()), 3)
        for k, v in (("false", 2), ("true", 3), ("answered", 1), ("not", 0))
    }
    print(f"premise: false against true twins: AUC {auc:.3f}; from {least:.2f} taken for false {caught}")
    fitted |= Fitted(x, label == 2, PROBE_STRENGTH, weight).named("premise")
    return fitted | words_of(told, answered), least


def words_of(told: Mapping[str, np.ndarray], answered: np.ndarray) -> dict[str, np.ndarray]:
    """The probe of the words of a question, is each borne out by the material, and how what the least of them
    is and ``answered`` (log-odds out of fold, one a question) are weighed together."""
    x, label = told["words"].astype(np.float32), told["label"]
    borne, letters = _borne(told), told["letters"]
    groups, known = np.repeat(told["groups"], letters), borne >= 0
    out = out_of_fold(x, borne, groups, WORDS_STRENGTH, known=known)
    print(f"words: AUC out of fold {roc_auc_score(borne[known], out[known]):.3f}, n {known.sum()}")
    rows_ = np.flatnonzero((letters > 0) & (label < 2))
    ends = np.cumsum(letters)
    least = np.array([out[ends[i] - letters[i] : ends[i]].min() for i in rows_])
    both = np.stack([answered[rows_], least], 1)
    y, near = label[rows_] == 1, told["near"][rows_]
    weighed = LogisticRegression().fit(both, y, sample_weight=np.where(near, ODD, 1.0))
    for name, these in (("nearly the same", near), ("others", ~near)):
        auc = [roc_auc_score(y[these], v[these]) for v in (*both.T, weighed.decision_function(both))]
        print(f"  {name}, n {these.sum()}: answered, least word, both: " + ", ".join(f"{a:.3f}" for a in auc))
    weights = np.array([*weighed.coef_[0], weighed.intercept_[0]], np.float32)
    return Fitted(x[known], borne[known], WORDS_STRENGTH).named("words") | {"both": weights}


def _borne(told: Mapping[str, np.ndarray]) -> np.ndarray:
    """Of each character asked: is what was asked until then borne out (1), is it just here that it is not
    (0), is that not known (-1)? All of an answered question is; of two that are nearly the same, of which the
    material answers the one, the other is until it differs, and is not where that ends."""
    out = []
    asked = [name.split("#", 1)[1] for name in told["ids"]]
    rows_ = zip(told["letters"], told["label"], told["near"], strict=True)
    for at, (number, label, near) in enumerate(rows_):
        own = np.full(number, 1 if label == 1 else -1, int)
        if number and near and label == 0 and (where := _differs(asked[at - 1], asked[at])):
            begin, end = (max(0, number - len(asked[at]) + place) for place in where)
            own[:begin], own[max(0, end - 1)] = 1, 0
        out.append(own)
    return np.concatenate(out)


def _differs(one: str, other: str) -> tuple[int, int] | None:
    """Where the other question is not the one: from the first to the last difference."""
    found = [
        (c, d)
        for tag, _, _, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
        if tag != "equal" and d > c
    ]
    return (found[0][0], found[-1][1]) if found else None


def _read(path: Path, probe: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    given = json.loads(path.with_suffix(".json").read_text())
    with np.load(path) as file:
        parts = np.split(file["judged"].astype(np.float32), np.cumsum(file["letters"] + 1)[:-1])
    for row, states in zip(given, parts, strict=True):
        row["features"] |= probed_by(probe, states)
    return given


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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("collect")
    one.add_argument("out", type=Path)
    one.add_argument("data", type=Path)
    one.add_argument("questions", type=Path)
    one.add_argument("--limit", type=int, default=0)
    two = verbs.add_parser("fit")
    two.add_argument("--states", type=Path, nargs="+", required=True)
    two.add_argument("--rows", type=Path, nargs="+", required=True)
    two.add_argument("--try", dest="tried", type=Path, nargs="*", default=[])
    two.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.verb == "collect":
        collect(given.out, given.data, given.questions, given.limit)
    else:
        fit(given.states, given.rows, given.tried, given.write)


if __name__ == "__main__":
    main()

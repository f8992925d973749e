"""What the gate is fitted on: one row for each tuning question, as the pipeline saw it.

Tuning data alone: cmrc2018 trial and drcd dev with and without the passage that answers (``training.gate_data``), questions
written over news and over an encyclopaedia, the tuning half of NoMIRACL, and the tuning splits of the questions that
ship.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from index.normalize import normalize
from index.types import Hit
from qa.draft import Draft
from qa.engine import Engine
from qa.gate import Decision, Gate
from qa.question import Question
from qa.quote import sentence_features
from training.gate_model import States

PACKED = Path(__file__).with_name("data") / "gate_tuning.jsonl"
PROBED = ("answer", "judge")
"""Hidden states that are probed: after the prompt ``answer``, and after ``judge``."""
KEPT = ("id", "source", "answerable", "right", "passed", "features")
"""What a fit needs of a row besides its arrays: no text of the public sets is copied."""


class RecordingGate(Gate):
    """Refuses nothing that has support and keeps what it saw; ``passed``: no rule stands against the draft."""

    def __init__(self) -> None:
        super().__init__(risk=1.0)
        self.question: Question | None = None
        self.seen: Decision | None = None
        self.draft: Draft | None = None
        self.passed = False

    def decide(self, question: Question, hits: Sequence[Hit], draft: Draft) -> Decision:
        self.question, self.draft = question, draft
        self.seen = super().decide(question, hits, draft)
        self.passed = not self.seen.premises and self._against(question, draft, 1.0) is None
        return self.seen


def collect(engine: Engine, items: Iterator[tuple[str, dict[str, Any]]], out: Path, together: int = 1) -> None:
    """One JSON line for each question, appended; questions already there are skipped.

    Args:
        together: so many are asked at once, over the same index and generator.
    """
    known = {json.loads(line)["id"] for line in out.read_text("utf-8").splitlines()} if out.exists() else set()
    writing, own = threading.Lock(), threading.local()

    def one(source: str, item: dict[str, Any]) -> None:
        if not hasattr(own, "engine"):
            own.gate = RecordingGate()
            own.engine = Engine.open(engine.settings, generator=engine.generator, gate=own.gate)
            own.engine.library = engine.library
        own.gate.seen = own.gate.draft = own.gate.question = None
        own.engine.answer(item["question"], passages=item.get("passages"))
        if row := row_of(own.gate, source, item):
            with writing:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()

    with out.open("a", encoding="utf-8") as file, ThreadPoolExecutor(together) as pool:
        waiting = [pool.submit(one, source, item) for source, item in items if item["id"] not in known]
        for each in waiting:
            each.result()


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
        "passed": gate.passed,
        "features": {name: value for name, value in seen.features.items() if not name.startswith(("quote_", "probe_"))},
        "sentences": [[round(row[name], 5) for name in sorted(row)] for row in rows],
        "sentence_names": sorted(rows[0]),
        "holds": [is_right(place.text, item, whole=False) for place in draft.context.sentences],
        "question": item["question"],
        "draft": draft.text,
        "answers": item["answers"],
    }
    if draft.state is not None and draft.judged is not None:
        row["states"] = {
            of: [round(float(x), 4) for x in np.asarray(state)] for of, state in zip(PROBED, (draft.state, draft.judged), strict=True)
        }
    return row


def read(file: Path) -> tuple[list[dict[str, Any]], dict[str, States]]:
    """Rows as ``collect`` or ``pack`` wrote them, and their hidden states ({} when a row has none)."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    arrays = file.with_suffix(".npz")
    if not arrays.exists():
        given = [row.pop("states", None) for row in rows]
        return rows, {of: States.of(np.array([states[of] for states in given])) for of in PROBED} if all(given) else {}
    with np.load(arrays, allow_pickle=False) as kept:
        ends = np.cumsum(kept["counts"])
        names, features, holds = kept["names"].tolist(), kept["sentences"].astype(np.float64), kept["holds"]
        for row, end, count in zip(rows, ends, kept["counts"], strict=True):
            row["sentence_names"] = names
            row["sentences"], row["holds"] = features[end - count : end], holds[end - count : end]
        parts = {of: [kept[f"{of}_{part.name}"].astype(np.float64) for part in fields(States)] for of in PROBED}
        return rows, {of: States(*part) for of, part in parts.items()}


def pack(rows: list[dict[str, Any]], states: Mapping[str, States], file: Path = PACKED) -> None:
    """Keep ids, labels, features and the states' strongest directions (half precision) in ``file`` and an ``.npz``
    beside it."""
    lines = (json.dumps({name: row[name] for name in KEPT}, ensure_ascii=False) for row in rows)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    told = {
        f"{of}_{part.name}": _packed(getattr(own, part.name)) for of, own in states.items() for part in fields(States)
    }
    np.savez_compressed(
        file.with_suffix(".npz"),
        allow_pickle=False,
        **told,
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


def _packed(part: np.ndarray) -> np.ndarray:
    """Half precision where the values are of the order of one."""
    return part.astype(np.float16 if part.ndim > 1 else np.float32)


def tuning_items(bench: Path, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tuning split of `tianjin` (open corpus) first, then closed-context items: NoMIRACL, encyclopaedia, news, cmrc2018
    trial and drcd dev."""
    from training.gate_data import gate_items, news_items, nomiracl_items, wiki_items

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
    for source, made in given:
        yield source, made.row()

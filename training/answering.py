"""Fits which sentences of a passage answer a question (``qa/answering.npz``): a linear probe of the state
that the default generator has after each sentence when it reads the question first (``qa.answering``).

    python -m training.answering passages OUT.npz FILE.jsonl...       # passages with exact spans, by hand
    python -m training.answering set OUT.npz DATA QUESTIONS.jsonl     # questions of an index, with evidence
    python -m training.answering fit STATES.npz... [--try STATES.npz] [--write]

States: ``states`` float16 [n, layers * hidden size], ``label`` bool [n], ``item`` int [n] (the question),
``group`` [n] (kind of document; folds share none), ``best`` bool [n] (the reader's best sentence).
"""

from __future__ import annotations

import argparse
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from engine.base import Marks
from index.sentences import split_sentences
from qa.answering import MOST, WEIGHTS, states
from qa.engine import Engine
from qa.finding import dated, searched
from qa.kinds.evidence import narrow, read
from qa.kinds.extract import BEST
from qa.settings import AnswerSettings, EngineSettings
from qa.types import Turn
from qa.understand import understand
from training.examples import rows
from training.fitted import Fitted, out_of_fold
from training.gate import MODEL
from training.kept import opened

STRENGTH = 0.001
SKIPPED = frozenset({"chat", "instruct", "overview", "unanswerable"})
Row = tuple[np.ndarray, list[bool], str, list[bool]]
"""States, labels, group and which sentence is the reader's best, of one question."""


def of_passages(paths: Sequence[Path]) -> Iterator[Row]:
    """Questions of hand-written passages: a sentence answers where a span of the answer lies in it."""
    generator = opened(Marks)
    for row in (row for path in paths for row in rows(path)):
        passage = row["passage"]
        cuts = split_sentences(passage)[:MOST]
        for question in row["questions"]:
            spans = [(passage.find(a), passage.find(a) + len(a)) for a in question["answers"] if a in passage]
            label = [any(a < end and start < b for start, end in spans) for a, b in cuts]
            if any(label) and len(cuts) > 1:
                texts = [passage[a:b] for a, b in cuts]
                found = states(question["q"], row["title"], texts, generator, threading.Event())
                assert found is not None
                yield found, label, row["kind"], [False] * len(label)


def of_set(data: Path, questions: Path) -> Iterator[Row]:
    """Questions of an index, each with the passage found that holds most of its evidence."""
    engine = Engine.open(EngineSettings(data=data, answer=AnswerSettings(cache=False)))
    reader, index, generator = engine.reader, engine.library, engine.generator
    assert reader is not None and isinstance(generator, Marks)
    for item in rows(questions):
        quotes = [e["quote"] for e in item.get("evidence") or ()]
        if item["type"] in SKIPPED or not quotes:
            continue
        turns = [Turn(turn["question"], turn["answer"]) for turn in item.get("history") or ()]
        want = understand(item["question"], turns, reader)
        hits = searched(want.query, index, engine.settings.index.top_k, want.before)
        hit = max(hits, key=lambda h: (_held(quotes, h.passage.text), h.score))
        block = narrow(hit)
        sentences = block.sentences()[:MOST]
        label = [_held(quotes, s.text) > 0 for s in sentences]
        if not any(label) or len(sentences) < 2:
            continue
        first = max(read(want.query, [block], reader), key=lambda w: w.worth)
        at = first.begin + first.reading.best[0]
        query = want.told if want.after_turns else dated(want.query, hits)
        found = states(query, block.heading, [s.text for s in sentences], generator, threading.Event())
        assert found is not None
        yield found, label, hit.document.title, [s.start <= at < s.end for s in sentences]


def _held(quotes: Sequence[str], text: str) -> int:
    """How many lines of the quotes the text holds, or is part of; of a row of a table all cells but one."""
    plain, found = _plain(text), 0
    for line in (line for quote in quotes for line in quote.split("\n")):
        cells = [_plain(cell) for cell in line.split("|") if _plain(cell)]
        if "|" in line:
            found += sum(cell in plain for cell in cells) >= max(1, len(cells) - 1)
        else:
            parts = [_plain(part) for part in line.replace("；", "。").split("。")]
            within = len(plain) > 5 and plain in _plain(line)
            found += within or any(part in plain for part in [_plain(line), *parts] if len(part) > 5)
    return found


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def collect(out: Path, found: Iterable[Row]) -> None:
    kept: dict[str, list[Any]] = {name: [] for name in ("states", "label", "group", "item", "best")}
    for number, (told, label, group, best) in enumerate(found):
        kept["states"].append(told.astype(np.float16))
        kept["label"] += label
        kept["group"] += [group] * len(label)
        kept["item"] += [number] * len(label)
        kept["best"] += best
        if number % 50 == 0:
            print(f"{number} questions, {len(kept['label'])} sentences", flush=True)
    states_ = np.concatenate(kept.pop("states"))
    np.savez(out, states=states_, **{name: np.asarray(value) for name, value in kept.items()})


def fit(paths: Sequence[Path], tried: Path | None, write: bool) -> None:
    """Fit, print how well out of fold over kinds of documents and on ``tried``, write the weights."""
    files = [np.load(path) for path in paths]
    x = np.concatenate([file["states"] for file in files]).astype(np.float32)
    label, group, best = (np.concatenate([f[n] for f in files]) for n in ("label", "group", "best"))
    item = np.concatenate([file["item"] + 100_000 * i for i, file in enumerate(files)])
    _say("out of fold", out_of_fold(x, label, group, STRENGTH), label, item, best)
    told = Fitted(x, label, STRENGTH)
    if tried:
        with np.load(tried) as file:
            _say("tried", told(file["states"].astype(np.float32)), file["label"], file["item"], file["best"])
    if write:
        arrays = {"mean": told.mean, "scale": told.scale, "answers": told.weights, "bias": told.bias}
        np.savez_compressed(WEIGHTS, **arrays, model=MODEL)


def _say(name: str, told: np.ndarray, label: np.ndarray, item: np.ndarray, best: np.ndarray) -> None:
    """AUC over sentences; of questions that one of three or more sentences answers, how often that is the
    first, or one of the first two; by the reader's best sentence where it is known."""
    items = [np.flatnonzero(item == i) for i in np.unique(item)]
    single = [v for v in items if label[v].sum() == 1 and len(v) > 2]
    both = told + BEST * best

    def first(score: np.ndarray, most: int, chosen: Sequence[np.ndarray]) -> float:
        return float(np.mean([label[v[np.argsort(-score[v], kind="stable")[:most]]].any() for v in chosen]))

    known = [v for v in single if best[v].any()]
    print(f"{name}: AUC {roc_auc_score(label, told):.3f}, sentences {len(label)}, questions {len(items)}")
    print(f"  of {len(single)}: first {first(both, 1, single):.3f}, first two {first(both, 2, single):.3f}")
    if known:
        print(
            f"  of {len(known)}: first {first(both, 1, known):.3f}, reader {first(best * 1.0, 1, known):.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("passages")
    one.add_argument("out", type=Path)
    one.add_argument("files", type=Path, nargs="+")
    two = verbs.add_parser("set")
    two.add_argument("out", type=Path)
    two.add_argument("data", type=Path)
    two.add_argument("questions", type=Path)
    three = verbs.add_parser("fit")
    three.add_argument("states", type=Path, nargs="+")
    three.add_argument("--try", dest="tried", type=Path)
    three.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.verb == "passages":
        collect(given.out, of_passages(given.files))
    elif given.verb == "set":
        collect(given.out, of_set(given.data, given.questions))
    else:
        fit(given.states, given.tried, given.write)


if __name__ == "__main__":
    main()

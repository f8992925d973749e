"""Chooses what decides which passage of those found answers best: weights of the search, the reader and the
model that writes (``qa.kinds.evidence``), and of which passages that is asked (``qa.rerank``).

    python -m training.ranking collect ROWS.json DATA QUESTIONS.jsonl [--limit N]   # goes on where it stopped
    python -m training.ranking fit ROWS.json... [--try ROWS.json...]

A question has ``evidence``: ``quote`` stands in the passage that answers. The weights are those of a
conditional logistic model of the right passage among those found (McFadden 1974, "Conditional logit analysis
of qualitative choice behavior"). ``fit`` prints them, and how often the right passage is first, by how much
less worth than the best a passage may be to be asked of and what it may still gain.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from qa.adapted import told
from qa.engine import Engine
from qa.features import logit
from qa.finding import dated, searched
from qa.kinds.evidence import READER, SEARCH, TOLD, Window, narrow, read
from qa.rerank import HOPE, MOST, NEAR, context_of
from qa.settings import AnswerSettings, EngineSettings
from qa.types import Turn
from qa.understand import understand
from training.collected import collected, parsers
from training.examples import rows

Passages = list[dict[str, float]]
"""Of a question's passages, those worth most first: ``likely`` by the reader (log-odds), ``score`` of the
search (0..1), ``told`` by the model that writes (log-odds), and whether it answers (``right``)."""
HELD = 20
"""Characters of a quotation by which it is found."""


def collect(out: Path, data: Path, questions: Path, limit: int) -> None:
    """Ask of the passages what is not in ``out`` yet."""
    engine = Engine.open(EngineSettings(data=data, answer=AnswerSettings(cache=False)))
    items = [item for item in rows(questions) if item.get("evidence")][: limit or None]
    collected(
        out,
        items,
        lambda item: {"id": item["id"], "type": item["type"], "passages": _passages(engine, item)},
    )


def _passages(engine: Engine, item: dict[str, Any]) -> Passages:
    assert engine.reader is not None
    turns = [Turn(turn["question"], turn["answer"]) for turn in item.get("history") or ()]
    want = understand(item["question"], turns, engine.reader)
    hits = searched(want.query, engine.library, engine.settings.index.top_k, want.before)
    query = dated(want.query, hits)
    asked = want.told if want.after_turns else query
    top: dict[str, Window] = {}
    windows = read(query, [narrow(hit) for hit in hits], engine.reader)
    for window in sorted(windows, key=lambda w: -replace(w, told=None).worth):
        top.setdefault(window.block.hit.passage.id, window)
    found = []
    for window in list(top.values())[:MOST]:
        context = context_of(window, engine.generator)
        judged = told(asked, asked, context, engine.generator, threading.Event(), again=True)
        text = _plain(window.block.text)
        right = any(_plain(one["quote"])[:HELD] in text for one in item["evidence"])
        found.append(
            {
                "likely": logit(window.reading.answerable),
                "score": window.block.hit.score,
                "told": judged.answered if judged else 0.0,
                "right": float(right),
            }
        )
    return found


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def fit(paths: Sequence[Path], tried: Sequence[Path]) -> None:
    """Print weights fitted on some rows, and how often what they prefer is right on these and on others."""
    given, other = (
        [one["passages"] for path in files for one in json.loads(path.read_text("utf-8"))]
        for files in (paths, tried)
    )
    known = [one for one in given if 0 < sum(p["right"] for p in one) < len(one)]
    weights = minimize(lambda w: _loss(w, known), np.array([READER, SEARCH, TOLD]), method="Nelder-Mead").x
    print(f"n {len(given)}, right passage among those read {np.mean([_any(one) for one in given]):.3f}")
    for name, own in (("in use", np.array([READER, SEARCH, TOLD])), ("fitted", weights)):
        print(f"{name}: reader {own[0]:.2f}, search {own[1]:.1f}, told {own[2]:.2f}")
        for near, hope in (
            (NEAR, HOPE),
            (2.4, 4.0),
            (2.4, 5.0),
            (4.0, 3.0),
            (4.0, 4.0),
            (4.0, 5.0),
            (99, 99),
        ):
            first, asked = zip(*(_first(one, own, near, hope) for one in given), strict=True)
            said = f"  near {near}, hope {hope}: first right {np.mean(first):.3f}, asked {np.mean(asked):.2f}"
            if other:
                first, asked = zip(*(_first(one, own, near, hope) for one in other), strict=True)
                said += f"; tried {np.mean(first):.3f}, {np.mean(asked):.2f} (n {len(other)})"
            print(said)


def _any(passages: Passages) -> bool:
    return any(p["right"] for p in passages)


def _loss(weights: np.ndarray, given: Sequence[Passages]) -> float:
    """Mean negative log-likelihood of the right passages."""
    total = 0.0
    for passages in given:
        worth = np.array([[p["likely"], p["score"], p["told"]] for p in passages]) @ weights
        right = np.array([p["right"] for p in passages], bool)
        total += float(np.logaddexp.reduce(worth) - np.logaddexp.reduce(worth[right]))
    return total / len(given)


def _first(passages: Passages, weights: np.ndarray, near: float, hope: float) -> tuple[bool, int]:
    """Is the passage that is worth most right, and of how many was it asked (``qa.rerank.reranked``)?"""
    before = [weights[0] * p["likely"] + weights[1] * p["score"] for p in passages]
    order = sorted(range(len(passages)), key=lambda i: -before[i])
    known: dict[int, float] = {}
    best = -np.inf
    for i in order:
        if before[i] < max(before[order[0]] - near, best - weights[2] * hope):
            break
        known[i] = passages[i]["told"]
        best = max(best, before[i] + weights[2] * known[i])
    least = min(0.0, *known.values())
    worth = [b + weights[2] * known.get(i, least) for i, b in enumerate(before)]
    return bool(passages[int(np.argmax(worth))]["right"]), len(known)


def main() -> None:
    parser, _ = parsers(__doc__)
    given = parser.parse_args()
    if given.verb == "collect":
        collect(given.out, given.data, given.questions, given.limit)
    else:
        fit(given.rows, given.tried)


if __name__ == "__main__":
    main()

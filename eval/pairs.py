"""Support pairs: each statement is judged against its evidence, by the engine's own judge where the generator
has one.

Shown is a statement whose state is ``supported`` or ``partial``; struck is one that is ``unsupported``.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import prompts
from engine.base import Loads
from errors import WenjuError
from eval.metrics.stats import Figure, mean_of_shares, statistic_figure
from eval.tasks.pairs import SUPPORTED
from eval.tasks.types import Item
from index.sentences import split_sentences
from index.types import Document, Passage
from qa.attribution import EvidenceSentence, attribute
from qa.judge import Judge, open_judge

_RANK = {"unsupported": 0, "partial": 1, "supported": 2}


class PairJudge(Protocol):
    """Says of a statement how likely the evidence bears it out (0..1) and the state it would be shown in."""

    name: str
    model: str

    def decide(self, item: Item) -> tuple[float, str]: ...


class EngineJudge:
    """The judge that decides what an answer shows (``qa.judge``)."""

    name = "engine"

    def __init__(self, judge: Judge, model: str) -> None:
        self._judge, self.model = judge, model

    def decide(self, item: Item) -> tuple[float, str]:
        lines = item.evidence[0].quote.split("\n")
        evidence = "[1] " + "\n".join(prompts.escape_evidence(line) for line in lines)
        (chance,) = self._judge.supports(evidence, [item.question], threading.Event())
        return chance, self._judge.state(chance)


class RulesJudge:
    """``qa.attribution``: coverage and checks. Its order puts the state before the score, since a problem
    that the checks find weighs more than what is covered."""

    name, model = "attribution", ""

    def decide(self, item: Item) -> tuple[float, str]:
        text = item.evidence[0].quote
        document, passage = Document("d", "", "", text, ""), Passage("d-1", "d", 0, len(text), text)
        spans = [EvidenceSentence(passage, document, a, b, text[a:b]) for a, b in split_sentences(text)]
        asked = item.history[0].question if item.history else ""
        found = attribute(item.question, spans, question=asked)
        return (_RANK[found.state] + found.score) / 3, found.state


def open_pair_judge(engine: Any) -> PairJudge:
    """The engine's judge where its generator offers one, else the rules."""
    generator: Any = getattr(engine, "generator", None)
    judge = open_judge(generator) if generator is not None else None
    if judge is None:
        return RulesJudge()
    if isinstance(generator, Loads):
        generator.warm()  # loading is no part of the first judgement's time
    return EngineJudge(judge, generator.name)


class Judging:
    """Asks the judge of one pair after another; in the place of the one who asks questions."""

    def __init__(self, judge: PairJudge) -> None:
        self._judge = judge

    def made_by(self) -> dict[str, str]:
        return {"model": self._judge.model, "index": ""}

    def ask(self, item: Item) -> dict[str, Any]:
        """The record of one pair; a judge that fails is a record with ``error``, which counts as wrong."""
        record: dict[str, Any] = {
            "id": item.id,
            "answer": None,
            "error": None,
            "contexts": {},
            "judge": self._judge.name,
        }
        start = time.perf_counter()
        try:
            record["probability"], record["state"] = self._judge.decide(item)
        except WenjuError as error:
            record["error"] = {"type": type(error).__name__, "message": error.message}
        record["seconds"] = {"judge": time.perf_counter() - start}
        return record


def row(item: Item, record: Mapping[str, Any]) -> dict[str, Any]:
    """The scores of one pair. A failed one is wrong in whichever way its label allows."""
    true, state = item.answers[0] == SUPPORTED, record.get("state", "")
    struck = state == "unsupported" if state else true
    right = struck != true
    scores: dict[str, float | None] = {
        "right": float(right),
        "true_struck": float(struck) if true else None,
        "false_shown": None if true else float(not struck),
        "false_supported": None if true else float(state in ("supported", "")),
        "seconds_judge": record["seconds"]["judge"],
    }
    return {
        "id": item.id,
        "verdict": "error" if record["error"] else "right" if right else "wrong",
        "reason": record["error"]["message"] if record["error"] else f"{record['probability']:.2f}",
        "judge": record["judge"],
        "confidence": None,
        "support": record.get("probability"),
        "scores": scores,
    }


def figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    """Balanced accuracy ((true ones shown + false ones struck) / 2) and AUC; nothing where one side is
    empty."""
    true = [r for r in rows if r["scores"].get("true_struck") is not None]
    false = [r for r in rows if r["scores"].get("false_shown") is not None]
    if not true or not false:
        return {}
    shown = [r["scores"]["true_struck"] == 0.0 for r in true]
    struck = [r["scores"]["false_shown"] == 0.0 for r in false]
    ranked = [[r["support"] for r in side if r["support"] is not None] for side in (true, false)]
    found = {"support_balanced_accuracy": mean_of_shares(shown, struck)}
    unscored = len(rows) - sum(map(len, ranked))
    return found | {"support_auc": statistic_figure(ranked, lambda sides: auc(*sides), unscored)}


def auc(true: Sequence[float], false: Sequence[float]) -> float:
    """Area under the ROC curve: the chance that a true statement scores above a false one, ties counting half
    (Mann-Whitney U over n·m). Raises ZeroDivisionError where one side is empty."""
    ordered = sorted(false)
    above = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in true)
    return above / (2 * len(true) * len(false))

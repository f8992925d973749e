"""Fits which sentences go into the prompt (``qa/selection.json``), on tuning questions that have an answer.

    python -m training.context_fit --data DIR [--bench DIR]

Each question's hits are searched as the pipeline does it; a sentence is positive when it holds an answer, or one of
several things asked for. The answers of NoMIRACL's tuning half were pointed out in contexts made before, so they are left
out here. Printed, out of fold (5 folds, questions of one passage together): for which share of the
questions the context holds the whole answer, by budget and source. No generator is needed but its tokenizer.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from index.types import Hit
from qa.context import build_context, candidates
from qa.linear import Linear
from qa.question import Question, analyse
from qa.selection import WEIGHTS, selection_features
from training.gate_model import fit_linear, hash_fold
from training.gate_rows import is_right, tuning_items

LIMITS = ((200, 5, 0.0), (300, 5, 0.0), (400, 5, 0.0), (500, 6, 0.0), (500, 6, 0.0002), (500, 6, 0.0003), (500, 6, 0.0004))
L2 = 2.0
COUNT = 750


@dataclass(frozen=True, slots=True)
class Case:
    """A tuning question with its hits, and the features and labels of their sentences ([n, features], [n])."""

    source: str
    item: Mapping[str, Any]
    question: Question
    hits: Sequence[Hit]
    rows: list[dict[str, float]]
    holds: list[bool]


def cases(search: Callable[[Mapping[str, Any]], list[Hit]], items: Iterator[tuple[str, dict[str, Any]]]) -> list[Case]:
    """The questions whose hits hold the answer."""
    out = []
    for source, item in items:
        if source == "nomiracl":
            continue
        hits = search(item)[:10] if item["answers"] else []
        if not is_right("\n".join(hit.passage.text for hit in hits), item):
            continue
        question, spans = analyse(item["question"]), candidates(hits)
        parts = item.get("answer_parts") or [item["answers"]]
        holds = [any(is_right(sentence.text, {"answers": part}) for part in parts) for _, _, sentence in spans]
        out.append(Case(source, item, question, hits, selection_features(question, hits, spans), holds))
    return out


def fit(found: Sequence[Case]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The model of all cases, and for each fold the model that has not seen it."""
    names = sorted(found[0].rows[0])
    each = np.array([[row[name] for name in names] for case in found for row in case.rows])
    holds = np.array([float(h) for case in found for h in case.holds])
    folds = np.repeat([hash_fold(case.item["id"]) for case in found], [len(case.rows) for case in found])
    model, _ = fit_linear(names, each, holds, folds, L2)
    unseen = [fit_linear(names, each[folds != f], holds[folds != f], folds[folds != f], L2)[0] for f in range(folds.max() + 1)]
    return model, unseen


def kept(
    found: Sequence[Case], models: Sequence[Mapping[str, Any]], count_tokens: Callable[[str], int], limits: tuple[int, int, float]
) -> dict[str, dict[str, float]]:
    """By source: the share of questions whose context holds the whole answer, how many, and tokens on average."""
    right: dict[str, list[bool]] = defaultdict(list)
    tokens: dict[str, list[int]] = defaultdict(list)
    for case in found:
        model = Linear.of(models[hash_fold(case.item["id"])])
        with patch("qa.selection.selection_model", lambda model=model: model):
            context = build_context(case.question, case.hits, count_tokens, *limits)
        right[case.source].append(is_right("\n".join(s.text for s in context.sentences), case.item))
        tokens[case.source].append(context.tokens)
    return {
        source: {"held": round(float(np.mean(own)), 4), "n": len(own), "tokens": round(float(np.mean(tokens[source])), 1)}
        for source, own in right.items()
    }


def main() -> None:
    """Command line of this module."""
    from models.settings import ModelSettings
    from qa.engine import Engine
    from qa.settings import AnswerSettings, EngineSettings

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bench", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--models", type=Path, help="model store; default: the user's")
    args = parser.parse_args()
    settings = EngineSettings(data=args.data, models=ModelSettings(folder=args.models), answer=AnswerSettings(cache=False))
    engine = Engine.open(settings)
    if not engine.library.count:
        from corpus import sample_documents

        engine.add(sample_documents())

    def search(item: Mapping[str, Any]) -> list[Hit]:
        index = engine.library.closed(item["passages"]) if item.get("passages") else engine.library
        return index.search(item["question"], settings.index.top_k)

    found = cases(search, tuning_items(args.bench, COUNT))
    model, unseen = fit(found)
    count = functools.cache(engine.generator.count_tokens)
    model["outcomes"] = {
        f"{budget}, {most}, {gain}": kept(found, unseen, count, (budget, most, gain)) for budget, most, gain in LIMITS
    }
    WEIGHTS.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(model, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()

"""The stable JSON of an answer: what `--json`, the API, history and exports carry. See docs/API.md.

``answer_from_dict(answer_to_dict(a))`` gives back an equal Answer; a test holds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from index.wire import made
from qa.types import Answer


def answer_to_dict(answer: Answer) -> dict[str, Any]:
    """Plain JSON types only. The first keys are the documented, stable ones; the rest may grow."""
    raw = _plain(answer)
    head = {
        "question": answer.question,
        "query": answer.query,
        "answer": answer.text,
        "refused": answer.refused,
        "reason": answer.refusal.reason if answer.refusal else None,
    }
    order = (
        "sentences",
        "retrieved",
        "timings",
        "model",
        "index",
        "confidence",
        "notes",
        "refusal",
        "usage",
        "stage",
        "id",
        "kind",
        "collection",
    )
    return head | {name: raw[name] for name in order}


def answer_from_dict(data: Mapping[str, Any]) -> Answer:
    """Inverse of :func:`answer_to_dict`; unknown keys are ignored, so that old clients read newer answers.

    Raises:
        KeyError: a required key (question, query) is missing.
    """
    given = {"stage": "done", **data, "question": data["question"], "query": data["query"]}
    return made(Answer, given)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return round(value, 6)
    return value

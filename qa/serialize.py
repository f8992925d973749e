"""The stable JSON of an answer: what `--json`, the API, history and exports carry. See docs/API.md.

``answer_from_dict(answer_to_dict(a))`` gives back an equal Answer; a test holds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from qa.types import Answer, Citation, Note, Problem, Refusal, Retrieved, Sentence


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
    return Answer(
        question=data["question"],
        query=data["query"],
        stage=data.get("stage", "done"),
        sentences=tuple(_sentence(s) for s in data.get("sentences", ())),
        refusal=_refusal(data.get("refusal")),
        retrieved=tuple(_retrieved(r) for r in data.get("retrieved", ())),
        confidence=data.get("confidence"),
        notes=tuple(
            Note(n["kind"], n["message"], tuple(_citation(c) for c in n.get("citations", ())))
            for n in data.get("notes", ())
        ),
        timings=dict(data.get("timings", {})),
        usage=dict(data.get("usage", {})),
        model=data.get("model", ""),
        index=data.get("index", ""),
        id=data.get("id", ""),
        kind=data.get("kind", ""),
        collection=data.get("collection", ""),
    )


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


def _known(cls: type, data: Mapping[str, Any], **converted: Any) -> dict[str, Any]:
    names = {f.name for f in fields(cls)}
    return {k: v for k, v in data.items() if k in names} | converted


def _citation(data: Mapping[str, Any]) -> Citation:
    return Citation(**_known(Citation, data, heading=tuple(data.get("heading", ()))))


def _sentence(data: Mapping[str, Any]) -> Sentence:
    return Sentence(
        text=data["text"],
        state=data.get("state", "pending"),
        citations=tuple(_citation(c) for c in data.get("citations", ())),
        problems=tuple(Problem(**_known(Problem, p)) for p in data.get("problems", ())),
        omitted=tuple(data.get("omitted", ())),
        support=data.get("support"),
    )


def _retrieved(data: Mapping[str, Any]) -> Retrieved:
    spans = tuple((int(a), int(b)) for a, b in data.get("sent_spans", ()))
    return Retrieved(**_known(Retrieved, data, heading=tuple(data.get("heading", ())), sent_spans=spans))


def _refusal(data: Mapping[str, Any] | None) -> Refusal | None:
    if data is None:
        return None
    lists = {k: tuple(data.get(k, ())) for k in ("nearest", "suggestions")}
    return Refusal(**_known(Refusal, data, **lists))

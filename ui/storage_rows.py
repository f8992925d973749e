"""Rows of the database: what of an exchange and an answer is stored in which column, and what comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, insert, update

from qa.serialize import answer_from_dict, answer_to_dict
from qa.types import Answer
from ui.storage_types import Asked, Exchange, Feedback, folded


def clean(text: str) -> str:
    """Without what a database cannot hold: NUL and half of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def hashed(token: str) -> str:
    """What of a secret is stored. The secrets are random and long, so that a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def since(days: int) -> str:
    """The moment ``days`` days ago, ISO 8601."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")


def at(table: Table, **key: object) -> ColumnElement[bool]:
    """The rows whose columns have these values."""
    return and_(*(table.c[name] == value for name, value in key.items()))


def put(c: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Update the row of this key, or insert it."""
    if not c.execute(update(table).where(at(table, **key)).values(**values)).rowcount:
        c.execute(insert(table).values(**key, **values))


def asked_row(user: str, exchange: Exchange, channel: str, *, audit: bool, keep: bool) -> dict[str, Any]:
    """What is noted of a question that was asked. ``audit``: with its name and citations; ``keep``: with the
    whole answer."""
    a = exchange.answer
    return {
        "answer_id": a.id if a else "",
        "at": exchange.asked_at,
        "channel": channel,
        "status": exchange.status,
        "owner": user if audit else "",
        "question": clean(exchange.question),
        "folded": clean(folded(exchange.question)),
        "query": clean(a.query) if a else "",
        "reason": a.refusal.reason if a and a.refusal else "",
        "cited": json.dumps(_cited(a) if audit else [], ensure_ascii=False),
        "model": a.model if a else "",
        "index": a.index if a else "",
        "answer": answer_text(a) if keep and audit else None,
    }


def outcome_row(exchange: Exchange) -> dict[str, Any]:
    """What the administrator's figures need of it."""
    row = Asked.of(exchange)
    return {
        "at": row.at,
        "kind": row.kind,
        "seconds": row.seconds,
        "documents": json.dumps(row.documents),
    }


def exchange_row(exchange: Exchange) -> dict[str, Any]:
    a = exchange.answer
    supported = bool(a and a.sentences and all(s.state == "supported" for s in a.sentences))
    return {
        "question": clean(exchange.question),
        "asked_at": exchange.asked_at,
        "status": exchange.status,
        "folded": clean(exchange.question + "\n" + (a.text if a else "")).casefold(),
        "message": clean(exchange.message),
        "answer": answer_text(a),
        "supported": int(supported),
    }


def exchange_to_dict(exchange: Exchange) -> dict[str, Any]:
    """Its stable form, in share links and in exports."""
    told = {n: getattr(exchange, n) for n in ("id", "question", "asked_at", "status", "message")}
    return told | {"answer": answer_to_dict(exchange.answer) if exchange.answer else None}


def exchange_from_dict(row: dict[str, Any]) -> Exchange:
    answer = answer_from_dict(row["answer"]) if row["answer"] else None
    return Exchange(row["id"], row["question"], row["asked_at"], row["status"], answer, row["message"])


def feedback_to_dict(feedback: Feedback) -> dict[str, Any]:
    """What the API and the export for evaluation tell of it alike."""
    told = {n: getattr(feedback, n) for n in ("at", "verdict", "comment", "settings")}
    answer = answer_to_dict(feedback.answer) if feedback.answer is not None else None
    return told | {"reasons": list(feedback.reasons), "answer": answer}


def _cited(answer: Answer | None) -> list[dict[str, Any]]:
    found = {
        (c.passage_id, c.start, c.end): c for s in (answer.sentences if answer else ()) for c in s.citations
    }
    told = ("passage_id", "document", "document_sha256", "start", "end")
    return [{name: getattr(c, name) for name in told} for c in found.values()]


def answer_text(answer: Answer | None) -> str | None:
    return clean(json.dumps(answer_to_dict(answer), ensure_ascii=False)) if answer is not None else None


def answer_of(text: str | None) -> Answer | None:
    return answer_from_dict(json.loads(text)) if text else None

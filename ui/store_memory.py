"""A Store in memory: for tests, for trying things out, and when nothing may be kept. Lost at restart."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ui.store import Asked, ConversationRow, Exchange, Feedback, Shared


def now() -> str:
    """This moment in UTC, ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_id() -> str:
    """16 random hex digits."""
    return secrets.token_hex(8)


def title_of(question: str) -> str:
    """A conversation's first title: its first question, one line, at most 40 characters."""
    line = " ".join(question.split())
    return line if len(line) <= 40 else line[:39] + "…"


class _Conversation:
    def __init__(self, title: str) -> None:
        self.title = title
        self.updated_at = now()
        self.sequence = 0
        self.exchanges: list[Exchange] = []


class MemoryStore:
    """See ui.store.Store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sequence = 0
        self._conversations: dict[tuple[str, str], _Conversation] = {}
        self._shared: dict[str, tuple[tuple[str, str], Shared]] = {}
        self._feedback: dict[tuple[str, str], Feedback] = {}
        self._seen: set[str] = set()

    def save(self, user: str, conversation_id: str, exchange: Exchange) -> None:
        with self._lock:
            key = (user, conversation_id)
            conversation = self._conversations.get(key)
            if conversation is None:
                conversation = self._conversations[key] = _Conversation(title_of(exchange.question))
            self._sequence += 1
            conversation.updated_at, conversation.sequence = now(), self._sequence
            for index, old in enumerate(conversation.exchanges):
                if old.id == exchange.id:
                    conversation.exchanges[index] = exchange
                    return
            conversation.exchanges.append(exchange)

    def update(self, user: str, conversation_id: str, exchange: Exchange) -> None:
        if any(old.id == exchange.id for old in self.exchanges(user, conversation_id) or ()):
            self.save(user, conversation_id, exchange)

    def truncate(self, user: str, conversation_id: str, keep: int) -> None:
        with self._lock:
            conversation = self._conversations.get((user, conversation_id))
            if conversation is None:
                return
            del conversation.exchanges[max(0, keep) :]
            if not conversation.exchanges:
                del self._conversations[(user, conversation_id)]

    def conversations(self, user: str, search: str = "") -> Sequence[ConversationRow]:
        needle = search.strip().casefold()
        with self._lock:
            rows = [
                (c.sequence, ConversationRow(cid, c.title, c.updated_at, len(c.exchanges)))
                for (owner, cid), c in self._conversations.items()
                if owner == user and (not needle or needle in _searchable(c))
            ]
        return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]

    def exchanges(self, user: str, conversation_id: str) -> tuple[Exchange, ...] | None:
        with self._lock:
            conversation = self._conversations.get((user, conversation_id))
            return tuple(conversation.exchanges) if conversation else None

    def rename(self, user: str, conversation_id: str, title: str) -> bool:
        with self._lock:
            conversation = self._conversations.get((user, conversation_id))
            if conversation is None or not title.strip():
                return False
            conversation.title = title_of(title)
            return True

    def delete(self, user: str, conversation_id: str) -> bool:
        with self._lock:
            key = (user, conversation_id)
            self._shared = {token: kept for token, kept in self._shared.items() if kept[0] != key}
            return self._conversations.pop(key, None) is not None

    def share(self, user: str, conversation_id: str) -> str | None:
        with self._lock:
            conversation = self._conversations.get((user, conversation_id))
            if conversation is None:
                return None
            token = secrets.token_urlsafe(18)
            shared = Shared(conversation.title, now(), tuple(conversation.exchanges))
            self._shared[token] = (user, conversation_id), shared
            return token

    def shared(self, token: str) -> Shared | None:
        with self._lock:
            kept = self._shared.get(token)
            return kept[1] if kept is not None else None

    def add_feedback(self, feedback: Feedback) -> None:
        with self._lock:
            self._feedback[(feedback.user, feedback.exchange_id)] = feedback

    def feedback(self, days: int = 28) -> Sequence[Feedback]:
        since = _since(days)
        with self._lock:
            rows = [f for f in self._feedback.values() if f.at >= since]
        return sorted(rows, key=lambda f: f.at, reverse=True)

    def asked(self, days: int = 28) -> Sequence[Asked]:
        start = _since(days)
        ended = [Asked.of(e) for e in self._all() if e.status != "running" and e.asked_at >= start]
        return sorted(ended, key=lambda row: row.at)

    def mark_seen(self, marks: Sequence[str], seen: bool = True) -> None:
        with self._lock:
            (self._seen.update if seen else self._seen.difference_update)(marks)

    def seen(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._seen)

    def answered(self, limit: int = 20) -> Sequence[str]:
        counts = Counter(
            e.question
            for e in self._all()
            if e.answer and e.answer.sentences and all(s.state == "supported" for s in e.answer.sentences)
        )
        return [q for q, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]]

    def _all(self) -> list[Exchange]:
        with self._lock:
            return [e for c in self._conversations.values() for e in c.exchanges]


def _since(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")


def _searchable(conversation: _Conversation) -> str:
    parts = [conversation.title]
    for exchange in conversation.exchanges:
        parts.append(exchange.question)
        if exchange.answer is not None:
            parts.append(exchange.answer.text)
    return "\n".join(parts).casefold()

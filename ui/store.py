"""The Store seam: conversations, feedback and unanswered questions, per user. The page knows nothing of
databases.

Two implementations: ``ui.store_memory.MemoryStore`` (lost at restart) and the database one. All times are ISO
8601 in UTC. Every method that takes ``user`` sees that user's rows alone; another's id behaves as if it did
not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from qa.types import Answer

Status = Literal["running", "done", "stopped", "failed"]
Verdict = Literal["up", "down"]

TALK = ("chat", "about")
FEEDBACK_REASONS = ("wrong_answer", "wrong_evidence", "incomplete", "gap", "other")
"""What a reader may find wrong: 答案不对, 依据不对, 不完整, 文档缺内容, 其他."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question with what came of it. ``message`` is the reason when ``status`` is failed."""

    id: str
    question: str
    asked_at: str
    status: Status = "running"
    answer: Answer | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A line of the history list."""

    id: str
    title: str
    updated_at: str
    turns: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reader said of one answer, with the answer itself and the settings that made it."""

    conversation_id: str
    exchange_id: str
    user: str
    verdict: Verdict
    at: str
    reasons: tuple[str, ...] = ()
    comment: str = ""
    answer: Answer | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        user: str,
        place: tuple[str, str],
        verdict: Verdict,
        at: str,
        reasons: Sequence[str],
        comment: str,
        answer: Answer | None,
    ) -> Feedback:
        """With the answer as this user got it and the settings that made it; ``place``: conversation and
        exchange."""
        made_by = {"model": answer.model, "index": answer.index} if answer is not None else {}
        known = tuple(reason for reason in reasons if reason in FEEDBACK_REASONS)
        return cls(*place, user, verdict, at, known, comment.strip(), answer, made_by)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the past and how it ended, on the page or through the API.

    ``reason`` is that of a refusal, "" for an answer; ``seconds`` is None where nobody noted them;
    ``documents`` are ids of those cited. Who asked is not part of it.
    """

    at: str
    question: str
    status: Status
    reason: str = ""
    kind: str = ""
    seconds: float | None = None
    documents: tuple[str, ...] = ()

    @property
    def talk(self) -> bool:
        """Small talk, or something about the program: nothing that documents could answer."""
        return self.kind in TALK

    @classmethod
    def of(cls, exchange: Exchange) -> Asked:
        a = exchange.answer
        if a is None:
            return cls(exchange.asked_at, exchange.question, exchange.status)
        cited = [c.document_id for s in a.sentences for c in s.citations] + [
            c.document_id for n in a.notes for c in n.citations
        ]
        reason = a.refusal.reason if a.refusal is not None else ""
        seconds, documents = a.timings.get("total"), tuple(dict.fromkeys(cited))
        return cls(exchange.asked_at, exchange.question, exchange.status, reason, a.kind, seconds, documents)


@dataclass(frozen=True, slots=True)
class Shared:
    """A conversation behind a share link: what it was called and its exchanges at that time."""

    title: str
    shared_at: str
    exchanges: tuple[Exchange, ...]


class Store(Protocol):
    """Where conversations live. Implementations are thread-safe."""

    def save(self, user: str, conversation_id: str, exchange: Exchange) -> None:
        """Add or replace an exchange; the first one creates the conversation, titled by its question."""
        ...

    def update(self, user: str, conversation_id: str, exchange: Exchange) -> None:
        """Replace an exchange where it is still there: one that was dropped meanwhile, perhaps through
        another server, does not come back."""
        ...

    def truncate(self, user: str, conversation_id: str, keep: int) -> None:
        """Drop all exchanges after the first ``keep``; none left drops the conversation."""
        ...

    def conversations(self, user: str, search: str = "") -> Sequence[ConversationRow]:
        """The user's conversations, newest first; ``search`` looks into titles, questions and answers."""
        ...

    def exchanges(self, user: str, conversation_id: str) -> tuple[Exchange, ...] | None:
        """The conversation's exchanges in order, or None when the user has no such conversation."""
        ...

    def rename(self, user: str, conversation_id: str, title: str) -> bool: ...

    def delete(self, user: str, conversation_id: str) -> bool:
        """Delete the conversation and end its share links; False when the user has no such conversation."""
        ...

    def share(self, user: str, conversation_id: str) -> str | None:
        """A token under which anyone inside may read the conversation as it is now."""
        ...

    def shared(self, token: str) -> Shared | None: ...

    def add_feedback(self, feedback: Feedback) -> None:
        """Store it; a later one by the same user on the same exchange replaces it."""
        ...

    def feedback(self, days: int = 28) -> Sequence[Feedback]:
        """The last days' feedback, newest first."""
        ...

    def asked(self, days: int = 28) -> Sequence[Asked]:
        """What was asked in the last days and has ended, oldest first, small talk too."""
        ...

    def mark_seen(self, marks: Sequence[str], seen: bool = True) -> None:
        """Note that warnings about documents (ui.warned) were seen, or that they are to be listed again."""
        ...

    def seen(self) -> frozenset[str]:
        """Marks of the warnings that were seen."""
        ...

    def answered(self, limit: int = 20) -> Sequence[str]:
        """Questions that got a supported answer, most often asked first: what suggestions are drawn from."""
        ...

"""The nouns of what is kept: exchanges, conversations, feedback, what was asked. Times: ISO 8601, UTC."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

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

    @property
    def given(self) -> Answer | None:
        """The answer; None where it came to nothing or is under way."""
        return self.answer if self.status not in ("failed", "running") else None


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


def folded(question: str) -> str:
    """The same for questions that differ in spaces, case and the mark at the end alone."""
    return "".join(question.split()).rstrip("？?。").casefold()

"""The nouns of an answer: Answer, Sentence, Citation, Refusal, Retrieved. All frozen: snapshots of one
answer.

``stream()`` yields growing Answers; the last one has ``stage == "done"`` and is what ``answer()`` returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["pending", "supported", "partial", "unsupported"]
"""pending: written, not yet checked. partial: tied to evidence, but part of it is not borne out."""

Stage = Literal["queued", "searching", "found", "writing", "checking", "done"]

Reason = Literal[
    "no_documents",  # nothing is indexed
    "no_evidence",  # no passage has anything to do with the question
    "not_answered",  # passages are near, but none answers this question
    "unsupported",  # the draft could not be borne out by the passages
    "false_premise",  # the question takes for granted what the documents contradict
]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation, as history for follow-up questions."""

    question: str
    answer: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check found wrong in a sentence.

    ``kind``: number or date; answers of earlier versions hold others. ``text`` is the part of the
    sentence concerned; ``evidence`` what the passage has instead, "" when it has nothing of the kind.
    """

    kind: str
    text: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence's tie to evidence: a span of a stored document and how well it supports (0..1).

    ``quote == document.text[start:end]`` at the time of the answer; ``document_sha256`` pins that text, so a
    later reader can tell that the document has changed since.
    """

    passage_id: str
    document_id: str
    document: str
    document_sha256: str
    heading: tuple[str, ...]
    page: int | None
    start: int
    end: int
    quote: str
    score: float
    published: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the answer as shown, its state, and the citations it stands on.

    ``support``: probability (0..1) that the evidence bears it out, as the judge sees it; None where nobody
    judged. ``omitted``: things listed here that were struck; kept answers of earlier versions have them.
    """

    text: str
    state: State = "pending"
    citations: tuple[Citation, ...] = ()
    problems: tuple[Problem, ...] = ()
    omitted: tuple[str, ...] = ()
    support: float | None = None


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A passage that was retrieved; ``sent`` tells whether (part of) it stood in the prompt.

    ``sent_spans`` are the spans of the document's text that stood in the prompt.
    """

    passage_id: str
    document_id: str
    document: str
    document_sha256: str
    heading: tuple[str, ...]
    page: int | None
    start: int
    end: int
    text: str
    score: float
    sent: bool = False
    sent_spans: tuple[tuple[int, int], ...] = ()
    published: str | None = None
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer. ``message`` is what staff read (Chinese); never a phrase to sniff for.

    ``nearest``: passage ids; ``suggestions``: rephrased questions that the documents do answer; ``draft``:
    what was held back, the model's draft or a quotation.
    """

    reason: Reason
    message: str
    nearest: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    draft: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader must know: kind is unsure, conflict, superseded, premise, date, memory, quoted,
    computed, spelling, dropped or truncated."""

    kind: str
    message: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question, or a refusal, with the evidence as it was at that moment.

    Attributes:
        question: what was typed.  query: what was searched (after follow-up rewriting).
        confidence: calibrated probability (0..1) that the context answers the question; None before it is
        known.
        timings: seconds by stage (``retrieve``, ``first_token``, ``generate``, ``check``, ``total``).
        usage: ``prompt_tokens``, ``completion_tokens``.
        model, index: names with versions of what made it.
        kind: of answer that was wanted (``qa.heads.KINDS``), "" when nothing told.
        collection: whose documents alone were looked at, "" for all.
    """

    question: str
    query: str
    stage: Stage = "searching"
    sentences: tuple[Sentence, ...] = ()
    refusal: Refusal | None = None
    retrieved: tuple[Retrieved, ...] = ()
    confidence: float | None = None
    notes: tuple[Note, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    model: str = ""
    index: str = ""
    id: str = ""
    kind: str = ""
    collection: str = ""

    @property
    def refused(self) -> bool:
        return self.refusal is not None

    @property
    def talk(self) -> bool:
        """Small talk or something about the program: nothing that needs evidence."""
        return self.kind in ("chat", "about") and not self.retrieved and not self.refused

    @property
    def text(self) -> str:
        """The answer as shown: the refusal's message, or the sentences one after another."""
        return self.refusal.message if self.refusal else "".join(s.text for s in self.sentences)

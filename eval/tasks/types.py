"""The nouns of an evaluation: Item (a question with what is known about its answer), Context and Task. All
frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from index.wire import made

Mode = Literal["open", "closed"]
"""open: passages are retrieved from an index of the task's contexts. closed: they are given with the
question."""


@dataclass(frozen=True, slots=True)
class Context:
    """A text that questions are about: one document of the open corpus, or one passage given with a
    question."""

    id: str
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the answer stands: a quote of the context ``document`` ("" : any). An empty quote means all of
    it."""

    document: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One earlier turn of a conversation."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Attributes:
        answers: references, any one of which is right. Empty and ``answerable`` false: must be refused.
        parts: for answers with several facts: each part is a tuple of alternatives, and every part must be
            there.
        answerable: None when the benchmark does not say (retrieval only).
        evidence: gold quotes.  qrels: gold contexts with grades, for retrieval.
        passages: the closed context.  history: earlier turns.
        reference: a long expert answer, for ROUGE-L; never used to decide right or wrong.
        polarity: yes or no, where a yes/no question's key says which.
        rubric: "" judges by ``eval.verdict``, "office" by points (``eval.points``).
        conversation: what the turns of one conversation have in common; "" outside one.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    answerable: bool | None = None
    evidence: tuple[Evidence, ...] = ()
    qrels: Mapping[str, int] = field(default_factory=dict)
    type: str = ""
    split: str = ""
    history: tuple[Exchange, ...] = ()
    passages: tuple[Context, ...] = ()
    reference: str = ""
    polarity: str = ""
    rubric: str = ""
    conversation: str = ""

    @property
    def false_premise(self) -> bool:
        return self.type == "false_premise"

    def to_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in ("", (), {}, None)}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Item:
        return made(cls, row)


@dataclass(frozen=True, slots=True)
class Task:
    """A set of questions and the contexts they are about.

    ``split`` says what the figures may be used for: ``tuning`` sets were looked at while choosing parameters,
    ``reporting`` sets were not. ``retrieval_only`` tasks have gold contexts but no answers to judge.
    ``pairs`` tasks hold statements with evidence, for a support judge (``eval.pairs``). ``files`` are the
    contexts as they came, in whatever format; without them contexts are indexed as plain text.
    """

    name: str
    title: str
    items: tuple[Item, ...]
    contexts: tuple[Context, ...] = ()
    mode: Mode = "open"
    split: str = "reporting"
    licence: str = ""
    retrieval_only: bool = False
    pairs: bool = False
    files: tuple[Path, ...] = ()

    @property
    def data_hash(self) -> str:
        """sha256 over questions, references and contexts: two runs with the same hash were asked the same."""
        digest = hashlib.sha256()
        for item in self.items:
            digest.update(json.dumps(item.to_dict(), ensure_ascii=False, sort_keys=True).encode())
        digest.update(self.contexts_hash.encode())
        return digest.hexdigest()

    @property
    def contexts_hash(self) -> str:
        digest = hashlib.sha256()
        for context in self.contexts:
            digest.update(json.dumps([context.id, context.title, context.text], ensure_ascii=False).encode())
        return digest.hexdigest()

"""A reader that a test scripts: kinds and turns by question, and as answer whatever sentence shares most with
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index.sentences import split_sentences
from qa.heads import KINDS
from qa.kind import Operation
from qa.reader import Reading, Span


class ScriptedReader:
    """Args:
    kinds: question -> kind of answer; "fact" for others.
    carried: question -> words of the turns before that it takes up; others stand alone.
    answers: words whose sentences answer a question, by question.
    operations: question -> the fields of ``qa.kind.Operation``; nothing for others.
    orders: order -> what it does with an answer, "table+sort" where it may do two things; "text" for
        others.
    editions: question -> what of two editions it asks; "none" for others.
    """

    loaded = True

    def __init__(
        self,
        kinds: Mapping[str, str] | None = None,
        carried: Mapping[str, Sequence[str]] | None = None,
        answers: Mapping[str, Sequence[str]] | None = None,
        operations: Mapping[str, tuple[str, ...]] | None = None,
        orders: Mapping[str, str] | None = None,
        editions: Mapping[str, str] | None = None,
    ) -> None:
        self.kinds, self.carried, self.answers = kinds or {}, carried or {}, answers or {}
        self.operations, self.orders = operations or {}, orders or {}
        self.revisions = editions or {}

    def warm(self) -> None:
        return None

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        return [self._read(question, text) for text in passages]

    def kind(self, question: str, before: str = "") -> Mapping[str, float]:
        wanted = self.kinds.get(question, "fact")
        return {kind: 0.95 if kind == wanted else 0.05 / len(KINDS) for kind in KINDS}

    def operation(self, question: str) -> Operation:
        return Operation(*self.operations.get(question, ()))

    def arranged(self, order: str) -> Mapping[str, float]:
        forms = self.orders.get(order, "text").split("+")
        return {form: 0.95 - 0.6 * at for at, form in enumerate(forms)}

    def editions(self, question: str) -> Mapping[str, float]:
        asked = self.revisions.get(question, "none")
        return {name: 0.9 if name == asked else 0.05 for name in ("none", "part", "whole")}

    def turn(self, question: str, before: str) -> tuple[Span, ...]:
        words = self.carried.get(question, ())
        return tuple((before.find(w), before.find(w) + len(w)) for w in words if w in before)

    def alone(self, question: str, before: str, answer: str) -> float:
        return 0.05 if question in self.carried else 0.95

    def _read(self, question: str, text: str) -> Reading:
        words = self.answers.get(question, ())
        parts = tuple(
            span for span in split_sentences(text) if any(w in text[span[0] : span[1]] for w in words)
        )
        best = parts[0] if parts else (0, 0)
        return Reading(0.9 if parts else 0.05, best, 0.8 if parts else 0.0, parts)

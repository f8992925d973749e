"""The support judge: evidence and a statement in, the probability that the evidence bears the whole statement
out.

Told by the hidden state of the model that writes, after it has read both (``prompts/support.md``), the
statement through its adapter (``qa.adapted``). The evidence stands where it stood when the answer was
written, so the model has read it already; a sentence then costs some 20 tokens.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from engine.adapter import weights
from engine.base import Adapts, Generator
from qa.adapted import adapts, supported
from qa.linear import sigmoid
from qa.types import Citation, Sentence, State

if TYPE_CHECKING:
    from qa.context import Context


class Judge(Protocol):
    """Decides support. One seam for sentences of answers, premises of questions and evaluation."""

    def supports(self, evidence: str, statements: Sequence[str], cancelled: threading.Event) -> list[float]:
        """Probability (0..1) for each statement that the evidence bears all of it out.

        Args:
            evidence: passages as they stand in a prompt, numbered from 1.

        Raises:
            Cancelled: it was stopped. GeneratorError: the model failed.
        """
        ...

    def state(self, probability: float) -> State:
        """What a sentence of that probability is shown as."""
        ...


class StateJudge:
    """Reads evidence and statement with the generator and judges by its hidden state.

    Args:
        shown: least probability of a sentence that is shown at all.
        supported: least probability of a sentence that is shown as borne out.
    """

    def __init__(self, generator: Adapts, shown: float, supported: float) -> None:
        self._generator = generator
        self._shown = shown
        self._supported = supported

    def state(self, probability: float) -> State:
        if probability >= self._supported:
            return "supported"
        return "partial" if probability >= self._shown else "unsupported"

    def supports(self, evidence: str, statements: Sequence[str], cancelled: threading.Event) -> list[float]:
        """See :class:`Judge`."""
        return [sigmoid(told) for told in supported(evidence, statements, self._generator, cancelled)]


def judged(
    sentences: Sequence[Sentence], context: Context, judge: Judge, cancelled: threading.Event
) -> tuple[Sentence, ...]:
    """The sentences with the states that the judge gives them; one that is borne out cites at least the place
    nearest to it. What the checks of values found stays told, but decides nothing."""
    asked = [i for i, s in enumerate(sentences) if any(c.isalnum() for c in s.text)]
    chances = judge.supports(context.text, [sentences[i].text for i in asked], cancelled)
    out = list(sentences)
    for i, chance in zip(asked, chances, strict=True):
        state, sentence = judge.state(chance), sentences[i]
        cited = (
            sentence.citations
            if state == "unsupported" or sentence.citations
            else _nearest(sentence.text, context)
        )
        problems = () if state == "supported" else sentence.problems
        out[i] = replace(sentence, state=state, citations=cited, problems=problems, support=round(chance, 4))
    return tuple(out)


def _nearest(text: str, context: Context) -> tuple[Citation, ...]:
    """The evidence sentence that shares most with the text, as its citation."""
    from qa.draft import cite

    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    places = [
        (len(pairs & {p.text[i : i + 2] for i in range(len(p.text) - 1)}), -i, p)
        for i, p in enumerate(context.sentences)
    ]
    if not places:
        return ()
    shared, _, place = max(places, key=lambda found: found[:2])
    return (cite(place, place.start, place.end, round(shared / max(1, len(pairs)), 3)),)


def open_judge(generator: Generator) -> StateJudge | None:
    """The judge on that generator; None where it has no adapter."""
    if not adapts(generator):
        return None
    assert isinstance(generator, Adapts)
    shown, sure = weights()["states"]
    return StateJudge(generator, float(shown), float(sure))

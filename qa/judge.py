"""The support judge: evidence and a statement in, the probability that the evidence bears the whole statement
out.

Told by the hidden state of the model that writes, after it has read both (``prompts/support.md``); a logistic
model over that state lies in ``judge.npz``, made by ``training/judge.py``. The evidence stands where it stood
when the answer was written, so the model has read it already; a sentence then costs some 30 tokens.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

import prompts
from engine.base import Generator, Message, Reads, same_model
from qa.types import Citation, Sentence, State

if TYPE_CHECKING:
    from qa.context import Context

WEIGHTS = Path(__file__).with_name("judge.npz")


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


@dataclass(frozen=True, slots=True)
class Fit:
    """A logistic model over hidden states, and where its probabilities become states of a sentence.

    Attributes:
        mean, scale, weights: float32, of the state's length.
        shown: least probability of a sentence that is shown at all.
        supported: least probability of a sentence that is shown as borne out.
        model: name of the model whose states it was fitted on.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: float
    shown: float
    supported: float
    model: str

    def probability(self, state: NDArray[np.float32]) -> float:
        """Probability (0..1) of support."""
        z = (state - self.mean) / self.scale
        return float(1.0 / (1.0 + np.exp(-(z @ self.weights + self.bias))))

    def state(self, probability: float) -> State:
        """What a sentence of that probability is shown as."""
        if probability >= self.supported:
            return "supported"
        return "partial" if probability >= self.shown else "unsupported"


class StateJudge:
    """Reads evidence and statement with the generator and judges by its hidden state."""

    def __init__(self, generator: Reads, fit: Fit) -> None:
        self._generator = generator
        self.fit = fit

    def state(self, probability: float) -> State:
        return self.fit.state(probability)

    def supports(self, evidence: str, statements: Sequence[str], cancelled: threading.Event) -> list[float]:
        """See :class:`Judge`. The first statement is read alone, so that the others find the evidence
        read."""
        found: list[float] = []
        for part in (statements[:1], statements[1:]):
            reading = [self._generator.read(messages(evidence, statement), cancelled) for statement in part]
            found += [self.fit.probability(np.asarray(one.state(), np.float32)) for one in reading]
        return found


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
    """The judge on that generator; None where it tells no states, or is another model than the one fitted
    on."""
    fit = load_fit()
    if fit is None or not isinstance(generator, Reads) or not same_model(generator.name, fit.model):
        return None
    return StateJudge(generator, fit)


def messages(evidence: str, statement: str) -> tuple[Message, ...]:
    """The chat after which the state is taken; ``evidence`` is escaped already, as a context's text is."""
    parts = prompts.chat("support", evidence=evidence, statement=prompts.escape_evidence(statement))
    return tuple(Message(role, content) for role, content in parts)


@functools.cache
def load_fit(path: Path = WEIGHTS) -> Fit | None:
    """The fit in ``path``, None where there is none."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        vectors = (file[name].astype(np.float32) for name in ("mean", "scale", "weights"))
        numbers = (float(file[name]) for name in ("bias", "shown", "supported"))
        return Fit(*vectors, *numbers, str(file["model"]))  # type: ignore[call-arg]

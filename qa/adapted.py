"""What the model that writes makes of a question or statement beside material, told by heads over its
hidden states.

The material is read as for an answer, what is asked through the generator's adapter
(``engine/adapter.py``). After it linear heads tell whether the material answers a question, whether that
takes for granted what the material has otherwise, whether a statement is borne out; after each of its words
whether these are; and a product of that state with those of the material's tokens which sentences answer.
Adapter and heads are made by ``training/adapter.py``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import prompts
from engine.adapter import weights
from engine.base import Adapts, Generator, Keeps, Message
from qa.context import Context

WORDS = 64
"""Characters of a question, from its end, that are looked at one by one."""
HEADS = ("answered", "premise", "supported")
"""What the state after a question or statement tells: the material answers it, it takes something for granted
that the material has otherwise, the material bears it out."""
UNTOLD = -9.0
"""Log-odds of a sentence that the material does not hold as it stands."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a question, as log-odds.

    Attributes:
        answered: the material answers it.
        premise: it takes something for granted that the material has otherwise.
        words: what was asked as far as each of its last characters is borne out.
        lines: each sentence of the material answers.
        state: after the question, standardised, ``[hidden size]``; None where nobody kept it.
    """

    answered: float
    premise: float
    words: tuple[float, ...]
    lines: tuple[float, ...]
    state: Floats | None = field(default=None, compare=False, repr=False)


def adapts(generator: Generator) -> bool:
    """Does the generator read through the adapter that the heads belong to?"""
    return isinstance(generator, Adapts) and generator.adapts


def messages(question: str, context: Context, again: bool = False) -> tuple[tuple[Message, ...], int]:
    """The chat that is read (``prompts/judge.md``), and where in its last message the adapter begins.

    Args:
        again: the material will be asked about again; what was read of it is kept.
    """
    chat = prompts.chat("judge", evidence=context.text, question=prompts.escape_evidence(question))
    *before, (role, content) = chat
    begin = content.index(context.text) + len(context.text)
    return (*(Message(*part) for part in before), Message(role, content, begin if again else 0)), begin


def unread(question: str, context: Context, generator: Generator) -> int:
    """How many tokens would have to be read to ask the question."""
    if not isinstance(generator, Keeps):
        return context.tokens
    return generator.unread(*messages(question, context))


def told(
    question: str,
    asked: str,
    context: Context,
    generator: Generator,
    cancelled: threading.Event,
    again: bool = False,
) -> Told | None:
    """What is told of a question beside the material; None where the generator has no adapter or tells no
    states.

    Args:
        asked: the question, or its end that was typed where turns stand before it.
        again: see :func:`messages`.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if not adapts(generator):
        return None
    assert isinstance(generator, Adapts)
    chat, begin = messages(question, context, again)
    content, words = chat[-1].content, prompts.escape_evidence(asked)
    end = content.rindex(words) + len(words)
    cuts = range(end - min(len(words), WORDS) + 1, end + 1)
    reading = generator.read_adapted(chat, begin, cuts, cancelled, material=True)
    states = _states(reading.state())
    material = reading.material()
    if states is None or material is None:
        return None
    heads = _by("heads", states[-1:])[0]
    borne = _by("borne", states[:-1])
    start = begin - len(context.text)
    spans = [(start + a, start + b) for a, b in context.places]
    lines = _pointed(states[-1], np.asarray(material), generator.ends(chat, begin), spans)
    return Told(float(heads[0]), float(heads[1]), tuple(map(float, borne)), tuple(lines), states[-1])


def supported(
    evidence: str, statements: Sequence[str], generator: Adapts, cancelled: threading.Event
) -> list[float]:
    """The log-odds that the evidence bears each of some statements out; [] where the engine tells no states.

    Args:
        evidence: escaped already, as a context's text is.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    found: list[float] = []
    for part in (statements[:1], statements[1:]):  # the others find the evidence read
        begun = []
        for statement in part:
            said = prompts.escape_evidence(statement)
            chat = tuple(Message(*one) for one in prompts.chat("support", evidence=evidence, statement=said))
            content = chat[-1].content
            begin = content.index(evidence) + len(evidence)
            begun.append(generator.read_adapted(chat, begin, (), cancelled))
        for one in begun:
            states = _states(one.state())
            if states is None:
                return []
            found.append(float(_by("heads", states[-1:])[0, HEADS.index("supported")]))
    return found


def _states(state: Any) -> Floats | None:
    """The states of the last layer that is told, standardised, ``[cuts, hidden size]``."""
    if state is None:
        return None
    mean, scale = weights()["mean"], weights()["scale"]
    states = np.atleast_2d(np.asarray(state, np.float32))[:, -mean.shape[1] :]
    found: Floats = (states - mean[0]) / scale[0]
    return found


def _by(name: str, states: Floats) -> Floats:
    found: Floats = states @ weights()[name].T + weights()[f"{name}_bias"]
    return found


def _pointed(
    asked: Floats, material: NDArray[Any], ends: Sequence[int], spans: Sequence[tuple[int, int]]
) -> list[float]:
    """The log-odds that each span of the material answers: the scores of its tokens, as the logarithm of
    the sum of their exponentials."""
    w = weights()
    keys = ((material.astype(np.float32) - w["mean"][1]) / w["scale"][1]) @ w["line"].T
    scores = keys @ _by("ask", asked) / len(w["ask"]) ** 0.5
    found = []
    for a, b in spans:
        first = int(np.searchsorted(ends, a, "right"))
        last = min(int(np.searchsorted(ends, b, "left")) + 1, len(scores))
        own = scores[first:last]
        z = float(np.logaddexp.reduce(own) + w["line_bias"]) if len(own) else UNTOLD
        found.append(float(w["line_scale"][0] * z + w["line_scale"][1]))
    return found

"""Prompt injection: is a doubtful sentence an order to a program? Told by the model that writes.

It reads the sentence alone (``prompts/orders.md``); a probe of its hidden states after the sentence and at
the end tells (``suspected.npz``, made by ``training/suspected.py``). That costs some 30 tokens a sentence,
once: what it says is kept (``verdicts.py``), most of it before anybody asks (``ahead.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import prompts
from engine.base import Generator, Marks, Message
from qa.draft import alike, beginning
from qa.probes import gathered, tells, weights
from qa.verdicts import Verdicts

PROBE = "suspected"
MOST = 16
"""Sentences that are read for one question."""


class Suspicion:
    """Reads doubtful sentences, at most ``most`` within one answer.

    Args:
        generator: the model that writes.  cancelled: set by another thread to stop.
        verdicts: where it is kept what it said.
    """

    def __init__(
        self, generator: Generator, cancelled: threading.Event, verdicts: Verdicts, most: int = MOST
    ) -> None:
        self._generator = generator
        self._cancelled = cancelled
        self._verdicts = verdicts
        self._left = most

    def __call__(self, doubtful: Sequence[tuple[float, str]]) -> dict[str, float]:
        """The log-odds that sentences are orders to a program: of those that were read before, and of the
        first of the others; none where the model tells no states that the probe knows.

        Args:
            doubtful: by how much a sentence is told (``index.order_spans``), and the sentence.

        Raises:
            Cancelled: it was stopped. GeneratorError: the generator failed.
        """
        generator = self._generator
        if not isinstance(generator, Marks) or not tells(PROBE, generator):
            return {}
        kept = self._verdicts.known([(text,) for _, text in doubtful], generator.name)
        part = [(by, text) for by, text in doubtful if (text,) not in kept][: self._left]
        new = self._read(part, generator) if part else {}
        self._left -= len(part)
        self._verdicts.learn({(text,): value for text, value in new.items()}, generator.name)
        return {text: value for (text,), value in kept.items()} | new

    def _read(self, part: Sequence[tuple[float, str]], generator: Marks) -> dict[str, float]:
        probe, texts = weights(PROBE), [text for _, text in part]
        found = states(texts, generator, self._cancelled)
        if found is None or found.shape[1:] != probe["mean"].shape:
            return {}
        z = (found - probe["mean"]) / probe["scale"]
        beside = np.array([told for told, _ in part]) * probe["beside"]
        odds = z @ probe["order"] + beside + probe["bias"]
        return {text: float(value) for text, value in zip(texts, odds, strict=True)}


def chat(text: str) -> tuple[tuple[Message, ...], list[int]]:
    """The chat that is read, and where the sentence ends in its last message, then where that ends."""
    sentence = prompts.escape_evidence(" ".join(text.split()))
    parts = prompts.chat("orders", sentence=sentence)
    lasting = alike(parts, prompts.chat("orders", sentence="\0"))
    return beginning(parts, lasting), [lasting + len(sentence), len(parts[-1][1])]


def states(texts: Sequence[str], generator: Marks, cancelled: threading.Event) -> NDArray[np.float32] | None:
    """The hidden states after each sentence and at the end of its chat, ``[texts, 2 * layers * hidden
    size]``; None where the model tells none.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    return gathered(texts, lambda text: generator.read_at(*chat(text), cancelled))

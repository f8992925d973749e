"""Which sentences of a passage answer the question, told by the model that writes.

It reads the question, then the passage with every sentence on a line of its own (``prompts/sentences.md``),
once; a probe of its hidden state after each line tells whether that one answers (``answering.npz``, made by
``training/answering.py``). That costs the tokens of the passage, and sees what a small reader does not
(docs/log/reader.md).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import prompts
from engine.base import Generator, Marks, Message, same_model
from qa.attribution import EvidenceSentence

WEIGHTS = Path(__file__).with_name("answering.npz")
MOST = 24
"""Sentences that are read."""
END = "完"
"""What stands after the last sentence."""


def chat(question: str, label: str, sentences: Sequence[str]) -> tuple[tuple[Message, ...], list[int]]:
    """The chat that is read, and where each sentence ends in its last message.

    Args:
        label: what stands over the passage, "" for nothing.
    """
    lines = [prompts.escape_evidence(" ".join(text.split())) + "\n" for text in sentences]
    head = f"（{prompts.escape_evidence(label)}）\n" if label else ""
    parts = prompts.chat(
        "sentences", question=prompts.escape_evidence(question), evidence=head + "".join(lines) + END
    )
    messages = tuple(Message(role, content) for role, content in parts)
    content = messages[-1].content
    begin = len(content) - len(END) - sum(map(len, lines))
    ends = np.cumsum([len(line) for line in lines]) + begin
    return messages, [int(end) for end in ends]


def states(
    question: str, label: str, sentences: Sequence[str], generator: Marks, cancelled: threading.Event
) -> NDArray[np.float32] | None:
    """The hidden state after each sentence, ``[sentences, layers * hidden size]``; None where the model tells
    none.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    messages, ends = chat(question, label, sentences)
    told = generator.read_at(messages, ends, cancelled).state()
    return None if told is None else np.atleast_2d(np.asarray(told))


def answering(
    question: str,
    label: str,
    sentences: Sequence[EvidenceSentence],
    generator: Generator,
    cancelled: threading.Event,
) -> list[float]:
    """The log-odds that each of the first sentences answers; [] where the model tells no states that the
    probe knows.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    probe = _probe()
    if (
        not sentences
        or not isinstance(generator, Marks)
        or not same_model(generator.name, str(probe["model"]))
    ):
        return []
    texts = [sentence.text for sentence in sentences[:MOST]]
    told = states(question, label, texts, generator, cancelled)
    if told is None or told.shape[1:] != probe["mean"].shape:
        return []
    z = (told - probe["mean"]) / probe["scale"]
    return [float(value) for value in z @ probe["answers"] + probe["bias"]]


@functools.cache
def _probe() -> dict[str, Any]:
    with np.load(WEIGHTS, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}

"""Probes: what a linear model over the hidden states of the model that writes tells of a chat it has read.

Each lies beside this file as ``<name>.npz``, made by ``training/told.py``; its chat is ``prompts/<name>.md``.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

import prompts
from engine.base import Generator, Message, Reading, Reads, same_model
from qa.draft import alike, beginning

AT_ONCE = 8
T = TypeVar("T")


def told(
    name: str, chats: Sequence[Mapping[str, str]], generator: Generator, cancelled: threading.Event
) -> list[dict[str, float]]:
    """Of each chat the probability of each label of the probe; [] where the model tells no states that the
    probe knows.

    Args:
        chats: the variables of the prompt of the probe's name, one each.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if not chats or not isinstance(generator, Reads) or not tells(name, generator):
        return []
    probe = weights(name)
    found = states(name, chats, generator, cancelled)
    if found is None or found.shape[1:] != probe["mean"].shape:
        return []
    logits = (found - probe["mean"]) / probe["scale"] @ probe["weights"].T + probe["bias"]
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return [dict(zip(probe["labels"].tolist(), row, strict=True)) for row in shares.tolist()]


def tells(name: str, generator: Generator) -> bool:
    """Does the probe know the states of this model, and the generator tell them?"""
    return isinstance(generator, Reads) and same_model(generator.name, str(weights(name)["model"]))


def states(
    name: str, chats: Sequence[Mapping[str, str]], generator: Reads, cancelled: threading.Event
) -> NDArray[np.float32] | None:
    """The hidden state at the end of each chat, ``[chats, layers * hidden size]``; None where the model tells
    none.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    return gathered(chats, lambda chat: generator.read(messages(name, chat), cancelled))


def gathered(texts: Sequence[T], read: Callable[[T], Reading]) -> NDArray[np.float32] | None:
    """What is told after each of some texts, read ``AT_ONCE`` together, ``[texts, all that is told of one]``;
    None where the model tells nothing.

    Args:
        texts: at least one.  read: begins to read one.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    rows: list[NDArray[np.float32]] = []
    for start in range(0, len(texts), AT_ONCE):
        for one in [read(text) for text in texts[start : start + AT_ONCE]]:
            told = one.state()
            if told is None:
                return None
            rows.append(np.asarray(told, np.float32).ravel())
    return np.stack(rows)


def messages(name: str, chat: Mapping[str, str]) -> tuple[Message, ...]:
    """The chat after which the state is taken; its beginning is the same for all of a name."""
    given = {key: prompts.escape_evidence(" ".join(value.split())) for key, value in chat.items()}
    return beginning(prompts.chat(name, **given), _lasting(name))


@functools.cache
def _lasting(name: str) -> int:
    return alike(*(prompts.chat(name, **dict.fromkeys(prompts.variables(name), mark)) for mark in "\0\1"))


def file_of(name: str) -> Path:
    """Where a probe's weights lie."""
    return Path(__file__).with_name(f"{name}.npz")


@functools.cache
def weights(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a probe's file, those of 16 bits as float32."""
    with np.load(file_of(name), allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    return {key: a.astype(np.float32) if a.dtype == np.float16 else a for key, a in arrays.items()}

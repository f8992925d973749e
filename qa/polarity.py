"""Yes or no: what the lines that answer such a question come to, told by the state that the model that writes
has after the question beside them alone.

A softmax over that state (``polarity.npz``, made by ``training/polarity.py``); it says something only where
it is certain, and belongs to one adapter of one generator.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import prompts
from engine.adapter import weights
from qa.adapted import Told
from qa.types import Answer, Note

FILE = Path(__file__).with_name("polarity.npz")
NAMES = ("yes", "no", "depends")
SURE = 0.9
"""Least probability of yes or no to be said: of 29 % of 2,092 questions out of fold, of which 99 % are right
(docs/log/reader.md)."""


def polarity(told: Told | None) -> dict[str, float] | None:
    """Probabilities (0..1) of yes, no and it depends; None where the state is not known, or the weights
    belong to another adapter.

    Args:
        told: of the question beside the lines that answer it.
    """
    known = _weights()
    if told is None or told.state is None or known is None or known["weights"].shape[1] != len(told.state):
        return None
    z = known["weights"].astype(np.float32) @ told.state + known["bias"]
    shares = np.exp(z - z.max())
    return dict(zip(NAMES, map(float, shares / shares.sum()), strict=True))


def said_first(answer: Answer, told: Told | None) -> Answer:
    """An answer to a question of yes or no with that word before the line that decides, and a note that it
    was concluded; as it is where that is not certain, or something else was asked."""
    shares = polarity(told) if answer.kind == "yes_no" and answer.sentences else None
    word = next((name for name in ("yes", "no") if shares and shares[name] >= SURE), "")
    if not word:
        return answer
    first, *rest = answer.sentences
    text = prompts.text(f"qa.said_{word}") + first.text
    note = Note("computed", prompts.text("qa.note_said"), first.citations)
    return replace(answer, sentences=(replace(first, text=text), *rest), notes=(*answer.notes, note))


def fingerprint(heads: NDArray[Any]) -> str:
    """Which adapter it is, by the heads over it."""
    return hashlib.sha256(np.ascontiguousarray(heads).tobytes()).hexdigest()[:16]


@functools.cache
def _weights() -> dict[str, Any] | None:
    with np.load(FILE) as file:
        known: dict[str, Any] = {name: file[name] for name in file.files}
    return known if str(known["adapter"]) == fingerprint(weights()["heads"]) else None

"""Which kind of answer a question wants, what is to be computed for it, and does it stand alone: each told by
a softmax over the encoder's vector of the question and its runs of characters. Milliseconds.

The weights (``kinds``, ``operations``, ``conditions``, ``arranged``, ``editions`` and ``alone``, ``.npz``
each) are made by ``training/kinds.py`` and ``training/alone.py`` on vectors of multilingual-e5-small.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.normalize import simplify

KINDS, OPERATIONS, CONDITIONS, ARRANGED, EDITIONS, ALONE = (
    Path(__file__).with_name(f"{name}.npz")
    for name in ("kinds", "operations", "conditions", "arranged", "editions", "alone")
)
MODEL = "multilingual-e5-small"
SLOTS = 1 << 14
WEIGHT = 30.0
"""Weight of the runs of characters beside the vector; chosen out of fold."""
BEFORE = 2.0
"""Value of the feature that tells that there was a turn before."""
SAID, LONG = 120, 40
"""Characters of an answer, and of a question, that count for whether the next question stands alone."""


def kind_of(question: str, before: bool, encoder: Encoder) -> Mapping[str, float]:
    """Probability of each kind of answer (``qa.heads.KINDS``).

    Args:
        before: there is a turn before.
        encoder: multilingual-e5-small.
    """
    return _told(question, _vector(question, encoder), before, KINDS)


class Operation(NamedTuple):
    """What is to be computed for a question.

    Attributes:
        what: ``count``, ``sum``, ``difference``, ``ratio``, ``product``, ``extreme``, ``average``, ``none``.
        conditions: how many the question puts on what is counted: ``none``, ``one``, ``several``.
    """

    what: str = "none"
    conditions: str = "none"


def operation_of(question: str, encoder: Encoder) -> Operation:
    """What is to be computed for the question.

    Args:
        encoder: multilingual-e5-small.
    """
    vector = _vector(question, encoder)
    told = (_told(question, vector, False, path) for path in (OPERATIONS, CONDITIONS))
    return Operation(*(max(shares, key=lambda name: shares[name]) for shares in told))


def arranged_of(order: str, encoder: Encoder) -> Mapping[str, float]:
    """Probability of what an order does with an answer: ``table``, ``sort``, ``choose`` (some rows stay) or
    ``text``.

    Args:
        encoder: multilingual-e5-small.
    """
    return _told(order, _vector(order, encoder), False, ARRANGED)


def editions_of(question: str, encoder: Encoder) -> Mapping[str, float]:
    """Probability of what a question asks of two editions of a document: the ``whole`` difference, ``part``
    of it, or ``none``.

    Args:
        encoder: multilingual-e5-small.
    """
    return _told(question, _vector(question, encoder), False, EDITIONS)


def alone_of(question: str, before: str, answer: str, encoder: Encoder) -> float:
    """Probability that the question stands alone.

    Args:
        before: the question before it, with that one's answer.
        encoder: multilingual-e5-small.
    """
    asked, last = encoder.encode([question, before], query=True)
    (said,) = encoder.encode([answer[:SAID]])
    values = beside(asked, question, (last, said), before + answer)
    return _told(question, values, False, ALONE)["alone"]


def beside(
    vector: NDArray[Any], question: str, before: Sequence[NDArray[Any]], text: str
) -> NDArray[np.float32]:
    """The vector of a question with how near it is to the vectors of what was said before, how many of its
    pairs of characters stand in that ``text``, and how long it is."""
    pairs = list(pairwise(question))
    known = set(pairwise(text))
    shared = sum(pair in known for pair in pairs) / max(len(pairs), 1)
    near = [float(vector @ one) for one in before]
    return np.array([*vector, *near, shared, min(len(question), LONG) / LONG], np.float32)


def _vector(question: str, encoder: Encoder) -> NDArray[Any]:
    return np.asarray(encoder.encode([question], query=True)[0])


def _told(question: str, vector: NDArray[Any], before: bool, path: Path) -> Mapping[str, float]:
    fit = _fit(path)
    logits = fit["weights"] @ features(vector, fit["mean"], fit["scale"], before) + fit["bias"]
    places, values = grams(question)
    logits = logits + fit["grams"][:, places] @ values
    share = np.exp(logits - logits.max())
    return dict(zip(fit["kinds"].tolist(), (share / share.sum()).tolist(), strict=True))


def features(
    vector: NDArray[Any], mean: NDArray[Any], scale: NDArray[Any], before: bool
) -> NDArray[np.float32]:
    """What the softmax sees of the vector: standardised, and whether there was a turn before."""
    return np.append((vector - mean) / scale, BEFORE * before).astype(np.float32)


def grams(question: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Runs of one to three characters of the question as places in a table of SLOTS and their values, of
    length WEIGHT together (feature hashing: Weinberger et al. 2009, "Feature Hashing for Large Scale
    Multitask Learning")."""
    text = f"\x02{simplify(question).casefold()}\x03"
    found = Counter(
        crc32(text[i : i + n].encode()) % SLOTS for n in (1, 2, 3) for i in range(len(text) - n + 1)
    )
    values = np.fromiter(found.values(), np.float32)
    return np.fromiter(found, np.int64), WEIGHT * values / np.linalg.norm(values)


@functools.cache
def _fit(path: Path) -> Mapping[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name].astype(np.float32) if name == "grams" else file[name] for name in file.files}

"""The classifier of prompt injections, sentences that read like orders to a program (ignore the above): a
linear model over runs of characters and, where these raise a suspicion, over the encoder's vector too.

The weights (``orders.npz``) are made by ``training/orders.py`` on vectors of multilingual-e5-small; with
another encoder the runs of characters tell alone.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.normalize import simplify

if TYPE_CHECKING:
    from index.encoder import Encoder

WEIGHTS = Path(__file__).with_name("orders.npz")
RUNS = (1, 2, 3, 4)
"""Lengths of the runs of characters."""
SLOTS = 1 << 15
AT_ONCE = 4096
"""Sentences whose runs are counted together."""
NUMBERS = (
    "bias",
    "shift",
    "screen",
    "least",
    "alone",
    "beside",
    "crowded",
    "wide",
    "doubt",
    "doubtful",
)


@dataclass(frozen=True, slots=True)
class Fit:
    """The linear model.

    Attributes:
        grams, bias: log-odds of a run of characters by its slot, where the runs tell alone, ``[SLOTS]``.
        beside_vector, weights, shift: the same where the vector tells with them, log-odds by value of a
            vector of ``model``, and of all.
        least: to be told.  alone: the same where only the runs tell.
        beside: how much less is enough for a sentence that stands beside one that is told.
        crowded: how much more is asked where much of a text is told: then it speaks of programs.
        wide: how much less is enough where a text is listed or written, and makes a sentence doubtful for a
            question of fact.
        doubt: how much less makes a sentence doubtful there.
        screen, doubtful: log-odds by the runs from which on the vector is asked: whether a sentence is told
            for sure, and whether it is doubtful.
    """

    grams: NDArray[Any]
    bias: float
    beside_vector: NDArray[Any]
    weights: NDArray[Any]
    shift: float
    screen: float
    least: float
    alone: float
    beside: float
    crowded: float
    wide: float
    doubt: float
    doubtful: float
    model: str


@functools.cache
def load_fit(path: Path = WEIGHTS) -> Fit:
    """The fit that ships."""
    with np.load(path, allow_pickle=False) as file:
        numbers: dict[str, Any] = {name: float(file[name]) for name in NUMBERS}
        arrays = {name: file[name].astype(np.float32) for name in ("grams", "beside_vector", "weights")}
        return Fit(**numbers, **arrays, model=str(file["model"]))


def by_runs(texts: Sequence[str], fit: Fit | None = None) -> NDArray[Any]:
    """Log-odds by the runs of characters alone that each of some sentences is an order, ``[n]``."""
    fit, found = fit or load_fit(), np.zeros(len(texts))
    for start in range(0, len(texts), AT_ONCE):
        rows, slots, values = runs_of(texts[start : start + AT_ONCE])
        many = len(texts[start : start + AT_ONCE])
        found[start : start + many] = np.bincount(rows, values * fit.grams[slots], many) + fit.bias
    return found


def margins(texts: Sequence[str], encoder: Encoder | None = None, fit: Fit | None = None) -> NDArray[Any]:
    """By how much (log-odds) each of some sentences is told, ``[n]``; below 0 it is not."""
    fit = fit or load_fit()
    if not texts or encoder is None or encoder.name != fit.model:
        return by_runs(texts, fit) - fit.alone
    rows, slots, values = runs_of(texts)
    both = np.bincount(rows, values * fit.beside_vector[slots], len(texts))
    vectors = encoder.encode([text.translate(UNSEEN) for text in texts])
    return np.asarray(both + vectors @ fit.weights + fit.shift - fit.least)


class _Unseen(dict[int, int | None]):
    """For ``str.translate``: characters that nobody sees (joiners, marks of direction, tags) go."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.category(chr(code)) == "Cf" else code
        return self[code]


UNSEEN = _Unseen()


def runs_of(texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The runs of characters of some texts: number of the text, slot, value; those of a text have the length
    1 together, each counted as often as it stands there (feature hashing: Weinberger et al. 2009, "Feature
    Hashing for Large Scale Multitask Learning")."""
    compared = [f"\x02{folded(text)}\x03" for text in texts]
    codes = np.frombuffer("".join(compared).encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    of = np.repeat(np.arange(len(compared)), [len(text) for text in compared])
    rows, slots = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for n in RUNS:
        last = len(codes) - n + 1
        if last <= 0:
            break
        mixed = np.full(last, n, np.uint64)
        for k in range(n):
            mixed = (mixed ^ codes[k : last + k]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        whole = of[:last] == of[n - 1 :]
        rows.append(of[:last][whole])
        slots.append((mixed[whole] % np.uint64(SLOTS)).astype(np.intp))
    row, slot = np.concatenate(rows), np.concatenate(slots)
    many = np.bincount(row, minlength=len(texts))
    return row, slot, 1.0 / np.sqrt(many[row])


def folded(text: str) -> str:
    """As it is compared: what nobody sees out, width, case and script folded, white space out."""
    seen = unicodedata.normalize("NFKC", text.translate(UNSEEN))
    return "".join(simplify(seen).casefold().split())

"""Text to the unigram pieces of multilingual-e5-small in 10 MB of memory, where the tokenizers library takes
280.

The same ids and places that the library makes of ``models.e5.tokenizer_json``: the text between special
tokens is normalised (NFKC with SentencePiece's exceptions, blanks joined), every word begins with ▁, and of
all ways to cut a word into pieces the likeliest is taken (Kudo 2018, "Subword Regularization"; the Viterbi
algorithm over log probabilities). Pieces are looked up by a hash of their characters in sorted arrays.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.e5 import MASK, SPECIAL, E5File

WORD = "▁"
UNKNOWN = 3
PENALTY = 10.0
"""How much less likely than the least likely piece a character is that stands in none."""
WHITE = "".join(map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029))) + (
    "\u202f\u205f\u3000"
)
"""Unicode's White_Space."""
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_FILTER_BITS = 22

Codes = NDArray[np.uint64]
Span = tuple[int, int]
Cut = tuple[list[int], list[Span]]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text or two with marks around: ids, which of the texts each is of (None: a mark), and its
    characters there."""

    ids: list[int]
    sequence_ids: list[int | None]
    offsets: list[Span]


class Pieces:
    """Cuts texts as ``file`` tells. Thread-safe."""

    def __init__(self, file: E5File) -> None:
        codes, ends, scores = file.vocabulary()
        begins = np.concatenate([[0], ends[:-1]])
        self._longest = int((ends - begins).max())
        keys = _hashes(codes, begins, ends)
        order = np.argsort(keys, kind="stable")
        self._keys, self._ids = keys[order], order.astype(np.int32)
        if (self._keys[1:] == self._keys[:-1]).any():
            raise ValueError("two pieces have one hash")
        self._filter = np.zeros(1 << _FILTER_BITS, bool)
        self._filter[keys >> np.uint64(64 - _FILTER_BITS)] = True
        self._scores = scores.astype(np.float64)
        self._unknown = float(self._scores.min()) - PENALTY
        self._special = {token: i for i, token in enumerate(SPECIAL)} | {MASK: len(scores) - 1}
        self._marks = re.compile("|".join(map(re.escape, self._special)))
        self._table = file.exceptions()

    def encode(self, text: str) -> Encoded:
        """<s> text </s>."""
        ids, places = self._parts(text)
        return Encoded([0, *ids, 2], [None, *[0] * len(ids), None], [(0, 0), *places, (0, 0)])

    def encode_batch(self, texts: Sequence[str | tuple[str, str]]) -> list[Encoded]:
        """As :meth:`encode`; of two texts: <s> first </s> </s> second </s>."""
        known: dict[str, Cut] = {}
        return [self.encode(text) if isinstance(text, str) else self._pair(*text, known) for text in texts]

    encode_batch_fast = encode_batch
    """The name under which the library does the same without places."""

    def _pair(self, first: str, second: str, known: dict[str, Cut]) -> Encoded:
        if first not in known:
            known[first] = self._parts(first)
        (one, places), (other, others) = known[first], self._parts(second)
        return Encoded(
            [0, *one, 2, 2, *other, 2],
            [None, *[0] * len(one), None, None, *[1] * len(other), None],
            [(0, 0), *places, (0, 0), (0, 0), *others, (0, 0)],
        )

    def _parts(self, text: str) -> Cut:
        """Ids and places of a text without marks around it."""
        ids: list[int] = []
        places: list[Span] = []
        at = 0
        for mark in self._marks.finditer(text):
            begin = mark.start()
            if mark[0] == MASK:  # the blanks before it are part of it
                begin = at + len(text[at:begin].rstrip(WHITE))
            self._add(text, at, begin, ids, places)
            ids.append(self._special[mark[0]])
            places.append((begin, at := mark.end()))
        self._add(text, at, len(text), ids, places)
        return ids, places

    def _add(self, text: str, begin: int, end: int, ids: list[int], places: list[Span]) -> None:
        """Add the pieces of text[begin:end], in which no special token is."""
        plain, origin = normal(text[begin:end], self._table)
        if not plain:
            return
        plain = plain.replace(" ", WORD)
        if not plain.startswith(WORD):  # it has the place of the first character
            plain, origin = WORD + plain, [origin[0], *origin]
        for piece, first, last in self._cut(plain):
            ids.append(piece)
            places.append((begin + origin[first], begin + origin[last - 1] + 1))

    def _cut(self, text: str) -> list[tuple[int, int, int]]:
        """The likeliest pieces of words that begin with ▁, each with its characters; unknown characters side
        by side are one."""
        best = [-np.inf] * (len(text) + 1)
        came: list[tuple[int, int]] = [(UNKNOWN, 0)] * (len(text) + 1)
        found = self._found(text)
        at = 0
        for i, letter in enumerate(text):
            here = 0.0 if letter == WORD else best[i]
            known = False
            while at < len(found) and found[at][0] == i:
                _, end, piece, score = found[at]
                known = known or end == i + 1
                if here + score > best[end]:
                    best[end], came[end] = here + score, (piece, i)
                at += 1
            if not known and here + self._unknown > best[i + 1]:
                best[i + 1], came[i + 1] = here + self._unknown, (UNKNOWN, i)
        return _back(text, came)

    def _found(self, text: str) -> list[tuple[int, int, int, float]]:
        """Every place of the text where a piece stands: begin, end, piece, log probability; in order."""
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), "<u4")
        most = min(self._longest, codes.size)
        begins = np.concatenate([np.arange(codes.size - n) for n in range(most)])
        ends = np.concatenate([np.arange(n + 1, codes.size + 1) for n in range(most)])
        keys = _hashes(codes, begins, ends)
        (likely,) = np.nonzero(self._filter[keys >> np.uint64(64 - _FILTER_BITS)])
        at = np.minimum(np.searchsorted(self._keys, keys[likely]), self._keys.size - 1)
        right = self._keys[at] == keys[likely]
        chosen, pieces = likely[right], self._ids[at[right]]
        order = np.lexsort((ends[chosen], begins[chosen]))
        columns = (begins[chosen], ends[chosen], pieces, self._scores[pieces])
        return list(zip(*(column[order].tolist() for column in columns), strict=True))


def normal(text: str, table: dict[int, str | None]) -> tuple[str, list[int]]:
    """The text normalised, and which character of it each of these came from.

    Args:
        table: characters that are left out, or become a blank, before.
    """
    plain = text.translate(table)
    origin = [i for i, c in enumerate(text) if len(plain) == len(text) or table.get(ord(c), c)]
    parts = list(map(_compatible, plain))
    out, places = "".join(parts), origin
    if out != unicodedata.normalize("NFKC", plain):
        runs = _runs(plain, origin)
        out = "".join(part for part, _ in runs)
        places = [where[min(n, len(where) - 1)] for part, where in runs for n in range(len(part))]
    elif len(out) != len(plain):
        places = [i for part, i in zip(parts, origin, strict=True) for _ in part]
    if "  " in out:
        last = [i for i, c in enumerate(out) if c != " " or out[i + 1 : i + 2] != " "]
        out, places = "".join(out[i] for i in last), [places[i] for i in last]
    begin, end = len(out) - len(out.lstrip(WHITE)), len(out.rstrip(WHITE))
    return out[begin:end], places[begin:end]


def _runs(text: str, origin: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Runs of characters that NFKC changes without regard to what stands around, normalised, with where they
    stood."""
    runs: list[tuple[str, list[int]]] = []
    for letter, i in zip(text, origin, strict=True):
        if runs and not _apart(runs[-1][0], letter):
            run, places = runs.pop()
            runs.append((run + letter, [*places, i]))
        else:
            runs.append((letter, [i]))
    return [(unicodedata.normalize("NFKC", run), places) for run, places in runs]


def _apart(run: str, letter: str) -> bool:
    both = unicodedata.normalize("NFKC", run + letter)
    return not unicodedata.combining(letter) and both == unicodedata.normalize("NFKC", run) + _compatible(
        letter
    )


@functools.lru_cache(maxsize=1 << 14)
def _compatible(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter)


def _back(text: str, came: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """The way back from the end of the text: piece, begin and end, in order."""
    cuts: list[tuple[int, int, int]] = []
    end = len(text)
    while end:
        piece, begin = came[end]
        if piece == UNKNOWN and cuts and cuts[-1][0] == UNKNOWN and text[end] != WORD:
            cuts[-1] = (UNKNOWN, begin, cuts[-1][2])
        else:
            cuts.append((piece, begin, end))
        end = begin
    return cuts[::-1]


def _hashes(codes: NDArray[Any], begins: NDArray[Any], ends: NDArray[Any]) -> Codes:
    """A hash of each run of characters: a polynomial in them, modulo 2**64."""
    summed = np.zeros(codes.size + 1, np.uint64)
    np.cumsum(codes.astype(np.uint64) * _powers(_BASE, codes.size), out=summed[1:])
    found: Codes = (summed[ends] - summed[begins]) * _powers(_INVERSE, codes.size)[begins]
    return found


def _powers(base: int, number: int) -> Codes:
    """base ** 1, 2, ... modulo 2**64."""
    return np.cumprod(np.full(number, base, np.uint64), dtype=np.uint64)

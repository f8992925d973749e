"""Sentences that read like orders to a program (ignore the above, always answer X): told by a linear model
over runs of characters and, where these raise a suspicion, over the encoder's vector of the sentence.

What is told is struck from what answers are made of (``qa.struck``) and shown to administrators. The weights
(``orders.npz``) are made by ``training/orders.py`` on vectors of multilingual-e5-small; with another encoder
the runs of characters tell alone.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.normalize import simplify
from index.sentences import split_sentences

if TYPE_CHECKING:
    from index.encoder import Encoder
    from index.generation import Generation
    from index.types import Document, Passage

WEIGHTS = Path(__file__).with_name("orders.npz")
RUNS = (1, 2, 3, 4)
"""Lengths of the runs of characters."""
SLOTS = 1 << 15
AT_ONCE = 4096
"""Sentences whose runs are counted together."""
LONGEST = 600
"""Characters of a sentence that are looked at together; a longer one is looked at piece by piece."""
MANY, CROWD = 10, 0.15
"""Sentences from which on, and share of them told from which on, a text is taken to speak of programs."""
BETWEEN = 16
"""Characters up to which a sentence between two orders is taken for what they order."""
_EDGE = re.compile(r"(?=[（(【\[<《])|(?<=[；;|\t）)】\]>》_])")


class Place(NamedTuple):
    """A run of a text that reads like an order, and how sure the model is (0..1)."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Fit:
    """The linear model.

    Attributes:
        grams, bias: log-odds of a run of characters by its slot, where the runs tell alone, ``[SLOTS]``.
        beside_vector, weights, shift: the same where the vector tells with them, log-odds by value of a
            vector of ``model``, and of all.
        screen: by the runs, from which on the vector is asked.
        least: to be told.  alone: the same where only the runs tell.
        beside: how much less is enough for a sentence that stands beside one that is told.
        crowded: how much more is asked where much of a text is told: then it speaks of programs.
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
    model: str


@functools.cache
def load_fit(path: Path = WEIGHTS) -> Fit:
    """The fit that ships."""
    with np.load(path, allow_pickle=False) as file:
        names = ("bias", "shift", "screen", "least", "alone", "beside", "crowded")
        numbers: dict[str, Any] = {name: float(file[name]) for name in names}
        arrays = {name: file[name].astype(np.float32) for name in ("grams", "beside_vector", "weights")}
        return Fit(**numbers, **arrays, model=str(file["model"]))


def margins(texts: Sequence[str], encoder: Encoder | None = None, fit: Fit | None = None) -> NDArray[Any]:
    """By how much (log-odds) each of some sentences is told, ``[n]``; below 0 it is not."""
    fit = fit or load_fit()
    found = np.full(len(texts), -np.inf)
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        found[start : start + len(part)] = _margins(part, encoder, fit)
    return found


def _margins(texts: Sequence[str], encoder: Encoder | None, fit: Fit) -> NDArray[Any]:
    rows, slots, values = runs_of(texts)
    runs = np.bincount(rows, values * fit.grams[slots], len(texts)) + fit.bias
    if encoder is None or encoder.name != fit.model:
        return np.where(runs >= fit.screen, runs - fit.alone, -np.inf)
    told = np.full(len(texts), -np.inf)
    near = np.flatnonzero(runs >= fit.screen)
    if len(near):
        vectors = encoder.encode([texts[int(i)] for i in near])
        both = np.bincount(rows, values * fit.beside_vector[slots], len(texts))
        told[near] = both[near] + vectors @ fit.weights + fit.shift - fit.least
    return told


def runs_of(texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The runs of characters of some texts: number of the text, slot, value; those of a text have the length
    1 together, each counted as often as it stands there (feature hashing: Weinberger et al. 2009, "Feature
    Hashing for Large Scale Multitask Learning")."""
    folded = [f"\x02{_folded(text)}\x03" for text in texts]
    codes = np.frombuffer("".join(folded).encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    of = np.repeat(np.arange(len(folded)), [len(text) for text in folded])
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


def _folded(text: str) -> str:
    """As it is compared: width, case and script folded, white space out."""
    return "".join(simplify(unicodedata.normalize("NFKC", text)).casefold().split())


def orders_in(text: str, encoder: Encoder | None = None, fit: Fit | None = None) -> tuple[Place, ...]:
    """The sentences of a text that read like orders, in order: those that are told, those beside one that are
    told almost, and one between two. Of a row or a title only the pieces that make it one, where they can be
    told apart."""
    fit = fit or load_fit()
    spans = [piece for span in split_sentences(text) for piece in _pieces(*span)]
    told = margins([text[a:b] for a, b in spans], encoder, fit)
    if len(told) >= MANY and (told >= 0).mean() >= CROWD:
        told = told - fit.crowded
    found = _spread(told, np.array([b - a for a, b in spans]) <= BETWEEN, fit.beside)
    cut = [(i, cut) for i in np.flatnonzero(found) for cut in _narrowed(text, *spans[i], encoder, fit)]
    return tuple(Place(a, b, _score(max(told[i], 0.0))) for i, (a, b) in cut)


def order_free(title: str, encoder: Encoder | None = None, fit: Fit | None = None) -> str:
    """A title without what of it reads like an order."""
    kept, at = "", 0
    for place in orders_in(title, encoder, fit):
        kept, at = kept + title[at : place.start], place.end
    return (kept + title[at:]).strip(" _-—，。、；;:：")


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, LONGEST):
        yield at, min(at + LONGEST, end)


def _spread(told: NDArray[Any], brief: NDArray[Any], beside: float) -> NDArray[Any]:
    """Which are told, with those beside them."""
    found = told >= 0
    near = told >= -beside
    while True:
        before, after = np.roll(found, 1), np.roll(found, -1)
        if len(found):
            before[0] = after[-1] = False
        more = found | (near & (before | after)) | (brief & before & after)
        if (more == found).all():
            return found
        found = more


def _narrowed(text: str, start: int, end: int, encoder: Encoder | None, fit: Fit) -> list[tuple[int, int]]:
    """The pieces of a sentence (cells of a row, what stands in brackets) that read like an order, where the
    others together do not; else all of it."""
    edges = [start, *(start + m.start() for m in _EDGE.finditer(text[start:end])), end]
    cuts = [(a, b) for a, b in zip(edges, edges[1:], strict=False) if text[a:b].strip()]
    if len(cuts) < 2:
        return [(start, end)]
    told = margins([text[a:b] for a, b in cuts], encoder, fit) >= 0
    rest = "".join(text[a:b] for (a, b), is_order in zip(cuts, told, strict=True) if not is_order)
    if not told.any() or (rest and margins([rest], encoder, fit)[0] >= 0):
        return [(start, end)]
    return [cut for cut, is_order in zip(cuts, told, strict=True) if is_order]


def _score(margin: float) -> float:
    return round(float(1.0 / (1.0 + np.exp(-margin))), 3)


@dataclass(frozen=True, slots=True)
class Found:
    """What of a document reads like an order: places of its text, and the title without it."""

    places: tuple[Place, ...]
    title: str


class Orders:
    """What of documents reads like orders, found once a text. Thread-safe.

    Args:
        encoder: of the index; None: the runs of characters tell alone.
    """

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder
        self._known: dict[str, tuple[Place, ...]] = {}
        self._titles: dict[str, str] = {}

    def title(self, title: str) -> str:
        """A title without what reads like an order."""
        if title not in self._titles:
            self._titles[title] = order_free(title, self._encoder)
        return self._titles[title]

    def of(self, document: Document) -> Found:
        """Of a document with its text."""
        if document.sha256 not in self._known:
            self._known[document.sha256] = orders_in(document.text, self._encoder)
        return Found(self._known[document.sha256], self.title(document.title))


@dataclass(frozen=True, slots=True)
class Suspect:
    """A passage that reads like an order to a program, and how sure the model is (0..1). The document comes
    without its text."""

    document: Document
    passage: Passage
    score: float


def suspects(
    generation: Generation, orders: Orders, sources: Collection[str] | None = None
) -> tuple[Suspect, ...]:
    """The passages of an index in which something reads like an order, the surest first.

    Args:
        sources: of these documents alone; None: of all.
    """
    found: list[Suspect] = []
    for light in generation.documents():
        if sources is None or light.source in sources:
            found += _suspects(generation.document(light.id), generation.passages(light.id), orders)
    return tuple(sorted(found, key=lambda s: (-s.score, s.passage.id)))


def _suspects(document: Document, passages: Sequence[Passage], orders: Orders) -> Iterator[Suspect]:
    told = orders.of(document)
    named = told.title != document.title
    for passage in passages:
        scores = [p.score for p in told.places if p.start < passage.end and passage.start < p.end]
        if scores or named:
            yield Suspect(replace(document, text="", blocks=()), passage, max(scores, default=0.5))
        named = False


def told(found: Sequence[Suspect], document_id: str) -> list[dict[str, Any]]:
    """What of one document reads like an order, in reading order, as plain values with its span."""
    own = sorted((s for s in found if s.document.id == document_id), key=lambda s: s.passage.start)
    return [
        {"start": p.start, "end": p.end, "page": p.page, "score": s.score, "text": " ".join(p.text.split())}
        for s in own
        for p in [s.passage]
    ]

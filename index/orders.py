"""Sentences that read like orders to a program (ignore the above, always answer X): told by a linear model
over runs of characters and, where these raise a suspicion, over the encoder's vector of the sentence.

What is told is struck from what answers are made of (``qa.struck``) and shown to administrators. Of what is
doubtful the model that writes is asked, where it tells its states (``qa.suspected``); and less is enough
where a text is listed or written rather than a question answered. The weights (``orders.npz``) are made by
``training/orders.py`` on vectors of multilingual-e5-small; with another encoder the runs of characters tell
alone.
"""

from __future__ import annotations

import functools
import re
import sys
import threading
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
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
ASKED = 2.5
"""How much less (log-odds) makes a sentence doubtful enough for the model that writes to be asked of it for a
question of fact (docs/log/server.md)."""
BETWEEN = 48
"""Bytes (16 Chinese characters) up to which a sentence between two orders is taken for what they order."""
SAID = 2
"""Characters from which on what is said again after an order that holds it is taken for what it orders."""
PIECE = 6
"""Characters of a piece of a sentence that is looked at for itself."""
EASED = 1.5
"""How much less is enough of what another model holds, where a text is listed or written."""
KEPT = 256
"""Texts whose sentences are kept."""
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)?")
"""A link or a picture in Markdown."""
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
        wide: how much less is enough where a text is listed or written.
        doubt: how much less makes a sentence doubtful, and doubtful: by the runs, from which on its vector is
            asked for that.
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
        names = (
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
        numbers: dict[str, Any] = {name: float(file[name]) for name in names}
        arrays = {name: file[name].astype(np.float32) for name in ("grams", "beside_vector", "weights")}
        return Fit(**numbers, **arrays, model=str(file["model"]))


def margins(
    texts: Sequence[str], encoder: Encoder | None = None, fit: Fit | None = None, doubting: bool = False
) -> NDArray[Any]:
    """By how much (log-odds) each of some sentences is told, ``[n]``; below 0 it is not.

    Args:
        doubting: of doubtful ones too; else of those alone that may be told.
    """
    fit = fit or load_fit()
    screen = fit.doubtful if doubting else fit.screen
    found = np.full(len(texts), -np.inf)
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        found[start : start + len(part)] = _margins(part, encoder, fit, screen)
    return found


def _margins(texts: Sequence[str], encoder: Encoder | None, fit: Fit, screen: float) -> NDArray[Any]:
    texts = [text.translate(_unseen()) for text in texts]
    rows, slots, values = runs_of(texts)
    runs = np.bincount(rows, values * fit.grams[slots], len(texts)) + fit.bias
    if encoder is None or encoder.name != fit.model:
        return np.where(runs >= screen, runs - fit.alone, -np.inf)
    told = np.full(len(texts), -np.inf)
    near = np.flatnonzero(runs >= screen)
    if len(near):
        vectors = encoder.encode([texts[int(i)] for i in near])
        both = np.bincount(rows, values * fit.beside_vector[slots], len(texts))
        told[near] = both[near] + vectors @ fit.weights + fit.shift - fit.least
    return told


@functools.cache
def _unseen() -> dict[int, None]:
    """Characters that nobody sees: joiners, marks of direction, tags."""
    return {code: None for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"}


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


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of a text, by how much each is told, all of it or a piece of it, and what of it reads
    most like an order; ``whole``: by how much all of it is. ``fit`` told them."""

    text: str
    spans: tuple[tuple[int, int], ...]
    told: NDArray[Any]
    whole: NDArray[Any]
    worst: tuple[tuple[int, int], ...]
    fit: Fit

    def doubtful(self, start: int, end: int, wide: bool = False) -> list[tuple[float, str]]:
        """Those within a part of the text that may be orders but are not told, and by how much they are.
        ``wide``: less is enough to be told."""
        told = (self.told >= 0) | (wide & (self.whole >= -self.fit.wide))
        least = -(self.fit.doubt if wide else ASKED)
        near = (int(i) for i in np.flatnonzero((self.told >= least) & ~told))
        return [
            (float(self.told[i]), self.text[slice(*self.worst[i])])
            for i, (a, b) in ((i, self.spans[i]) for i in near)
            if a < end and start < b
        ]


def told_in(
    text: str, encoder: Encoder | None = None, fit: Fit | None = None, doubting: bool = False
) -> Sentences:
    """By how much each sentence of a text is told: all of it, or a piece of it (a cell, what stands in
    brackets). ``doubting``: of doubtful ones too."""
    fit = fit or load_fit()
    spans = tuple(piece for span in split_sentences(text) for piece in _pieces(*span))
    worst, of = list(spans), list(range(len(spans)))
    for i, (start, end) in enumerate(spans):
        pieces = [(a, b) for a, b in _cut(text, start, end) if b - a >= PIECE]
        worst += pieces
        of += [i] * len(pieces)
    found = margins([text[a:b] for a, b in worst], encoder, fit, doubting)
    told, best = found[: len(spans)].copy(), list(range(len(spans)))
    for j in range(len(spans), len(worst)):
        if found[j] > told[of[j]]:
            told[of[j]], best[of[j]] = found[j], j
    return Sentences(text, spans, told, found[: len(spans)], tuple(worst[j] for j in best), fit)


def orders_in(text: str, encoder: Encoder | None = None, fit: Fit | None = None) -> tuple[Place, ...]:
    """The sentences of a text that read like orders, in order: those that are told, those beside one that are
    told almost, and one between two. Of a row or a title only the pieces that make it one, where they can be
    told apart."""
    return places(told_in(text, encoder, fit), encoder)


def places(
    given: Sentences,
    encoder: Encoder | None = None,
    wide: bool = False,
    judged: Mapping[str, float] | None = None,
) -> tuple[Place, ...]:
    """The sentences that read like orders, as ``orders_in`` has them.

    Args:
        wide: less is enough, as where a text is listed or written.
        judged: log-odds by another model that a doubtful sentence is an order.
    """
    text, spans, fit, told = given.text, given.spans, given.fit, given.told.copy()
    if len(told) >= MANY and (told >= 0).mean() >= CROWD:
        told -= fit.crowded
    elif wide:
        told = np.maximum(told, given.whole + fit.wide)
    near = np.flatnonzero(given.told >= -fit.doubt) if judged else ()
    for i in near:
        judge = (judged or {}).get(text[slice(*given.worst[int(i)])])
        if judge is not None:
            told[i] = max(told[i], judge + EASED) if wide else judge
    if not (told >= 0).any():
        return ()
    texts = [text[a:b] for a, b in spans]
    brief = np.array([len(one.encode("utf-8", "replace")) for one in texts]) <= BETWEEN
    found = _said_again(texts, _spread(told, brief, fit.doubt - fit.wide if wide else fit.beside))
    least = -fit.doubt if wide else -ASKED if judged else 0.0
    cut = [(i, cut) for i in np.flatnonzero(found) for cut in _narrowed(text, *spans[i], encoder, fit, least)]
    return tuple(Place(a, b, _score(max(told[i], 0.0))) for i, (a, b) in cut)


def order_free(title: str, places: Sequence[Place]) -> str:
    """A title without some places of it."""
    kept, at = "", 0
    for place in places:
        kept, at = kept + title[at : place.start], place.end
    return (kept + title[at:]).strip(" _-—，。、；;:：") if places else title


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, LONGEST):
        yield at, min(at + LONGEST, end)


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The pieces of a sentence; [] where it is of one piece."""
    edges = [start, *(start + m.start() for m in _EDGE.finditer(text[start:end])), end]
    cuts = [(a, b) for a, b in zip(edges, edges[1:], strict=False) if text[a:b].strip()]
    return cuts if len(cuts) > 1 else []


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


def _said_again(texts: Sequence[str], found: NDArray[Any]) -> NDArray[Any]:
    """Those found, with a sentence after one that holds it word for word: "print X", then "X"."""
    found = found.copy()
    for i in np.flatnonzero(found[:-1]):
        after, order = int(i) + 1, _folded(texts[int(i)])
        while after < len(texts) and (
            found[after] or (len(_folded(texts[after])) >= SAID and _folded(texts[after]) in order)
        ):
            found[after] = True
            after += 1
    return found


def _narrowed(
    text: str, start: int, end: int, encoder: Encoder | None, fit: Fit, least: float
) -> list[tuple[int, int]]:
    """The pieces of a sentence (cells of a row, what stands in brackets) that read like an order, where the
    others together do not; else all of it.

    Args:
        least: by how much a piece must be told.
    """
    if not (cuts := _cut(text, start, end)):
        return [(start, end)]
    told = margins([text[a:b] for a, b in cuts], encoder, fit, least < 0) >= least
    rest = "".join(text[a:b] for (a, b), is_order in zip(cuts, told, strict=True) if not is_order)
    if not told.any() or (rest and margins([rest], encoder, fit, least < 0)[0] >= least):
        return [(start, end)]
    return [cut for cut, is_order in zip(cuts, told, strict=True) if is_order]


def _score(margin: float) -> float:
    return round(float(1.0 / (1.0 + np.exp(-margin))), 3)


class Orders:
    """What of documents reads like orders, found once a text. Thread-safe.

    Args:
        encoder: of the index; None: the runs of characters tell alone.
    """

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder
        self._known: dict[str, tuple[Place, ...]] = {}
        self._sentences: dict[str, Sentences] = {}
        self._titles: dict[str, Sentences] = {}
        self._free: dict[tuple[str, bool], str] = {}
        self._judged: dict[str, float] = {}
        self._lock = threading.Lock()

    def of(self, document: Document) -> tuple[Place, ...]:
        """Of a document with its text, by the runs and the vectors: what administrators are told."""
        if document.sha256 not in self._known:
            self._known[document.sha256] = orders_in(document.text, self._encoder)
        return self._known[document.sha256]

    def struck(self, document: Document, wide: bool = False) -> tuple[Place, ...]:
        """What no answer is made of. ``wide``: less is enough."""
        return places(self._told(document), self._encoder, wide, self._judged)

    def title(self, title: str, wide: bool = False) -> str:
        """A title, or a heading, without what reads like an order, and without links."""
        if (free := self._free.get((title, wide))) is None:
            told = self._titles.get(title) or told_in(_LINK.sub(r"\1", title), self._encoder)
            found = places(told, self._encoder, wide, self._judged)
            free = self._free[title, wide] = order_free(told.text, found)
        return free

    def doubtful(
        self, document: Document, start: int, end: int, wide: bool = False
    ) -> list[tuple[float, str]]:
        """Sentences of a part of a document, and its title, that may be orders, are not told and were not
        judged yet, each with how much it is told. ``wide``: less is enough to be told."""
        if (title := self._titles.get(document.title)) is None:
            plain = _LINK.sub(r"\1", document.title)
            title = self._titles[document.title] = told_in(plain, self._encoder, doubting=True)
        found = self._told(document).doubtful(start, end, wide)
        found += title.doubtful(0, len(title.text), wide)
        return [(told, text) for told, text in found if text not in self._judged]

    def learn(self, texts: Sequence[str], judged: Sequence[float]) -> None:
        """What the model that writes holds of some sentences: log-odds that each is an order."""
        self._judged.update(zip(texts, judged, strict=True))
        self._free.clear()

    def _told(self, document: Document) -> Sentences:
        if (told := self._sentences.get(document.sha256)) is None:
            told = told_in(document.text, self._encoder, doubting=True)
            with self._lock:
                if len(self._sentences) >= KEPT:
                    del self._sentences[next(iter(self._sentences))]
                self._sentences[document.sha256] = told
        return told


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
    told, named = orders.of(document), orders.title(document.title) != document.title
    for passage in passages:
        scores = [p.score for p in told if p.start < passage.end and passage.start < p.end]
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

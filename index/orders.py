"""Prompt injections in documents: what reads like an order to a program, told to administrators.

What is told (``index.order_spans``) is struck from what answers are made of (``qa.struck``). Of what is
doubtful the model that writes is asked, where it tells its states (``qa.suspected``); and less is enough
where a text is listed or written rather than a question answered.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from index.order_classifier import load_fit
from index.order_spans import Place, Sentences, look, order_free, orders_in, places, sentences_of

if TYPE_CHECKING:
    from index.encoder import Encoder
    from index.generation import Generation
    from index.types import Document, Passage

KEPT = 256
"""Texts whose sentences are kept."""
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)?")
"""A link or a picture in Markdown."""


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
        """What no answer is made of: what is told for sure, and of what was looked at what is doubtful and
        judged so. ``wide``: less is enough."""
        return places(self._sentences_of(document), self._encoder, wide, self._judged)

    def title(self, title: str, wide: bool = False) -> str:
        """A title, or a heading, without what reads like an order, and without links."""
        if (free := self._free.get((title, wide))) is None:
            given = self._titles.get(title) or _titled(title)
            free = order_free(given.text, places(given, self._encoder, wide, self._judged))
            self._free[title, wide] = free
        return free

    def doubtful(self, parts: Iterable[tuple[Document, int, int]]) -> set[tuple[float, str]]:
        """Sentences of parts of documents (from, to), and of their titles, that may be orders, are not told
        and were not judged yet, each with how much it is told."""
        given, titles = [], set()
        for document, start, end in parts:
            given.append((self._sentences_of(document), start, end))
            titles.add(document.title)
        for title in titles:
            named = self._titles.setdefault(title, self._titles.get(title) or _titled(title))
            given.append((named, 0, len(named.text)))
            for wide in (False, True):
                self._free.pop((title, wide), None)
        look(given, self._encoder, load_fit().doubtful)
        found = {one for sentences, start, end in given for one in sentences.doubtful(start, end)}
        return {(told, text) for told, text in found if text not in self._judged}

    def learn(self, judged: Mapping[str, float]) -> None:
        """What the model that writes holds of some sentences: log-odds that each is an order."""
        self._judged.update(judged)
        self._free.clear()

    def _sentences_of(self, document: Document) -> Sentences:
        given = self._sentences.get(document.sha256) or sentences_of(document.text)
        with self._lock:  # the last is the one that was used last, so what a question looked at stays for it
            given = self._sentences.pop(document.sha256, given)
            if len(self._sentences) >= KEPT:
                del self._sentences[next(iter(self._sentences))]
            self._sentences[document.sha256] = given
        return given


def _titled(title: str) -> Sentences:
    return sentences_of(_LINK.sub(r"\1", title))


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

"""An index without prompt injections: what reads like orders to a program is no part of answers, nor read.

What is struck stands as line breaks in the text of its document, so that every other span stays true. The
stored text is as it was: people read it whole, and administrators are told (``index.orders``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import prompts
from index.order_spans import Place
from index.orders import Orders
from index.types import Document, Hit, Passage
from qa.types import Answer, Note

if TYPE_CHECKING:
    from qa.searching import Searching

Detector = Callable[[Sequence[tuple[float, str]]], Mapping[str, float]]
"""Log-odds that doubtful sentences are orders, told by how much they read like one; of which it tells is for
it to say."""


class Struck:
    """The same verbs over the same index, within one answer.

    Args:
        index: where to search.  orders: tells what is struck.
        wide: less is enough to be struck. Where documents are listed, or something is written from them, what
            is left out costs little.
        detector: asked of what is doubtful; None: nobody is.
    """

    def __init__(
        self, index: Searching, orders: Orders, wide: bool = False, detector: Detector | None = None
    ) -> None:
        self._index = index
        self._orders = orders
        self._wide = wide
        self._detector = detector
        self._found: dict[str, tuple[Place, ...]] = {}

    def search(self, query: str, k: int) -> list[Hit]:
        """Hits that have anything left, best first, at most k."""
        found, hits = self._index.search(query, k), []
        self._ask((hit.document, hit.passage.start, hit.passage.end) for hit in found)
        left = {hit.document.id: hit.document for hit in found}
        left = {name: self._struck(document) for name, document in left.items()}
        for hit in found:
            document = left[hit.document.id]
            if passage := self._left(hit.passage, document):
                hits.append(replace(hit, document=document, passage=passage))
        return hits

    def superseded(self) -> frozenset[str]:
        """Ids of documents that a newer one replaces."""
        return self._index.superseded()

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document that have anything left, in reading order."""
        found = self._index.passages(document_id)
        if not found:
            return []
        document = self._index.document(document_id)
        self._ask([(document, 0, len(document.text))])
        document = self._struck(document)
        left = (self._left(passage, document) for passage in found)
        return [passage for passage in left if passage]

    def documents(self) -> list[Document]:
        """All documents; their text may be left out."""
        return [self._struck(one) if one.text else self._named(one) for one in self._index.documents()]

    def document(self, document_id: str) -> Document:
        """One document with what is left of its text."""
        return self._struck(self._index.document(document_id))

    def noted(self, answer: Answer) -> Answer:
        """An answer with a note where something was struck from a document that it stands on or, where it is
        refused, from the one that was found first."""
        cited = {c.document_id for sentence in answer.sentences for c in sentence.citations}
        if answer.refused:
            cited = {found.document_id for found in answer.retrieved[:1]}
        number = sum(len(self._found[one]) for one in cited if one in self._found)
        if not number:
            return answer
        note = Note("dropped", prompts.text("qa.note_orders", n=number))
        return replace(answer, notes=(*answer.notes, note))

    def _named(self, document: Document) -> Document:
        title = self._orders.title(document.title, self._wide)
        return (
            document if title == document.title else replace(document, title=title or document.id, apart="")
        )

    def _struck(self, document: Document) -> Document:
        found = self._found[document.id] = self._orders.struck(document, self._wide)
        text = document.text
        for place in found:
            text = text[: place.start] + "\n" * (place.end - place.start) + text[place.end :]
        return self._named(document if text == document.text else replace(document, text=text))

    def _ask(self, parts: Iterable[tuple[Document, int, int]]) -> None:
        """Have the detector told of what is doubtful in parts of documents, of the most suspicious first."""
        if self._detector is None:
            return
        if doubtful := sorted(self._orders.doubtful(parts), reverse=True):
            self._orders.learn(self._detector(doubtful))

    def _left(self, passage: Passage, document: Document) -> Passage | None:
        """What is left of a passage; None where that is nothing."""
        text = document.text[passage.start : passage.end]
        titles = (self._orders.title(heading, self._wide) for heading in passage.heading)
        heading = tuple(kept for kept in titles if kept)
        if text == passage.text and heading == passage.heading:
            return passage
        return replace(passage, text=text, heading=heading) if text.strip() else None

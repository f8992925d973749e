"""One collection of a library: its documents alone are found, listed and answered from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.types import Document, Hit, Passage

if TYPE_CHECKING:
    from qa.library import Library


class Collection:
    """What a pipeline needs of an index, limited to the documents that belong to ``title``."""

    def __init__(self, library: Library, title: str) -> None:
        self.library = library
        self.title = title

    @property
    def name(self) -> str:
        """Of the generation, as answers record it."""
        return self.library.name

    @property
    def count(self) -> int:
        """Number of passages."""
        generation = self.library.generation
        return len(generation.rows_in(self.title)) if generation else 0

    def search(self, query: str, k: int) -> list[Hit]:
        """Hits of this collection, best first."""
        return self.library.search(query, k, self.title)

    def superseded(self) -> frozenset[str]:
        """Ids of documents that a newer one replaces, wherever that one is: what is no longer in force is so
        for everybody."""
        return self.library.superseded()

    def ordering(self, texts: Sequence[str]) -> list[int]:
        """Which of some texts read like orders to a program."""
        return self.library.ordering(texts)

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document in reading order; [] when it does not belong to the collection."""
        return self.library.passages(document_id) if self._holds(document_id) else []

    def documents(self) -> list[Document]:
        """The documents of the collection without their text, in the order of their titles."""
        return [document for document in self.library.documents() if self.title in document.collections]

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises KeyError when it does not belong to the collection."""
        document = self.library.document(document_id)
        if self.title not in document.collections:
            raise KeyError(document_id)
        return document

    def _holds(self, document_id: str) -> bool:
        try:
            return self.title in self.library.document(document_id).collections
        except KeyError:
            return False

"""An index as finding and answering see it: the whole, a part, a closed context, or one without orders."""

from __future__ import annotations

from typing import Protocol

from index.types import Document, Hit, Passage


class Searching(Protocol):
    """What finding and answering needs of an index."""

    def search(self, query: str, k: int) -> list[Hit]:
        """Hits for the query, best first, at most k."""
        ...

    def superseded(self) -> frozenset[str]:
        """Ids of documents that a newer one replaces."""
        ...

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document in reading order."""
        ...

    def documents(self) -> list[Document]:
        """All documents; their text may be left out."""
        ...

    def document(self, document_id: str) -> Document:
        """One document with its text."""
        ...

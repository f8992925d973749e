"""A closed context: passages given with the question (a benchmark, a pasted text), searched without an
index."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.types import Document, Hit, Passage

if TYPE_CHECKING:
    from index.encoder import Encoder


class ClosedContext:
    """The passages as documents of one passage each; ids are p0001, p0002, ... in the order given.

    Args:
        passages: ``(title, text)`` each; empty texts are left out.
        encoder: ranks them together with BM25.
    """

    name = "closed"

    def __init__(self, passages: Sequence[tuple[str, str]], encoder: Encoder) -> None:
        self._encoder = encoder
        self._documents = [
            _document(number, title, text) for number, (title, text) in enumerate(passages, 1) if text.strip()
        ]
        self.count = len(self._documents)

    def search(self, query: str, k: int) -> list[Hit]:
        """The best k passages for the query."""
        from index.retriever import rank_texts

        ranked = rank_texts(
            query, [f"{d.title}\n{d.text}" if d.title else d.text for d in self._documents], self._encoder
        )
        return [
            Hit(_passage(self._documents[r.row]), self._documents[r.row], r.score, r.why) for r in ranked[:k]
        ]

    def passages(self, document_id: str) -> list[Passage]:
        """The one passage of a document; [] when there is no such document."""
        return [_passage(d) for d in self._documents if d.id == document_id]

    def documents(self) -> list[Document]:
        """The passages as documents, in the order given."""
        return list(self._documents)

    def document(self, document_id: str) -> Document:
        """One of them. Raises KeyError when there is none with this id."""
        return {d.id: d for d in self._documents}[document_id]

    def superseded(self) -> frozenset[str]:
        """Nothing is known of versions here."""
        return frozenset()


def _document(number: int, title: str, text: str) -> Document:
    return Document(
        f"p{number:04d}", title, title or f"p{number:04d}", text, hashlib.sha256(text.encode()).hexdigest()
    )


def _passage(document: Document) -> Passage:
    return Passage(f"{document.id}-0001", document.id, 0, len(document.text), document.text)

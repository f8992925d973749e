"""The engine for somebody to whom a part of the index is closed: the same verbs, over the rest.

It has only what asking and reading need. What writes into the index, or looks at all of it, is not here, so
that it cannot be reached by oversight.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from index.scope import Scope
from index.types import Document, Hit, Passage
from qa.scoped_library import ScopedLibrary, part_of
from qa.types import Answer, Turn

if TYPE_CHECKING:
    from qa.engine import Engine
    from qa.settings import EngineSettings


class ScopedEngine:
    """An engine within a scope.

    Args:
        engine: of the whole index; an answer is asked of it, so that it counts and measures it as any other.
    """

    def __init__(self, engine: Engine, scope: Scope) -> None:
        self._engine = engine
        self._scope = scope

    @property
    def _scoped(self) -> ScopedLibrary:
        return part_of(self._engine.library, self._scope)

    @property
    def settings(self) -> EngineSettings:
        return self._engine.settings

    @property
    def ready(self) -> dict[str, bool]:
        return self._engine.ready

    def search(self, question: str, k: int | None = None, *, collection: str = "") -> list[Hit]:
        return self._engine.search(question, k, collection=collection, within=self._scope)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        cancelled: threading.Event | None = None,
        passages: Sequence[tuple[str, str]] | None = None,
        collection: str = "",
    ) -> Iterator[Answer]:
        return self._engine.stream(
            question,
            history,
            cancelled=cancelled,
            passages=passages,
            collection=collection,
            within=self._scope,
        )

    def known(self, question: str) -> Answer | None:
        """What is known of a question from anybody's asking, where it stands on nothing that is closed."""
        answer = self._engine.known(question)
        if answer is None:
            return None
        held = {document.id for document in self.documents()}
        return answer if all(found.document_id in held for found in answer.retrieved) else None

    def documents(self) -> list[Document]:
        return self._scoped.documents()

    def document(self, document_id: str) -> Document:
        return self._scoped.document(document_id)

    def passages(self, document_id: str) -> list[Passage]:
        return self._scoped.passages(document_id)

    def collections(self) -> dict[str, int]:
        return self._scoped.collections()

    def copies(self) -> dict[str, str]:
        return self._scoped.copies()

    def hides(self, answer: Answer) -> bool:
        """Does an answer show text of a document that is there, but closed here?"""
        seen = {found.document_id for found in answer.retrieved}
        for cited in (*(s.citations for s in answer.sentences), *(n.citations for n in answer.notes)):
            seen.update(citation.document_id for citation in cited)
        there = {document.id for document in self._engine.documents()}
        return not seen & there <= {document.id for document in self.documents()}

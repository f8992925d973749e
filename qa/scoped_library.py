"""A library limited to a scope: its documents are found, listed and answered from, and no others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from errors import NoCollection, choice
from index.scope import Scope
from index.types import Document, Hit, Passage

if TYPE_CHECKING:
    from qa.library import Library


class ScopedLibrary:
    """What a pipeline needs of an index, limited to a scope."""

    def __init__(self, library: Library, scope: Scope) -> None:
        self.library = library
        self.scope = scope

    @property
    def name(self) -> str:
        """Of the generation, as answers record it."""
        return self.library.name

    @property
    def count(self) -> int:
        """Number of passages."""
        generation = self.library.generation
        return len(generation.rows_in(self.scope)) if generation else 0

    def search(self, query: str, k: int) -> list[Hit]:
        """Hits of this part, best first."""
        hits = self.library.search(query, k, self.scope)
        return [replace(hit, document=shown(hit.document, self.scope)) for hit in hits]

    def superseded(self) -> frozenset[str]:
        """Ids of documents that a newer one replaces, wherever that one is: what is no longer in force is so
        for everybody."""
        return self.library.superseded()

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document in reading order; [] when it does not belong here."""
        return self.library.passages(document_id) if self._holds(document_id) else []

    def documents(self) -> list[Document]:
        """The documents of this part without their text, in the order of their titles."""
        documents = self.library.documents()
        return [shown(one, self.scope) for one in documents if self.scope.holds(one.collections)]

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises KeyError when it does not belong here."""
        document = self.library.document(document_id)
        if not self.scope.holds(document.collections):
            raise KeyError(document_id)
        return shown(document, self.scope)

    def collections(self) -> dict[str, int]:
        """Names of the collections, sorted, with the number of their documents that are of this part."""
        return dict(sorted(Counter(name for one in self.documents() for name in one.collections).items()))

    def copies(self) -> dict[str, str]:
        """As of the library, among the documents of this part: the first of them stands for the others."""
        held = {document.id for document in self.documents()}
        firsts: dict[str, str] = {}
        found: dict[str, str] = {}
        for copy, first in self.library.copies().items():
            for document_id in (first, copy):
                if document_id in held and firsts.setdefault(first, document_id) != document_id:
                    found[document_id] = firsts[first]
        return found

    def _holds(self, document_id: str) -> bool:
        try:
            return self.scope.holds(self.library.document(document_id).collections)
        except KeyError:
            return False


def part_of(library: Library, scope: Scope) -> ScopedLibrary:
    """The documents that a scope holds, to be searched and answered from like the whole library.

    Raises:
        NoCollection: there is no collection of the scope's name, or none that may be read.
    """
    if collection := scope.collection:
        known = ScopedLibrary(library, replace(scope, collection="")).collections()
        if collection not in known:
            if known:
                raise NoCollection.named("collection_unknown", name=collection, **choice(collection, known))
            raise NoCollection.named("collection_none", name=collection)
    return ScopedLibrary(library, scope)


def end_collection(library: Library, collection: str) -> None:
    """Its documents no longer belong to it; they stay. Raises NoCollection when there is none of that
    name."""
    changed = []
    for light in part_of(library, Scope(collection)).documents():
        document = library.document(light.id)
        rest = "\n".join(name for name in document.collections if name != collection)
        meta = {name: value for name, value in document.meta.items() if name != "collections"}
        changed.append(replace(document, meta=meta | ({"collections": rest} if rest else {})))
    library.write(changed)


def shown(document: Document, scope: Scope) -> Document:
    """A document without the names of closed collections that it is in besides others."""
    if scope.closed.isdisjoint(document.collections):
        return document
    kept = "\n".join(name for name in document.collections if name not in scope.closed)
    return replace(document, meta={**document.meta, "collections": kept})

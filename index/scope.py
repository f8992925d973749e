"""Which documents are looked at: those of one collection, and none of collections that are closed to whoever
looks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of an index.

    Attributes:
        collection: the documents of this one alone; "" for those of all.
        closed: collections that whoever looks may not read.
        open: collections that not everybody may read, but whoever looks may.
    """

    collection: str = ""
    closed: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Is anything left out?"""
        return bool(self.collection or self.closed)

    def holds(self, collections: Collection[str]) -> bool:
        """Does a document with these collections belong here? One that is in a closed collection does only if
        it is in an open one too."""
        if self.collection and self.collection not in collections:
            return False
        return self.closed.isdisjoint(collections) or not self.open.isdisjoint(collections)

    def __str__(self) -> str:
        """The same for the same scope, whatever the order in which names were given."""
        return repr((self.collection, sorted(self.closed), sorted(self.open)))


EVERYTHING = Scope()

"""Reading ahead: while nobody asks, the examples of the prompts that have some and the passages of the index
are read as they will be sent, so that a question finds them read (``engine/prefix_cache.py``).

A passage that the reranker cuts around the place that matters is cut by the question, so it is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from engine.base import Generator, Keeps, Message
from errors import Cancelled
from index.types import Hit
from qa.context import sentences_of
from qa.draft import messages_for
from qa.kinds import parts, queried, worked
from qa.rerank import material
from qa.searching import Searching

ANY = "问"
"""Stands for a question; what is read ends before it."""


class Known(Searching, Protocol):
    """An index that tells when it has changed."""

    @property
    def fingerprint(self) -> str: ...


class Ahead:
    """Goes through the passages of ``index`` once, and again from the start when it has changed."""

    def __init__(self, index: Known) -> None:
        self._index = index
        self._of = ""
        self._left: Iterator[tuple[tuple[Message, ...], bool]] = iter(())
        """Chats, and whether something is written after them."""

    def read(self, generator: Generator, cancelled: threading.Event) -> bool:
        """Read the next passage that was not read yet; False when all were, or no more can be kept.

        Raises:
            Cancelled: it was stopped. GeneratorError: the generator failed.
        """
        if not isinstance(generator, Keeps):
            return False
        if self._of != self._index.fingerprint:
            told = (self._messages(hit, generator) for hit in self._hits())
            shown = ((chat, True) for chat in (queried.examples(), parts.examples(), worked.examples()))
            self._of = self._index.fingerprint
            self._left = chain(shown, ((chat, False) for chat in told if chat))
        for chat, written in self._left:
            try:
                return generator.ahead(chat, cancelled, written)
            except Cancelled:
                self._left = chain([(chat, written)], self._left)
                raise
        return False

    def _hits(self) -> Iterator[Hit]:
        for listed in self._index.documents():
            try:
                document = self._index.document(listed.id)
            except KeyError:  # removed meanwhile
                continue
            for passage in self._index.passages(listed.id):
                yield Hit(passage, document, 0.0)

    def _messages(self, hit: Hit, generator: Generator) -> tuple[Message, ...]:
        context = material(hit, hit.passage.start, generator)
        whole = len(context.sentences) == len(sentences_of(hit))
        return messages_for(ANY, context, "judge") if context.sentences and whole else ()

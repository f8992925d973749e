"""Reading ahead: while nobody asks, the examples of the prompts that have some and the passages of the index
are read as they will be sent, so that a question finds them read (``engine/prefix_cache.py``); so are the
sentences that may say that a document is replaced, of which is kept what they say (``editions.py``), and
those that may be orders to a program (``suspected.py``).

A passage that the reranker cuts around the place that matters is cut by the question, so it is left out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, Protocol

import prompts
from engine.base import Generator, Keeps, Message
from errors import Cancelled
from index.orders import Orders
from index.types import Document, Hit
from qa import editions, suspected
from qa.adapted import messages as asked
from qa.context import sentences_of
from qa.kinds import parts, queried, worked
from qa.kinds.tables import Table, tables_in
from qa.kinds.told_rows import block_of, readable
from qa.probes import messages
from qa.rerank import MOST_TOKENS, material, together
from qa.searching import Searching
from qa.verdicts import Verdicts

ANY = "问"
"""Stands for a question; what is read ends before it."""
AT_ONCE = 0.5
"""Seconds that are spent at once on looking for what is to be read."""
Step = Callable[[Any, threading.Event], bool | None]
"""Whether something was read; False: there is no place to keep it; None: nothing had to be."""


class Known(Searching, Protocol):
    """An index that tells when it has changed."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def orders(self) -> Orders: ...


class Ahead:
    """Goes through the documents of ``index`` once, and again from the start when it has changed.

    Args:
        verdicts: where it is kept what was told of sentences, by name.
    """

    def __init__(self, index: Known, verdicts: Callable[[str], Verdicts]) -> None:
        self._index = index
        self._verdicts = verdicts
        self._of = ""
        self._left: Iterator[Step] = iter(())

    def read(self, generator: Generator, cancelled: threading.Event) -> bool:
        """Read what comes next and was not read yet; False when all was, or no more can be kept.

        Raises:
            Cancelled: it was stopped. GeneratorError: the generator failed.
        """
        if not isinstance(generator, Keeps):
            return False
        if self._of != self._index.fingerprint:
            self._of = self._index.fingerprint
            self._left = self._steps()
        begin = time.monotonic()
        for step in self._left:
            try:
                if cancelled.is_set():
                    raise Cancelled.named("stopped")
                read = step(generator, cancelled)
            except Cancelled:
                self._left = chain([step], self._left)
                raise
            if read is not None or time.monotonic() - begin > AT_ONCE:
                return read is not False
        return False

    def _steps(self) -> Iterator[Step]:
        for chat in (queried.examples(), parts.examples(), worked.examples()):
            yield partial(_keep, chat, True)
        blank = dict.fromkeys(prompts.variables(editions.PROBE), "")
        yield partial(_keep, messages(editions.PROBE, blank), False)
        for document in self._documents():
            yield partial(self._look, document)
            yield partial(self._suspect, document)
        for document in self._documents():
            for passage in self._index.passages(document.id):
                yield partial(self._passage, Hit(passage, document, 0.0))
            for table in tables_in(document, 0, len(document.text), self._index):
                yield partial(self._table, table)

    def _documents(self) -> Iterator[Document]:
        for listed in self._index.documents():
            with suppress(KeyError):  # removed meanwhile
                yield self._index.document(listed.id)

    def _look(self, document: Document, generator: Generator, cancelled: threading.Event) -> bool | None:
        verdicts = self._verdicts(editions.PROBE)
        return editions.InForce(self._index, generator, verdicts, cancelled).look(document) or None

    def _suspect(self, document: Document, generator: Generator, cancelled: threading.Event) -> bool | None:
        orders = self._index.orders
        doubtful = sorted(orders.doubtful([(document, 0, len(document.text))]))
        verdicts = self._verdicts(suspected.PROBE)
        told = suspected.Suspicion(generator, cancelled, verdicts, len(doubtful))(doubtful)
        orders.learn(told)
        return bool(told) or None

    def _passage(self, hit: Hit, generator: Any, cancelled: threading.Event) -> bool | None:
        context = material(hit, hit.passage.start, generator)
        whole = len(context.sentences) == len(sentences_of(hit))
        if not context.sentences or not whole:
            return None
        return _keep(asked(ANY, context, again=True)[0], False, generator, cancelled)

    def _table(self, table: Table, generator: Any, cancelled: threading.Event) -> bool | None:
        block = block_of(table, self._index)
        if len(block.passages) == 1 or not readable(block, table.rows):
            return None
        context = together(block, generator)
        if context.tokens > MOST_TOKENS:
            return None
        return _keep(asked(ANY, context, again=True)[0], False, generator, cancelled)


def _keep(
    chat: tuple[Message, ...], written: bool, generator: Keeps, cancelled: threading.Event
) -> bool | None:
    """Keep what a chat begins with; something is ``written`` after it or not."""
    return generator.ahead(chat, cancelled, written)

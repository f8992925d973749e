"""What an order wants: a table, some of its rows or their order, or a text written from evidence."""

from __future__ import annotations

import collections.abc
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.base import Generator
from index.sentences import split_sentences
from index.types import Hit
from qa.attribution import EvidenceSentence, attribute
from qa.context import sentences_of
from qa.finding import searched
from qa.judge import open_judge
from qa.kinds.arranged import arranged
from qa.kinds.compose import extracted, found_for
from qa.kinds.evidence import narrow, read
from qa.kinds.extract import extract
from qa.kinds.ordered import Found, tabled
from qa.kinds.written import Order, write
from qa.reader import Reads
from qa.searching import Searching
from qa.types import Answer
from qa.understand import ALOUD, JOINT, Want, begun
from qa.verdict import decline

ALSO = 0.2
"""Least probability that a table that is ordered is to be sorted too, or to hold some of its rows alone."""
TOLD = 0.5
"""Least probability that what an order asks for itself was found."""
Snapshots = collections.abc.Generator[Answer, None, None]
"""Growing snapshots of one answer; closing it stops the work."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Does what is ordered, over one index."""

    generator: Generator
    reader: Reads | None
    index: Searching
    cancelled: threading.Event

    def answered(self, answer: Answer, want: Want, hits: Sequence[Hit]) -> Snapshots:
        """What was ordered, and the table that a question for a list wants (各仪器的价格列个表), where one is
        named; nothing elsewhere.

        Raises:
            Cancelled: it was stopped. GeneratorError: the generator failed.
        """
        if want.order and hits:
            yield from self._ordered(answer, want.order, hits)
        elif want.kind == "list":
            done = self._tabled(answer, Order(want.query), hits, ALOUD)
            yield from [done] if done else []

    def _ordered(self, answer: Answer, order: Order, hits: Sequence[Hit]) -> Snapshots:
        """What is written to order, from the evidence that the reader finds, or else from what was found."""
        reader, index = self.reader, self.index
        if done := self._tabled(answer, order, hits):
            yield done
            return
        known, found = list(self._held(order.last, hits)), None
        if not known:
            windows = read(answer.query, [narrow(hit) for hit in hits], reader) if reader else []
            found = extract(answer.query, "list", windows, index, reader) if reader else None
            known = [s for hit in hits[:2] for s in sentences_of(hit)] + list(found.lines if found else ())
        if order.last and reader:  # what the order asks for itself: 加上联系电话
            asked = f"{begun(answer.query)}{JOINT}{order.text}"
            more = searched(asked, index, len(hits), answer.query)
            told = extract(asked, "fact", read(asked, [narrow(h) for h in more], reader), index, reader)
            if told and told.likely >= TOLD:
                hits = list({hit.passage.id: hit for hit in (*hits, *more)}.values())
                known = [*known, *told.lines]
        lines = list({(s.document.id, s.start): s for s in known}.values())
        answer = replace(answer, retrieved=found_for(hits, index.superseded(), lines))
        yield replace(answer, stage="found")
        for text in write(answer, order, lines, self.generator, open_judge(self.generator), self.cancelled):
            if text.stage == "done" and not text.sentences:
                yield extracted(answer, found) if found else decline(answer, "unsupported", hits)
                return
            yield text

    def _held(self, last: str, hits: Sequence[Hit]) -> Iterator[EvidenceSentence]:
        """The sentences of the documents that the last answer stands on, in the order in which it says
        them."""
        near = {hit.passage.id: hit for hit in (*hits, *(self.index.search(last, len(hits)) if last else ()))}
        places = [place for hit in near.values() for place in sentences_of(hit)]
        lines = (last[a:b] for a, b in split_sentences(last))
        for clause in (clause for line in lines for clause in line.replace(";", "；").split("；")):
            for tie in attribute(clause, places, question="").citations:
                yield places[tie.index]

    def _tabled(self, answer: Answer, order: Order, hits: Sequence[Hit], least: float = 0.0) -> Answer | None:
        """The table that an order wants; None where it wants something else, or is told to want one with less
        probability than ``least``."""
        shares = self.reader.arranged(order.text) if self.reader else {"text": 1.0}
        form = max(shares, key=lambda name: shares[name])
        if shares[form] < least:
            return None
        found = Found(hits, self.index.superseded(), order.last)
        also = [name for name in shares if name not in (form, "text") and shares[name] >= ALSO]
        wanted = [*sorted(also, key=lambda name: -shares[name])[:1], form] if form == "table" else [form]
        tables = (
            tabled(
                answer,
                one,
                found,
                self.index,
                lambda what, table: arranged(what, table, self.generator, self.cancelled),
            )
            for one in wanted
        )
        return next(filter(None, tables), None)

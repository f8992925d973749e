"""Evidence as wide as a kind of answer needs: a passage, its whole section, or a document, as one run of the
stored text.

A section is a node of the document's tree (``index.outline``): a chapter, an article, the items of a list, a
table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from index.outline import Paths
from index.sentences import split_sentences
from index.types import Document, Hit, Passage
from qa.attribution import EvidenceSentence
from qa.reader import Reading, Reads, windows_of

READER, SEARCH, TOLD = 0.4, 24.0, 1.6
"""Weights of the reader's log-odds, of the search's score (0..1), and of the log-odds that the model that
writes gives a passage; chosen on tuning questions (docs/log/reader.md)."""
SECTION_MIN = 160
"""Characters below which a section is read together with those beside it."""
SECTION_MAX = 1800
"""Characters of a section that are read, around the passage that was found."""


class Indexed(Protocol):
    """What is needed of an index: the passages of a document, in reading order."""

    def passages(self, document_id: str) -> list[Passage]: ...


@dataclass(frozen=True, slots=True)
class Block:
    """A run of passages of one document that are read together.

    ``document.text[start:end]`` is what is read; ``heading`` stands over it; ``hit`` is the one that led
    here.
    """

    hit: Hit
    passages: tuple[Passage, ...]
    heading: str

    @property
    def document(self) -> Document:
        return self.hit.document

    @property
    def start(self) -> int:
        return self.passages[0].start

    @property
    def end(self) -> int:
        return self.passages[-1].end

    @property
    def text(self) -> str:
        return self.document.text[self.start : self.end]

    def sentences(self) -> list[EvidenceSentence]:
        """Its sentences, each with its passage, as spans of the stored text."""
        return [
            EvidenceSentence(p, self.document, p.start + a, p.start + b, p.text[a:b])
            for p in self.passages
            for a, b in split_sentences(p.text)
        ]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a block and what it says to the question; ``begin`` is where it begins in the document,
    ``told`` the log-odds by the model that writes that its passage answers (``qa.rerank``), None where that
    was not asked."""

    block: Block
    begin: int
    text: str
    reading: Reading
    told: float | None = None

    @property
    def worth(self) -> float:
        """Log-odds that it answers the question: what the reader says, how well the search liked the passage,
        and what the model that writes says, where it was asked."""
        likely = min(max(self.reading.answerable, 1e-4), 1 - 1e-4)
        read = READER * math.log(likely / (1 - likely))
        return read + SEARCH * self.block.hit.score + TOLD * (self.told or 0.0)

    def holding(self) -> list[EvidenceSentence]:
        """The sentences that hold a part of the answer, or its best span where there are no parts."""
        spans = self.reading.parts or (
            (self.reading.best,) if self.reading.best[1] > self.reading.best[0] else ()
        )
        cuts = [(self.begin + a, self.begin + b) for a, b in spans]
        return [s for s in self.block.sentences() if any(_shared(s, a, b) for a, b in cuts)]


def _shared(sentence: EvidenceSentence, start: int, end: int) -> bool:
    """Does the span lie in the sentence, with more than a mark of punctuation?"""
    shared = min(sentence.end, end) - max(sentence.start, start)
    return shared >= min(2, end - start)


def narrow(hit: Hit) -> Block:
    """The passage that was found, alone."""
    return Block(hit, (hit.passage,), heading_of(hit.document, hit.passage))


def wide(hit: Hit, index: Indexed) -> Block:
    """The section that the passage stands in: the smallest one around it that is not short, cut where it is
    too long."""
    passages = index.passages(hit.document.id)
    at = next((i for i, p in enumerate(passages) if p.id == hit.passage.id), None)
    if at is None:
        return narrow(hit)
    low, high = at, at + 1
    for section in reversed(Paths(hit.document).at(hit.passage.start)):
        inside = [i for i, p in enumerate(passages) if p.start < section.end and section.start < p.end]
        if inside:
            low, high = min(low, inside[0]), max(high, inside[-1] + 1)
        if _length(passages, low, high) >= SECTION_MIN:
            break
    while _length(passages, low, high) > SECTION_MAX and high - low > 1:
        if at - low > high - 1 - at:
            low += 1
        else:
            high -= 1
    return Block(hit, tuple(passages[low:high]), heading_of(hit.document, hit.passage))


def _length(passages: Sequence[Passage], low: int, high: int) -> int:
    return passages[high - 1].end - passages[low].start


def heading_of(document: Document, passage: Passage) -> str:
    """Title and last heading, as the reader sees them over a passage."""
    path = [document.title, *(h for h in passage.heading[-1:] if h != document.title)]
    return " > ".join(part for part in path if part)


def read(question: str, blocks: Sequence[Block], reader: Reads) -> list[Window]:
    """What every window of the blocks says to the question, in order."""
    parts = [(block, begin, text) for block in blocks for begin, text in windows_of(block.text)]
    leads = [f"{block.heading}\n" if block.heading else "" for block, _, _ in parts]
    readings = reader.read(question, [lead + text for lead, (_, _, text) in zip(leads, parts, strict=True)])
    return [
        Window(block, block.start + begin, text, _moved(reading, len(lead)))
        for (block, begin, text), lead, reading in zip(parts, leads, readings, strict=True)
    ]


def _moved(reading: Reading, lead: int) -> Reading:
    """The reading with spans counted from where the text itself begins; what lies in the heading is left
    out."""
    parts = tuple((max(0, a - lead), b - lead) for a, b in reading.parts if b > lead)
    a, b = reading.best
    best = (max(0, a - lead), b - lead) if b > lead else (0, 0)
    return Reading(reading.answerable, best, reading.sure if b > lead else 0.0, parts)

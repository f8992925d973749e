"""Answers in the documents' own words: the sentences and items that the reader finds to answer the question, each cited.

Lists and steps are read section by section, so that no item is missed; other kinds passage by passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.kinds.evidence import Block, Indexed, Window, narrow, read, wide
from qa.reader import Reads

WIDE = frozenset({"list", "steps", "compare", "overview_topic", "multi"})
"""Kinds whose answer is spread over a section, or over several passages."""
NEXT = 0.5
"""Least probability of a further passage, as a share of the best one's and for itself, to be part of a spread answer."""
LINES = 14
"""Most lines of an answer in the documents' words."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What was found.

    Attributes:
        lines: sentences of the documents, best document first, in reading order.
        likely: probability (0..1) that the best passage answers the question.
        sure: probability (0..1) of the best span in it.
        best: the sentence that holds the best span.
        span: that span, in characters of its document.
    """

    lines: tuple[EvidenceSentence, ...]
    likely: float
    sure: float
    best: EvidenceSentence
    span: tuple[int, int]


def extract(question: str, kind: str, hits: Sequence[Hit], index: Indexed, reader: Reads) -> Extract | None:
    """The answer in the documents' words; None when no passage has anything to say."""
    windows = read(question, [narrow(hit) for hit in hits], reader)
    if not windows:
        return None
    first = max(windows, key=lambda w: w.worth)
    if kind in WIDE:
        windows = _spread(question, first, windows, index, reader)
        first = max(windows, key=lambda w: w.worth)
    holding = first.holding()
    if not holding:
        return None
    span = (first.begin + first.reading.best[0], first.begin + first.reading.best[1])
    best = next((s for s in holding if s.start <= span[0] < s.end), holding[0])
    chosen = [w for w in windows if w is first or (kind in WIDE and _belongs(w, first))]
    lines = _ordered([s for w in chosen for s in w.holding()], first.block)
    if kind not in WIDE:
        lines = [s for s in lines if s.document.id == first.block.document.id]
    return Extract(tuple(lines[:LINES]), first.reading.answerable, first.reading.sure, best, span)


def _belongs(window: Window, first: Window) -> bool:
    near = window.block.document.id == first.block.document.id
    least = NEXT if near else (1 + NEXT) / 2
    return window.reading.answerable >= max(least * first.reading.answerable, least / 1.5)


def _spread(question: str, first: Window, windows: Sequence[Window], index: Indexed, reader: Reads) -> list[Window]:
    """The section of the best passage read whole, and the other passages as they were."""
    section = wide(first.block.hit, index)
    inside = {p.id for p in section.passages}
    rest = [w for w in windows if not inside.issuperset(p.id for p in w.block.passages)]
    return [*read(question, [section], reader), *rest]


def _ordered(sentences: Sequence[EvidenceSentence], first: Block) -> list[EvidenceSentence]:
    """Each once, the best document's first, each document in reading order."""
    unique = {(s.document.id, s.start): s for s in sentences}
    rank: dict[str, int] = {first.document.id: 0}
    for s in sentences:
        rank.setdefault(s.document.id, len(rank))
    return sorted(unique.values(), key=lambda s: (rank[s.document.id], s.start))

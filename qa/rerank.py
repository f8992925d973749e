"""The reranker: of the passages that are worth most, does each answer the question? Told by the model that
writes.

It reads each of them, then the question (``prompts/judge.md``), and tells by its hidden state
(``qa.adapted``). That costs some 200 tokens of reading a passage that was not read before, so they are
asked one after the other, only of those that may still become the best, and no more than a budget holds.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.base import Generator
from index.types import Hit
from qa.adapted import adapts, told, unread
from qa.context import Context, Limits, assembled, build_context
from qa.draft import Draft
from qa.kinds.evidence import TOLD, Block, Window
from qa.kinds.told_rows import LINES

NEAR = 2.4
"""How much less worth (log-odds) than the best a passage may be to be asked of."""
MOST = 8
HOPE = 3.0
"""Log-odds that a passage not asked of yet might get; where even this would not bring it before the best, it
is not asked of. Both chosen on tuning questions (docs/log/reader.md)."""
MOST_TOKENS = 1200
"""Tokens of all of them that are read at once."""
TOKENS = 360
"""Tokens of one passage that are read, around the place that matters."""


@dataclass(slots=True)
class Budget:
    """Tokens that may still be read for a question before something is shown."""

    tokens: int

    def take(self, tokens: int) -> bool:
        """Take so many, if there are as many left."""
        if tokens > self.tokens:
            return False
        self.tokens -= tokens
        return True


def asked_of(query: str, window: Window, generator: Generator, cancelled: threading.Event) -> Draft | None:
    """A draft without a sentence that holds what the model tells of one passage; None where it has no
    adapter.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    context = context_of(window, generator)
    judged = told(query, query, context, generator, cancelled, again=True) if context.sentences else None
    return Draft(context=context, model=generator.name, judged=judged) if judged else None


def context_of(window: Window, generator: Generator) -> Context:
    """What is read of a window's passage; where it is long, around what the reader found."""
    return material(window.block.hit, window.begin + window.reading.best[0], generator)


def material(hit: Hit, at: int, generator: Generator) -> Context:
    """What is read of a passage; where it is long, around the offset ``at`` of its document."""
    return build_context([hit], {hit.passage.id: (0.0, at)}, generator.count_tokens, Limits(TOKENS, 1, 1.0))


def reranked(
    query: str,
    windows: Sequence[Window],
    generator: Generator,
    budget: Budget,
    cancelled: threading.Event,
    asked: str = "",
) -> tuple[list[Window], Mapping[str, Draft]]:
    """The windows with what the model says of their passages, and by passage a draft without a sentence that
    holds its state.

    Passages that were not asked of count as the least of those that were. Everything as it was, and {}, where
    the generator has no adapter, or the budget holds none.

    Args:
        windows: of single passages.  budget: what was read before costs nothing of it.
        asked: the end of the query that was typed, where turns stand before it.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if not adapts(generator):
        return list(windows), {}
    top: dict[str, Window] = {}
    for window in sorted(windows, key=lambda w: -w.worth):
        top.setdefault(window.block.hit.passage.id, window)
    drafts: dict[str, Draft] = {}
    known: dict[str, float] = {}
    best, first = -math.inf, next(iter(top.values())).worth if top else 0.0
    for key, window in list(top.items())[:MOST]:
        if window.worth < max(first - NEAR, best - TOLD * HOPE):
            break
        context = context_of(window, generator)
        if not context.sentences or not budget.take(min(context.tokens, unread(query, context, generator))):
            break
        judged = told(query, asked or query, context, generator, cancelled, again=True)
        if judged is None:
            return list(windows), {}
        drafts[key] = Draft(context=context, model=generator.name, judged=judged)
        known[key] = judged.answered
        best = max(best, replace(window, told=judged.answered).worth)
    if not known:
        return list(windows), {}
    least = min(0.0, *known.values())
    return [replace(w, told=known.get(w.block.hit.passage.id, least)) for w in windows], drafts


def together(block: Block, generator: Generator) -> Context:
    """What is read of the sentences of a block, to tell which of them answer."""
    return assembled([(block.hit, block.sentences()[:LINES])], generator.count_tokens)


def sentences_told(
    query: str,
    generator: Generator,
    budget: Budget,
    cancelled: threading.Event,
    drafts: Mapping[str, Draft] | None = None,
) -> Callable[[Block], Sequence[float]]:
    """What tells which sentences of a passage answer (log-odds), as far as the budget holds; each passage
    is read once.

    Args:
        drafts: what was told of passages before.
    """
    known: dict[tuple[str, int, int], Sequence[float]] = {}
    lines: dict[tuple[str, int], float] = {}
    for draft in (drafts or {}).values():
        if draft.context and draft.judged:
            for sentence, value in zip(draft.context.sentences, draft.judged.lines, strict=True):
                lines[sentence.document.id, sentence.start] = value

    def telling(block: Block) -> Sequence[float]:
        key = (block.document.id, block.start, block.end)
        if key not in known:
            sentences = block.sentences()[:LINES]
            if all((key[0], s.start) in lines for s in sentences):
                known[key] = [lines[key[0], s.start] for s in sentences]
            else:
                known[key] = read(block)
        return known[key]

    def read(block: Block) -> Sequence[float]:
        if not adapts(generator):
            return []
        context = together(block, generator)
        if not context.sentences:
            return []
        cost = min(context.tokens, unread(query, context, generator))
        if context.tokens > MOST_TOKENS or not budget.take(cost):
            return []
        judged = told(query, query, context, generator, cancelled, again=len(block.passages) > 1)
        return judged.lines if judged else []

    return telling

"""The reranker: of the passages that are worth most, does each answer the question? Told by the model that
writes.

It reads each of them with the question (``prompts/judge.md``) and a probe of its hidden state tells
(``qa.gate``). That costs some 200 tokens of reading a passage, so they are asked one after the other, only of
those that may still become the best, and no more than a budget holds.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.base import Generator, Keeps, Marks, Message
from index.types import Hit
from qa.answering import MOST as MOST_LINES
from qa.answering import answering
from qa.context import Context, Limits, build_context
from qa.draft import Draft, letters, messages_for
from qa.gate import probed
from qa.kinds.evidence import TOLD, Block, Window

NEAR = 2.4
"""How much less worth (log-odds) than the best a passage may be to be asked of."""
MOST = 8
HOPE = 3.0
"""Log-odds that a passage not asked of yet might get; where even this would not bring it before the best, it
is not asked of. Both chosen on tuning questions (docs/log/reader.md)."""
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
    """A draft without a sentence that holds what the model's states say of one passage; None where the engine
    tells none.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    context = context_of(window, generator)
    if not isinstance(generator, Marks) or not context.sentences:
        return None
    return _asked(messages_for(query, context, "judge"), query, context, generator, cancelled)


def _asked(
    messages: tuple[Message, ...], asked: str, context: Context, generator: Marks, cancelled: threading.Event
) -> Draft:
    state = generator.read_at(messages, letters(messages, asked), cancelled).state()
    return Draft(context=context, model=generator.name, judged=state)


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
    the engine tells no states that the probes know, or the budget holds none.

    Args:
        windows: of single passages.  budget: what was read before costs nothing of it.
        asked: the end of the query that was typed, where turns stand before it.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if not isinstance(generator, Marks):
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
        messages = messages_for(query, context, "judge")
        unread = generator.unread(messages) if isinstance(generator, Keeps) else context.tokens
        if not context.sentences or not budget.take(min(context.tokens, unread)):
            break
        drafts[key] = _asked(messages, asked or query, context, generator, cancelled)
        told = probed(drafts[key]).get("probe_answered")
        if told is None:
            return list(windows), {}
        known[key] = told
        best = max(best, replace(window, told=told).worth)
    if not known:
        return list(windows), {}
    least = min(0.0, *known.values())
    return [replace(w, told=known.get(w.block.hit.passage.id, least)) for w in windows], drafts


def sentences_told(
    query: str, generator: Generator, budget: Budget, cancelled: threading.Event
) -> Callable[[Block], Sequence[float]]:
    """What tells which sentences of a passage answer (``qa.answering``), as far as the budget holds; each
    passage is read once."""
    known: dict[tuple[str, int, int], Sequence[float]] = {}

    def told(block: Block) -> Sequence[float]:
        key = (block.document.id, block.start, block.end)
        if key not in known:
            sentences = block.sentences()[:MOST_LINES]
            cost = generator.count_tokens(query + "".join(s.text for s in sentences))
            affordable = isinstance(generator, Marks) and budget.take(cost)
            known[key] = (
                answering(query, block.heading, sentences, generator, cancelled) if affordable else []
            )
        return known[key]

    return told

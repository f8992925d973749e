"""The reranker: of the passages that are worth most, does each answer the question? Told by the model that
writes.

It reads each of them with the question (``prompts/judge.md``) and a probe of its hidden state tells
(``qa.gate``). That costs some 150 tokens of reading a passage, so only those are asked that come near the
best, and no more than a budget holds.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.base import Generator, Keeps, Message, Reads
from index.types import Hit
from qa.context import Context, Limits, build_context
from qa.draft import Draft, messages_for
from qa.gate import probed
from qa.kinds.evidence import Window

NEAR = 2.5
"""How much less worth (log-odds) than the best a passage may be to be asked of."""
MOST = 3
TOKENS = 280
"""Tokens of one passage that are read, around the place that matters."""


def material(hit: Hit, at: int, generator: Generator) -> Context:
    """What is read of a passage; where it is long, around the offset ``at`` of its document."""
    return build_context([hit], {hit.passage.id: (0.0, at)}, generator.count_tokens, Limits(TOKENS, 1, 1.0))


def reranked(
    query: str, windows: Sequence[Window], generator: Generator, budget: int, cancelled: threading.Event
) -> tuple[list[Window], Mapping[str, Draft]]:
    """The windows with what the model says of their passages, and by passage a draft without a sentence that
    holds its state.

    Passages that were not asked of count as the least of those that were. Everything as it was, and {}, where
    the engine tells no states that the probes know, or the budget holds none.

    Args:
        windows: of single passages.  budget: tokens that may be read; what was read before costs nothing.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    best: dict[str, Window] = {}
    for window in sorted(windows, key=lambda w: -w.worth):
        best.setdefault(window.block.hit.passage.id, window)
    top = list(best.values())[:MOST]
    drafts: dict[str, Draft] = {}
    asked: dict[str, tuple[Message, ...]] = {}
    for window in top if isinstance(generator, Reads) else ():
        hit = window.block.hit
        context = material(hit, window.begin + window.reading.best[0], generator)
        messages = messages_for(query, context, "judge")
        unread = generator.unread(messages) if isinstance(generator, Keeps) else context.tokens
        budget -= min(context.tokens, unread)
        if budget < 0 or window.worth < top[0].worth - NEAR or not context.sentences:
            break
        drafts[hit.passage.id] = Draft(context=context, model=generator.name)
        asked[hit.passage.id] = messages
    if not drafts or not isinstance(generator, Reads):
        return list(windows), {}
    reading = {key: generator.read(messages, cancelled) for key, messages in asked.items()}
    drafts = {key: replace(draft, judged=reading[key].state()) for key, draft in drafts.items()}
    told = {key: probed(draft).get("probe_answered") for key, draft in drafts.items()}
    known = {key: value for key, value in told.items() if value is not None}
    if not known:
        return list(windows), {}
    least = min(0.0, *known.values())
    return [replace(w, told=known.get(w.block.hit.passage.id, least)) for w in windows], drafts

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

from engine.base import Generator, Reads
from qa.context import Limits, build_context
from qa.draft import Draft, messages_for
from qa.gate import probed
from qa.kinds.evidence import Window

NEAR = 2.5
"""How much less worth (log-odds) than the best a passage may be to be asked of."""
MOST = 3
TOKENS = 280
"""Tokens of one passage that are read, around the place that matters."""


def reranked(
    query: str, windows: Sequence[Window], generator: Generator, budget: int, cancelled: threading.Event
) -> tuple[list[Window], Mapping[str, Draft]]:
    """The windows with what the model says of their passages, and by passage a draft without a sentence that
    holds its state.

    Passages that were not asked of count as the least of those that were. Everything as it was, and {}, where
    the engine tells no states that the probes know, or the budget holds none.

    Args:
        windows: of single passages.  budget: tokens that may be read.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    best: dict[str, Window] = {}
    for window in sorted(windows, key=lambda w: -w.worth):
        best.setdefault(window.block.hit.passage.id, window)
    top = list(best.values())[:MOST]
    drafts: dict[str, Draft] = {}
    for window in top if isinstance(generator, Reads) else ():
        hit = window.block.hit
        place = {hit.passage.id: (0.0, window.begin + window.reading.best[0])}
        context = build_context([hit], place, generator.count_tokens, Limits(TOKENS, 1, 1.0))
        budget -= context.tokens
        if budget < 0 or window.worth < top[0].worth - NEAR or not context.sentences:
            break
        drafts[hit.passage.id] = Draft(context=context, model=generator.name)
    if not drafts or not isinstance(generator, Reads):
        return list(windows), {}
    asked = {
        key: messages_for(query, draft.context, "judge") for key, draft in drafts.items() if draft.context
    }
    reading = {key: generator.read(messages, cancelled) for key, messages in asked.items()}
    drafts = {key: replace(draft, judged=reading[key].state()) for key, draft in drafts.items()}
    told = {key: probed(draft).get("probe_answered") for key, draft in drafts.items()}
    known = {key: value for key, value in told.items() if value is not None}
    if not known:
        return list(windows), {}
    least = min(0.0, *known.values())
    return [replace(w, told=known.get(w.block.hit.passage.id, least)) for w in windows], drafts

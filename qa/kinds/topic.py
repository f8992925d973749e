"""What a document has on a topic: an outline of those of its passages that the model that writes tells to
answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from engine.base import Generator
from index.types import Document, Hit
from qa.adapted import adapts, told, unread
from qa.kinds.compose import outlined
from qa.kinds.evidence import Indexed, Window
from qa.rerank import Budget, material
from qa.types import Answer

NEAR = 2.5
"""How much less (log-odds) than the best passage another may answer, to be on the topic."""
MOST = 24
"""Passages of a document that are asked of; of a longer one those that were found first."""


def on_topic(
    answer: Answer,
    question: str,
    windows: Sequence[Window],
    index: Indexed,
    generator: Generator,
    budget: Budget,
    cancelled: threading.Event,
) -> Answer | None:
    """The outline of what the document of the best passage has on what is asked; None where the generator has
    no adapter, none of its passages answers, or the budget does not hold them all.

    Args:
        windows: what the passages that were found say to the question.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if not windows or not adapts(generator):
        return None
    ranked = sorted(windows, key=lambda window: -window.worth)
    document: Document = ranked[0].block.document
    own = list(index.passages(document.id))
    if len(own) > MOST:
        found = dict.fromkeys(w.block.hit.passage.id for w in ranked if w.block.document.id == document.id)
        own = [passage for passage in own if passage.id in list(found)[:MOST]]
    odds: list[float] = []
    for passage in own:
        context = material(Hit(passage, document, 0.0), passage.start, generator)
        if not budget.take(min(context.tokens, unread(question, context, generator))):
            return None
        one = told(question, question, context, generator, cancelled, again=True)
        odds.append(one.answered if one else 0.0)
    least = max(0.0, max(odds, default=0.0) - NEAR)
    part = [passage for passage, value in zip(own, odds, strict=True) if value > least]
    return outlined(answer, document, part) if part else None

"""Are the lines that are shown enough? What the model that writes makes of the question beside them alone
(sufficiency of a rationale: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models").

Beside its whole passage a question finds all its words, be they said of another case; beside the one line of
that other case it does not.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from engine.base import Generator
from index.types import Hit
from qa.adapted import Told, adapts, told, unread
from qa.attribution import EvidenceSentence
from qa.context import assembled
from qa.rerank import Budget

TOKENS = 360
"""Most tokens of lines that are read."""


def told_of_lines(
    question: str,
    lines: Sequence[EvidenceSentence],
    hits: Sequence[Hit],
    generator: Generator,
    budget: Budget,
    cancelled: threading.Event,
) -> Told | None:
    """What is told of a question beside some lines alone, each under the label of its passage; None where the
    generator has no adapter, there are no lines, or they are too many to read.

    Args:
        budget: of the tokens that may be read before something is shown.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if not lines or not hits or not adapts(generator):
        return None
    known = {hit.passage.id: hit for hit in hits}
    by: dict[str, list[EvidenceSentence]] = {}
    for line in lines:
        by.setdefault(line.passage.id, []).append(line)
    chosen = [
        (known.get(key) or replace(hits[0], passage=own[0].passage, document=own[0].document), own)
        for key, own in by.items()
    ]
    context = assembled(chosen, generator.count_tokens)
    cost = min(context.tokens, unread(question, context, generator))
    if context.tokens > TOKENS or not budget.take(cost):
        return None
    return told(question, question, context, generator, cancelled)

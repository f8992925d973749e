"""A question that asks several things at once, or compares: each thing a question of its own, searched and
answered by itself.

The model that writes takes the question apart (``prompts/parts.md``); of what it writes only questions made
of the question's own characters are taken.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import prompts
from engine.base import Generator, Message
from qa.draft import beginning, reply
from qa.finding import Searched, found_in, searched
from qa.gate import Gate
from qa.kinds.evidence import narrow, read
from qa.kinds.extract import Extract
from qa.reader import Reads
from qa.rerank import Budget, reranked, sentences_told
from qa.types import Answer
from qa.understand import ALONE

TOKENS = 80
"""Tokens of all parts."""
LEAST, MOST = 2, 4
"""Parts of a question."""
LENGTH = 4
"""Characters of the shortest part."""
NAMED = frozenset({"list", "keyword", "overview_topic"})
"""Kinds of parts of which all is wanted that stands there."""
OWN = 0.85
"""Least share of a part's characters that stand in the question."""


def examples() -> tuple[Message, ...]:
    """The chat before any question, all of which comes again."""
    chat = prompts.chat("parts", question="")[:-1]
    return beginning(chat, len(chat[-1][1]))


def parts_of(question: str, generator: Generator, cancelled: threading.Event) -> tuple[str, ...] | None:
    """The things that a question asks, each as a question; () where it is told to ask one thing, None where
    what is told are no questions made of it.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    chat = prompts.chat("parts", question=prompts.escape_evidence(question))
    text = reply(chat, generator, TOKENS, ("\n\n",), cancelled)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        return ()
    known = set(question)
    fit = all(len(s) >= LENGTH and sum(c in known for c in s) >= OWN * len(s) for s in lines)
    return tuple(lines) if fit and LEAST <= len(set(lines)) == len(lines) <= MOST else None


def answered_apart(
    answer: Answer,
    parts: Sequence[str],
    index: Searched,
    top_k: int,
    reader: Reads,
    generator: Generator,
    gate: Gate,
    budget: Budget,
    cancelled: threading.Event,
) -> Extract | None:
    """What the documents say to each part, one after the other, asked after the first one where it does not
    stand alone (多少钱); None where they do not say it to every one.

    Args:
        answer: with the question that the ``parts`` are of.
        budget: what may be read for all of them.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    each: list[tuple[str, Extract]] = []
    for part in parts:
        query = part
        if part != parts[0] and reader.alone(part, parts[0], "") < ALONE:
            query = f"{parts[0]}，{part}"
        hits = searched(query, index, top_k)
        windows = read(query, [narrow(hit) for hit in hits], reader)
        windows, drafts = reranked(query, windows, generator, budget, cancelled)
        one = replace(answer, question=part, query=query, kind=_kind(part, reader))
        telling = sentences_told(query, generator, budget, cancelled, drafts)
        found = found_in(one, hits, windows, index, reader, telling)
        if found is None:
            return None
        told = max(windows, key=lambda w: w.worth).told
        likely = found.exact or (
            found.likely >= 1.0 - gate.risk if told is None else not gate.unanswered(told)
        )
        if not likely:
            return None
        each.append((part, found))
    if not each:
        return None
    lines = tuple({(s.document.id, s.start): s for _, found in each for s in found.lines}.values())
    least = min((found for _, found in each), key=lambda found: found.likely)
    return replace(least, lines=lines, exact=False, parts=tuple((part, one.lines) for part, one in each))


def _kind(part: str, reader: Reads) -> str:
    """The kind of answer that a part wants: a fact, or what there is on a thing that is merely named."""
    shares = reader.kind(part)
    return "list" if max(shares, key=lambda name: shares[name]) in NAMED else "fact"

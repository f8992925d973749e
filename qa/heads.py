"""The reader's heads by name: what the small model tells of two texts, and which kinds of answer it knows."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = (
    "fact",
    "list",
    "yes_no",
    "condition",
    "steps",
    "compare",
    "define",
    "why",
    "overview_document",
    "overview_topic",
    "overview_all",
    "count",
    "keyword",
    "multi",
    "chat",
    "about",
    "order",
    "write",
)
"""Kinds of answer that a question may want."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Names of the logits: ``token`` for every token, ``text`` for the whole input."""

    token: tuple[str, ...]
    text: tuple[str, ...]


HEADS = Heads(
    token=("start", "end", "inside", "unborne"),
    text=("answerable", "supported", "alone", *KINDS),
)
"""token: ``start``, ``end`` and ``inside`` of a span of the second text that answers (or is carried over by)
the first;
``unborne``: a token of the first that the second does not bear out. text: the second answers the first; bears
it out; the first stands alone without the second; what kind of answer it wants."""

"""What is wanted, decided before anything is searched: the kind of answer, and the question made to stand alone.

Both are told by the reader (``qa.reader``) from the question and the turns before; no words are listed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.reader import Reads, history
from qa.types import Turn

TURNS = 6
"""Turns before that a question may take something up from."""
ALONE = 0.5
"""Probability of standing alone below which the turns before are taken up."""
SURE = 0.5
"""Least probability of a kind that is not looked up in the documents (greetings, orders)."""


@dataclass(frozen=True, slots=True)
class Want:
    """What is wanted.

    Attributes:
        kind: name of the kind (``qa.heads.KINDS``), "" when nothing tells.
        likely: its probability (0..1).
        query: what is searched: the question, with what it takes up from the turns before.
        carried: what was taken up, as it was written there.
    """

    kind: str
    likely: float
    query: str
    carried: tuple[str, ...] = ()


def understand(asked: str, turns: Sequence[Turn], reader: Reads | None) -> Want:
    """The kind of answer wanted and the query; without a reader the question as it is."""
    if reader is None:
        return Want("", 0.0, asked)
    said = [(turn.query or turn.question, turn.answer) for turn in turns[-TURNS:]]
    kinds = reader.kind(asked, history(said[-1:]))
    kind = max(kinds, key=lambda k: kinds[k])
    if not said or kind in ("chat", "about"):
        return Want(kind, kinds[kind], asked)
    before = history(said)
    alone, spans = reader.turn(asked, before)
    carried = tuple(dict.fromkeys(before[a:b].strip("，。？?—： \n") for a, b in spans))
    carried = tuple(text for text in carried if text and text not in asked)
    if alone >= ALONE or not carried:
        return Want(kind, kinds[kind], asked)
    return Want(kind, kinds[kind], f"{' '.join(carried)}：{asked}", carried)

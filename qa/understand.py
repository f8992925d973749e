"""What is wanted, decided before anything is searched: the kind of answer, and the question made to stand alone.

Both are told by the reader (``qa.reader``) from the question and the turns before; no words are listed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.followup import standalone
from qa.kinds.written import Order
from qa.reader import Reads, history
from qa.types import Turn

TURNS = 6
"""Turns before that a question may take something up from."""
ALONE = 0.5
"""Probability of standing alone below which the turns before are taken up; least one of an overview."""
TALK = ("chat", "about")
WHOLE = ("overview_document", "overview_all")
SURE = 0.6
"""Least probability of a kind that is not looked up in the documents (greetings, orders)."""


@dataclass(frozen=True, slots=True)
class Want:
    """What is wanted.

    Attributes:
        kind: name of the kind (``qa.heads.KINDS``), "" when nothing tells.
        likely: its probability (0..1).
        query: what is searched: the question, with what it takes up from the turns before.
        carried: what was taken up, as it was written there.
        order: what is to be written, where an order was given.
    """

    kind: str
    likely: float
    query: str
    carried: tuple[str, ...] = ()
    order: Order | None = None


def understand(asked: str, turns: Sequence[Turn], reader: Reads | None) -> Want:
    """The kind of answer wanted and the query; without a reader the query alone, by rules."""
    if reader is None:
        return Want("", 0.0, standalone(asked, turns))
    said = [(turn.query or turn.question, turn.answer) for turn in turns[-TURNS:]]
    kinds = reader.kind(asked, history(said[-1:]))
    kind = max(kinds, key=lambda k: kinds[k])
    if (kind in TALK and kinds[kind] < SURE) or (kind in WHOLE and kinds[kind] < ALONE):
        kind = max((k for k in kinds if k not in TALK + WHOLE), key=lambda k: kinds[k])
    if kind == "order" and said:
        query, last = said[-1]
        return Want(kind, kinds[kind], query, order=Order(asked, last))
    if kind in ("write", "order") and kinds["write"] + kinds["order"] >= SURE:
        return Want(kind, kinds[kind], asked, order=Order(asked))
    if not said or kind in TALK:
        return Want(kind, kinds[kind], asked)
    before = history(said)
    alone, spans = reader.turn(asked, before)
    carried = tuple(dict.fromkeys(before[a:b].strip("，。？?—： \n") for a, b in spans))
    carried = tuple(text for text in carried if text and text not in asked)
    if alone >= ALONE or not carried:
        return Want(kind, kinds[kind], asked)
    return Want(kind, kinds[kind], f"{' '.join(carried)}：{asked}", carried)

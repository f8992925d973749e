"""What is wanted, decided before anything is searched: the kind of answer, and the question made to stand
alone.

Both are told by the reader (``qa.reader``) from the question and the turns before; no words are listed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import prompts
from index.normalize import normalize
from qa.checks.moments import counted_from
from qa.items import with_item
from qa.kinds.extract import APART
from qa.kinds.written import Order
from qa.reader import Reads, history
from qa.types import Turn

TURNS = 6
"""Turns before that a question may take something up from."""
ALONE = 0.7
"""Probability of standing alone below which the turns before are taken up; chosen on the tuning questions
after turns (docs/log/reader.md)."""
NEW_TEXT = 0.95
"""Probability of standing alone below which a text that is ordered is made of the last answer."""
GAP = 2
"""Characters between two spans that belong to one phrase."""
JOINT = "："
"""Stands in a query between what was taken up and what was asked."""
SHORT = 3
"""Characters before a colon that are no question of their own."""
NEAR, SAID = 2, 40
"""Turns before, and characters of their answers, that the model that writes is told of."""
BEFORE = 60
"""Characters of the last answer that, with its question, tell which document the turns are about."""
TALK = ("chat", "about")
WHOLE = ("overview_document", "overview_topic", "overview_all")
NOT_LOOKED_UP = (*TALK, *WHOLE, "order", "write")
"""Kinds for which no place of the documents is looked for."""
ALOUD = 0.8
"""Least probability of an order about an answer that is not there."""
OVERVIEW = 0.8
"""Least probability of an overview of any kind: what was no overview hides the answer in an outline (from 0.6
three facts of a report of 106 questions did, docs/log/tables.md)."""
TAKEN_APART = 0.4
"""Least probability of a question that is taken apart: below it none of 7 tuning questions really compared or
asked several things, of the 6 from there to 0.5 two did."""
SURE = 0.6
"""Least probability of a kind that is not looked up in the documents (greetings, orders)."""


@dataclass(frozen=True, slots=True)
class Want:
    """What is wanted.

    Attributes:
        kind: name of the kind (``qa.heads.KINDS``), "" when nothing tells.
        likely: its probability (0..1).
        query: what is searched: the question, with what it takes up from the turns before.
        told: what the model that writes is asked: the question, after the turns before where it does not
            stand alone.
        carried: what was taken up, as it was written there.
        order: what is to be written, where an order was given.
        before: the exchange before, where the question does not stand alone.
    """

    kind: str
    likely: float
    query: str
    told: str
    carried: tuple[str, ...] = ()
    order: Order | None = None
    before: str = ""

    @property
    def after_turns(self) -> bool:
        """Is the model that writes told of the turns before?"""
        return self.told != self.query


def understand(asked: str, turns: Sequence[Turn], reader: Reads | None) -> Want:
    """The kind of answer wanted and the query; without a reader what was typed."""
    if reader is None:
        return Want("", 0.0, asked, asked)
    said = [(turn.query, turn.answer) for turn in with_queries(turns[-TURNS:], reader)]
    kinds = reader.kind(asked, history(said[-1:]))
    kind = likeliest(kinds)
    if not said and kind == "order" and kinds[kind] >= ALOUD:
        return Want(kind, kinds[kind], asked, asked)
    if not said:
        kinds = {**kinds, "order": 0.0}  # of nothing
        kind = likeliest(kinds)
    if (kind in TALK and kinds[kind] < SURE) or (kind in WHOLE and sum(kinds[k] for k in WHOLE) < OVERVIEW):
        kind = likeliest(kinds, TALK + WHOLE)
    if kind in APART and kinds[kind] < TAKEN_APART:
        kind = likeliest(kinds, (*APART, *NOT_LOOKED_UP))
    if kind == "order" and kinds[kind] < SURE:
        kind = likeliest(kinds, ("order", *TALK))
    if kind == "order" or (kind == "write" and said and reader.alone(asked, *said[-1]) < NEW_TEXT):
        query, last = said[-1]  # 把上面的写成通知 is about the last answer, too
        return Want("order", kinds[kind], query, asked, order=Order(asked, last))
    if kind == "write":
        return Want(kind, kinds[kind], asked, asked, order=Order(asked))
    if not said or kind in TALK:
        return Want(kind, kinds[kind], asked, asked)
    before = history(said)
    if reader.alone(asked, *said[-1]) >= ALONE:
        return Want(kind, kinds[kind], asked, asked)
    last = begun(said[-1][0]).rstrip("？?。")
    taken = (before[a:b].strip("，。？?—： \n") for a, b in joined(reader.turn(asked, before)))
    carried = tuple(
        text for text in dict.fromkeys(taken) if len(text) > 1 and text not in asked and text not in last
    )
    query = f"{' '.join((last, *carried))}{JOINT}{asked}"
    before = " ".join((last, said[-1][1][:BEFORE])).strip()
    if named := counted_from(normalize(asked).text, normalize(last).text) or with_item(asked, said[-1][1]):
        return Want(kind, kinds[kind], named, named, (named,), before=before)
    return Want(kind, kinds[kind], query, after(turns, asked), (last, *carried), before=before)


def likeliest(kinds: Mapping[str, float], but: Sequence[str] = ()) -> str:
    """The kind of the highest probability, of all but some."""
    return max((kind for kind in kinds if kind not in but), key=lambda kind: kinds[kind])


def begun(query: str) -> str:
    """The question that a query after turns began with: what was asked between then and now says less."""
    first = query.partition(JOINT)[0]
    return first if len(first) > SHORT else query


def with_queries(turns: Sequence[Turn], reader: Reads) -> list[Turn]:
    """The turns, each with what was searched for it: who hands on questions and answers alone, as other
    programs do, does not know that."""
    known: list[Turn] = []
    for turn in turns:
        query = turn.query or understand(turn.question, known, reader).query
        known.append(replace(turn, query=query))
    return known


def after(turns: Sequence[Turn], asked: str) -> str:
    """A question after the turns before it, as the model that writes is asked it (``prompts/turns.md``)."""
    said = (f"{turn.question.rstrip('？?。')}（{turn.answer[:SAID]}）" for turn in turns[-NEAR:])
    return prompts.render("turns", before="；".join(said), question=asked)


def joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans with those made one between which hardly anything stands."""
    out: list[tuple[int, int]] = []
    for start, end in spans:
        if out and start - out[-1][1] <= GAP:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out

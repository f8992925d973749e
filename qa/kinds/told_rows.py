"""Which row of a table answers, by the model that writes: it has read the table whole, over however many
passages it goes, and tells of each row whether it does (``qa.rerank.sentences_told``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.types import Hit
from qa.kinds.evidence import Block, Indexed, heading_of
from qa.kinds.tables import Row, Table, totals

LINES = 40
"""Sentences of a passage, or rows of a table, that are told apart."""
Telling = Callable[[Block], Sequence[float]]


def block_of(table: Table, index: Indexed) -> Block:
    """The passages that hold a table's rows, as one, however they were found."""
    place, starts = table.rows[0].place, {row.place.start for row in table.rows}
    within = [p for p in index.passages(place.document.id) if any(p.start <= at < p.end for at in starts)]
    hit = Hit(within[0], place.document, 0.0)
    return Block(hit, tuple(within), heading_of(place.document, within[0]))


def readable(block: Block, rows: Sequence[Row]) -> bool:
    """Do the rows stand among as many sentences as are read at once?"""
    starts = {sentence.start for sentence in block.sentences()[:LINES]}
    return all(row.place.start in starts for row in rows)


def odds_of(table: Table, index: Indexed, telling: Telling) -> list[tuple[Row, float]]:
    """The rows of a table but that of totals, each with the log-odds that it answers; [] where that is not
    told of all of them.

    Args:
        telling: the log-odds that each sentence of a block answers, [] where that is not known.
    """
    last = totals(table)
    rows = [row for row in table.rows if row is not last]
    if len(rows) < 2:
        return []
    block = block_of(table, index)
    if not readable(block, rows):  # nothing would be told of some of them
        return []
    odds = {s.start: value for s, value in zip(block.sentences(), telling(block), strict=False)}
    known = [(row, odds[row.place.start]) for row in rows if row.place.start in odds]
    return known if len(known) == len(rows) else []

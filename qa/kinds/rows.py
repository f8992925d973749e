"""Which rows of a table a question names: those that hold what it says, against the other rows of the table.

What a row holds of the question are runs of its characters that stand in a cell, and the days, times and
figures that lie in what a cell tells. What every row holds, and what names a column, tells none apart. A row
falls behind another that holds all that it holds and more; where some rows are named by the first column that
tells all rows apart, those named by other columns fall behind them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from index.normalize import normalize
from index.types import Hit
from qa.kinds.evidence import Indexed, wide
from qa.kinds.holding import NONE, Places, heads, held_of
from qa.kinds.tables import NEAR, NUMBER, Row, Table, bare, only_figure, shared, tables_in

WHOLE = 0.6
"""Share that names it in so many words: 书法提高 of 硬笔书法提高."""
MOST = 3
"""Rows that a question names at once."""


@dataclass(frozen=True, slots=True)
class Named:
    """The rows that a question names, in the table's order.

    Attributes:
        share: how much of a thing that a cell of theirs lists the question holds, of the row of which it
            holds least: 1 where it holds all of one, or means it by a day, a time or a figure of a range.
        column: the first column that holds something of the question in all of them, "" where none does.
        apart: each by something else.
        key: by a column that tells all rows apart.
        first: by the first such column.
    """

    rows: tuple[Row, ...]
    share: float
    column: str
    apart: bool
    key: bool
    first: bool

    @property
    def exact(self) -> bool:
        """Are they named in so many words?"""
        return self.share >= WHOLE


def named_rows(asked: str, table: Table) -> Named | None:
    """The rows that a question names; None where it names none, or all alike.

    Args:
        asked: the question, normalised.
    """
    columns = tuple(c for c in table.columns if c != NUMBER)
    cells = tuple(tuple(row.cells[c] for c in columns) for row in table.rows)
    for bare_figures in (False, True):
        best, told = _named(asked, columns, cells, bare_figures)
        if best:
            return Named(tuple(table.rows[n] for n in best), *told)
    return None


@lru_cache(maxsize=16)
def _named(
    asked: str, columns: tuple[str, ...], cells: tuple[tuple[str, ...], ...], bare_figures: bool
) -> tuple[list[int], tuple[float, str, bool, bool, bool]]:
    """The numbers of the rows that are named, and the rest of ``Named``; kept, since a question asks it of
    the same tables again."""
    folded = [[normalize(row[at]).text for row in cells] for at in range(len(columns))]
    held = [held_of(asked, own, c, bare_figures) for own, c in zip(folded, columns, strict=True)]
    rows = [NONE.union(*(holds[n].places for holds in held)) for n in range(len(cells))]
    said = heads(asked, columns) | (frozenset.intersection(*rows) if rows else NONE)
    left = [[hold.places - said for hold in holds] for holds in held]
    rows = [own - said for own in rows]
    telling = [own for own, one in zip(left, folded, strict=True) if _tells_apart(one)]
    keys = telling[0] if telling else []
    named = _foremost(range(len(rows)), keys, keys) if keys else []
    best = _foremost(named, rows, keys) if named else _foremost(range(len(rows)), rows, rows)
    shares = [max(hold[n].share for hold, own in zip(held, left, strict=True) if own[n]) for n in best]
    by = next((c for c, own in zip(columns, left, strict=True) if all(own[n] for n in best)), "")
    key = any(all(own[n] for n in best) for own in telling)
    apart = len({rows[n] for n in best}) == len(best)
    return best, (min(shares, default=0.0), by, apart, key, bool(named))


def _foremost(rows: Sequence[int], held: Sequence[Places], first: Sequence[Places]) -> list[int]:
    """Those of some rows that hold something and fall behind none of the others: of what matters ``first``
    they hold all that the other does, or something that it does not."""
    others = {(held[n], first[n]) for n in rows if held[n]}
    return [
        n for n in rows if held[n] and not any(held[n] < whole and first[n] <= own for whole, own in others)
    ]


def named_table(asked: str, hits: Sequence[Hit], index: Indexed) -> Table | None:
    """Of the tables near the best hit the one of which the question names most; None where it names nothing
    of any.

    Args:
        asked: the question, normalised.  hits: best first, at least one.
    """
    return most_named(asked, tables_near(hits, index))


def most_named(asked: str, tables: Sequence[Table]) -> Table | None:
    """The table of which the question, normalised, names most; None where it names nothing of any."""
    rated = sorted(((fit(asked, table), -n) for n, table in enumerate(tables)), reverse=True)
    return tables[-rated[0][1]] if rated and rated[0][0] > 0 else None


def tables_near(hits: Sequence[Hit], index: Indexed) -> list[Table]:
    """The tables in the sections near the best hit, in its document, those with the same columns as one."""
    found: dict[tuple[str, ...], dict[int, Row]] = {}
    for hit in hits:
        near = hit.score >= NEAR * hits[0].score and hit.document.id == hits[0].document.id
        block = wide(hit, index)
        for table in tables_in(hit.document, block.start, block.end, index) if near else ():
            known = found.setdefault(table.columns, {})
            known |= {row.place.start: row for row in table.rows}
    return [Table(columns, tuple(row for _, row in sorted(rows.items()))) for columns, rows in found.items()]


def fit(asked: str, table: Table) -> float:
    """How much of the table the question names: values twice, columns once, a row by a part of its name
    half."""
    values = 2.0 * len(table.values(asked))
    return values + sum(shared(asked, bare(c)) for c in table.columns) + 0.5 * bool(named_rows(asked, table))


def meant_rows(asked: str, typed: str, table: Table) -> Named | None:
    """The rows that a question names; of one after turns those that what was typed names, where it names
    any.

    Args:
        asked: the question, normalised.  typed: what was typed of it, normalised, where that is not all.
    """
    return (named_rows(typed, table) if typed else None) or named_rows(asked, table)


def looked_up(
    question: str, hits: Sequence[Hit], index: Indexed, typed: str = "", answering: Set[int] = frozenset()
) -> tuple[Row, ...]:
    """The rows, at most ``MOST``, that the question names in so many words in a table of the best document,
    by a column that tells its rows apart, with a column beside, or several by whole cells; () elsewhere.

    Args:
        typed: the question without what it takes up from turns before, where it does: it must name a cell or
            a column itself, and the rows that it names are meant.
        answering: where sentences of the best document begin that are known to answer: if a row is among
            them, one may be named by any column.
    """
    if not hits:
        return ()
    asked, own = normalize(question).text, normalize(typed).text
    table = named_table(asked, hits, index)
    if table is None:
        return ()
    if own and not any(shared(own, c) for c in table.columns) and named_rows(own, table) is None:
        return ()
    named = meant_rows(asked, own, table)
    if named is None or not named.exact or len(named.rows) > MOST:
        return ()
    column = any(shared(asked, c) for c in table.columns if c != named.column)
    known = any(row.place.start in answering for row in table.rows)
    several = len(named.rows) > 1 and (named.apart or named.first) and named.share >= 1.0
    sure = named.key and (column or several)
    return named.rows if sure or known else ()


def _tells_apart(cells: Sequence[str]) -> bool:
    """Has every row another cell there, and are they more than figures?"""
    return len(set(cells)) == len(cells) and not all(only_figure(cell) for cell in cells)

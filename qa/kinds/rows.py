"""Which rows of a table a question names: those that hold what it says, against the other rows of the table.

What a row holds of the question are runs of its characters that stand in a cell, and the days, times and
figures that lie in what a cell tells. What every row holds, and what names a column, tells none apart. A row
falls behind another that holds all that it holds and more; where some rows are named by the column that tells
all rows apart, those named by other columns fall behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from index.normalize import normalize, number_spans
from index.types import Hit
from qa.checks.moments import Moment, meet, moments
from qa.kinds.evidence import Indexed, wide
from qa.kinds.ranges import Fallen, figures_within
from qa.kinds.tables import NEAR, NUMBER, Row, Table, bare, only_figure, shared, tables_in

PART = 0.25
"""Share of a cell, or of one of the things that it lists, that two characters of it must be to name it; three
are enough anywhere."""
WHOLE = 0.6
"""Share that names it in so many words: 书法提高 of 硬笔书法提高."""
MOSTLY = 2 / 3
"""Share of a column's cells that tell days for it to be one of days."""
FEW = 200
"""Things listed in a column among which one is looked for that another contains."""
MOST = 3
"""Rows that a question names at once."""
_TOKEN = re.compile(r"[a-z0-9]+(?:[.:-][a-z0-9]+)*|[^\W_]")
_ITEM = re.compile(r"[、,;。/\s()]+|(?<!\d):|:(?!\d)")
_Token = tuple[str, int, int]
_Places = frozenset[int]
_NONE: _Places = frozenset()


@dataclass(frozen=True, slots=True)
class Named:
    """The rows that a question names, in the table's order.

    Attributes:
        share: how much of a thing that a cell of theirs lists the question holds, of the row of which it
            holds least: 1 where it holds all of one, or means it by a day, a time or a figure of a range.
        column: the first column that holds something of the question in all of them, "" where none does.
        apart: each by something else.
    """

    rows: tuple[Row, ...]
    share: float
    column: str
    apart: bool

    @property
    def exact(self) -> bool:
        """Are they named in so many words?"""
        return self.share >= WHOLE


@dataclass(frozen=True, slots=True)
class _Hold:
    """What a cell holds of the question: places of its characters; what share of it they are, 1 by value."""

    places: _Places = _NONE
    share: float = 0.0


def named_rows(asked: str, table: Table) -> Named | None:
    """The rows that a question names; None where it names none, or all alike.

    Args:
        asked: the question, normalised.
    """
    columns = tuple(c for c in table.columns if c != NUMBER)
    cells = tuple(tuple(row.cells[c] for c in columns) for row in table.rows)
    best, share, by, apart = _named(asked, columns, cells)
    return Named(tuple(table.rows[n] for n in best), share, by, apart) if best else None


@lru_cache(maxsize=16)
def _named(
    asked: str, columns: tuple[str, ...], cells: tuple[tuple[str, ...], ...]
) -> tuple[list[int], float, str, bool]:
    """The numbers of the rows that are named, and the rest of ``Named``; kept, since a question asks it of
    the same tables again."""
    folded = [[normalize(row[at]).text for row in cells] for at in range(len(columns))]
    held = [_held(asked, own, column) for own, column in zip(folded, columns, strict=True)]
    rows = [_NONE.union(*(holds[n].places for holds in held)) for n in range(len(cells))]
    said = _heads(asked, columns) | (frozenset.intersection(*rows) if rows else _NONE)
    left = [[hold.places - said for hold in holds] for holds in held]
    rows = [own - said for own in rows]
    keys = next((own for own, one in zip(left, folded, strict=True) if _tells_apart(one)), [])
    named = _foremost(range(len(rows)), keys, keys) if keys else []
    best = _foremost(named, rows, keys) if named else _foremost(range(len(rows)), rows, rows)
    shares = [max(hold[n].share for hold, own in zip(held, left, strict=True) if own[n]) for n in best]
    by = next((c for c, own in zip(columns, left, strict=True) if all(own[n] for n in best)), "")
    return best, min(shares, default=0.0), by, len({rows[n] for n in best}) == len(best)


def _foremost(rows: Sequence[int], held: Sequence[_Places], first: Sequence[_Places]) -> list[int]:
    """Those of some rows that hold something and fall behind none of the others: of what matters ``first``
    they hold all that the other does, or something that it does not."""
    others = {(held[n], first[n]) for n in rows if held[n]}
    return [
        n for n in rows if held[n] and not any(held[n] < whole and first[n] <= own for whole, own in others)
    ]


def named_table(asked: str, hits: Sequence[Hit], index: Indexed) -> Table | None:
    """Of the tables in the sections near the best hit, in its document, the one of which the question names
    most; None where it names nothing of any.

    Args:
        asked: the question, normalised.  hits: best first, at least one.
    """
    found: dict[tuple[str, ...], dict[int, Row]] = {}
    for hit in hits:
        near = hit.score >= NEAR * hits[0].score and hit.document.id == hits[0].document.id
        block = wide(hit, index)
        for table in tables_in(hit.document, block.start, block.end, index) if near else ():
            known = found.setdefault(table.columns, {})
            known |= {row.place.start: row for row in table.rows}
    tables = [
        Table(columns, tuple(row for _, row in sorted(rows.items()))) for columns, rows in found.items()
    ]
    rated = sorted(((fit(asked, table), -n) for n, table in enumerate(tables)), reverse=True)
    return tables[-rated[0][1]] if rated and rated[0][0] > 0 else None


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
    question: str, hits: Sequence[Hit], index: Indexed, typed: str = "", answering: Set[str] = frozenset()
) -> tuple[Row, ...]:
    """The rows, at most ``MOST``, that the question names in so many words in a table of the best document,
    with a column beside that which names them, or several rows whole; () where it names none, or too many.

    Args:
        typed: the question without what it takes up from turns before, where it does: it must name a cell or
            a column itself, and the rows that it names are meant.
        answering: passages of which it is known that they answer: a row of theirs needs no column.
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
    known = any(row.place.passage.id in answering for row in named.rows)
    return named.rows if column or known or (len(named.rows) > 1 and named.share >= 1.0) else ()


def _tells_apart(cells: Sequence[str]) -> bool:
    """Has every row another cell there, and are they more than figures?"""
    return len(set(cells)) == len(cells) and not all(only_figure(cell) for cell in cells)


def _heads(asked: str, columns: Sequence[str]) -> _Places:
    """What of the question names a column."""
    told = _tokens(asked)
    names = [_tokens(normalize(bare(column)).text) for column in columns]
    return frozenset(i for name in names for run, _ in _runs(told, name) for i in run)


def _held(asked: str, cells: Sequence[str], column: str) -> list[_Hold]:
    """What each cell of a column, normalised, holds of the question: what it tells by value, and else by its
    characters."""
    values, taken = _by_moment(asked, cells)
    values += [f for f in figures_within(asked, column, cells) if not taken & set(range(f.start, f.end))]
    taken = taken.union(*(range(one.start, one.end) for one in values))
    told = [token for token in _tokens(asked) if token[1] not in taken]
    things = {item for cell in cells for item in _items(cell)}
    said = {asked[i : i + 2] for i in range(len(asked) - 1)}
    said |= {text[0] for text, _, _ in told if text[0].isascii()}
    near = {item for item in things if any(part in item for part in said)}
    within = near if len(near) <= FEW else frozenset[str]()
    held = {item: _by_text(asked, told, item, within) for item in near}
    out = []
    for n, cell in enumerate(cells):
        by_value = frozenset(i for one in values if n in one.cells for i in range(one.start, one.end))
        by_text = [held[item] for item in _items(cell) if item in held]
        places = by_value.union(*(hold.places for hold in by_text))
        out.append(_Hold(places, max([1.0 * bool(by_value), *(hold.share for hold in by_text)])))
    return out


def _by_moment(asked: str, cells: Sequence[str]) -> tuple[list[Fallen], _Places]:
    """The days and times of the question with the cells that mean them, of a column that tells such; and
    where these stand in the question, meant by a cell or not. A cell means all that it tells: 周六下午."""
    wanted = moments(asked)
    told: list[list[Moment]] = [moments(cell) for cell in cells] if wanted else []
    kinds = [
        kind
        for kind in dict.fromkeys(one.kind for one in wanted)
        if _tells_moments(cells, [[other for other in own if other.kind == kind] for own in told])
    ]
    known = [one for one in wanted if one.kind in kinds]
    meant = [[one for one in known if any(meet(one, other) for other in own)] for own in told]
    full = [n for n, own in enumerate(meant) if {one.kind for one in own} == set(kinds)]
    held = [(one, frozenset(n for n in full if one in meant[n])) for one in known]
    taken = _NONE.union(*(range(one.start, one.end) for one in known))
    return [Fallen(one.start, one.end, own) for one, own in held if own], taken


def _tells_moments(cells: Sequence[str], told: Sequence[Sequence[Moment]]) -> bool:
    """Does a column tell moments of a kind? Days without a month are such where each is a cell: 15日 may be a
    length of time."""
    full = [(cell, own) for cell, own in zip(cells, told, strict=True) if cell]
    if sum(bool(own) for _, own in full) < MOSTLY * len(full):
        return False
    open_days = [own and own[0].kind == "day" and not own[0].runs[0][0][1] for _, own in full]
    return not any(open_days) or len({cell for cell, own in full if own and own[0].end == len(cell)}) == len(
        cells
    )


def _by_text(asked: str, told: Sequence[_Token], item: str, things: Set[str]) -> _Hold:
    """What of the question stands in one of the things that a cell lists, and not in another thing of the
    column that this one contains: 主任 names 主任医师 and not 副主任医师."""
    places: set[int] = set()
    share = 0.0
    for run, at in _runs(told, _tokens(item)):
        words = asked[run.start : run.stop]
        name = not words.isdigit() or (at == 0 and not item.isdigit())
        enough = name and (len(run) > 2 or len(run) >= PART * len(item))
        if enough and not any(words in other and other in item and other != item for other in things):
            places.update(run)
            share = max(share, len(run) / len(item))
    return _Hold(frozenset(places), share)


def _items(cell: str) -> list[str]:
    """The things that a cell lists."""
    return [item for item in _ITEM.split(cell) if item]


def _tokens(text: str) -> list[_Token]:
    """Characters, runs of Latin letters and figures, and figures with their units by value, with where they
    stand; one of a unit in words is no figure (一次 is not 1次)."""
    spans = [span for span in number_spans(text) if span.unit and span.unit_end > span.end]
    taken = {i for span in spans for i in range(span.start, span.unit_end)}
    figures = [
        (
            f"{span.value:f} {span.unit}"
            if span.value != 1 or text[span.start].isdecimal()
            else text[span.start : span.unit_end],
            span.start,
            span.unit_end,
        )
        for span in spans
    ]
    words = [(match.group(), *match.span()) for match in _TOKEN.finditer(text) if match.start() not in taken]
    return sorted([*figures, *words], key=lambda token: token[1])


def _runs(told: Sequence[_Token], cell: Sequence[_Token]) -> Iterator[tuple[range, int]]:
    """The longest runs of the one that stand in the other, with where they do; of Chinese at least two
    characters."""
    end = 0
    for i, (_, start, _) in enumerate(told):
        lengths = [(_length(told[i:], cell[j:]), -j) for j in range(len(cell)) if cell[j][0] == told[i][0]]
        length, at = max(lengths, default=(0, 0))
        stop = told[i + length - 1][2] if length else 0
        if stop > end and stop - start > 1:
            yield range(start, stop), cell[-at][1]
            end = stop


def _length(told: Sequence[_Token], cell: Sequence[_Token]) -> int:
    """How many tokens of the two are the same from the beginning, those of the question without a gap."""
    length = 0
    for one, other in zip(told, cell, strict=False):
        if one[0] != other[0] or (length and one[1] != told[length - 1][2]):
            break
        length += 1
    return length

"""Two blocks of labels side by side that a page break cuts, as the parties who sign: each is read whole, the
one on the left first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from index.loaders.cells import labelled
from index.loaders.pdf_columns import columns_of
from index.loaders.pdf_rows import Row

LONGEST = 12
"""Lines of one party on one page."""


@dataclass(slots=True)
class _Pair:
    """Two blocks side by side at the end or the start of a page, and how many of its rows they are;
    ``columns``: they were read as columns there."""

    left: list[Row]
    right: list[Row]
    rows: int
    columns: bool


def joined(pages: list[list[Row]]) -> list[list[Row]]:
    """Pages on which what stood in two blocks at the foot of one and at the head of the next is read block by
    block. The part of the right block that stands above the break counts to the page below it."""
    pages = list(pages)
    for number, (above, below) in enumerate(pairwise(pages)):
        foot = _pair(above, at_end=True)
        head = _pair(below, at_end=False) if foot is not None else None
        if foot is None or head is None or not _same(foot, head):
            continue
        for row in foot.right:
            row.page = head.left[0].page
        pages[number] = above[: len(above) - foot.rows] + foot.left
        pages[number + 1] = head.left + foot.right + head.right + below[head.rows :]
    return pages


def _same(foot: _Pair, head: _Pair) -> bool:
    """Do the blocks stand at the same places, and are they columns?"""
    size = foot.left[0].size
    sides = ((foot.left, head.left), (foot.right, head.right))
    if any(abs(one[0].left - two[0].left) >= size for one, two in sides):
        return False
    left, right = ([run for row in (*one, *two) for run in row.runs] for one, two in sides)
    return foot.columns or head.columns or columns_of(left, right)


def _pair(rows: list[Row], *, at_end: bool) -> _Pair | None:
    """The blocks at the end, or the start, of a page: two columns of labels, or lines of two labels each."""
    return _columns(rows, at_end=at_end) or _lines(rows, at_end=at_end)


def _lines(rows: list[Row], *, at_end: bool) -> _Pair | None:
    some: list[Row] = []
    for row in reversed(rows) if at_end else rows:
        if row.table is not None or len(row.runs) != 2 or not all(labelled(run.text) for run in row.runs):
            break
        if some and abs(row.runs[1].left - some[0].runs[1].left) > row.size:
            break
        some.append(row)
    if not some or len(some) > LONGEST:
        return None
    ordered = some[::-1] if at_end else some
    left, right = ([_part(row, side) for row in ordered] for side in (0, 1))
    return _Pair(left, right, len(some), columns=False)


def _part(row: Row, side: int) -> Row:
    """One run of a row as a row of its own."""
    run = row.runs[side]
    return Row(
        run.text, row.page, run.left, run.right, run.base, run.size, (run.left, 0.0), run.sure, runs=[run]
    )


def _columns(rows: list[Row], *, at_end: bool) -> _Pair | None:
    groups = list(_by_column(rows))
    pair = groups[-2:] if at_end else groups[:2]
    if len(pair) < 2:
        return None
    left, right = pair
    if at_end:  # above the block on the left may stand what is no part of it
        left = [row for row in left if row.base < right[0].base + 0.5 * row.size]
    beside = (
        bool(left)
        and left[0].right < right[0].left
        and abs(left[0].base - right[0].base) < left[0].size
        and all(row.table is None and len(row.runs) == 1 for row in (*left, *right))
        and labelled(left[0].text)
        and labelled(right[0].text)
    )
    short = max(len(left), len(right)) <= LONGEST
    return _Pair(left, right, len(left) + len(right), columns=True) if beside and short else None


def _by_column(rows: list[Row]) -> Iterator[list[Row]]:
    """Rows that follow each other in one column, from top to bottom."""
    group: list[Row] = []
    for row in rows:
        if group and (row.column[0] != group[-1].column[0] or row.base >= group[-1].base):
            yield group
            group = []
        group.append(row)
    if group:
        yield group

"""Rows and tables of a PDF's pages in reading order -> lines: what goes on, what begins a paragraph, what is
a heading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import pairwise, zip_longest

from index.headings import HEADING_MAX, starts_item
from index.loaders.cells import Cell, labelled
from index.loaders.grid import Grid, grid_lines
from index.loaders.pdf_rows import Row
from index.loaders.pdf_table import Table
from index.loaders.raw import Line, squeeze

_ENDED = re.compile(r"[。！？!?；;][”’」』）)】》\"']*$")

LARGER = 1.15
"""Letters this much larger than the body's make a heading of a short row."""


def body_size(pages: list[list[Row]]) -> float:
    """The letter size that most of the text outside of tables has; 0 where that is too little to tell."""
    letters = Counter[float]()
    for page in pages:
        for row in page:
            letters[row.size] += len(row.text)
    tables = any(row.table is not None for page in pages for row in page)
    return letters.most_common(1)[0][0] if letters and (not tables or letters.total() >= 100) else 0.0


def lines_of(pages: list[list[Row]], body: float) -> Iterator[Line]:
    """Lines in reading order; a table that goes on over pages is one, its repeated header rows once."""
    running = _running_sizes(pages, body)
    levels = sorted(
        {row.size for page in pages for row in page if larger(row, body) and row.size not in running},
        reverse=True,
    )
    indenting = _indenting(pages)
    tables: list[Table] = []
    open_row: Row | None = None
    begun: list[Row] = []
    set_in = False
    for page in pages:
        page = whole_headings(page, body, running)
        pitches = _pitches(page)
        previous: Row | None = None
        for number, row in enumerate(page):
            if isinstance(row.table, Table):
                if tables and not _continues(tables[-1], row.table):
                    yield from _table_lines(tables)
                    tables = []
                tables.append(row.table)
                previous = open_row = None
                begun = []
                continue
            yield from _table_lines(tables)
            tables = []
            after = page[number + 1] if number + 1 < len(page) and page[number + 1].table is None else None
            level = min(6, levels.index(row.size) + 1) if larger(row, body) and row.size in levels else 0
            heading = previous is not None and larger(previous, body) and previous.size in levels
            rest = _goes_on(open_row, previous, row)
            again = indenting and set_in and previous is not None and bool(_ENDED.search(previous.text))
            pitch = pitches.get(row.size, 0.0)
            apart = _apart(begun, row, indenting)
            line = _line(row, previous, after, level, pitch, page, heading, indenting, rest, again, apart)
            set_in = line.indent
            yield line
            begun = (
                [row] if line.indent or line.gap or line.level or _ENDED.search(row.text) else [*begun, row]
            )
            previous = row
            open_row = row if line.full and not _ENDED.search(row.text) else None
    yield from _table_lines(tables)


def _goes_on(open_row: Row | None, previous: Row | None, row: Row) -> bool:
    """Is a row where a page or column begins the rest of a sentence that broke off below the one before? It
    is set in where it belongs to an item."""
    top = previous is None or previous.base <= row.base or previous.column != row.column
    return top and open_row is not None and open_row.size == row.size and not starts_item(row.text)


def _apart(begun: list[Row], row: Row, indenting: bool) -> bool:
    """Has the paragraph above, ``begun`` in two lines and more, ended in its last one: a quarter of the
    column was free there, and this row has a label as that paragraph has, or reaches into what was free?"""
    if len(begun) < 2 or begun[-1].column != row.column or begun[-1].base <= row.base:
        return False
    (left, right), last = row.column, begun[-1]
    if right - last.right < 0.25 * (right - left) or right - begun[-2].right > 2.2 * row.size:
        return False
    longer = row.right - last.right > 2.2 * row.size and abs(row.left - last.left) < 0.3 * row.size
    return labelled(row.text) and labelled(begun[0].text) or longer and not indenting


def _pitches(page: list[Row]) -> dict[float, float]:
    """The usual distance between the lines of a page, by their letter size."""
    steps: dict[float, list[float]] = {}
    for above, row in pairwise(page):
        if above.base > row.base and above.table is row.table is None and above.size == row.size:
            steps.setdefault(row.size, []).append(above.base - row.base)
    return {size: sorted(found)[len(found) // 2] for size, found in steps.items()}


def _running_sizes(pages: list[list[Row]], body: float) -> set[float]:
    """Sizes larger than the usual one in which text runs on, line after line, and is not set as headings."""
    rows: Counter[float] = Counter()
    letters: Counter[float] = Counter()
    on: Counter[float] = Counter()
    for page in pages:
        for row, after in zip_longest(page, page[1:]):
            rows[row.size] += 1
            letters[row.size] += len(row.text)
            on[row.size] += after is not None and after.size == row.size and after.table is None
    return {size for size in rows if size > body and letters[size] >= 100 and on[size] >= 0.5 * rows[size]}


def _indenting(pages: list[list[Row]]) -> bool:
    """Do paragraphs begin further right than they go on?"""
    pairs = [
        pair
        for page in pages
        for pair in pairwise(page)
        if pair[0].column == pair[1].column and pair[0].size == pair[1].size
    ]
    return sum(1.4 < (one.left - two.left) / max(1.0, one.size) < 2.8 for one, two in pairs) >= max(
        1, 0.03 * len(pairs)
    )


def _line(
    row: Row,
    previous: Row | None,
    after: Row | None,
    level: int,
    pitch: float,
    page: list[Row],
    heading: bool,
    indenting: bool,
    rest: bool,
    again: bool,
    apart: bool,
) -> Line:
    """A row as a line. ``rest``: of a sentence on the page or in the column before. ``again``: the row above
    was set in and ended a sentence, so that one set in alike begins a paragraph. ``apart``: see
    :func:`_apart`."""
    left, right = row.column
    column = [other for other in page if other.column == row.column and other.table is None]
    margin = _margin(column, row.size) if len(column) > 3 else left
    step = previous.base - row.base if previous is not None else 0.0
    usual = min(pitch, 2.2 * row.size) or 1.8 * row.size
    gap = previous is not None and (step > 1.45 * usual or level != 0 or heading)
    begins = (
        previous is None
        or gap
        or previous.column != row.column
        or abs(row.left - previous.left) > 0.8 * row.size
        or (again and abs(row.left - previous.left) < 0.3 * row.size)
    )
    lower = previous is None or step > 0  # else: the top of the next column
    hanging = (
        previous is not None
        and not gap
        and lower
        and previous.column == row.column
        and (
            _beside(row, previous)
            or starts_item(previous.text)
            and (not right or _fills(previous, row, right, False))
        )
    )
    beside = (
        any(two.left - one.right > row.size for one, two in pairwise(row.runs)) and row.left - left < row.size
    )
    entry = apart or (
        previous is not None and labelled(row.text) and (labelled(previous.text) or _parted(previous, row))
    )
    indent = beside or entry or row.left - margin >= 1.4 * row.size and begins and not hanging and not rest
    tolerant = (
        indenting
        and after is not None
        and after.left - margin < 0.5 * row.size
        and after.column == row.column
    )
    full = right > 0 and row.right - row.left >= 0.35 * (right - left) and _fills(row, after, right, tolerant)
    on = (
        indenting
        and previous is not None
        and not gap
        and not indent
        and level == 0
        and previous.column == row.column
        and previous.size == row.size
        and abs(row.left - margin) < 0.5 * row.size
        and 0 < previous.column[1] < previous.right + row.size
    )
    return Line(row.text, level=level, gap=gap, full=full, indent=indent, page=row.page, sure=row.sure, on=on)


def _parted(above: Row, row: Row) -> bool:
    """Does a column begin below a sentence that has ended?"""
    return above.column != row.column and above.base > row.base and bool(_ENDED.search(above.text))


def _margin(column: list[Row], size: float) -> float:
    """Where lines begin that are not set in: the leftmost place that some of them share, else that of a
    quarter of those of this size. Where paragraphs are short most lines are set in."""
    lefts = sorted(row.left for row in column)
    least = max(2, len(lefts) // 10)
    shared = next((x for x in lefts if sum(abs(y - x) < 0.2 * size for y in lefts) >= least), lefts[0])
    alike = sorted(row.left for row in column if row.size == size)
    return min(shared, alike[len(alike) // 4])


def _beside(row: Row, above: Row) -> bool:
    """Does a row begin where text stands beside a label in the row above?"""
    return any(abs(run.left - row.left) < 0.3 * row.size for run in above.runs[1:])


def _fills(row: Row, after: Row | None, right: float, tolerant: bool) -> bool:
    """Has a row no room for what comes next? A signature that stands at the right reaches the edge but is not
    full.

    ``tolerant``: what comes next is not set in as paragraphs are here, so that little speaks for a new one.
    """
    room = right - row.right
    if (
        _ENDED.search(row.text) and not tolerant
    ):  # the next character would have stood here, but for one that may not
        return room < max(
            (2.1 if after and after.text[:1] in "（《“〔【「" else 1.1) * row.size, _first_word(after)
        )
    return room < max((3.3 if tolerant else 2.2) * row.size, _first_word(after))


def _first_word(row: Row | None) -> float:
    """Width of the next line's first word: the line before it is full if that word had no room any more."""
    if row is None or not row.text:
        return 0.0
    word = row.text.split(" ", 1)[0]
    return (len(word) + 1) * (row.right - row.left) / len(row.text) if word.isascii() else 0.0


def larger(row: Row, body: float) -> bool:
    """Are its letters larger than the body's, and is it short?"""
    return (
        row.table is None
        and row.size >= LARGER * body
        and len(row.text) <= 2 * HEADING_MAX
        and any(char.isalpha() for char in row.text)
        and "。" not in row.text  # a sentence, in letters that recognition took for larger
        and row.text[-1] not in "；，、"
    )


def whole_headings(page: list[Row], body: float, running: Collection[float] = ()) -> list[Row]:
    """Headings that run over two or three lines, in one; numbered ones that follow each other stay apart."""
    whole: list[Row] = []
    for row in page:
        above = whole[-1] if whole else None
        if (
            above is not None
            and larger(row, body)
            and larger(above, body)
            and row.size == above.size
            and row.size not in running
            and 0 < above.base - row.base <= 2.1 * row.size
            and not starts_item(row.text)
            and len(above.text) + len(row.text) <= 2 * HEADING_MAX
        ):
            space = " " if above.text[-1].isascii() and row.text[0].isascii() else ""
            whole[-1] = replace(
                above, text=f"{above.text}{space}{row.text}", base=row.base, right=max(above.right, row.right)
            )
        else:
            whole.append(row)
    return whole


def title_of(page: list[Row], body: float, width: float) -> str:
    """The title on the first page: its largest rows if they are larger than the body, else a centred first
    row; or ""."""
    rows = [row for row in whole_headings(page, body) if row.table is None][:15]
    large = [row for row in rows if larger(row, body) and len(squeeze(row.text)) >= 4]
    if large:
        return squeeze(max(large, key=lambda row: row.size).text)
    first = next(iter(rows), None)
    if (
        first is None
        or not 4 <= len(squeeze(first.text)) <= HEADING_MAX
        or starts_item(first.text)
        or first.text[-1] in "。；，、：;,:"
    ):
        return ""
    centred = (
        abs((first.left + first.right) / 2 - width / 2) < 0.04 * width
        and first.left - min(row.left for row in rows) > 2 * first.size
    )
    return squeeze(first.text) if centred and any(char.isalpha() for char in first.text) else ""


def _continues(above: Table, below: Table) -> bool:
    """Does a table go on in another on the next page: the same columns?"""
    return (
        below.page == above.page + 1
        and len(above.edges) == len(below.edges)
        and all(abs(a - b) <= 6 for a, b in zip(above.edges, below.edges, strict=True))
    )


def _table_lines(tables: list[Table]) -> Iterator[Line]:
    rows: list[list[Cell]] = []
    for number, table in enumerate(tables):
        fresh = table.rows
        if number:  # the header again, then perhaps the rest of a row that the page broke off
            top = [[cell.text for cell in row] for row in tables[0].rows]
            again = next(
                (n for n, row in enumerate(fresh) if n >= len(top) or [c.text for c in row] != top[n]),
                len(fresh),
            )
            fresh = fresh[again:]
            if rows and fresh and not fresh[0][0].text:
                fresh = _joined(rows[-1], fresh)
        rows += fresh
    yield from grid_lines(Grid(tuple(map(tuple, rows))))


def _joined(above: list[Cell], rows: list[list[Cell]]) -> list[list[Cell]]:
    """Rows whose first cell is empty after a page break: it goes on from the one above, or its whole row
    does."""
    first = rows[0]
    if [(cell.column, cell.width) for cell in first] != [(cell.column, cell.width) for cell in above]:
        return rows
    if all(cell.text for cell in first[1:]) and len(first) > 2:
        over = [row for row in rows if row[0] is first[0]]
        for row in over:
            row[0] = above[0]
        above[0].height += len(over)
        return rows
    for cell, rest in zip(above, first, strict=True):
        cell.text += rest.text
        cell.lines = (replace(cell.lines[0], text=cell.text),) if cell.lines else rest.lines
    return rows[1:]

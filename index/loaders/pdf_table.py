"""Ruling lines of a page -> tables: a grid of cells, merged ones once, each with its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from index.loaders.cells import Cell
from index.loaders.pdf_columns import blocks_of
from index.loaders.pdf_page import Letter, Rule
from index.loaders.pdf_rows import rows_of, runs_of
from index.loaders.pdf_unruled import unruled
from index.loaders.raw import Line, squeeze

NEAR = 2.5
"""Points within which line ends count as meeting."""

HANGING = "，。、；：！？）》”’」』】〕%％,.;:)"

_UNIT = re.compile(r"[（《“〔【「]*(?:[!-~]+|.)[，。、；：！？）》”〕】」％]*")
_CUT_FIGURE = re.compile(r"\d[.,]?$")

OPEN = 8.0
"""Points that upright lines reach beyond the last flat one where a row is broken off."""

RULES_MAX = 3_000
"""Lines of one page; beyond, it is a drawing."""


@dataclass(slots=True)
class Table:
    """Rows of cells as of a ``Grid``. ``edges``: of the columns."""

    page: int
    top: float
    bottom: float
    edges: tuple[float, ...]
    rows: list[list[Cell]] = field(default_factory=list)


def tables_of(letters: list[Letter], rules: list[Rule], page: int) -> tuple[list[Table], list[Letter]]:
    """The tables of a page, and the letters that stand in none."""
    tables: list[Table] = []
    for flat, upright in _grids(rules):
        flat = [*flat, *_closing(flat, upright)]
        xs, ys = _lines(rule.at for rule in upright), _lines(rule.at for rule in flat)[::-1]
        if len(xs) < 3 and len(ys) < 3 or len(xs) < 2 or len(ys) < 2:
            continue
        inside = [
            one
            for one in letters
            if xs[0] <= (one.left + one.right) / 2 <= _reach(xs[-1], one)
            and ys[-1] <= one.base + 0.3 * one.size <= ys[0]
        ]
        owner = _owners(xs, ys, flat, upright)
        if len(set(owner.values())) < 2 or not inside:
            continue
        if more := unruled(inside, xs, ys, owner):
            flat = [*flat, *(rule for rule in more if rule.flat)]
            upright = [*upright, *(rule for rule in more if not rule.flat)]
            xs, ys = _lines(rule.at for rule in upright), _lines(rule.at for rule in flat)[::-1]
            owner = _owners(xs, ys, flat, upright)
        cells: dict[tuple[int, int], list[Letter]] = {}
        before: tuple[Letter, tuple[int, int]] | None = None
        for letter in sorted(inside, key=lambda one: (-round(one.base), one.left)):
            if (
                before
                and letter.char in HANGING
                and abs(letter.base - before[0].base) < 1
                and abs(letter.left - before[0].right) < 0.2 * letter.size
            ):
                cells[before[1]].append(letter)  # a mark that hangs over the edge of its cell
                before = letter, before[1]
                continue
            column = max(n for n, x in enumerate(xs[:-1]) if x <= (letter.left + letter.right) / 2)
            row = max(n for n, y in enumerate(ys[:-1]) if y >= letter.base + 0.3 * letter.size)
            cells.setdefault(owner[row, column], []).append(letter)
            before = letter, owner[row, column]
        if len(cells) < 2:  # a frame around text
            continue
        right = {
            place: max(x for (r, c), own in owner.items() if own == place for x in (xs[c + 1],))
            for place in cells
        }
        texts = {place: _cell_text(found, right[place]) for place, found in cells.items()}
        table = Table(page, ys[0], ys[-1], tuple(xs))
        table.rows = _rows(texts, owner, page, all(letter.sure for letter in inside))
        taken = set(map(id, inside))
        letters = [letter for letter in letters if id(letter) not in taken]
        tables.append(table)
    return tables, letters


def _closing(flat: list[Rule], upright: list[Rule]) -> Iterator[Rule]:
    """The line that is missing where a row is broken off by the end of the page: upright ones go on to
    there."""
    left, right = min(rule.at for rule in upright), max(rule.at for rule in upright)
    top, bottom = max(rule.at for rule in flat), min(rule.at for rule in flat)
    low, high = min(rule.start for rule in upright), max(rule.end for rule in upright)
    for end, room in ((low, bottom - low), (high, high - top)):
        reaching = [rule for rule in upright if min(abs(rule.start - end), abs(rule.end - end)) <= NEAR]
        if room > OPEN and {left, right} <= {rule.at for rule in reaching}:
            yield Rule(True, end, left, right)


def _rows(
    texts: dict[tuple[int, int], str], owner: dict[tuple[int, int], tuple[int, int]], page: int, sure: bool
) -> list[list[Cell]]:
    """The cells row by row, one merged over rows in each of them."""
    made: dict[tuple[int, int], Cell] = {}
    rows: dict[int, list[Cell]] = {}
    for (r, c), place in sorted(owner.items()):
        cell = made.get(place)
        if cell is None:
            text = texts.get(place, "")
            lines = (Line(text, page=page, sure=sure),) if text else ()
            cell = made[place] = Cell(text, c, 0, 0, lines, page=page, sure=sure)
        row = rows.setdefault(r, [])
        cell.width += r == place[0]
        if not any(one is cell for one in row):
            row.append(cell)
            cell.height += 1
    return list(rows.values())


def _reach(edge: float, letter: Letter) -> float:
    """How far right the middle of a letter may lie in a table that ends at ``edge``: marks may hang over
    it."""
    hangs = letter.char in HANGING and letter.left <= edge + 0.1 * letter.size
    return edge + letter.size if hangs else edge


def _grids(rules: list[Rule]) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Lines that meet each other, directly or through others."""
    if len(rules) > RULES_MAX:
        return
    flat = _joined([rule for rule in rules if rule.flat])
    upright = _joined([rule for rule in rules if not rule.flat])
    every = flat + upright
    parent = list(range(len(every)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for i, one in enumerate(flat):
        for j, two in enumerate(upright, len(flat)):
            if two.start - NEAR <= one.at <= two.end + NEAR and one.start - NEAR <= two.at <= one.end + NEAR:
                parent[root(i)] = root(j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for number, rule in enumerate(every):
        groups.setdefault(root(number), ([], []))[0 if rule.flat else 1].append(rule)
    yield from sorted(
        ((a, b) for a, b in groups.values() if len(a) > 1 and len(b) > 1),
        key=lambda pair: (-max(rule.at for rule in pair[0]), min(rule.at for rule in pair[1])),
    )


def _joined(rules: list[Rule]) -> list[Rule]:
    """Pieces of one line in one; short strokes left out."""
    joined: list[Rule] = []
    rows: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda one: one.at):
        if rows and rule.at - rows[-1][-1].at <= 1.5:
            rows[-1].append(rule)
        else:
            rows.append([rule])
    for row in rows:
        row.sort(key=lambda one: one.start)
        current = row[0]
        for rule in row[1:]:
            if rule.start <= current.end + NEAR:
                current = Rule(current.flat, current.at, current.start, max(current.end, rule.end))
            else:
                joined.append(current)
                current = rule
        joined.append(current)
    return [rule for rule in joined if rule.end - rule.start >= 5]


def _lines(places: Iterator[float] | list[float]) -> list[float]:
    """Places along an axis, those that are close in one."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > NEAR:
            found.append(place)
    return found


def _owners(
    xs: list[float], ys: list[float], flat: list[Rule], upright: list[Rule]
) -> dict[tuple[int, int], tuple[int, int]]:
    """For each place of the grid the first place of the cell it belongs to: places without a line between are
    one."""
    owner = {(r, c): (r, c) for r in range(len(ys) - 1) for c in range(len(xs) - 1)}

    def root(place: tuple[int, int]) -> tuple[int, int]:
        while owner[place] != place:
            place = owner[place]
        return place

    def walled(rules: list[Rule], at: float, middle: float) -> bool:
        return any(
            abs(rule.at - at) <= NEAR + 0.5 and rule.start - 1 <= middle <= rule.end + 1 for rule in rules
        )

    for r in range(len(ys) - 1):
        for c in range(len(xs) - 1):
            x, y = (xs[c] + xs[c + 1]) / 2, (ys[r] + ys[r + 1]) / 2
            if c + 2 < len(xs) and not walled(upright, xs[c + 1], y):
                one, two = sorted((root((r, c)), root((r, c + 1))))
                owner[two] = one
            if r + 2 < len(ys) and not walled(flat, ys[r + 1], x):
                one, two = sorted((root((r, c)), root((r + 1, c))))
                owner[two] = one
    return {place: root(place) for place in owner}


def _cell_text(letters: list[Letter], right: float) -> str:
    """The lines of a cell in one: a line that fills it goes on without a space."""
    text = ""
    for block in blocks_of(runs_of(letters)):
        rows = rows_of(block, 0)
        edge = max((row.right for row in rows), default=right)
        full, room = False, right
        for row in rows:
            piece = squeeze(row.text)
            latin = (
                text[-1:].isascii()
                and piece[:1].isascii()
                and not (_CUT_FIGURE.search(text) and piece[:1].isdigit())
            )
            full = full or room < _first_unit(piece) * row.size
            text += piece if not text or (full and not latin) or text[-1] in "，、；（《" else f" {piece}"
            room = right - row.right
            full = room < 1.8 * row.size or (room < 3 * row.size and row.right >= edge - 0.5 * row.size)
    return text


def _first_unit(text: str) -> float:
    """The width, in letters, of what cannot be parted at the beginning of a line, and of the cell's edge."""
    unit = _UNIT.match(text)
    return 0.5 + sum(0.5 if char.isascii() else 1.0 for char in unit[0]) if unit else 0.0

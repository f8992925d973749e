"""Rows and columns that a table has and no line shows: items of an invoice, line by line in one ruled row.

Only where it is plain: line under line has figures in the same columns. Names over telephone numbers in the
cells of a roster, and cells of several lines, are no such list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from index.loaders.pdf_page import Letter, Rule

Line = dict[int, list[Letter]]
"""What stands on one base line, by column."""
Owner = Mapping[tuple[int, int], tuple[int, int]]


class Word(NamedTuple):
    text: str
    left: float
    right: float
    size: float


def unruled(letters: list[Letter], xs: list[float], ys: list[float], owner: Owner) -> list[Rule]:
    """The lines that are not drawn, for a grid of places ``xs`` and ``ys`` of which ``owner`` tells the
    cells."""
    found: list[Rule] = []
    for row, (top, bottom) in enumerate(pairwise(ys)):
        inside = [one for one in letters if bottom < one.base + 0.3 * one.size <= top]
        if len(inside) < 2 or not _alone(row, xs, owner):
            continue
        edges = [xs[0], *(x for n, x in enumerate(xs[1:-1], 1) if owner[row, n] != owner[row, n - 1]), xs[-1]]
        parted = _columns(inside) if len(edges) == 2 else []
        edges = sorted({*edges, *parted})
        lines = [_by_column(line, edges) for line in _lines(inside)]
        flat = list(_between(lines, edges))
        if flat:
            found += [Rule(True, at, xs[0], xs[-1]) for at in flat]
            found += [Rule(False, x, bottom, top) for x in parted]
    return found


def _alone(row: int, xs: list[float], owner: Owner) -> bool:
    """Does no cell of the row reach into another row?"""
    own = {owner[row, column] for column in range(len(xs) - 1)}
    below = {owner.get((row + 1, column)) for column in range(len(xs) - 1)}
    return all(place[0] == row for place in own) and not own & below


def _lines(letters: list[Letter]) -> list[list[Letter]]:
    lines: list[list[Letter]] = []
    for letter in sorted(letters, key=lambda one: -one.base):
        if lines and lines[-1][0].base - letter.base < 0.45 * letter.size:
            lines[-1].append(letter)
        else:
            lines.append([letter])
    return lines


def _by_column(line: list[Letter], edges: list[float]) -> Line:
    columns: Line = {}
    for letter in line:
        if letter.char.strip():
            middle = (letter.left + letter.right) / 2
            at = max((n for n, x in enumerate(edges[:-1]) if x <= middle), default=0)
            columns.setdefault(at, []).append(letter)
    return columns


def _between(lines: list[Line], edges: list[float]) -> Iterator[float]:
    """Where one row of a list ends and the next begins; nowhere when these lines are no list."""
    places: list[float] = []
    current: Line = {}
    before: set[int] = set()
    listed = False
    for number, line in enumerate(lines):
        figures = {column for column, found in line.items() if any(one.char.isdigit() for one in found)}
        if number and len(line) > 1 and not figures:
            return  # words under words: cells of several lines
        under = {c for c in figures & current.keys() if not _fills(current[c], edges[c + 1] - edges[c])}
        if len(under) > 1:
            listed = listed or len(under & before) > 1
            size = max(one.size for found in line.values() for one in found)
            above = min(one.base for found in current.values() for one in found)
            base = max(one.base for found in line.values() for one in found)
            places.append((above + base) / 2 + 0.3 * size)
            current, before = dict(line), figures
        else:
            current |= line
            before |= figures
    if listed:
        yield from places


def _fills(letters: list[Letter], width: float) -> bool:
    """Does text take up the whole width, so that what stands below may be its rest?"""
    taken = max(one.right for one in letters) - min(one.left for one in letters)
    return taken > width - 1.5 * letters[0].size


def _columns(letters: list[Letter]) -> list[float]:
    """Places between columns that only the names in the first line tell; none where these do not agree with
    the lines below."""
    lines = [_words(line) for line in _lines(letters)]
    heads = _spread(lines[0])
    if len(heads) < 4 or len(lines) < 3:
        return []
    left = [word.left for word in heads]
    right = [word.right for word in heads]
    for word in (word for line in lines[1:] for word in line):
        if len(word.text) == 1 and word.text > "\u2e80":  # one of 合   计, set over the width of its column
            continue
        at = max(range(len(heads)), key=lambda n: _nearness(word, heads[n]))
        left[at], right[at] = min(left[at], word.left), max(right[at], word.right)
    if any(right[n] > left[n + 1] for n in range(len(heads) - 1)):
        return []
    return [(right[n] + left[n + 1]) / 2 for n in range(len(heads) - 1)]


def _nearness(word: Word, head: Word) -> tuple[float, float]:
    """How much of a word lies below a name, then how near their middles are."""
    shared = min(word.right, head.right) - max(word.left, head.left)
    return shared, -abs(word.left + word.right - head.left - head.right)


def _words(line: list[Letter]) -> list[Word]:
    """Letters of a line without space between, from left to right."""
    words: list[Word] = []
    for letter in sorted(line, key=lambda one: one.left):
        if not letter.char.strip():
            continue
        last = words[-1] if words else None
        if last is not None and letter.left - last.right < 0.3 * letter.size:
            words[-1] = Word(last.text + letter.char, last.left, letter.right, letter.size)
        else:
            words.append(Word(letter.char, letter.left, letter.right, letter.size))
    return words


def _spread(words: list[Word]) -> list[Word]:
    """Names of which the characters are set apart (单  价), each in one."""
    whole: list[Word] = []
    for word in words:
        last = whole[-1] if whole else None
        near = last is not None and word.left - last.right < 2.2 * word.size
        if last is not None and near and len(last.text) == len(word.text) == 1 and word.text > "\u2e80":
            whole[-1] = Word(last.text + word.text, last.left, word.right, word.size)
        else:
            whole.append(word)
    return whole

"""Letters of a page -> runs of text, rows. Geometry only; in whichever order it was drawn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from index.loaders.cells import labelled
from index.loaders.pdf_page import Letter
from index.loaders.raw import clean

SPLIT = 0.85
"""Letter sizes of empty space at which a line is taken apart; the parts are joined again unless columns come
of it."""

_BULLET = re.compile(r"[\ue000-\uf8ff●■◆▪◼]\s*(?=\S)")
_BLANK = "，。、；：！？）》”’」』】〕"  # marks that leave half of their place empty
_LATIN = re.compile(r"[!-~\u00a1-\u024f\u0370-\u04ff]")


@dataclass(slots=True)
class Run:
    """Text on one base line without large spaces in it; or, with ``table``, a table standing in the flow of
    text."""

    text: str
    left: float
    right: float
    base: float
    size: float
    sure: bool = True
    pale: bool = False
    table: object | None = None


@dataclass(slots=True)
class Row:
    """A line of a column: its runs in one, and the column's edges."""

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    column: tuple[float, float] = (0.0, 0.0)
    sure: bool = True
    pale: bool = False
    table: object | None = None
    runs: list[Run] = field(default_factory=list)


def once(letters: Iterable[Letter]) -> list[Letter]:
    """Without the characters that are drawn again a hair's breadth beside themselves (false bold,
    shadows)."""
    seen: dict[tuple[str, int, int], Letter] = {}
    kept: list[Letter] = []
    for letter in letters:
        step = max(0.5, 0.3 * letter.size)
        x, y = int(letter.left // step), int(letter.base // step)
        near = 0.5 * min(letter.right - letter.left, 0.5 * letter.size)
        places = ((letter.char, x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        if letter.char != " " and any(
            (other := seen.get(place)) is not None
            and abs(other.left - letter.left) < near
            and abs(other.base - letter.base) < near
            for place in places
        ):
            continue
        seen[letter.char, x, y] = letter
        kept.append(letter)
    return kept


def runs_of(letters: list[Letter]) -> list[Run]:
    """Letters on the same base line, from left to right, split at large spaces."""
    runs: list[Run] = []
    for line in _with_raised(list(_same_base(letters))):
        line.sort(key=lambda letter: letter.left)
        part: list[Letter] = []
        edge = 0.0
        for letter in line:
            if letter.char in " \u3000":
                part += [letter] if part else []
                continue
            split = SPLIT - 0.3 if part and part[-1].char in _BLANK else SPLIT
            if part and letter.left - edge > split * max(letter.size, part[0].size):
                runs.append(_run(part))
                part = []
            part.append(letter)
            edge = max(edge, letter.right) if len(part) > 1 else letter.right
        if part:
            runs.append(_run(part))
    return runs


def _same_base(letters: list[Letter]) -> Iterator[list[Letter]]:
    line: list[Letter] = []
    for letter in sorted(letters, key=lambda one: -one.base):
        if line and line[-1].base - letter.base > 0.12 * max(1.0, min(letter.size, line[-1].size)):
            yield line
            line = []
        line.append(letter)
    if line:
        yield line


def _with_raised(lines: list[list[Letter]]) -> list[list[Letter]]:
    """Small raised and lowered letters (m², H₂O, marks of notes) in the line in whose gaps they stand."""
    for number, line in enumerate(lines):
        near = [other for other in lines[max(0, number - 2) : number + 3] if other is not line and other]
        near = [other for other in near if abs(other[0].base - line[0].base) < max(one.size for one in other)]
        for letter in sorted(line, key=lambda one: one.left) if near else ():
            home = next((other for other in near if _raised(letter, other)), None)
            if home is not None:
                line.remove(letter)
                letter.base = home[0].base
                home.append(letter)
    return [line for line in lines if line]


def _raised(letter: Letter, line: list[Letter]) -> bool:
    """Does a letter stand in a gap of a line of larger ones, right after one of them?"""
    main = line[0]
    if letter.size > 0.88 * main.size or not 0 < abs(main.base - letter.base) < 0.55 * main.size:
        return False
    middle = (letter.left + letter.right) / 2
    if any(one.left < middle < one.right for one in line):
        return False
    return any(-0.2 * main.size < letter.left - one.right < 0.25 * main.size for one in line)


def _run(letters: list[Letter]) -> Run:
    inked = [letter for letter in letters if letter.char not in " \u3000"]
    steps = sorted(after.left - one.right for one, after in pairwise(inked))
    usual = (
        min(max(0.0, steps[len(steps) // 2]), 0.9 * inked[0].size) if steps else 0.0
    )  # letters set apart evenly
    text = ""
    before: Letter | None = None
    space = False
    for letter in letters:
        if letter.char in " \u3000":
            space = True
            continue
        if before is not None:
            gap = letter.left - before.right
            latin = bool(_LATIN.match(before.char) and _LATIN.match(letter.char))
            wide = usual + (0.19 if latin else 0.34) * letter.size
            if gap >= wide or (space and (latin or gap >= 0.05 * letter.size)):
                text += " "
        text += letter.char
        before, space = letter, False
    size = max(_sizes(inked), key=lambda item: item[1])[0]
    return Run(
        clean(text).replace("\n", " "),
        inked[0].left,
        max(letter.right for letter in inked),
        inked[0].base,
        size,
        all(letter.sure for letter in inked),
        sum(letter.pale for letter in inked) > 0.5 * len(inked),
    )


def _sizes(letters: list[Letter]) -> list[tuple[float, int]]:
    ordered = sorted(round(letter.size * 2) / 2 for letter in letters)
    return [(size, len(list(group))) for size, group in groupby(ordered)]


def rows_of(runs: list[Run], page: int) -> list[Row]:
    """The lines of one column, from top to bottom; raised and lowered characters go with the line they belong
    to."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda one: (-one.base, one.left)):
        last = rows[-1] if rows else None
        if last is None or run.table is not None or last[0].table is not None:
            rows.append([run])
            continue
        main = max(last, key=lambda one: one.size * len(one.text))
        if abs(main.base - run.base) < 0.45 * max(main.size, run.size) and not (
            _over(last, run) or _beside_title(main, run)
        ):
            last.append(run)
        else:
            rows.append([run])
    left = min((run.left for run in runs), default=0.0)
    width = max((run.right for run in runs), default=0.0) - left
    sizes = Counter(run.size for run in runs for _ in run.text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    ends = sorted(
        (
            max(run.right for run in row)
            for row in rows
            if row[0].size == usual and row[0].left < left + 0.4 * width
        ),
        reverse=True,
    )
    right = (
        ends[len(ends) // 7] if len(ends) > 3 else max((run.right for run in runs), default=0.0)
    )  # marks may hang over
    return [_row(row, page, (left, right)) for row in rows]


def _beside_title(main: Run, run: Run) -> bool:
    """Does a label in small letters stand beside a title, away from it, as a number is beside 发票?"""
    small, large = sorted((main, run), key=lambda one: one.size)
    apart = max(small.left - large.right, large.left - small.right)
    return large.size > 1.3 * small.size and apart > large.size and labelled(small.text)


def _over(row: list[Run], run: Run) -> bool:
    """Does a run stand above or below one of a row, so that it is another line?"""
    return any(
        min(one.right, run.right) - max(one.left, run.left) > 0.5 * min(one.size, run.size) for one in row
    )


def _row(runs: list[Run], page: int, column: tuple[float, float]) -> Row:
    runs.sort(key=lambda run: run.left)
    main = max(runs, key=lambda run: run.size * len(run.text))
    spaced = len(runs) > 1 and all(len(run.text) == 1 and run.text > "\u2e80" for run in runs)  # 通    知
    text = ""
    before: Run | None = None
    for run in runs:
        if before is not None and not spaced:
            gap = run.left - before.right
            latin = _LATIN.match(before.text[-1:]) and _LATIN.match(run.text)
            value = before.text[-1:] == "：" and not labelled(run.text)
            tight = value or gap < 0.2 * main.size or (gap < 0.5 * main.size and not latin)
            text += "" if tight else " "
        text += run.text
        before = run
    bulleted = _BULLET.match(text) and not ("□" in text or "☐" in text)  # ■ is a choice beside □
    text = _BULLET.sub("•", text, count=1) if bulleted else text
    return Row(
        text,
        page,
        runs[0].left,
        max(run.right for run in runs),
        main.base,
        main.size,
        column,
        all(run.sure for run in runs),
        all(run.pale for run in runs),
        runs[0].table,
        runs,
    )

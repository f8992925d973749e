"""Runs of text by column, in reading order. Geometry only; in whichever order they were drawn."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from index.loaders.cells import labelled
from index.loaders.pdf_rows import Run


def blocks_of(runs: list[Run], depth: int = 0) -> list[list[Run]]:
    """Runs by column, in reading order; what spans the columns cuts them into bands that are read one after
    another."""
    if len(runs) < 4 or depth > 5:
        return [runs] if runs else []
    parted = [found for middle in _gutters(runs) if (found := _bands(runs, middle))[1] > 0]
    most = max((held for _, _, held in parted), default=0)
    wide = [found for found in parted if found[2] >= 0.9 * most]  # one that cuts across lines holds fewer
    bands = max(wide, key=lambda found: found[1])[0] if wide else []
    return [part for band in bands for part in blocks_of(band, depth + 1)] if bands else [runs]


def _gutters(runs: list[Run]) -> list[float]:
    """Places just before the left edges of text that stands beside other text, those of most lines first."""
    seen: Counter[int] = Counter()
    ordered = sorted(runs, key=lambda run: -run.base)
    for number, run in enumerate(ordered):
        beside = [
            other
            for other in ordered[max(0, number - 12) : number + 12]
            if abs(other.base - run.base) < 0.8 * run.size and other.right <= run.left - 0.7 * run.size
        ]
        if beside:
            seen[round(run.left / 2)] += 1
    size = ordered[len(ordered) // 2].size
    return [2 * place - 0.35 * size for place, count in seen.most_common(6) if count > 1]


def _bands(runs: list[Run], middle: float) -> tuple[list[list[Run]], float, int]:
    """Parts in reading order: between runs that cross ``middle``, the left side and then the right, if both
    run on.

    With them the room between the sides where it is narrowest (0 without columns), and how many runs the
    columns hold.
    """
    parts: list[list[Run]] = []
    plain: list[Run] = []
    flow: list[Run] = []

    rooms: list[float] = []
    held = 0

    def settle() -> None:
        nonlocal plain, held
        head, columns, tail = _trimmed(flow, middle)
        left = [run for run in columns if (run.left + run.right) / 2 < middle]
        right = [run for run in columns if (run.left + run.right) / 2 >= middle]
        if columns_of(left, right):
            parts.extend(part for part in (plain + head, left, right) if part)
            plain = tail
            rooms.append(min(run.left for run in right) - max(run.right for run in left))
            held += len(left) + len(right)
        else:
            plain += flow
        flow.clear()

    for run in sorted(runs, key=lambda one: (-one.base, one.left)):
        if run.left < middle - 1 and run.right > middle + 1:
            settle()
            plain.append(run)
        else:
            flow.append(run)
    settle()
    return ([*parts, plain] if plain else parts), min(rooms, default=0.0), held


def _trimmed(flow: list[Run], middle: float) -> tuple[list[Run], list[Run], list[Run]]:
    """What stands above columns, they, and what stands below: one side alone, set off by space or by its
    size."""
    sides = [
        [run for run in flow if ((run.left + run.right) / 2 >= middle) is right] for right in (False, True)
    ]
    if not all(sides):
        return [], flow, []
    low = max(side[-1].base for side in sides)
    high = min(side[0].base for side in sides)
    first, last = 0, len(flow)
    for number in range(len(flow) - 1, 0, -1):
        if flow[number].base >= low - 1:
            break
        if _goes_on(flow[number:], sides, middle):
            break
        if _apart(_beside(flow[number - 1 :: -1], flow[number], middle), flow[number]):
            last = number
    for number in range(1, last):
        if flow[number - 1].base <= high + 1:
            break
        if _goes_on(flow[:number], sides, middle):
            break
        if _apart(flow[number - 1], _beside(flow[number:], flow[number - 1], middle)):
            first = number
    return flow[:first], flow[first:last], flow[last:]


def _goes_on(part: list[Run], sides: list[list[Run]], middle: float) -> bool:
    """Is what stands beside nothing still text of its column, in lines as long as the column is wide, like a
    column that is longer than its neighbour?"""
    column = sides[(part[0].left + part[0].right) / 2 >= middle]
    left, right = min(run.left for run in column), max(run.right for run in column)
    long = [run for run in part if run.right - run.left >= 0.8 * (right - left)]
    return len(long) > 1 and running(part)


def _beside(near: list[Run], run: Run, middle: float) -> Run:
    """The nearest of these on the same side as a run, where there is one."""
    right = (run.left + run.right) / 2 >= middle
    return next((one for one in near if ((one.left + one.right) / 2 >= middle) is right), near[0])


def _apart(above: Run, below: Run) -> bool:
    return (
        above.base - below.base > 2.1 * min(above.size, below.size)
        or not 0.88 < above.size / max(below.size, 0.1) < 1.13
    )


def columns_of(left: list[Run], right: list[Run]) -> bool:
    """Are these two columns: both of them text that runs on, or the same labels on both sides?"""
    return running(left) and running(right) or _parallel(left, right)


def _parallel(left: list[Run], right: list[Run]) -> bool:
    """Do lines on the left have the labels of those beside them (地址：… 地址：…), as two parties have?"""
    beside = [
        (one, two)
        for one in left
        for two in right
        if abs(one.base - two.base) < 0.5 * min(one.size, two.size)
    ]
    same = sum(labelled(one.text) and _label(one) == _label(two) for one, two in beside)
    return same > 1 and 2 * same >= len(beside)


def _label(run: Run) -> str:
    return run.text.replace(":", "：").partition("：")[0].replace(" ", "")


def running(side: list[Run]) -> bool:
    """Is it a column of text, rather than cells or labels: two lines or more, most of them long for its
    width?"""
    lines = [
        list(line)
        for _, line in groupby(sorted(side, key=lambda run: -run.base), key=lambda run: round(run.base))
    ]
    if len(lines) < 2:
        return False
    width = max(run.right for run in side) - min(run.left for run in side)
    size = sorted(run.size for run in side)[len(side) // 2]
    reach = [max(run.right for run in line) - min(run.left for run in line) for line in lines]
    letters = sum(len(run.text) for run in side if run.table is None)
    long = sum(one >= 0.7 * width for one in reach)
    return width >= 7 * size and letters >= 7 * len(lines) and long >= max(1, 0.3 * len(lines))

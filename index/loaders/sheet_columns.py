"""Columns by letter and number, and a sheet without those that are hidden."""

from __future__ import annotations

import functools
import re

from index.loaders.sheet_grid import EMPTY, Area, Grid, Row

_PLACE = re.compile(r"([A-Z]+)(\d+)")


def visible(rows: list[Row], merges: list[str], hidden: list[int], hidden_columns: set[int]) -> Grid:
    """The grid without hidden columns; the text of a merged cell that begins in a hidden one moves to where
    it shows."""
    width = max((len(row.texts) for row in rows), default=0)
    areas = [area for ref in merges if (area := _area(ref)) is not None]
    gone = set(hidden)
    by_number = {row.number: row for row in rows}
    for area in areas:
        width = max(width, min(area.right + 1, width + 1)) if area.left < width else width
        left = next(
            (c for c in range(area.left, min(area.right, width) + 1) if c not in hidden_columns), area.left
        )
        first = by_number.get(area.top)
        if left != area.left and first is not None and area.left < len(first.texts) and left < width:
            first.texts += [""] * (left + 1 - len(first.texts))
            first.kinds += [EMPTY] * (left + 1 - len(first.kinds))
            first.texts[left], first.kinds[left] = first.texts[area.left], first.kinds[area.left]
    columns = [column for column in range(width) if column not in hidden_columns]
    index = {column: n for n, column in enumerate(columns)}
    if len(columns) < width:
        for row in rows:
            texts, kinds = row.texts, row.kinds
            row.texts = [texts[column] for column in columns if column < len(texts)]
            row.kinds = [kinds[column] for column in columns if column < len(kinds)]
            row.strong = {index[column] for column in row.strong if column in index}
    shown: list[Area] = []
    for area in areas:
        inside = [
            index[column] for column in range(area.left, min(area.right, width - 1) + 1) if column in index
        ]
        if inside and area.top not in gone:
            shown.append(Area(area.top, inside[0], area.bottom, inside[-1]))
    return Grid([row for row in rows if any(row.texts)], columns, shown, hidden)


@functools.lru_cache(maxsize=20_000)
def column_number(name: str) -> int:
    """A is 0, Z 25, AA 26."""
    number = 0
    for char in name:
        number = number * 26 + ord(char) - 64
    return number - 1


@functools.lru_cache(maxsize=20_000)
def column_name(number: int) -> str:
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def _area(ref: str) -> Area | None:
    found = _PLACE.findall(ref.replace("$", ""))
    if len(found) != 2:
        return None
    (left, top), (right, bottom) = found
    return Area(int(top), column_number(left), int(bottom), column_number(right))

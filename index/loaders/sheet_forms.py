"""Forms and headers told by their cells: label beside value, rows of names, rows that only number the
columns."""

from __future__ import annotations

import re

from index.loaders.cells import Cell, is_header
from index.loaders.sheet_grid import DATE, EMPTY, TEXT, Area, Row, value_like

COLON = re.compile(r"[：:]\s*$")


def valued(row: Row, column: int) -> bool:
    return (
        column < len(row.texts)
        and bool(row.texts[column])
        and (row.kinds[column] != TEXT or value_like(row.texts[column]))
    )


def numbering_row(row: Row, below: Row) -> bool:
    """The row below a header that only numbers its columns: 甲, 乙, 1, 2, 3 or 栏次."""
    texts = [row.texts[column] for column in row.filled()]
    if (
        len(texts) < 4
        or below.texts[:1] in (["乙"], ["B"], ["2"])
        or not (texts[0] in ("甲", "栏次", "栏目", "A") or texts[0] == "1" and len(texts) > 5)
    ):
        return False
    stems = [text for text in texts if text in "甲乙丙丁戊己庚" or text in ("栏次", "栏目") or text in "ABC"]
    numbers = [text for text in texts if text.isdigit()]
    return len(stems) + len(numbers) == len(texts) and [int(text) for text in numbers] == list(
        range(1, len(numbers) + 1)
    )


def complementary(upper: Row, lower: Row, rest: list[Row]) -> bool:
    """Two header rows without merged cells, as a CSV export leaves them: the lower one fills what the upper
    one leaves empty, and is empty where a name of the upper one stands for both."""
    above, below = set(upper.filled()), set(lower.filled())
    opened, alone = below - above, above - below
    if not opened or not alone or not rest or any(valued(lower, column) for column in below):
        return False
    return all(column - 1 in below for column in opened) and bool(
        {column for row in rest for column in row.filled()} & alone
    )


def form_like(rows: list[Row], merges: list[Area]) -> bool:
    """Are the rows a form (label beside value), not a table of rows under names?"""
    if all(_alternates(row) for row in rows):
        return True
    firsts = [row.texts[row.filled()[0]] for row in rows]
    if sum(bool(COLON.search(text)) for text in firsts) >= max(1, 0.6 * len(rows)):
        return True
    short = sum(len(text) <= 12 and not value_like(text) for text in firsts) >= 0.8 * len(rows)
    if not short or len(set(firsts)) < 0.8 * len(rows) or len(rows) < 2:
        return False
    columns = sorted({column for row in rows for column in row.filled()})
    counts = [len(row.filled()) for row in rows]
    if len(columns) == 2:
        kinds = {_kind(row, columns[1]) for row in rows} - {EMPTY}
        if kinds == {TEXT}:  # words beside words: which of them are names, the words tell
            return not is_header([_cells(row, columns) for row in rows], 2)
        return len(kinds) > 1 and (
            _kind(rows[0], columns[1]) != TEXT
            or len(kinds) > 2
            or len({_kind(row, columns[1]) for row in rows[1:]}) > 1
        )
    shapes = {
        tuple((a.left, a.right) for a in merges if a.top <= row.number <= a.bottom and a.right > a.left)
        for row in rows
    }
    even = all(count % 2 == 0 for count in counts)
    labels = [row.texts[column] for row in rows for column in row.filled()[::2]]
    named = sum(len(text) <= 12 and not value_like(text) for text in labels) >= 0.9 * len(labels) and len(
        set(labels)
    ) >= 0.9 * len(labels)
    if len(shapes) > 1 and named and even:
        return True
    values = [(row, column) for row in rows for column in row.filled()[1::2]]
    return (
        named
        and even
        and max(counts) <= 6
        and max(counts) > 2
        and any(valued(rows[0], column) for row, column in values if row is rows[0])
    )


def _cells(row: Row, columns: list[int]) -> list[Cell]:
    return [
        Cell(row.texts[column] if column < len(row.texts) else "", place, strong=column in row.strong)
        for place, column in enumerate(columns)
    ]


def _alternates(row: Row) -> bool:
    """Strong and plain cells by turns: labels and values."""
    filled = row.filled()
    return len(filled) % 2 == 0 and all(
        (column in row.strong) == (n % 2 == 0) for n, column in enumerate(filled)
    )


def _kind(row: Row, column: int) -> str:
    if column >= len(row.texts) or not row.texts[column]:
        return EMPTY
    if row.kinds[column] == DATE or (
        row.kinds[column] == TEXT
        and re.fullmatch(r"(?:19|20)\d\d[-./年]\d{1,2}(?:[-./月]\d{1,2}日?|月)?", row.texts[column])
    ):
        return DATE
    return "n" if valued(row, column) else TEXT

"""Where a row of a document stands in its sheet: kept in ``meta["places"]``, told for any span of the text.

Rows under each other are kept as one run, so that ten thousand of them take a few characters.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from index.types import Document


@dataclass(frozen=True, slots=True)
class Run:
    """A block of a document (from 0) and the cells that it was made from."""

    block: int
    sheet: str
    row: int
    left: str
    right: str


def packed(runs: Iterable[Run]) -> str:
    """Runs of blocks as JSON: [first block, count, sheet, first row, first column, last column]."""
    out: list[list[object]] = []
    last: Run | None = None
    for run in runs:
        follows = last is not None and (run.block, run.row) == (last.block + 1, last.row + 1)
        if (
            follows
            and last is not None
            and (run.sheet, run.left, run.right) == (last.sheet, last.left, last.right)
        ):
            out[-1][1] = int(str(out[-1][1])) + 1
        else:
            out.append([run.block, 1, run.sheet, run.row, run.left, run.right])
        last = run
    return json.dumps(out, ensure_ascii=False, separators=(",", ":"))


def place_of(document: Document, start: int, end: int | None = None) -> str:
    """The cells that a span of the text was made from: ``排产!A4:F6``; without a sheet's name for a .csv; ""
    elsewhere.

    A span that reaches over several sheets is told by the first of them.
    """
    if not (kept := document.meta.get("places")):
        return ""
    starts = [block.start for block in document.blocks]
    first = bisect_right(starts, start) - 1
    last = bisect_right(starts, max(start, (end or start + 1) - 1)) - 1
    found = []
    for block, count, sheet, row, left, right in json.loads(kept):
        if block + count > first and block <= last:
            found.append(
                (sheet, row + max(0, first - block), row + min(count - 1, last - block), left, right)
            )
    if not found:
        return ""
    sheet = found[0][0]
    same = [one for one in found if one[0] == sheet]
    top, bottom = min(one[1] for one in same), max(one[2] for one in same)
    left = min((one[3] for one in same), key=lambda name: (len(name), name))
    right = max((one[4] for one in same), key=lambda name: (len(name), name))
    cells = f"{left}{top}:{right}{bottom}" if (left, top) != (right, bottom) else f"{left}{top}"
    return f"{sheet}!{cells}" if sheet else cells

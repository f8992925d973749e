"""What comes back on the pages of a PDF and is not its text: running headers, footers, page numbers,
watermarks."""

from __future__ import annotations

import re
from collections import Counter

from index.loaders.pdf_rows import Row, Run

EDGE_ROWS = 2
"""Running headers and footers are looked for in this many rows at the top and at the bottom of a page."""

EDGE = 0.14
"""Share of a page's height at its top and bottom in which page numbers stand."""

_NUMERAL = r"(?:\d{1,4}|[一二三四五六七八九十百〇零]{1,5}|[ivxlc]{1,6})"
_PAGE_NUMBER = re.compile(
    rf"[-—–·.\s]*(?:第\s*)?{_NUMERAL}\s*页?(?:\s*[/／,，共]+\s*(?:第|"
    rf"共)?\s*{_NUMERAL}\s*页?)?[-—–·.\s]*|Page \d+(?: of \d+)?",
    re.I,
)


def without_watermarks(pages: list[list[Run]], body: float) -> list[list[Run]]:
    """Drop pale large text, and large text that stands at the same place of most pages."""
    places: Counter[tuple[str, int, int]] = Counter()
    for runs in pages:
        places.update({_place(run) for run in runs if run.size >= 1.5 * body})
    many = max(3, 0.6 * len(pages))
    return [
        [run for run in runs if run.size < 1.5 * body or not (run.pale or places[_place(run)] >= many)]
        for runs in pages
    ]


def _place(run: Run) -> tuple[str, int, int]:
    return run.text, round(run.left / 4), round(run.base / 4)


def without_running(pages: list[list[Row]], heights: list[float]) -> tuple[list[list[Row]], list[str]]:
    """Drop page numbers and the rows that come back, but for their digits, at the edge of most pages.

    Returns the rows that stay and the texts of those that were dropped.
    """
    edges = [_edge(rows) for rows in pages]
    seen: dict[str, list[float]] = {}
    for edge in edges:
        for form, size in {_form(row): row.size for row in edge}.items():
            seen.setdefault(form, []).append(size)
    many = max(2, min(3, len(pages)), len(pages) // 4)
    kept: list[list[Row]] = []
    running: list[str] = []
    for rows, edge, height in zip(pages, edges, heights, strict=True):
        at_edge = set(map(id, edge))
        dropped: set[int] = set()
        for row in rows:
            if id(row) not in at_edge:
                continue
            outside = row.base > (1 - EDGE) * height or row.base < EDGE * height
            if (len(pages) > 1 and _alike(row, seen) >= many and (outside or _digits(row.text))) or (
                outside and _PAGE_NUMBER.fullmatch(row.text) and _apart(row, rows)
            ):
                running.append(row.text)
                dropped.add(id(row))
        kept.append([row for row in rows if id(row) not in dropped])
    return kept, running


def _edge(rows: list[Row]) -> list[Row]:
    """The rows at the top and the bottom, by place and not by reading order; text standing side by side
    counts once."""
    levels = sorted({round(row.base / 3) for row in rows})
    ends = set(levels[:EDGE_ROWS] + levels[-EDGE_ROWS:])
    return [row for row in rows if row.table is None and round(row.base / 3) in ends]


def _digits(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _apart(row: Row, rows: list[Row]) -> bool:
    """Is there more room around a row than between lines of text, so that a number alone is no cell or
    item?"""
    others = [abs(other.base - row.base) for other in rows if other is not row]
    return min(others, default=1e9) > 1.7 * row.size


def _form(row: Row) -> str:
    """A row but for its digits."""
    return re.sub(r"\d+", "#", re.sub(r"\s+", "", row.text))


def _alike(row: Row, seen: dict[str, list[float]]) -> int:
    """On how many pages a row stands in letters of about its size: a title that every page repeats in small
    letters stands for itself, and text recognition measures the same letters anew on each page."""
    return sum(0.8 < row.size / max(size, 0.1) < 1.25 for size in seen.get(_form(row), []))

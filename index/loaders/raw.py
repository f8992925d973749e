"""What every loader hands back before repair: lines in reading order, and what the file says about itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from index.radicals import RADICALS

_DROP = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\xad\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f"
    r"\ufeff\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_RADICAL = re.compile(r"[\u2e80-\u2fd5]")
_SPREAD = re.compile(r"(?<![^\s；;：:，。（(])[\u4e00-\u9fff](?: [\u4e00-\u9fff]){1,5}(?= ?[：:])")
_PARTED = re.compile(
    r"(?:(?<=^)|(?<=；))(?=[\u4e00-\u9fff ]{3,9}[：:])(?=(?:\S+ )*\S(?: |[：:]))"
    r"[\u4e00-\u9fff]+(?: [\u4e00-\u9fff]+)+(?= ?[：:])"
)
"""A label of which some characters stand apart (出 生地), as a PDF has them."""
_SPREAD_NAME = re.compile(r"[\u4e00-\u9fff](?: [\u4e00-\u9fff]){1,5}")
_COLON = re.compile("[：:]")
_SPACE = re.compile(r"[ \t\xa0\u2000-\u200a\u202f\u3000]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One line or paragraph as the file has it.

    Attributes:
        text: without line breaks; leading and trailing space is cut when lines are joined.
        level: 0 body, 1..6 a heading that the file itself marks as such.
        fixed: a table row or list item: begins a paragraph of its own and takes no continuation.
        gap: an empty line, a new paragraph element or a large space stands before this line.
        full: the line reaches the right edge, so that the next one may continue it (hard wrapping, PDF).
        indent: the line begins further right than the lines around it (the first line of a paragraph).
        page: 1-based page, 0 when the file has no pages.
        row: 1 the first row of a table, 2 a further row of the same table, 0 not in a table.
        own: the file itself begins a paragraph here: it goes on from the line before only where that one
        breaks off
            at a comma. Unlike a fixed line it may be a heading by its form.
        size: height of the letters in points, 0 when it is not known.
        centred: the line stands in the middle of the page.
        on: the line goes on from the one before it, as its place on the page shows.
        sure: False where text recognition was not sure of the line.
    """

    text: str
    level: int = 0
    fixed: bool = False
    gap: bool = True
    full: bool = False
    indent: bool = False
    page: int = 0
    row: int = 0
    own: bool = False
    size: float = 0.0
    centred: bool = False
    sure: bool = True
    on: bool = False


@dataclass(slots=True)
class Raw:
    """A loaded file before repair: its lines and what it says about itself (all "" or None when it does not).

    ``title`` and ``published`` are what the file shows its reader; ``named`` and ``created`` stand in its
    properties, where templates and other documents leave theirs behind, and count only where nothing else is
    known.
    """

    lines: Iterable[Line]
    media_type: str
    title: str = ""
    published: str | None = None
    created: str | None = None
    named: str = ""
    supersedes: tuple[str, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)
    formed: bool = False
    """True when headings are marked by the file itself, so that none are guessed from the form of lines."""
    edges: tuple[str, ...] = ()
    """Lines of page headers and footers: read for date and number, no part of the text."""


def clean(text: str) -> str:
    """Line breaks as ``\\n``; control, zero-width and direction-changing characters removed; radicals as
    characters."""
    text = _DROP.sub("", _BREAK.sub("\n", text))
    return text.translate(RADICALS) if _RADICAL.search(text) else text


def squeeze(text: str) -> str:
    """One line: every run of white space becomes one space, and none is left in a label that is spread out
    (名    称：) to be as wide as others."""
    text = _SPACE.sub(" ", text.replace("\n", " ")).strip()
    if not _COLON.search(text):
        return text
    text = _SPREAD.sub(lambda found: found[0].replace(" ", ""), text)
    return _PARTED.sub(lambda found: found[0].replace(" ", ""), text)


def unspread(name: str) -> str:
    """The name of a column, one line, without the spaces between its characters (项    目)."""
    name = squeeze(name)
    return name.replace(" ", "") if _SPREAD_NAME.fullmatch(name) else name


def period(names: list[str]) -> int:
    """After how many cells a row of names begins again (姓名, 电话, 姓名, 电话: 2), as over a list set in
    columns; 0 where it does not."""
    for size in range(2, len(names) // 2 + 1):
        if names == names[:size] * (len(names) // size) and len(set(names[:size])) == size and all(names):
            return size
    return 0


def row_line(header: list[str], cells: Iterable[str]) -> str:
    """A table row as a readable line: ``列名：值；列名：值``; empty cells are left out. Cells are squeezed
    already."""
    parts: list[str] = []
    for number, value in enumerate(cells):
        if not value:
            continue
        name = header[number] if number < len(header) else ""
        parts.append(f"{name}：{value}" if name and name != value else value)
    return "；".join(parts)


def table_lines(rows: Iterable[list[str]], page: int = 0) -> Iterator[Line]:
    """Rows of cells -> lines. Rows with a single filled cell before the header are titles of the table.

    The header is the first row with at least two filled cells, provided that none of them is a bare number;
    without such a row the cells are joined as they are. A row that repeats the header is dropped.
    The lines know which of them begins the table (``Line.row``).
    """
    for number, line in enumerate(_table_lines(rows, page)):
        yield replace(line, row=2 if number else 1)


def _table_lines(rows: Iterable[list[str]], page: int) -> Iterator[Line]:
    header: list[str] | None = None
    told = False
    for row in rows:
        cells = [squeeze(cell) for cell in row]
        filled = [cell for cell in cells if cell]
        if not filled:
            continue
        if header is None:
            if len(set(filled)) == 1:
                yield Line(filled[0], fixed=True, page=page)
                continue
            named = len(filled) >= 2 and not any(re.fullmatch(r"[-+]?[\d,.]+%?", cell) for cell in filled)
            header = cells if named else []
            if named:
                continue
        elif cells == header:
            continue
        told = True
        if len(cells) > 2 and len(filled) > 1 and len(set(filled)) == 1:  # a merged cell across the table
            yield Line(filled[0], fixed=True, page=page)
        else:
            yield Line(row_line(header, cells), fixed=True, page=page)
    if header and not told:  # a table of one row
        yield Line(row_line([], header), fixed=True, page=page)

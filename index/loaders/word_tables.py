"""A Word table (``w:tbl``) as a grid of cells: merged cells once, deleted rows out, inner tables kept as
such."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from index.loaders.cells import Cell
from index.loaders.grid import Grid
from index.loaders.raw import Line, squeeze
from index.loaders.word_package import W, attribute, integer, on
from index.loaders.word_styles import Styles

_WRAPPERS = frozenset(W + name for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"))
WIDEST = 64
"""Columns that one cell may reach over; more are nonsense in a damaged file."""

ReadCell = Callable[[Any], Iterable[Line]]


def grid_of(table: Any, read: ReadCell, styles: Styles) -> Grid:
    """The cells of a table, ``read`` giving the lines of each in reading order."""
    rows: list[tuple[Cell, ...]] = []
    above: dict[int, tuple[int, Cell]] = {}
    header = 0
    style = styles.tables_bold.get(attribute(table, "tblPr/tblStyle") or "", set())
    look = table.find(f"{W}tblPr/{W}tblLook")
    first_bold = "firstRow" in style and _looks(look, "firstRow", 0x20)
    column_bold = "firstCol" in style and _looks(look, "firstColumn", 0x80)
    for row in _wrapped(table, "tr"):
        properties = row.find(W + "trPr")
        if properties is not None and properties.find(W + "del") is not None:
            continue
        cells: list[Cell] = []
        reached: dict[int, tuple[int, Cell]] = {}
        column = integer(attribute(properties, "gridBefore"))
        for element in _wrapped(row, "tc"):
            own = element.find(W + "tcPr")
            if own is not None and own.find(W + "cellDel") is not None:
                continue
            width = max(1, min(WIDEST, integer(attribute(own, "gridSpan"), 1)))
            merge = own.find(W + "vMerge") if own is not None else None
            if (
                merge is not None
                and merge.get(W + "val") != "restart"
                and column in above
                and above[column][0] == width
            ):
                cell = above[column][1]
                cell.height += 1
            elif cells and own is not None and attribute(own, "hMerge") == "continue":
                cells[-1].width += width
                column += width
                continue
            else:
                strong = (first_bold and not rows) or (column_bold and not column) or _strong(element, own)
                cell = _cell(tuple(read(element)), column, width, strong)
            if merge is not None:
                reached[column] = (width, cell)
            cells.append(cell)
            column += width
        above = reached
        if cells:
            rows.append(tuple(cells))
            if header == len(rows) - 1 and on(properties, "tblHeader"):
                header += 1
    return Grid(tuple(rows), header if header < len(rows) else 0)


def _wrapped(container: Any, name: str) -> Iterator[Any]:
    """Rows or cells of a table, also inside content controls and tracked insertions; not those of inner
    tables."""
    for child in container:
        if child.tag == W + name:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _wrapped(child, name)


def _cell(lines: tuple[Line, ...], column: int, width: int, strong: bool) -> Cell:
    text = " ".join(squeezed for line in lines if not line.row and (squeezed := squeeze(line.text)))
    return Cell(text, column, width, 1, tuple(line for line in lines if squeeze(line.text)), strong)


def _looks(look: Any, name: str, bit: int) -> bool:
    """Does the table use the special format of its first row or column?"""
    if look is None:
        return False
    value = look.get(W + name)
    if value is not None:
        return value in ("1", "true", "on")
    try:
        return bool(int(look.get(W + "val") or "0", 16) & bit)
    except ValueError:
        return False


def _strong(element: Any, properties: Any) -> bool:
    """Is all text of a cell bold, or the cell shaded?"""
    fill = properties.find(W + "shd") if properties is not None else None
    if fill is not None and (fill.get(W + "fill") or "auto").lower() not in ("auto", "ffffff"):
        return True
    runs = [
        run for run in element.iter(W + "r") if any((text.text or "").strip() for text in run.iter(W + "t"))
    ]
    return bool(runs) and all(on(run.find(W + "rPr"), "b") for run in runs)

"""Tables with merged cells -> lines. Tells a form (label beside value) from a table with a header and from a
layout.

A form reads ``姓名：林小雨；电话：555-0101``, a row under a header ``城市：北京；住宿费：500元``; what is
only placed side by side is read column by column. The decision is made on form alone: marks of the file (a
repeated header row, bold or shaded cells), merged cells, and which kinds of value (figures, dates, codes,
text) stand under and beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.loaders.cells import Cell, is_header, is_label, kind, labelled, unqualified
from index.loaders.raw import Line, period, unspread
from index.loaders.sheet_grid import period_run

LOOK = 12
"""Rows on which it is decided whether a run within a form has a header."""
LONG = 200
"""Characters; a longer value of several paragraphs is not put on one line."""

Rows = Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: rows of cells, and how many rows at the top the file itself marks as header.

    A cell merged over several rows stands in each of them as the same object, merged over columns once with
    its width.
    """

    rows: tuple[tuple[Cell, ...], ...]
    header: int = 0


def grid_lines(grid: Grid) -> Iterator[Line]:
    """The lines of a table in reading order, the first with ``row=1``; those of a layout are ordinary
    lines."""
    rows = [row for row in grid.rows if any(cell.text or cell.lines for cell in row)]
    if not rows:
        return
    columns = max(cell.column + cell.width for row in rows for cell in row)
    if columns == 1 or _is_layout(rows):
        yield from _columnwise(rows)
        return
    if _unfilled(grid.rows, rows):
        yield replace(_names_only(rows[:1]), fixed=True, level=0, row=1)
        return
    for number, line in enumerate(_table(rows, grid.header, columns)):
        yield replace(line, fixed=True, level=0, row=2 if number else 1)


def _unfilled(every: Rows, filled: Rows) -> bool:
    """Is the table a row of names over empty rows of the same cells, to be filled in by its readers?"""
    shape = [(cell.column, cell.width) for cell in filled[0]]
    below = [row for row in every if row is not filled[0]]
    return (
        len(filled) == 1 < len(every)
        and every[0] is filled[0]
        and all(cell.text for cell in filled[0])
        and all([(cell.column, cell.width) for cell in row] == shape for row in below)
    )


def _names_only(rows: Rows) -> Line:
    return _line("；".join(dict.fromkeys(cell.text for row in rows for cell in row if cell.text)), rows[0])


def _columnwise(rows: Rows) -> Iterator[Line]:
    """Every cell once, column by column."""
    seen: set[int] = set()
    for cell in sorted((cell for row in rows for cell in row), key=lambda cell: cell.column):
        if id(cell) not in seen:
            seen.add(id(cell))
            yield from cell.lines


def _is_layout(rows: Rows) -> bool:
    """Is the table there to place paragraphs side by side: long texts in one row, or cells that name
    themselves?"""
    cells = [cell for row in rows for cell in row if cell.text]
    if len(rows) == 1:
        long = [cell for cell in cells if len(cell.lines) > 1 or len(cell.text) > 60 or labelled(cell.text)]
        return len(cells) == 1 or (len(long) > 1 and len(long) == len(cells))
    if any(cell.width > 1 or cell.height > 1 for cell in cells):
        return False
    named = sum(labelled(cell.text) for cell in cells)
    if len(cells) > 2 and named == len(cells):
        return True
    text = sum(cell.text.endswith(("。", "；", "！", "？")) and len(cell.text) > 15 for cell in cells)
    return len(rows[0]) == 2 and text == len(cells)


def _table(rows: Rows, marked: int, columns: int) -> Iterator[Line]:
    at = 0
    while (
        at < len(rows) and not (marked and at >= marked) and (title := _across(rows[at], columns)) is not None
    ):
        yield from _own(title)
        at += 1
    body = rows[at:]
    depth = max(0, marked - at) or header_depth(body, columns)
    if depth and depth < len(body):
        yield from _headed(body, depth, columns)
    elif depth and len(body) == depth and marked:
        yield _names_only(body)
    else:
        yield from _form(body, columns)


def _across(row: Sequence[Cell], columns: int) -> Cell | None:
    """The one cell of a row that reaches across the table; None when the row is no such row."""
    filled = [cell for cell in row if cell.text or cell.lines]
    if len(filled) == 1 and filled[0].width >= max(2, columns - 1) and filled[0].height == 1:
        return filled[0]
    return None


def header_depth(rows: Rows, columns: int) -> int:
    """Rows at the top that are the header: 0 when there is none, more than 1 where header cells are
    merged."""
    if len(rows) < 2:
        return 0
    depth = max((cell.height for cell in rows[0]), default=1)
    if depth == 1 and any(cell.width > 1 for cell in rows[0]) and _splits(rows[0], rows[1]):
        depth = 2
    if depth >= len(rows) or depth > 4:
        return 0
    if depth == 1:
        return int(not _label_beside(rows) and is_header(rows, columns))
    parted = all(cell.height == depth or (cell.height == 1 and cell.width > 1) for cell in rows[0])
    wide = any(cell.width > 1 for row in rows[: depth - 1] for cell in row)
    texts = [unqualified(cell.text) for row in rows[:depth] for cell in row if cell.text]
    if parted and wide and depth == 2 and _steps_below(rows):
        return depth
    if not (parted and wide and all(is_label(text) for text in texts)):
        return 0  # a label beside several rows, as in forms
    names = [Cell(name, column) for column, name in enumerate(_names(rows[:depth], columns))]
    return depth if is_header([names, *rows[depth:]], columns) else 0


def _steps_below(rows: Rows) -> bool:
    """Do years, months or the like that ascend stand under a name merged over them (用水量 over 2024年 and
    2025年), and figures under these?"""
    top, lower, body = rows[0], rows[1], rows[2:]
    stepped: set[int] = set()
    for cell in top:
        below = [
            one for one in lower if cell.column <= one.column < cell.column + cell.width and one is not cell
        ]
        if not is_label(unqualified(cell.text)):
            return False
        if cell.width > 1 and not all(is_label(unqualified(one.text)) for one in below):
            if not period_run([one.text for one in below]):
                return False
            stepped.update(one.column for one in below)
    kinds = [kind(cell.text) for row in body for cell in row if cell.column in stepped]
    return bool(stepped) and "number" in kinds and kinds.count("text") + kinds.count("long") == 0


def _label_beside(rows: Rows) -> bool:
    """Does a label with one wide value stand right below a row of narrow cells, as in forms? What stands
    below a header has its columns; a wide cell comes there in a row of remarks, further down."""
    above, below = rows[0], rows[1]
    return (
        len(below) == 2 < len(above)
        and below[1].width == len(above) - 1
        and all(cell.width == 1 for cell in above)
        and is_label(below[0].text)
        and bool(below[1].text)
        and not any(cell.strong for cell in above)
    )


def _splits(above: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Do the cells of a row stand within the merged cells of the row above, two or more under each?"""
    starts = {cell.column for cell in below}
    wide = [cell for cell in above if cell.width > 1]
    return all(
        sum(column in starts for column in range(cell.column, cell.column + cell.width)) > 1 for cell in wide
    )


def _names(header: Rows, columns: int) -> list[str]:
    """The name of each column: header cells from top to bottom, joined (早班 over 人数 gives 早班人数)."""
    names: list[list[Cell]] = [[] for _ in range(columns)]
    for row in header:
        for cell in row:
            for column in range(cell.column, min(columns, cell.column + cell.width)):
                if cell not in names[column]:
                    names[column].append(cell)
    return ["".join(unspread(cell.text) for cell in column).rstrip("：:") for column in names]


def _headed(rows: Rows, depth: int, columns: int) -> Iterator[Line]:
    """Rows under a header; a row across the table stands for itself, a repeated header is dropped."""
    names = _names(rows[:depth], columns)
    if size := _beside(rows, depth, columns):
        for at in range(0, columns, size):  # a list set in columns is read down each of them
            part = [
                [replace(c, column=c.column - at) for c in row if at <= c.column < at + size] for row in rows
            ]
            yield from _headed([row for row in part if row], depth, size)
        return
    top = [[cell.text for cell in row] for row in rows[:depth]]
    for row in rows[depth:]:
        if [cell.text for cell in row] in top:
            continue
        across = _across(row, columns)
        if across is not None:
            yield from _own(across)
            continue
        if _remark(row, columns):
            yield _line(f"{row[0].text.rstrip('：:')}：{row[1].text}", row)
            continue
        parts: list[str] = []
        for cell in row:
            if not cell.text:
                continue
            covered = [*dict.fromkeys(filter(None, names[cell.column : cell.column + cell.width]))]
            name = covered[0] if len(covered) == 1 else "" if not cell.column else "、".join(covered)
            parts.append(f"{name}：{cell.text}" if name and name != cell.text else cell.text)
        if parts:
            yield _line("；".join(parts), row)
        yield from _inner(row)


def _beside(rows: Rows, depth: int, columns: int) -> int:
    """Columns of each of the lists that stand beside each other under the same names, which may stand in turn
    under a name for each list (一分厂, 二分厂); 0 where there is one."""
    size = period(_names(rows[depth - 1 : depth], columns))
    whole = all(cell.width == cell.height == 1 for row in rows[depth - 1 :] for cell in row)
    heads = rows[0] if depth == 2 else ()
    return size if whole and depth <= 2 and all(c.width == size and c.height == 1 for c in heads) else 0


def _remark(row: Sequence[Cell], columns: int) -> bool:
    """Is a row under a header a label with one value beside it, merged over the other columns?"""
    return (
        len(row) == 2
        and row[1].width > 2
        and row[0].width + row[1].width == columns
        and row[0].height == row[1].height == 1
        and is_label(row[0].text)
        and bool(row[1].text)
    )


def _form(rows: Rows, columns: int) -> Iterator[Line]:
    """Rows of labels and values; a run of rows that has a header of its own is read under it."""
    told: set[int] = set()
    at = stop = 0
    while at < len(rows):
        begins = at >= stop  # rows of one shape are one thing: a header stands at the top of them or nowhere
        stop = _run_end(rows, at) if begins else stop
        group = rows[at][0] if rows[at] and rows[at][0].height > 1 and stop - at > 1 else None
        width = len(rows[at]) - (group is not None)
        if (
            begins
            and stop - at > 1
            and width > 2
            and _headed_run(_packed(rows[at : min(stop, at + LOOK)], group), width)
        ):
            prefix = f"{group.text}：" if group is not None and group.text else ""
            yield from (
                replace(line, text=prefix + line.text)
                for line in _headed(_packed(rows[at:stop], group), 1, width)
            )
            told.update(id(cell) for row in rows[at:stop] for cell in row)
            at = stop
            continue
        yield from _form_row(rows[at], columns, told)
        at += 1


def _headed_run(rows: Rows, width: int) -> bool:
    return all(cell.height == 1 for row in rows for cell in row) and is_header(rows, width, strict=True)


def _packed(rows: Rows, group: Cell | None) -> list[list[Cell]]:
    """The cells of a run beside their group, with columns counted 0, 1, 2 ..., as the widths in a run are
    alike."""
    return [
        [
            replace(cell, column=number, width=1)
            for number, cell in enumerate(row[1:] if group is not None else row)
        ]
        for row in rows
    ]


def _run_end(rows: Rows, at: int) -> int:
    """End of the run of rows with the same columns and, where one reaches over rows, the same first cell."""
    shape = [(cell.column, cell.width) for cell in rows[at]]
    first = rows[at][0]
    stop = at + 1
    while stop < len(rows) and [(cell.column, cell.width) for cell in rows[stop]] == shape:
        if (first.height > 1 or rows[stop][0].height > 1) and rows[stop][0] is not first:
            break
        stop += 1
    return stop


def _form_row(row: Sequence[Cell], columns: int, told: set[int]) -> Iterator[Line]:
    fresh = [cell for cell in row if id(cell) not in told or (cell.height > 1 and cell is row[0])]
    fresh = [cell for cell in fresh if cell.text or cell.lines or cell is not row[0]]
    told.update(id(cell) for cell in row)
    filled = [cell for cell in fresh if cell.text or cell.lines]
    if not filled:
        return
    if len(filled) == 1 and (len(fresh) == 1 or labelled(filled[0].text)):
        yield from _own(filled[0])
        return
    prefix = ""
    if (
        fresh[0].height > 1
        and len(fresh) > 2
        and (len(fresh) % 2 or is_label(fresh[1].text))
        and len(fresh) != 4
    ):
        prefix = f"{fresh[0].text}：" if fresh[0].text else ""
        fresh = fresh[1:]
    parts: list[str] = []
    rest: list[Line] = []
    at = 0
    while at < len(fresh):
        cell = fresh[at]
        value = fresh[at + 1] if at + 1 < len(fresh) else None
        at += 1
        if not cell.text:
            continue
        named = labelled(cell.text) and not cell.text.endswith(("：", ":"))
        if value is None or named or not is_label(cell.text) or labelled(value.text):
            parts.append(cell.text)
            continue
        at += 1
        lines = [line for line in value.lines if not line.row]
        text = value.text
        if len(text) > LONG and len(lines) > 1:
            text, rest = lines[0].text, [*rest, *lines[1:]]
        parts.append(f"{cell.text.rstrip('：: ')}：{text}")
    yield _line(prefix + "；".join(parts), row)
    yield from rest
    yield from _inner(row, told)


def _line(text: str, row: Sequence[Cell]) -> Line:
    return Line(text, page=max(cell.page for cell in row), sure=all(cell.sure for cell in row))


def _own(cell: Cell) -> Iterator[Line]:
    """A cell that stands for itself: each of its paragraphs and inner tables."""
    yield from cell.lines or (_line(cell.text, (cell,)),)


def _inner(row: Sequence[Cell], told: set[int] | None = None) -> Iterator[Line]:
    """Inner tables of the cells of a row."""
    for cell in row:
        yield from (line for line in cell.lines if line.row)

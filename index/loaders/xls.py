"""Old workbooks (.xls, and .et of WPS) -> grids, through xlrd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.loaders.numfmt import BUILT_IN, number_shown
from index.loaders.raw import clean, squeeze
from index.loaders.sheet_columns import column_name, visible
from index.loaders.sheet_grid import CELLS_MAX, DATE, EMPTY, NUMBER, TEXT, Area, Row
from index.loaders.xlsx import CELL_MAX, Sheet, TooLarge


def xls_sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets that are shown. Raises xlrd.XLRDError and its like when the file is broken or protected."""
    import io

    import xlrd

    book = xlrd.open_workbook(file_contents=data, formatting_info=True, on_demand=True, logfile=io.StringIO())
    cells = 0
    for number in range(book.nsheets):
        sheet = book.sheet_by_index(number)
        if sheet.visibility:
            continue
        found = Sheet(sheet.name, visible([], [], [], set()))
        rows: list[Row] = []
        hidden = sorted(n + 1 for n, info in sheet.rowinfo_map.items() if info.hidden)
        gone = set(hidden)
        for at in range(sheet.nrows):
            if at + 1 in gone:
                continue
            row = Row(at + 1, [], [])
            for column in range(sheet.row_len(at)):
                text, kind, strong = _shown(book, sheet.cell(at, column), found)
                row.texts.append(text)
                row.kinds.append(kind)
                if strong and text:
                    row.strong.add(column)
                cells += bool(text)
            if any(row.texts):
                rows.append(row)
            if cells > CELLS_MAX:
                raise TooLarge
        hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden}
        found.hidden_columns = len(
            {column for row in rows for column in row.filled() if column in hidden_columns}
        )
        merges = [Area(top + 1, left, bottom, right - 1) for top, bottom, left, right in sheet.merged_cells]
        refs = [f"{column_name(a.left)}{a.top}:{column_name(a.right)}{a.bottom}" for a in merges]
        found.hidden_rows = len(hidden)
        found.grid = visible(rows, refs, hidden, hidden_columns)
        yield found
        book.unload_sheet(number)


def hidden_sheets(data: bytes) -> int:
    import io

    import xlrd

    book = xlrd.open_workbook(file_contents=data, on_demand=True, logfile=io.StringIO())
    return sum(1 for visibility in book._sheet_visibility if visibility)


def _shown(book: Any, cell: Any, sheet: Sheet) -> tuple[str, str, bool]:
    """What a cell displays, its kind, and whether it is printed strong."""
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return "", EMPTY, False
    form = (
        book.xf_list[cell.xf_index]
        if cell.xf_index is not None and cell.xf_index < len(book.xf_list)
        else None
    )
    font = (
        book.font_list[form.font_index]
        if form is not None and form.font_index < len(book.font_list)
        else None
    )
    strong = bool(font is not None and (font.bold or font.weight >= 700)) or bool(
        form is not None and form.background.fill_pattern
    )
    if font is not None and font.struck_out:
        return "", EMPTY, False
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return squeeze(clean(cell.value[:CELL_MAX])), TEXT, strong
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return ("是" if cell.value else "否"), TEXT, strong
    if cell.ctype == xlrd.XL_CELL_ERROR:
        sheet.errors += 1
        return "", EMPTY, False
    key = form.format_key if form is not None else 0
    code = BUILT_IN.get(key) if key in BUILT_IN and not 5 <= key <= 8 and not 37 <= key <= 44 else None
    if code is None:
        known = book.format_map.get(key)
        code = known.format_str if known is not None else BUILT_IN.get(key, "General")
    text, kind = number_shown(cell.value, code, book.datemode == 1)
    return text, kind if kind in (DATE, TEXT) else NUMBER, strong

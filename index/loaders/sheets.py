"""Tables (.xlsx, .csv) -> lines: the sheet's name as heading, then each row as ``列名：值；列名：值``."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errors import DocumentError
from index.loaders.encoding import decode
from index.loaders.office import BROKEN, open_office
from index.loaders.raw import Line, Raw, clean, table_lines

CELL_MAX = 32_768


def load_xlsx(path: Path, data: bytes) -> Raw:
    """An .xlsx file: every sheet that is not hidden; formulas by their stored values."""
    stream = open_office(path, data, "xl/workbook.xml")
    try:
        lines = list(_sheets(stream))
    except BROKEN as error:
        raise DocumentError(f"{path.name}: broken, it cannot be parsed as .xlsx", "Open and save it again in Excel or WPS.") from error
    return Raw(lines, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", formed=True)


def _sheets(stream: io.BytesIO) -> Iterator[Line]:
    import warnings

    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # openpyxl names each feature that it does not keep
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            sheet.reset_dimensions()
            lines = list(table_lines([_shown(cell) for cell in row] for row in sheet.iter_rows()))
            if lines:
                yield Line(sheet.title, level=2)
                yield from lines
        book.close()


def _shown(cell: Any) -> str:
    """A cell as a person reads it: dates as ISO, percentages as such, whole numbers without a point."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        if "%" in (cell.number_format or ""):
            return f"{round(value * 100, 6):g}%"
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    return clean(str(value)[:CELL_MAX])


def load_csv(path: Path, data: bytes) -> Raw:
    """A .csv or .tsv file; the delimiter (comma, tab, semicolon, bar) is told from its first lines."""
    text = clean(decode(data, path))
    sample = text[:20_000]
    delimiter = max("\t,;|，", key=lambda mark: (_columns(sample, mark), mark == ","))
    limit = csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise DocumentError(f"{path.name}: broken, it cannot be parsed as a table ({error})", "Save it again as CSV UTF-8.") from error
    finally:
        csv.field_size_limit(limit)
    return Raw(list(table_lines(rows)), "text/csv", formed=True)


def _columns(sample: str, mark: str) -> int:
    """Columns on which most of the sample's lines agree with this delimiter; 0 when they are one or unlike."""
    counts = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=mark) if row][:50]
    usual = max(set(counts), key=counts.count, default=0)
    return usual if usual > 1 and counts.count(usual) >= 0.6 * len(counts) else 0

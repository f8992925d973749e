"""Sheets (.xlsx, .xls, .csv) -> lines: the sheet's name as heading, then each row as ``列名：值；列名：值``.

Where each row stands in its sheet is kept in ``meta["places"]``; see :mod:`index.places`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from errors.unread import Unread
from index.loaders.dates import dateline
from index.loaders.encoding import decode
from index.loaders.office import BROKEN, open_office
from index.loaders.raw import Line, Raw, clean, squeeze
from index.loaders.sheet_columns import column_name
from index.loaders.sheet_grid import CELLS_MAX, EMPTY, TEXT, Grid, Row
from index.loaders.sheet_tables import TITLE_LEVEL, Placed, placed_lines
from index.loaders.xlsx import CELL_MAX, Book, Sheet, TooLarge
from index.places import Run, packed

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
LISTED = 20
DELIMITERS = "\t,;|，"
"""Cells without a value that are named one by one."""

_PLAIN_NAME = re.compile(r"(?i)(?:sheet|工作表|表格?)\s*\d*")


def load_xlsx(path: Path, data: bytes) -> Raw:
    """An .xlsx file: every sheet that is not hidden; formulas by their stored values."""
    from lxml import etree

    stream = open_office(path, data, "xl/workbook.xml")
    try:
        with zipfile.ZipFile(stream) as archive:
            book = Book(archive)
            return _raw(book.sheets(), XLSX, book.hidden)
    except TooLarge:
        raise _too_large(path) from None
    except (*BROKEN, etree.LxmlError) as error:
        raise Unread("broken_xlsx", name=path.name) from error


def load_xls(path: Path, data: bytes) -> Raw:
    """An .xls file (or .et of WPS)."""
    import xlrd

    from index.loaders.xls import hidden_sheets, xls_sheets

    try:
        return _raw(xls_sheets(data), XLS, hidden_sheets(data))
    except TooLarge:
        raise _too_large(path) from None
    except (*BROKEN, xlrd.XLRDError, xlrd.compdoc.CompDocError, AssertionError) as error:
        if "encrypted" in str(error).lower():
            raise Unread("protected", name=path.name) from error
        raise Unread("broken_xls", name=path.name) from error


def _too_large(path: Path) -> Unread:
    return Unread("cells", name=path.name, most=CELLS_MAX)


def _raw(sheets: Iterable[Sheet], media_type: str, hidden_sheets: int) -> Raw:
    lines: list[Line] = []
    notes: list[str] = []
    titles: list[str] = []
    runs: list[Run] = []
    read: list[Sheet] = []
    only = 0
    for sheet in sheets:
        placed = list(placed_lines(sheet.grid))
        read.append(replace(sheet, grid=Grid([], [])))
        if not placed and not sheet.texts:
            continue
        lines.append(Line(squeeze(clean(sheet.name)) or "Sheet", level=2))
        only += 1
        columns = sheet.grid.columns
        for one in placed:
            runs.append(
                Run(
                    len(lines),
                    sheet.name,
                    one.area.top,
                    column_name(columns[one.area.left]),
                    column_name(columns[one.area.right]),
                )
            )
            lines.append(one.line)
        lines += [Line(text, fixed=True) for text in sheet.texts]
        titles.append(_title(placed))
        notes += _notes(placed)
    unnamed = only == 1 and _PLAIN_NAME.fullmatch(lines[0].text)
    if unnamed:  # Sheet1 is no heading
        lines = lines[1:]
        runs = [replace(run, block=run.block - 1) for run in runs]
    raw = Raw(lines, media_type, formed=True)
    raw.title = titles[0] if only == 1 else ""
    raw.published = dateline(notes)
    raw.meta.update(_not_read(read, hidden_sheets))
    if runs:
        raw.meta["places"] = packed(runs)
    return raw


def _title(placed: list[Placed]) -> str:
    """The line above the only table, if it is one; above it may stand 附件2 and the like."""
    heads = [n for n, one in enumerate(placed) if one.line.level == TITLE_LEVEL]
    if len(heads) != 1 or any(one.line.row for one in placed[: heads[0]]):
        return ""
    return placed[heads[0]].line.text


def _notes(placed: list[Placed]) -> list[str]:
    """Lines above and below the tables, which may say when the sheet was made."""
    return [one.line.text for one in placed if one.note]


def _not_read(sheets: list[Sheet], hidden_sheets: int) -> dict[str, str]:
    """What a reader of the text should know was left out, by kind; counts as text."""
    cells = [place for sheet in sheets for place in sheet.no_value]
    facts = {
        "hidden_sheets": hidden_sheets,
        "hidden_rows": sum(sheet.hidden_rows for sheet in sheets),
        "hidden_columns": sum(sheet.hidden_columns for sheet in sheets),
        "pictures": sum(sheet.pictures for sheet in sheets),
        "cells_with_errors": sum(sheet.errors for sheet in sheets),
    }
    meta = {name: str(count) for name, count in facts.items() if count}
    if cells:
        more = f" (+{len(cells) - LISTED})" if len(cells) > LISTED else ""
        meta["formulas_without_value"] = ", ".join(cells[:LISTED]) + more
    return meta


def load_csv(path: Path, data: bytes) -> Raw:
    """A .csv or .tsv file; the delimiter (comma, tab, semicolon, bar) is told from its first lines."""
    text = clean(decode(data, path))
    told = re.match(r"sep=(.)\n", text)  # Excel's own way to name it
    text = text[told.end() :] if told else text
    text, above, below = _remarks(text)
    sample = text[:20_000]
    delimiter = told[1] if told else max(DELIMITERS, key=lambda mark: (_columns(sample, mark), mark == ","))
    limit = csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    try:
        rows = [
            _row(number, cells)
            for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), len(above) + 1)
        ]
    except csv.Error as error:
        raise Unread("broken_csv", name=path.name, what=str(error)) from error
    finally:
        csv.field_size_limit(limit)
    if sum(len(row.texts) for row in rows) > CELLS_MAX:
        raise _too_large(path)
    rows = [*(_row(n, [one]) for n, one in enumerate(above, 1)), *rows]
    rows += [_row(rows[-1].number + n if rows else n, [one]) for n, one in enumerate(below, 1)]
    width = max((len(row.texts) for row in rows), default=0)
    placed = list(placed_lines(Grid([row for row in rows if any(row.texts)], list(range(width)))))
    raw = Raw([one.line for one in placed], "text/csv", formed=True)
    raw.published = dateline(_notes(placed))
    raw.title = _title(placed)
    raw.meta["places"] = packed(
        Run(n, "", one.area.top, column_name(one.area.left), column_name(one.area.right))
        for n, one in enumerate(placed)
    )
    return raw


def _remarks(text: str) -> tuple[str, list[str], list[str]]:
    """The table of a text, and the lines above and below it that programs which export tables mark as
    remarks with # (# 导出时间：...): each one cell, whatever commas are in it. What only draws a line says
    nothing, and a line parted like the rows below it is their header."""
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if not line.startswith("#")), 0)
    if first and any(lines[first - 1].count(mark) == lines[first].count(mark) > 0 for mark in DELIMITERS):
        first -= 1
    stop = len(lines)
    while stop > first and (lines[stop - 1].startswith("#") or not lines[stop - 1].strip()):
        stop -= 1
    if stop == first:
        return text, [], []
    told = [[line.strip("# \t") for line in part] for part in (lines[:first], lines[stop:])]
    above, below = ([line for line in part if line and not line.startswith("--")] for part in told)
    return "\n".join(lines[first:stop]), above, below


def _row(number: int, cells: list[str]) -> Row:
    """Values that Excel was kept from reading as numbers (="001203", a leading tab or apostrophe) as they
    show."""
    texts = [squeeze(re.sub(r'^="(.*)"$', r"\1", cell[:CELL_MAX])) for cell in cells]
    return Row(number, texts, [TEXT if text else EMPTY for text in texts])


def _columns(sample: str, mark: str) -> int:
    """Columns on which most of the sample's lines agree with this delimiter; 0 when they are one or
    unlike."""
    counts = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=mark) if row][:50]
    usual = max(set(counts), key=counts.count, default=0)
    return usual if usual > 1 and counts.count(usual) >= 0.6 * len(counts) else 0


def load_sheet_xml(path: Path, data: bytes) -> Raw:
    """A workbook in the XML of Excel 2003, which many programs write as .xls."""
    from lxml import etree

    from index.loaders.sheet_xml import xml_sheets

    try:
        return _raw(xml_sheets(data), XLS, 0)
    except TooLarge:
        raise _too_large(path) from None
    except (*BROKEN, etree.LxmlError) as error:
        raise Unread("broken_workbook", name=path.name) from error

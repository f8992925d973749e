"""Workbooks in the XML of Excel 2003 (SpreadsheetML) -> grids. Many systems export this under the ending
.xls."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from index.loaders.numfmt import number_shown
from index.loaders.raw import clean, squeeze
from index.loaders.sheet_columns import column_name, visible
from index.loaders.sheet_grid import CELLS_MAX, EMPTY, TEXT, Row
from index.loaders.xlsx import CELL_MAX, Sheet, TooLarge

_S = "{urn:schemas-microsoft-com:office:spreadsheet}"
_NAMED = {
    "General Number": "General",
    "Fixed": "0.00",
    "Standard": "#,##0.00",
    "Percent": "0.00%",
    "Scientific": "0.00E+00",
    "Currency": "¥#,##0.00",
    "Short Date": "yyyy/m/d",
    "Long Date": 'yyyy"年"m"月"d"日"',
    "General Date": "yyyy/m/d h:mm",
    "Medium Date": "yyyy/m/d",
    "Short Time": "h:mm",
    "Long Time": "h:mm:ss",
    "Medium Time": "h:mm AM/PM",
}
_ZERO = datetime.datetime(1899, 12, 30)


def xml_sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets that are shown."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    formats = {style.get(f"{_S}ID"): _code(style) for style in root.iter(f"{_S}Style")}
    cells = 0
    for worksheet in root.iter(f"{_S}Worksheet"):
        state = next((one for one in worksheet.iter("{*}Visible")), None)
        if state is not None and "hidden" in (state.text or "").lower():
            continue
        sheet = Sheet(worksheet.get(f"{_S}Name") or "", visible([], [], [], set()))
        rows: list[Row] = []
        merges: list[str] = []
        hidden: list[int] = []
        hidden_columns: set[int] = set()
        column = 0
        for element in worksheet.iterfind(f"{_S}Table/{_S}Column"):
            column = int(element.get(f"{_S}Index") or column + 1)
            span = int(element.get(f"{_S}Span") or 0)
            if element.get(f"{_S}Hidden") == "1":
                hidden_columns.update(range(column - 1, column + span))
            column += span
        number = 0
        for element in worksheet.iterfind(f"{_S}Table/{_S}Row"):
            number = int(element.get(f"{_S}Index") or number + 1)
            if element.get(f"{_S}Hidden") == "1":
                hidden.append(number)
            elif any((row := _row(element, number, formats, merges, sheet)).texts):
                rows.append(row)
                cells += len(row.texts)
            if cells > CELLS_MAX:
                raise TooLarge
        sheet.hidden_rows = len(hidden)
        sheet.grid = visible(rows, merges, hidden, hidden_columns)
        yield sheet


def _code(style: Any) -> str:
    form = style.find(f"{_S}NumberFormat")
    code = form.get(f"{_S}Format") or "General" if form is not None else "General"
    return _NAMED.get(code, code)


def _row(element: Any, number: int, formats: dict[str, str], merges: list[str], sheet: Sheet) -> Row:
    row = Row(number, [], [])
    column = -1
    for cell in element.iterfind(f"{_S}Cell"):
        column = int(cell.get(f"{_S}Index") or column + 2) - 1
        across, down = int(cell.get(f"{_S}MergeAcross") or 0), int(cell.get(f"{_S}MergeDown") or 0)
        if across or down:
            merges.append(f"{column_name(column)}{number}:{column_name(column + across)}{number + down}")
        data = cell.find(f"{_S}Data")
        text, kind = _shown(
            data, formats.get(cell.get(f"{_S}StyleID") or element.get(f"{_S}StyleID"), "General"), sheet
        )
        if text and column < 16_384:
            missing = column + 1 - len(row.texts)
            row.texts += [""] * missing
            row.kinds += [EMPTY] * missing
            row.texts[column], row.kinds[column] = text, kind
        column += across
    return row


def _shown(data: Any, code: str, sheet: Sheet) -> tuple[str, str]:
    if data is None:
        return "", EMPTY
    text = squeeze(clean("".join(data.itertext())[:CELL_MAX]))
    kind = data.get(f"{_S}Type")
    if kind == "Error":
        sheet.errors += 1
        return "", EMPTY
    if kind == "Boolean":
        return ("是" if text == "1" else "否"), TEXT
    try:
        if kind == "Number":
            return number_shown(float(text), code)
        if kind == "DateTime":
            days = (datetime.datetime.fromisoformat(text) - _ZERO) / datetime.timedelta(days=1)
            return number_shown(days, code if code != "General" else "yyyy/m/d h:mm")
    except ValueError:
        pass
    return text, TEXT

"""Workbooks (.xlsx, .xlsm) -> grids, straight from the parts of the archive (ECMA-376 part 1, 18).

Read as streams, so that a large sheet costs little more than its texts. What a person does not see is left
out: hidden sheets, rows and columns, struck text. Formulas count by the value stored with them.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from index.loaders.numfmt import BUILT_IN, number_shown
from index.loaders.raw import clean, squeeze
from index.loaders.sheet_columns import column_name, column_number, visible
from index.loaders.sheet_grid import CELLS_MAX, DATE, EMPTY, TEXT, Grid, Row

CELL_MAX = 32_768
_ESCAPED = re.compile(r"_x([0-9A-F]{4})_")
_PICTURE = "DISPIMG("


class TooLarge(ValueError):
    """More cells than one file may have."""


@dataclass(slots=True)
class Sheet:
    """A sheet that is shown: its name, its cells, texts drawn over them, and what was not read."""

    name: str
    grid: Grid
    texts: list[str] = field(default_factory=list)
    no_value: list[str] = field(default_factory=list)
    errors: int = 0
    pictures: int = 0
    hidden_columns: int = 0
    hidden_rows: int = 0


@dataclass(slots=True)
class _Styles:
    """By cell format: the number format, whether it is strong (bold, or on a coloured ground), whether it is
    struck."""

    codes: list[str] = field(default_factory=list)
    strong: list[bool] = field(default_factory=list)
    struck: list[bool] = field(default_factory=list)


class Book:
    """An open workbook.

    Args:
        archive: the file, checked for its size already.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = {name.lower(): name for name in archive.namelist()}
        root = self._tree("xl/workbook.xml")
        targets = self._relations("xl/workbook.xml")
        properties = _first(root, "workbookPr")
        self.since_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self.parts: list[tuple[str, str]] = []
        self.hidden = 0
        for sheet in root.iter("{*}sheet"):
            relation = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
            kind, target = targets.get(relation, ("", ""))
            if sheet.get("state", "visible") != "visible":
                self.hidden += 1
            elif kind.endswith("/worksheet") and target.lower() in self.names:
                self.parts.append((sheet.get("name") or "", target))
        self.styles = self._styles()
        self.shared = list(self._shared())
        self.cells = 0

    def sheets(self) -> Iterator[Sheet]:
        for name, part in self.parts:
            sheet = self._sheet(name, part)
            for kind, target in self._relations(part).values():
                if kind.endswith("/drawing") and target.lower() in self.names:
                    self._drawing(target, sheet)
            yield sheet

    def _open(self, part: str) -> Any:
        return self.archive.open(self.names[part.lower()])

    def _tree(self, part: str) -> Any:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        with self._open(part) as stream:
            return etree.parse(stream, parser).getroot()

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Id -> kind and part that it names."""
        folder, name = posixpath.split(part)
        path = f"{folder}/_rels/{name}.rels"
        if path.lower() not in self.names:
            return {}
        return {
            one.get("Id") or "": (
                one.get("Type") or "",
                posixpath.normpath(posixpath.join("/", folder, one.get("Target") or ""))[1:],
            )
            for one in self._tree(path).iter("{*}Relationship")
            if one.get("TargetMode") != "External"
        }

    def _styles(self) -> _Styles:
        styles = _Styles()
        if "xl/styles.xml" not in self.names:
            return styles
        root = self._tree("xl/styles.xml")
        codes = {
            int(one.get("numFmtId") or -1): one.get("formatCode") or "" for one in root.iter("{*}numFmt")
        }
        fonts = [(_on(font, "b"), _on(font, "strike")) for font in _children(root, "fonts")]
        fills = [_ground(fill) for fill in _children(root, "fills")]
        for xf in _children(root, "cellXfs"):
            number, font, fill = (int(xf.get(name) or 0) for name in ("numFmtId", "fontId", "fillId"))
            bold, struck = fonts[font] if font < len(fonts) else (False, False)
            styles.codes.append(codes.get(number, BUILT_IN.get(number, "General")))
            styles.strong.append(bold or (fill < len(fills) and fills[fill]))
            styles.struck.append(struck)
        return styles

    def _shared(self) -> Iterator[str]:
        if "xl/sharedstrings.xml" not in self.names:
            return
        with self._open("xl/sharedStrings.xml") as stream:
            for _, item in etree.iterparse(stream, tag="{*}si", resolve_entities=False, no_network=True):
                yield _rich(item)
                _forget(item)

    def _sheet(self, name: str, part: str) -> Sheet:
        rows: list[Row] = []
        merges: list[str] = []
        hidden: list[int] = []
        hidden_columns: set[int] = set()
        sheet = Sheet(name, Grid(rows, []))
        number = 0
        collapsed = False
        with self._open(part) as stream:
            for _, element in etree.iterparse(
                stream,
                tag=("{*}row", "{*}col", "{*}mergeCell", "{*}sheetFormatPr"),
                resolve_entities=False,
                no_network=True,
            ):
                kind = etree.QName(element).localname
                if kind == "row":
                    number = int(element.get("r") or number + 1)
                    if element.get("hidden") in ("1", "true") or (
                        collapsed and element.get("hidden") is None
                    ):
                        hidden.append(number)
                    elif (row := self._row(element, number, sheet)) is not None:
                        rows.append(row)
                    _forget(element)
                elif kind == "col" and (
                    element.get("hidden") in ("1", "true") or element.get("width") == "0"
                ):
                    hidden_columns.update(
                        range(int(element.get("min") or 1) - 1, min(int(element.get("max") or 1), 16_384))
                    )
                elif kind == "mergeCell":
                    merges.append(element.get("ref") or "")
                elif kind == "sheetFormatPr":
                    collapsed = element.get("zeroHeight") in ("1", "true")
        sheet.hidden_columns = (
            len({column for row in rows for column in row.filled() if column in hidden_columns})
            if hidden_columns
            else 0
        )
        sheet.hidden_rows = len(hidden)
        sheet.grid = visible(rows, merges, sorted(hidden), hidden_columns)
        return sheet

    def _row(self, element: Any, number: int, sheet: Sheet) -> Row | None:
        row = Row(number, [], [])
        column = -1
        for cell in element:
            letters = (cell.get("r") or "").rstrip("0123456789")
            column = column_number(letters) if letters.isalpha() and letters.isupper() else column + 1
            if column >= 16_384:
                continue
            style = int(cell.get("s") or 0)
            text, kind = self._shown(cell, style, sheet, column, number)
            if not text:
                continue
            missing = column + 1 - len(row.texts)
            row.texts += [""] * missing
            row.kinds += [EMPTY] * missing
            row.texts[column], row.kinds[column] = text, kind
            if style < len(self.styles.strong) and self.styles.strong[style]:
                row.strong.add(column)
            self.cells += 1
        if self.cells > CELLS_MAX:
            raise TooLarge
        return row if row.texts else None

    def _shown(self, cell: Any, style: int, sheet: Sheet, column: int, row: int) -> tuple[str, str]:
        """What a cell displays and its kind; counts what has no value."""
        kind = cell.get("t", "n")
        stored, formula = "", None
        for child in cell:
            name = child.tag.rpartition("}")[2]
            if name == "v":
                stored = child.text or ""
            elif name == "f":
                formula = child
            elif name == "is" and kind == "inlineStr":
                stored = _rich(child)
        if (
            _PICTURE in stored
            or (formula is not None and _PICTURE in (formula.text or ""))
            or (kind == "e" and cell.get("vm"))
        ):
            sheet.pictures += 1
            return "", EMPTY
        if not stored:
            if formula is not None and kind != "str":
                sheet.no_value.append(f"{sheet.name}!{column_name(column)}{row}")
            return "", EMPTY
        if style < len(self.styles.struck) and self.styles.struck[style]:
            return "", EMPTY
        if kind == "s":
            number = int(stored)
            return (_cut(self.shared[number]) if 0 <= number < len(self.shared) else ""), TEXT
        if kind == "b":
            return ("是" if stored == "1" else "否"), TEXT
        if kind == "e":
            sheet.errors += 1
            return "", EMPTY
        if kind in ("str", "inlineStr"):
            return _cut(stored), TEXT
        if kind == "d":
            return stored.removesuffix("T00:00:00").replace("T", " "), DATE
        try:
            return number_shown(
                float(stored),
                self.styles.codes[style] if style < len(self.styles.codes) else "",
                self.since_1904,
            )
        except ValueError:
            return _cut(stored), TEXT

    def _drawing(self, part: str, sheet: Sheet) -> None:
        """Text boxes over the cells, and how many pictures there are."""
        root = self._tree(part)
        sheet.pictures += sum(1 for _ in root.iter("{*}pic"))
        for body in root.iter("{*}txBody"):
            for paragraph in body.iter("{*}p"):
                if text := squeeze(clean("".join(piece.text or "" for piece in paragraph.iter("{*}t")))):
                    sheet.texts.append(text)


def _children(root: Any, name: str) -> list[Any]:
    parent = _first(root, name)
    return list(parent) if parent is not None else []


def _first(element: Any, name: str) -> Any:
    return element.find(f"{{*}}{name}")


def _on(element: Any, name: str) -> bool:
    found = _first(element, name)
    return found is not None and found.get("val", "1") not in ("0", "false", "none")


def _ground(fill: Any) -> bool:
    pattern = _first(fill, "patternFill")
    return (
        pattern is not None
        and pattern.get("patternType") == "solid"
        and _first(pattern, "fgColor") is not None
    )


def _rich(item: Any) -> str:
    """Text of a string item: its runs but the struck ones, without the phonetic guide."""
    parts: list[str] = []
    for child in item:
        name = child.tag.rpartition("}")[2]
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            properties = _first(child, "rPr")
            if properties is None or not _on(properties, "strike"):
                parts += [piece.text or "" for piece in child.iterfind("{*}t")]
    text = "".join(parts)
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _cut(text: str) -> str:
    return squeeze(clean(text[:CELL_MAX]))


def _forget(element: Any) -> None:
    """Free a read element and those before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]

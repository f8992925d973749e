"""Word documents (.docx) -> lines: headings by style or outline level, tables by row, tracked deletions left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from errors import DocumentError
from index.loaders.dates import iso_date
from index.loaders.office import BROKEN, open_office
from index.loaders.raw import Line, Raw, clean, squeeze, table_lines

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"(?:heading|标题)\s*([1-9])", re.I)
TITLE = -1
_TEMPLATE_DATES = ("2013-12-23",)
"""Creation dates that template files carry, not documents."""


def load_docx(path: Path, data: bytes) -> Raw:
    """A .docx file, its text boxes and notes included."""
    import docx
    from lxml import etree

    stream = open_office(path, data, "word/document.xml")
    try:
        document = docx.Document(stream)
        body = document.element.body
        properties = document.core_properties
        title, created = properties.title or "", properties.created
        levels = dict(_style_levels(document))
        notes = list(_notes(document))
    except (*BROKEN, etree.LxmlError, docx.exceptions.PythonDocxError) as error:
        raise DocumentError(f"{path.name}: broken, it cannot be parsed as .docx", "Open and save it again in Word or WPS.") from error
    lines = [*_blocks(body, levels), *notes]
    if any(line.level == TITLE for line in lines):  # headings stand below the title
        lines = [replace(line, level=1 if line.level == TITLE else min(6, line.level + 1)) if line.level else line for line in lines]
    raw = Raw(lines, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", title=title)
    raw.formed = any(line.level for line in lines)
    day = iso_date(created.date().isoformat()) if created else None
    raw.created = day if day not in _TEMPLATE_DATES else None
    return raw


def _style_levels(document: Any) -> Iterator[tuple[str, int]]:
    """Style id -> heading level, from the style's name or outline level, its own or that of the style it is based on."""
    for style in document.styles:
        seen, current = 0, style
        while current is not None and seen < 10:
            name = current.name or ""
            if name in ("Title", "标题"):
                yield style.style_id, TITLE
                break
            if match := _HEADING.fullmatch(name.strip()):
                yield style.style_id, min(6, int(match[1]))
                break
            outline = current.element.find(f"{_W}pPr/{_W}outlineLvl")
            if outline is not None and (level := _outline(outline)):
                yield style.style_id, level
                break
            current, seen = getattr(current, "base_style", None), seen + 1


def _outline(element: Any) -> int:
    value = element.get(f"{_W}val") or ""
    return min(6, int(value) + 1) if value.isdigit() and int(value) < 9 else 0


def _blocks(container: Any, levels: dict[str, int]) -> Iterator[Line]:
    """Paragraphs and tables in order, looking into content controls (sdt) and insertions."""
    for child in container:
        if child.tag == f"{_W}p":
            yield from _paragraph(child, levels)
        elif child.tag == f"{_W}tbl":
            yield from table_lines(_rows(child))
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag", f"{_W}customXml"):
            yield from _blocks(child, levels)


def _paragraph(element: Any, levels: dict[str, int]) -> Iterator[Line]:
    properties = element.find(f"{_W}pPr")
    level, item = 0, False
    if properties is not None:
        style = properties.find(f"{_W}pStyle")
        level = levels.get(style.get(f"{_W}val") or "", 0) if style is not None else 0
        outline = properties.find(f"{_W}outlineLvl")
        level = (_outline(outline) or level) if outline is not None else level
        item = properties.find(f"{_W}numPr") is not None and not level
    text = clean(_text(element))
    if level:
        yield Line(squeeze(text), level=level)
    else:
        for number, part in enumerate(text.split("\n")):
            yield Line(part, fixed=item, gap=number == 0)
    for box in element.iter(f"{_W}txbxContent"):
        if not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
            yield from _blocks(box, levels)


def _text(element: Any) -> str:
    """The text of a paragraph as it reads now; text boxes in it come after it, not within."""
    parts: list[str] = []
    stack = [iter(element)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.tag == f"{_W}t":
            parts.append(child.text or "")
        elif child.tag in (f"{_W}tab", f"{_W}ptab"):
            parts.append(" ")
        elif child.tag in (f"{_W}br", f"{_W}cr"):
            parts.append("\n" if child.get(f"{_W}type") in (None, "textWrapping") else "")
        elif child.tag == f"{_W}noBreakHyphen":
            parts.append("-")
        elif child.tag not in (f"{_W}del", f"{_W}moveFrom", f"{_W}txbxContent", f"{_W}pPr", f"{_W}rPr", _FALLBACK):
            stack.append(iter(child))
    return "".join(parts)


def _rows(table: Any) -> Iterator[list[str]]:
    """Cells of each row; a cell merged across columns or rows is repeated where it reaches."""
    above: dict[int, str] = {}
    for row in table.iter(f"{_W}tr"):
        if next(parent for parent in row.iterancestors(f"{_W}tbl")) is not table:
            continue
        cells: list[str] = []
        for cell in row.iter(f"{_W}tc"):
            if next(parent for parent in cell.iterancestors(f"{_W}tr")) is not row:
                continue
            text = " ".join(squeeze(clean(_text(part))) for part in cell.iter(f"{_W}p"))
            span = cell.find(f"{_W}tcPr/{_W}gridSpan")
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            if merge is not None and merge.get(f"{_W}val") != "restart":
                text = above.get(len(cells), text)
            above[len(cells)] = text
            width = span.get(f"{_W}val") if span is not None else "1"
            cells += [text] * (min(64, int(width)) if width and width.isdigit() else 1)
        yield cells


def _notes(document: Any) -> Iterator[Line]:
    """Footnotes and endnotes, after the text."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for relation in document.part.rels.values():
        if relation.reltype.endswith(("/footnotes", "/endnotes")) and not relation.is_external:
            root = etree.fromstring(relation.target_part.blob, parser)
            for note in root:
                text = squeeze(clean(" ".join(_text(part) for part in note.iter(f"{_W}p"))))
                if text and note.get(f"{_W}type") in (None, "normal"):
                    yield Line(text, fixed=True)

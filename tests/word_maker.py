"""Word files for tests: python-docx for what it can write, XML for the rest."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

NS = nsdecls("w") + (
    ' xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def blank() -> Any:
    """An empty document whose properties say nothing."""
    made = docx.Document()
    made.core_properties.title = ""
    return made


def put(document: Any, xml: str) -> Any:
    """Append XML (``w:p``, ``w:tbl``, ...) to the body, in front of its section properties; gives the
    element."""
    element = xml_of(xml)
    document.element.body.insert_element_before(element, "w:sectPr")
    return element


def xml_of(xml: str) -> Any:
    head, _, rest = xml.partition(">")
    closing = "/" if head.endswith("/") else ""
    return parse_xml(f"{head.rstrip('/')} {NS}{closing}>{rest}")


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def number_list(
    document: Any,
    number: int,
    levels: Sequence[tuple[str, str]],
    extra: str = "",
    override: str = "",
    same: int = 0,
) -> int:
    """A list (``w:num``) with levels of (format, text); ``same``: the number of a list whose levels it
    shares."""
    root = document.part.numbering_part.element
    abstract = same or number
    if not same:
        made = "".join(
            f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/>'
            f'<w:numFmt w:val="{form}"/>{extra}<w:lvlText w:val="{text}"/></w:lvl>'
            for depth, (form, text) in enumerate(levels)
        )
        element = xml_of(
            f'<w:abstractNum w:abstractNumId="{abstract}">'
            f'<w:multiLevelType w:val="multilevel"/>{made}</w:abstractNum>'
        )
        root.insert(0, element)
    root.append(xml_of(f'<w:num w:numId="{number}"><w:abstractNumId w:val="{abstract}"/>{override}</w:num>'))
    return number


def numbered(document: Any, text: str, number: int, depth: int = 0, style: str | None = None) -> Any:
    made = document.add_paragraph(text, style)
    properties = made._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = depth
    properties.get_or_add_numId().val = number
    return made


def table(document: Any, rows: Sequence[Sequence[str]]) -> Any:
    made = document.add_table(rows=len(rows), cols=max(map(len, rows)))
    for row, texts in zip(made.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=False):
            cell.text = text
    return made


def notes(path: Path, kind: str, texts: Sequence[str]) -> None:
    """Add footnotes or endnotes 2, 3, ... to a saved file."""
    body = "".join(
        f'<w:{kind} w:id="{n}"><w:p><w:r><w:{kind}Ref/></w:r>{run(text)}</w:p></w:{kind}>'
        for n, text in enumerate(texts, 2)
    )
    separator = f'<w:{kind} w:type="separator" w:id="0"><w:p><w:r><w:separator/></w:r></w:p></w:{kind}>'
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    relations = parts["word/_rels/document.xml.rels"].decode()
    kind_url = f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}s"
    parts["word/_rels/document.xml.rels"] = relations.replace(
        "</Relationships>",
        f'<Relationship Id="rNote{kind}" Type="{kind_url}" Target="{kind}s.xml"/></Relationships>',
    ).encode()
    parts[f"word/{kind}s.xml"] = f"<w:{kind}s {NS}>{separator}{body}</w:{kind}s>".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)


def centred(document: Any, text: str, points: float = 0) -> Any:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    made = document.add_paragraph()
    made.alignment = WD_ALIGN_PARAGRAPH.CENTER
    piece = made.add_run(text)
    if points:
        piece.font.size = Pt(points)
    return made


def set_val(element: Any, value: str) -> None:
    element.set(qn("w:val"), value)

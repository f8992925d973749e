"""Paragraphs and tables -> a small .docx file in memory, so that every kind of Word file is read by one set
of rules.

Takes what old formats say: text, heading level, automatic number, rows of cells with their widths and merges.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

_NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>'
    '<Override PartName="/word/numbering.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml"/>'
    '<Override PartName="/docProps/core.xml" '
    'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)
_HEADINGS = "".join(
    f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/>'
    f'<w:pPr><w:outlineLvl w:val="{n - 1}"/></w:pPr></w:style>'
    for n in range(1, 10)
)
_STYLES = (
    f'<w:styles {_NS}><w:style w:type="paragraph" w:styleId="Title">'
    f'<w:name w:val="Title"/></w:style>{_HEADINGS}</w:styles>'
)
FORMATS = (
    "decimal",
    "upperRoman",
    "lowerRoman",
    "upperLetter",
    "lowerLetter",
    "ordinal",
    "cardinalText",
    "ordinalText",
    "hex",
    "chicago",
    "ideographDigital",
    "japaneseCounting",
    "aiueo",
    "iroha",
    "decimalFullWidth",
    "decimalHalfWidth",
    "japaneseLegal",
    "japaneseDigitalTenThousand",
    "decimalEnclosedCircle",
    "decimalFullWidth2",
    "aiueoFullWidth",
    "irohaFullWidth",
    "decimalZero",
    "bullet",
    "ganada",
    "chosung",
    "decimalEnclosedFullstop",
    "decimalEnclosedParen",
    "decimalEnclosedCircleChinese",
    "ideographEnclosedCircle",
    "ideographTraditional",
    "ideographZodiac",
    "ideographZodiacTraditional",
    "taiwaneseCounting",
    "ideographLegalTraditional",
    "taiwaneseCountingThousand",
    "taiwaneseDigital",
    "chineseCounting",
    "chineseLegalSimplified",
    "chineseCountingThousand",
)
"""Number formats by their code in binary files ([MS-OSHARED] 2.2.1.3 MSONFC), named as in .docx."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; ``level`` 0 for body, 1..9 a heading, -1 the title; ``number`` (list, depth) or None."""

    text: str
    level: int = 0
    number: tuple[int, int] | None = None
    centred: bool = False
    size: float = 0.0


@dataclass(slots=True)
class Cell:
    """A cell: its paragraphs, the columns that it spans, and whether it goes on from the cell above."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    span: int = 1
    begins: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class ListLevel:
    """One level of a list: first number, format by its name, text with ``%1`` for the number of level 1."""

    start: int
    form: str
    text: str
    gap: bool = True


class WordFile:
    """Gathers a document; :meth:`data` gives it as a .docx file."""

    def __init__(self, title: str = "", created: str = "") -> None:
        self.title, self.created = title, created
        self.body: list[str] = []
        self.lists: dict[int, dict[int, ListLevel]] = {}

    def paragraph(self, paragraph: Paragraph) -> None:
        self.body.append(_paragraph(paragraph))

    def table(self, rows: list[list[Cell]]) -> None:
        width = max((sum(cell.span for cell in row) for row in rows), default=1)
        grid = "<w:gridCol/>" * min(width, 200)
        self.body.append(f"<w:tbl><w:tblPr/><w:tblGrid>{grid}</w:tblGrid>{''.join(map(_row, rows))}</w:tbl>")

    def data(self) -> bytes:
        stream = io.BytesIO()
        rels = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{kind}.xml"/>'
            for n, kind in enumerate(("styles", "numbering"), 1)
        )
        package = (
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
            f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" '
            'Target="docProps/core.xml"/>'
        )
        with zipfile.ZipFile(stream, "w") as archive:
            for name, text in (
                ("[Content_Types].xml", _TYPES),
                ("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{package}</Relationships>'),
                (
                    "word/_rels/document.xml.rels",
                    f'<Relationships xmlns="{_PACKAGE}/relationships">{rels}</Relationships>',
                ),
                (
                    "word/document.xml",
                    f"<w:document {_NS}><w:body>{''.join(self.body)}<w:sectPr/></w:body></w:document>",
                ),
                ("word/styles.xml", _STYLES),
                ("word/numbering.xml", self._numbering()),
                ("docProps/core.xml", self._core()),
            ):
                archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}')
        return stream.getvalue()

    def _numbering(self) -> str:
        abstract = "".join(
            f'<w:abstractNum w:abstractNumId="{n}">'
            + "".join(_level(depth, level) for depth, level in sorted(levels.items()))
            + "</w:abstractNum>"
            for n, levels in self.lists.items()
        )
        numbers = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in self.lists)
        return f"<w:numbering {_NS}>{abstract}{numbers}</w:numbering>"

    def _core(self) -> str:
        created = (
            f'<dcterms:created xsi:type="dcterms:W3CDTF">{self.created}T00:00:00Z</dcterms:created>'
            if self.created
            else ""
        )
        return (
            f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{_xml(self.title)}</dc:title>{created}</cp:coreProperties>"
        )


def _xml(text: str) -> str:
    return escape(
        "".join(
            char
            for char in text
            if char in "\t\n"
            or char >= " "
            and not 0xD800 <= ord(char) <= 0xDFFF
            and ord(char) not in (0xFFFE, 0xFFFF)
        )
    )


def _paragraph(paragraph: Paragraph) -> str:
    properties = ""
    if paragraph.level:
        properties += f'<w:pStyle w:val="{"Title" if paragraph.level < 0 else f"Heading{paragraph.level}"}"/>'
    if paragraph.number is not None:
        properties += (
            f'<w:numPr><w:ilvl w:val="{paragraph.number[1]}"/>'
            f'<w:numId w:val="{paragraph.number[0]}"/></w:numPr>'
        )
    if paragraph.centred:
        properties += '<w:jc w:val="center"/>'
    size = f'<w:rPr><w:sz w:val="{round(paragraph.size * 2)}"/></w:rPr>' if paragraph.size else ""
    lines = "<w:br/>".join(
        f'<w:t xml:space="preserve">{_xml(line)}</w:t>' for line in paragraph.text.split("\n")
    )
    runs = lines.replace("\t", '</w:t><w:tab/><w:t xml:space="preserve">')
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r>{size}{runs}</w:r></w:p>"


def _row(cells: list[Cell]) -> str:
    out = []
    for cell in cells:
        span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
        merge = '<w:vMerge w:val="restart"/>' if cell.begins else "<w:vMerge/>" if cell.goes_on else ""
        inner = "".join(map(_paragraph, cell.paragraphs)) or "<w:p/>"
        out.append(f"<w:tc><w:tcPr>{span}{merge}</w:tcPr>{inner}</w:tc>")
    return f"<w:tr>{''.join(out)}</w:tr>"


def _level(depth: int, level: ListLevel) -> str:
    gap = "" if level.gap else '<w:suff w:val="nothing"/>'
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{level.start}"/><w:numFmt w:val="{level.form}"/>{gap}'
        f"<w:lvlText w:val={quoteattr(_xml(level.text))}/></w:lvl>"
    )

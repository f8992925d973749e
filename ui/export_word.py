"""Answers and conversations as a Word file: questions as headings, lists and tables as such, numbered sources
at the end.

Text of documents and models is put in as text runs; what XML cannot hold is left out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from qa.types import Answer, Sentence
from ui.citations import Source, sources
from ui.document_changes import CurrentDocuments
from ui.escape import plain, printable
from ui.export import asked, numbers, where
from ui.layout import Block, Heading, Line, Listing, Table, layout
from ui.storage_types import Exchange
from ui.texts import Texts

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONTS = {"zh": ("Times New Roman", "宋体", "黑体"), "en": ("Calibri", "宋体", "黑体")}
"""Western face, Chinese face of the text, Chinese face of headings."""


def to_word(
    title: str, exchanges: Sequence[Exchange], lang: str = "zh", held: CurrentDocuments | None = None
) -> bytes:
    """A conversation (or one answer of it) as .docx. The sources of all answers are numbered through and
    stand at the end; ``held`` tells which documents are no longer what they were."""
    return _Word(title, Texts(lang)).made(exchanges, held)


class _Word:
    def __init__(self, title: str, t: Texts) -> None:
        import docx

        self.t = t
        self.file: Any = docx.Document()
        self.first = 0
        self._styles(title)

    def made(self, exchanges: Sequence[Exchange], held: CurrentDocuments | None) -> bytes:
        t = self.t
        listed: list[tuple[int, Source]] = []
        self._add(t("export_note"), "Subtitle")
        for exchange in exchanges:
            self._add(exchange.question, "Heading 1")
            self._add(asked(exchange, t), "Caption")
            answer = exchange.given
            if answer is None:
                self._add(exchange.message or t("stopped"))
                continue
            numbered = sources(answer, held.of(answer) if held is not None else None)
            self._answer(answer, numbered)
            listed += [(self.first + source.number, source) for source in numbered]
            self.first += len(numbered)
        if listed:
            self._add(t("sources"), "Heading 1")
            for number, source in listed:
                self._source(number, source)
        out = io.BytesIO()
        self.file.save(out)
        return out.getvalue()

    def _answer(self, answer: Answer, numbered: Sequence[Source]) -> None:
        if answer.refusal is not None:
            self._add(answer.refusal.message)
            return
        for block in layout(answer):
            self._block(block, numbered)
        for note in answer.notes:
            tied = self._numbers([Sentence("", citations=note.citations)], numbered)
            self._add(note.message + tied).runs[0].italic = True

    def _block(self, block: Block, numbered: Sequence[Source]) -> None:
        if isinstance(block, Heading):
            self._add(block.text, f"Heading {block.level + 1}")
        elif isinstance(block, Table):
            self._table(block, numbered)
        else:
            style = {"number": "List Number", "bullet": "List Bullet"}.get(
                getattr(block, "marks", ""), "Normal"
            )
            paragraphs = [self._line(line, style, numbered) for line in block.lines]
            if isinstance(block, Listing) and block.marks == "number":
                self._count_anew(paragraphs)

    def _line(self, line: Line, style: str, numbered: Sequence[Source]) -> Any:
        paragraph = self.file.add_paragraph(style=style)
        if line.lead:
            paragraph.add_run(printable(line.lead)).bold = True
        for part in line.parts:
            paragraph.add_run(printable(plain(part.text)))
            if part.ends:
                self._tie(paragraph, [part.sentence], numbered)
        return paragraph

    def _table(self, table: Table, numbered: Sequence[Source]) -> None:
        head = [table.head] if table.head is not None else []
        rows = [*head, *table.rows]
        if not rows:
            return
        width = len(rows[0].cells)
        made = self.file.add_table(rows=len(rows), cols=width + 1, style="Table Grid")
        for row, cells in zip(rows, made.rows, strict=True):
            for cell, text in zip(cells.cells, row.cells, strict=False):
                cell.paragraphs[0].add_run(printable(plain(text))).bold = row is table.head
            last = cells.cells[width].paragraphs[0]
            if row is table.head:
                last.add_run(self.t("evidence_column")).bold = True
            else:
                self._tie(last, row.line.sentences, numbered)
        if table.head is not None:
            self._repeats(made.rows[0])
        self.file.add_paragraph()

    def _tie(self, paragraph: Any, sentences: Sequence[Sentence], numbered: Sequence[Source]) -> None:
        """Numbers of sources, and the state of what is not fully supported."""
        from docx.shared import RGBColor

        if tied := self._numbers(sentences, numbered):
            paragraph.add_run(tied).font.superscript = True
        for state in dict.fromkeys(s.state for s in sentences if s.state in ("partial", "unsupported")):
            paragraph.add_run(f"〔{self.t('state_' + state)}〕").font.color.rgb = RGBColor(0x8A, 0x53, 0x00)

    def _numbers(self, sentences: Sequence[Sentence], numbered: Sequence[Source]) -> str:
        return numbers(sentences, numbered, self.first)

    def _source(self, number: int, source: Source) -> None:
        self._add(f"[{number}] {where(source, self.t)}").paragraph_format.keep_with_next = True
        for quote in source.quotes:
            self._add(quote.quote, "Quote")

    def _add(self, text: str, style: str = "Normal") -> Any:
        paragraph = self.file.add_paragraph(style=style)
        paragraph.add_run(printable(text))
        return paragraph

    def _styles(self, title: str) -> None:
        """Faces that Chinese offices have; headings in black."""
        from docx.oxml.ns import qn
        from docx.shared import Pt, RGBColor

        western, text, headings = FONTS[self.t.lang]
        for name in (
            "Normal",
            "Heading 1",
            "Heading 2",
            "Heading 3",
            "Title",
            "Subtitle",
            "Caption",
            "Quote",
        ):
            style = self.file.styles[name]
            style.font.name = western
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            fonts.set(qn("w:eastAsia"), headings if name.startswith(("Heading", "Title")) else text)
            style.font.color.rgb = (
                RGBColor(0x50, 0x58, 0x64) if name in ("Subtitle", "Caption") else RGBColor(0, 0, 0)
            )
        for name, size in (
            ("Normal", 12),
            ("Heading 1", 16),
            ("Heading 2", 14),
            ("Heading 3", 12),
            ("Subtitle", 10),
            ("Caption", 9),
        ):
            self.file.styles[name].font.size = Pt(size)
        for name in ("Subtitle", "Caption"):
            self.file.styles[name].font.italic = False
            self.file.styles[name].font.bold = False
        self.file.core_properties.title = printable(title)[:255]
        self.file.core_properties.author = ""
        self._add(title, "Title").runs[0].font.size = Pt(20)

    def _count_anew(self, paragraphs: Sequence[Any]) -> None:
        """Each numbered list begins with 1: a numbering of its own over the style's."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        numbering = self.file.part.numbering_part.element
        style = self.file.styles["List Number"].element.pPr.numPr.numId.val
        kind = next(num.abstractNumId.val for num in numbering.num_lst if num.numId == style)
        num = numbering.add_num(kind)
        start = OxmlElement("w:lvlOverride")
        start.set(qn("w:ilvl"), "0")
        value = OxmlElement("w:startOverride")
        value.set(qn("w:val"), "1")
        start.append(value)
        num.append(start)
        for paragraph in paragraphs:
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = 0
            properties.get_or_add_numId().val = num.numId

    @staticmethod
    def _repeats(row: Any) -> None:
        """The head stands on every page that the table runs over."""
        from docx.oxml import OxmlElement

        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))

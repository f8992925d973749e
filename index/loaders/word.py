"""Word documents (.docx) -> lines in reading order, as they stand on paper: automatic numbers, forms, notes
in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index.loaders.contents import without_contents
from index.loaders.dates import iso_date
from index.loaders.grid import grid_lines
from index.loaders.mixed_headings import with_form_headings
from index.loaders.picture_text import picture_lines
from index.loaders.raw import Line, Raw, clean, squeeze
from index.loaders.scans import ready
from index.loaders.titles import title_of
from index.loaders.word_numbers import Numbering
from index.loaders.word_package import Package, W, attribute, integer, on
from index.loaders.word_styles import TITLE, Style, Styles, aligned, outline
from index.loaders.word_tables import grid_of
from index.loaders.word_text import Piece, Reader

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DEPTH_MAX = 12
"""Tables and text boxes within one another; what lies deeper is left out."""
HEADING_TEXT_MAX = 80
"""A longer paragraph is body text, whatever its style."""

_CONTAINERS = frozenset(
    W + name for name in ("sdtContent", "ins", "moveTo", "smartTag", "customXml", "txbxContent")
)
_TEMPLATE_DATES = ("2013-12-23",)
"""Creation dates that template files carry, not documents."""


def load_docx(path: Path, data: bytes) -> Raw:
    """A .docx file: body with text boxes and notes in place; page headers for document number and date only.

    ``meta`` says what was not read: ``pictures`` (how many), and ``pictures_recognised``, those in which text
    was recognised.
    """
    package = Package(path, data)
    body = _Body(package)
    with package.reading():
        lines = list(body.lines())
        edges = _edges(package, body)
        title, created = _properties(package)
    named = any(line.level == TITLE for line in lines)
    if named:  # headings stand below the title
        lines = [
            replace(line, level=1 if line.level == TITLE else min(6, line.level + 1)) if line.level else line
            for line in lines
        ]
    lines = list(with_form_headings(without_contents(lines, body.contents)))
    raw = Raw(lines, MEDIA_TYPE, title=title_of(lines, named) or "", named=title)
    raw.formed = any(line.level for line in lines)
    raw.edges = tuple(edges)
    raw.created = created if created not in _TEMPLATE_DATES else None
    for key, count in (
        ("pictures", body.pictures - body.recognised),
        ("pictures_recognised", body.recognised),
    ):
        if count > 0:
            raw.meta[key] = str(count)
    return raw


@dataclass(slots=True)
class _Body:
    """Reads the story of the main part; the numbering goes on through tables and boxes in document order."""

    package: Package
    styles: Styles = field(init=False)
    numbering: Numbering = field(init=False)
    reader: Reader = field(init=False)
    root: Any = field(init=False)
    pictures: int = 0
    recognised: int = 0
    contents: bool = False
    _images: dict[str, str] | None = None
    _seen: dict[str, list[Line]] = field(default_factory=dict)
    _notes: dict[tuple[str, str], Any] = field(default_factory=dict)
    _note_count: int = 0
    _held: str = ""

    def __post_init__(self) -> None:
        with self.package.reading():
            self.root = self.package.tree(self.package.main)
            self.styles = Styles(self.package.only("styles"))
            self.numbering = Numbering(self.package.only("numbering"))
            self.reader = Reader(self.styles, _paired(self.root))
            for kind in ("footnote", "endnote"):
                notes = self.package.only(f"{kind}s")
                for note in notes if notes is not None else ():
                    if note.get(W + "type") in (None, "normal"):
                        self._notes[kind, note.get(W + "id") or ""] = note

    def lines(self) -> Iterator[Line]:
        story = self.root.find(W + "body")
        yield from self.blocks(story if story is not None else ())
        for note in list(self._notes):  # those that nothing refers to
            yield from self._note(note, 1)

    def blocks(self, container: Any, depth: int = 0) -> Iterator[Line]:
        """Paragraphs and tables in order, looking into content controls and insertions."""
        if depth > DEPTH_MAX:
            return
        for child in container:
            tag = child.tag
            if tag == W + "p":
                yield from self._paragraph(child, depth)
            elif tag == W + "tbl":
                if not self.reader.in_contents:
                    grid = grid_of(child, lambda cell: list(self.blocks(cell, depth + 1)), self.styles)
                    yield from grid_lines(grid)
            elif tag == W + "sdt":
                yield from self._control(child, depth)
            elif tag in _CONTAINERS:
                yield from self.blocks(child, depth)

    def _control(self, control: Any, depth: int) -> Iterator[Line]:
        properties = control.find(W + "sdtPr")
        content = control.find(W + "sdtContent")
        if content is None or on(properties, "showingPlcHdr"):
            return
        if attribute(properties, "docPartObj/docPartGallery") == "Table of Contents":
            self.contents = True
            for paragraph in content.iter(W + "p"):
                self.reader.read(paragraph, self.styles[None])  # its fields begin and end there
            return
        yield from self.blocks(content, depth)

    def _paragraph(self, element: Any, depth: int) -> Iterator[Line]:
        properties = element.find(W + "pPr")
        style_id = attribute(properties, "pStyle")
        style = self.styles[style_id]
        if style.level and self.reader.in_contents:
            self.reader.forget()  # the end of the table of contents is missing
        listed = self.reader.in_contents
        piece = self.reader.read(element, style)
        self.contents = self.contents or listed or style.contents
        self.pictures += piece.pictures
        mark = properties.find(W + "rPr") if properties is not None else None
        deleted = mark is not None and (
            mark.find(W + "del") is not None or mark.find(W + "moveFrom") is not None
        )
        if deleted:  # the paragraph goes on in the next one
            self._held += piece.text
        elif not (style.contents or (listed and not piece.text.strip())):
            gone = bool(on(mark, "vanish")) and not piece.text.strip()
            label = "" if gone or listed else self._label(properties, style_id, style)
            yield from self._lines_of(piece, label, properties, style, within=depth > 0)
        if piece.embeds and not listed and element.getroottree().getroot() is self.root:
            yield from self._shown(piece)
        for box in piece.boxes:
            yield from self.blocks(box, depth + 1)
        for note in piece.notes:
            yield from self._note(note, depth + 1)

    def _lines_of(
        self, piece: Piece, label: str, properties: Any, style: Style, within: bool
    ) -> Iterator[Line]:
        text, self._held = clean(self._held + piece.text), ""
        if not text.strip() and not (within and label):  # a cell may hold nothing but its number
            return
        level = outline(properties, style.level)
        text = label + text.strip() if label else text
        bare = squeeze(text.replace("\t", " "))
        if level > 0 and (len(bare) > HEADING_TEXT_MAX or bare.endswith(("。", "；"))):
            level = 0
        looks = Line("", size=piece.size or style.size, centred=aligned(properties, style.centred), own=True)
        if level:
            yield replace(looks, text=squeeze(text), level=level if level == TITLE else min(6, level))
            return
        for number, part in enumerate(text.split("\n")):
            yield replace(looks, text=part, gap=number == 0, own=number == 0)

    def _shown(self, piece: Piece) -> Iterator[Line]:
        """Text in pictures, where text recognition is installed; a picture that comes back is read once."""
        if not ready():
            return
        if self._images is None:
            self._images = self.package.related(self.package.main, "image")
        for name in (self._images[one] for one in piece.embeds if one in self._images):
            again = name in self._seen
            found = (
                self._seen[name]
                if again
                else self._seen.setdefault(name, picture_lines(self.package.part(name)))
            )
            self.recognised += bool(found)
            yield from () if again else found

    def _label(self, properties: Any, style_id: str | None, style: Style) -> str:
        """The automatic number of a paragraph: its own numbering over that of its style."""
        own = attribute(properties, "numPr/numId")
        number = own if own is not None else style.numbering
        if number is None or not self.numbering.known(number):
            return ""
        depth = attribute(properties, "numPr/ilvl")
        if depth is not None:
            return self.numbering.label(number, integer(depth))
        linked = (
            self.numbering.depth_of_style(style_id or self.styles.default, number) if own is None else None
        )
        return self.numbering.label(number, linked if linked is not None else style.numbering_level or 0)

    def _note(self, key: tuple[str, str], depth: int) -> Iterator[Line]:
        """A footnote or endnote, once, as a line of its own after the paragraph or row that refers to it."""
        note = self._notes.pop(key, None)
        if note is None or depth > DEPTH_MAX:
            return
        text = squeeze(" ".join(line.text for line in self.blocks(note, depth + 1)))
        if text:
            self._note_count += 1
            yield Line(f"注{self._note_count}：{text}", fixed=True)


def _paired(root: Any) -> bool:
    """Do the marks that begin and end fields come in pairs, so that fields may span paragraphs?"""
    kinds = [mark.get(W + "fldCharType") for mark in root.iter(W + "fldChar")]
    return kinds.count("begin") == kinds.count("end")


def _edges(package: Package, body: _Body) -> list[str]:
    """The lines of page headers and footers, each once."""
    found: dict[str, None] = {}
    for kind in ("header", "footer"):
        for name in package.related(package.main, kind).values():
            root = package.tree(name)
            for paragraph in root.iter(W + "p") if root is not None else ():
                text = squeeze(
                    clean(Reader(body.styles, True).read(paragraph, body.styles[None]).text).replace(
                        "\t", " "
                    )
                )
                if text:
                    found[text] = None
    return list(found)


def _properties(package: Package) -> tuple[str, str | None]:
    """Title and creation date that the file's own properties say."""
    names = list(package.related("", "core-properties").values())
    root = package.tree(names[0]) if names else None
    title, created = "", None
    for element in root if root is not None else ():
        if str(element.tag).endswith("}title"):
            title = squeeze(clean(element.text or ""))
        elif str(element.tag).endswith("}created"):
            created = iso_date(element.text or "")
    return title, created

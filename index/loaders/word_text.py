"""The text of a Word paragraph as it reads on paper: tracked changes as accepted, struck and hidden text left
out.

Fields give their result, content controls and form fields their state (☑, □), symbol fonts the signs they
draw, formulas a line of text. What hangs on a paragraph (text boxes, notes, pictures) is gathered beside its
text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from index.loaders.formulas import M, linear
from index.loaders.symbols import code_symbol, is_symbol_font, symbol
from index.loaders.word_package import R, W, attribute, integer, on
from index.loaders.word_styles import Style, Styles, struck

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_VML = "{urn:schemas-microsoft-com:vml}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_GRAPHIC = re.compile(r"/(?:chart|diagram|chartex)$")
_SKIPPED = frozenset(
    W + name
    for name in (
        "del",
        "moveFrom",
        "pPr",
        "rPr",
        "sdtPr",
        "sdtEndPr",
        "delText",
        "delInstrText",
        "rt",
        "commentReference",
        "annotationRef",
        "footnoteRef",
        "endnoteRef",
        "tblPr",
        "trPr",
        "tcPr",
        "fldData",
        "rubyPr",
        "pgNum",
    )
)
_LEFT_OUT = re.compile(r"\s*(?:TOC|INDEX|TOA|RD|TC|XE|TA)\b", re.I)
"""Fields whose result is a list of what stands elsewhere, and marks for such lists."""
_BOXED = re.compile(r"[□☐■○◯口][\s,，]*[√✓✔∨vV]|[√✓✔∨][\s,，]*[□☐]")
_CIRCLED = re.compile(r"[○◯〇][\s,，]*(\d{1,2})$")


@dataclass(slots=True)
class Piece:
    """One paragraph as read: text (``\\n`` for line breaks), and what hangs on it in reading order.

    ``notes`` are ("footnote" or "endnote", id); ``boxes`` elements with paragraphs in them; ``embeds`` the
    relationships of those pictures that lie in the file; ``size`` is that of the largest letters in points.
    """

    parts: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    pictures: int = 0
    embeds: list[str] = field(default_factory=list)
    size: float = 0.0
    visible: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(slots=True)
class _Field:
    """A field that is open: what it says, and whether its result has begun."""

    instruction: list[str] = field(default_factory=list)
    shown: bool = False
    ticked: bool | None = None
    choice: str = ""
    at: int = 0

    @property
    def left_out(self) -> bool:
        return bool(_LEFT_OUT.match("".join(self.instruction)))


class Reader:
    """Reads paragraphs one after another; remembers the fields that are still open, as they span
    paragraphs."""

    def __init__(self, styles: Styles, paired: bool = True) -> None:
        """``paired``: every field that begins also ends; else each is taken to end with its paragraph."""
        self.styles = styles
        self._paired = paired
        self._fields: list[_Field] = []

    def forget(self) -> None:
        """No field is open any more."""
        self._fields.clear()

    @property
    def in_contents(self) -> bool:
        """Inside a table of contents or an index?"""
        return any(one.shown and one.left_out for one in self._fields)

    def read(self, paragraph: Any, style: Style) -> Piece:
        """The paragraph's own text, without that of the boxes in it."""
        piece = Piece()
        if not self._paired:
            self.forget()
        for one in self._fields:
            one.at = 0
        self._walk(paragraph, style, piece)
        return piece

    def _walk(self, container: Any, style: Style, piece: Piece, depth: int = 0) -> None:
        if depth > 200:
            return
        for child in container:
            tag = child.tag
            if tag == W + "r":
                self._run(child, style, piece, depth)
            elif tag in _SKIPPED or not isinstance(tag, str):
                continue
            elif tag == W + "sdt":
                self._control(child, style, piece, depth)
            elif tag == W + "fldSimple":
                self._simple_field(child, style, piece, depth)
            elif tag.startswith(M):
                self._put(piece, linear(child))
            elif tag == _MC + "AlternateContent":
                self._walk(_alternative(child), style, piece, depth + 1)
            elif tag == W + "p":
                continue
            else:
                self._walk(child, style, piece, depth + 1)

    def _put(self, piece: Piece, text: str) -> None:
        if text and not self.in_contents and all(one.shown for one in self._fields):
            piece.parts.append(text)

    def _simple_field(self, element: Any, style: Style, piece: Piece, depth: int) -> None:
        opened = _Field([element.get(W + "instr") or ""], shown=True, at=len(piece.parts))
        self._fields.append(opened)
        self._walk(element, style, piece, depth + 1)
        self._close(piece)

    def _control(self, element: Any, style: Style, piece: Piece, depth: int) -> None:
        """A content control: a box to tick by its state, a prompt that nobody has replaced left out."""
        properties = element.find(W + "sdtPr")
        box = properties.find(_W14 + "checkbox") if properties is not None else None
        if box is not None:
            state = box.find(_W14 + "checked")
            ticked = state is not None and state.get(_W14 + "val", "1") in ("1", "true", "on")
            self._put(piece, "☑" if ticked else "□")
            return
        content = element.find(W + "sdtContent")
        if content is not None and not on(properties, "showingPlcHdr"):
            self._walk(content, style, piece, depth + 1)

    def _run(self, run: Any, style: Style, piece: Piece, depth: int) -> None:
        properties = run.find(W + "rPr")
        named = attribute(properties, "rStyle")
        base = self.styles[named] if named else style
        hidden = on(properties, "vanish")
        if (base.hidden or style.hidden) if hidden is None else hidden:
            self._fields_only(run, piece)
            return
        out = struck(properties, base.struck or style.struck)
        if out or on(properties, "del"):
            self._fields_only(run, piece)
            return
        piece.visible = True
        before = len(piece.parts)
        font = _font(properties)
        for child in run:
            self._run_child(child, font, style, piece, depth)
        if any(part.strip() for part in piece.parts[before:]):
            piece.size = max(piece.size, integer(attribute(properties, "sz")) / 2 or base.size or style.size)

    def _run_child(self, child: Any, font: str, style: Style, piece: Piece, depth: int) -> None:
        tag = child.tag
        if tag == W + "t":
            self._put(piece, symbol(font, child.text or "") if is_symbol_font(font) else child.text or "")
        elif tag == W + "sym":
            self._put(piece, code_symbol(child.get(W + "font") or font, child.get(W + "char") or ""))
        elif tag in (W + "tab", W + "ptab"):
            self._put(piece, "\t")
        elif tag in (W + "br", W + "cr"):
            self._put(piece, "\n")
        elif tag == W + "noBreakHyphen":
            self._put(piece, "-")
        elif tag == W + "fldChar":
            self._field_char(child, piece)
        elif tag == W + "instrText":
            if self._fields and not self._fields[-1].shown:
                self._fields[-1].instruction.append(child.text or "")
        elif tag in (W + "footnoteReference", W + "endnoteReference"):
            kind = tag.removeprefix(W).removesuffix("Reference")
            piece.notes.append((kind, child.get(W + "id") or ""))
        elif tag in (W + "drawing", W + "pict", W + "object"):
            self._drawing(child, piece)
        elif tag == _MC + "AlternateContent":
            for inner in _alternative(child):
                self._run_child(inner, font, style, piece, depth)
        elif tag == W + "ruby":
            base = child.find(W + "rubyBase")
            if base is not None:
                self._walk(base, style, piece, depth + 1)
        elif isinstance(tag, str) and tag.startswith(M):
            self._put(piece, linear(child))

    def _drawing(self, element: Any, piece: Piece) -> None:
        """Text boxes in it, outermost ones only, and what is drawn and cannot be read."""
        boxes = [box for box in element.iter(W + "txbxContent") if not _within(box, element)]
        piece.boxes += boxes
        for found in element.iter(_DRAWING + "blip", _VML + "imagedata", _DRAWING + "graphicData"):
            if any(
                parent.tag == W + "txbxContent" or parent.tag == _MC + "Fallback"
                for parent in _between(found, element)
            ):
                continue
            drawn = found.tag != _DRAWING + "graphicData" or _GRAPHIC.search(found.get("uri") or "")
            piece.pictures += bool(drawn)
            if embedded := found.get(R + "embed") or found.get(R + "id"):
                piece.embeds.append(embedded)

    def _field_char(self, element: Any, piece: Piece) -> None:
        kind = element.get(W + "fldCharType")
        if kind == "begin":
            opened = _Field(at=len(piece.parts))
            box = element.find(f"{W}ffData/{W}checkBox")
            if box is not None:
                state = on(box, "checked")
                opened.ticked = bool(on(box, "default") if state is None else state)
            options = element.findall(f"{W}ffData/{W}ddList/{W}listEntry")
            chosen = integer(attribute(element, "ffData/ddList/result"))
            if options and chosen < len(options):
                opened.choice = options[chosen].get(W + "val") or ""
            self._fields.append(opened)
        elif kind == "separate" and self._fields:
            self._fields[-1].shown = True
            self._fields[-1].at = len(piece.parts)
        elif kind == "end" and self._fields:
            self._close(piece)

    def _close(self, piece: Piece) -> None:
        """The end of a field: those without a result of their own give what they draw."""
        closed = self._fields.pop()
        result = "".join(piece.parts[closed.at :])
        instruction = "".join(closed.instruction).strip()
        if closed.ticked is not None:
            del piece.parts[closed.at :]
            self._put(piece, "☑" if closed.ticked else "□")
        elif closed.choice and not result.strip():
            self._put(piece, closed.choice)
        elif not result and (drawn := _drawn(instruction)):
            self._put(piece, drawn)

    def _fields_only(self, run: Any, piece: Piece) -> None:
        """Of a run that is not shown only the marks of fields count, as they must stay in pairs."""
        for child in run:
            if child.tag == W + "fldChar":
                self._field_char(child, piece)
            elif child.tag == W + "instrText" and self._fields and not self._fields[-1].shown:
                self._fields[-1].instruction.append(child.text or "")


def _drawn(instruction: str) -> str:
    """What a field without a stored result shows: EQ (overprinted and stacked signs), SYMBOL, MACROBUTTON."""
    name, _, rest = instruction.partition(" ")
    match name.upper():
        case "EQ":
            text = re.sub(r"\\(?:a[clr]|[a-z]+\d*(?=\\|\())", "", re.sub(r"\\s\\(?:up|do)\d*", "", rest))
            divided = re.search(r"\\f\s*\((.*?)[,，;；](.*?)\)", rest, re.I)
            if divided:
                return f"{divided[1].strip()}/{divided[2].strip()}"
            inner = re.sub(r"[()（）\\]", "", re.sub(r"\\[a-z]+\d*", "", text)).strip()
            if _BOXED.search(inner):
                return "☑"
            circled = _CIRCLED.match(inner)
            if circled and 1 <= int(circled[1]) <= 20:
                return chr(0x2460 + int(circled[1]) - 1)
            return re.sub(r"\s*[,，]\s*", "", inner)
        case "SYMBOL":
            code = re.match(r"\s*(\d+|0x[0-9a-f]+)", rest, re.I)
            font = re.search(r'\\f\s*"?([^"\\]+)', rest)
            return (
                symbol(font[1].strip() if font else "Symbol", chr(int(code[1], 0) % 0x110000)) if code else ""
            )
        case "MACROBUTTON":
            return rest.strip().partition(" ")[2].strip()
        case _:
            return ""


def _alternative(element: Any) -> Any:
    """The newest of alternative contents, else what stands in for readers that know none of them."""
    chosen = element.find(_MC + "Choice")
    return (
        chosen
        if chosen is not None
        else (element.find(_MC + "Fallback") if element.find(_MC + "Fallback") is not None else ())
    )


def _between(element: Any, top: Any) -> list[Any]:
    """The ancestors of an element below ``top``."""
    found = []
    for parent in element.iterancestors():
        if parent is top:
            break
        found.append(parent)
    return found


def _within(box: Any, top: Any) -> bool:
    """Is a text box inside another one, or only there for old readers?"""
    return any(parent.tag in (W + "txbxContent", _MC + "Fallback") for parent in _between(box, top))


def _font(properties: Any) -> str:
    fonts = properties.find(W + "rFonts") if properties is not None else None
    if fonts is None:
        return ""
    return next(
        (
            name
            for key in ("ascii", "hAnsi", "eastAsia")
            if (name := fonts.get(W + key)) and is_symbol_font(name)
        ),
        "",
    )

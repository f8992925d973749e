"""Rich Text Format (.rtf) -> a .docx file with the same text: paragraphs, headings, tables, notes.

Numbers set by the program stand in the file as text (``\\listtext``) and are kept as such. Letters in code
pages are read by the charset of their font, as old Chinese files need it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

from index.loaders.wordml import Cell, Paragraph, WordFile

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+"
)
_CHARSETS = {
    134: "gb18030",
    136: "big5",
    128: "cp932",
    129: "cp949",
    204: "cp1251",
    238: "cp1250",
    0: "cp1252",
    77: "mac_roman",
}
_SKIPPED = frozenset(
    (
        "fonttbl",
        "colortbl",
        "stylesheet",
        "info",
        "pict",
        "object",
        "header",
        "headerl",
        "headerr",
        "headerf",
        "footer",
        "footerl",
        "footerr",
        "footerf",
        "xmlnstbl",
        "listtable",
        "listoverridetable",
        "rsidtbl",
        "generator",
        "themedata",
        "datastore",
        "colorschememapping",
        "latentstyles",
        "fldinst",
        "bkmkstart",
        "bkmkend",
        "pntxta",
        "pntxtb",
        "annotation",
        "atnid",
        "atnauthor",
        "atndate",
        "atnref",
        "nonesttables",
        "filetbl",
        "revtbl",
        "mmathPr",
        "xe",
        "tc",
        "tcn",
        "docvar",
        "background",
        "shppict",
        "nonshppict",
        "sp",
        "pgdsctbl",
        "operator",
        "company",
        "wgrffmtfilter",
        "passwordhash",
    )
)
_KEPT = frozenset(
    (
        "shptxt",
        "listtext",
        "pntext",
        "fldrslt",
        "footnote",
        "shpinst",
        "shp",
        "dptxbxtext",
        "field",
        "upr",
        "ud",
    )
)
_SIGNS = {
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "tab": "\t",
    "line": "\n",
    "emspace": " ",
    "enspace": " ",
    "page": "\n",
    "sect": "\n",
}
_PRIVATE = re.compile(r"[\ue000-\uf8ff]\s?")  # bullets of symbol fonts
DEPTH_MAX = 2_000


@dataclass(slots=True)
class _State:
    """What a group inherits from the one around it."""

    skipped: str = ""
    font: int = 0
    unicode_skip: int = 1
    gone: bool = False
    note: bool = False


@dataclass(slots=True)
class _Row:
    edges: list[int] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    pending: str = ""
    across: bool = False
    joined: list[bool] = field(default_factory=list)


class RtfReader:
    """Reads one file; :meth:`read` gives it as .docx."""

    def __init__(self) -> None:
        self.word = WordFile()
        self.state = _State()
        self.stack: list[_State] = []
        self.text: list[str] = []
        self.bytes = bytearray()
        self.left = 0
        self.default = "cp1252"
        self.fonts: dict[int, str] = {}
        self.font_at = -1
        self.styles: dict[int, int] = {}
        self.style_at, self.style_level, self.style_name = 0, 0, ""
        self.outline, self.style, self.in_table, self.centred = 0, 0, False, False
        self.row = _Row()
        self.cells: list[list[Paragraph]] = []
        self.cell: list[Paragraph] = []
        self.rows: list[tuple[list[list[Paragraph]], _Row]] = []
        self.notes: list[str] = []
        self.note: list[str] = []
        self.title: list[str] = []

    def read(self, data: bytes) -> bytes:
        star = False
        for match in _TOKEN.finditer(data):
            word, number, code, sign, brace, plain = match.groups()
            if brace == b"{":
                self._flush_bytes()
                self.stack.append(self.state)
                if len(self.stack) > DEPTH_MAX:
                    raise ValueError("nested too deep")
                self.state = _State(
                    self.state.skipped,
                    self.state.font,
                    self.state.unicode_skip,
                    self.state.gone,
                    self.state.note,
                )
            elif brace == b"}":
                self._close()
            elif word is not None:
                name = word.decode("ascii")
                self._word(name, int(number) if number else None, star)
                star = False
            elif code is not None:
                self._byte(int(code, 16))
            elif sign is not None:
                star = sign == b"*"
                self._sign(sign)
            elif plain is not None:
                for byte in plain:
                    self._byte(byte)
        self._paragraph()
        self._table()
        for note in self.notes:
            self.word.paragraph(Paragraph(note))
        self.word.title = "".join(self.title).strip()
        return self.word.data()

    def _close(self) -> None:
        self._flush_bytes()
        if not self.stack:
            return
        before = self.stack.pop()
        if self.state.skipped == "stylesheet" and before.skipped == "stylesheet":
            name = self.style_name.strip(" ;\n")
            heading = re.fullmatch(r"(?i)(?:heading|标题)\s*([1-9])", name)
            self.styles[self.style_at] = (
                int(heading[1]) if heading else -1 if name in ("Title", "标题") else self.style_level
            )
            self.style_at, self.style_level, self.style_name = 0, 0, ""
        if self.state.note and not before.note:
            if note := "".join(self.note).strip():
                self.notes.append(note)
            self.note = []
        self.state = before

    def _sign(self, sign: bytes) -> None:
        if sign in b"\\{}":
            self._byte(sign[0])
        elif sign == b"~":
            self._put(" ")
        elif sign == b"_":
            self._put("-")
        elif sign in b"\r\n":
            self._word("par", None, False)

    def _byte(self, byte: int) -> None:
        if self.left:
            self.left -= 1
            return
        self.bytes.append(byte)

    def _flush_bytes(self) -> None:
        if self.bytes:
            encoding = self.fonts.get(self.state.font, self.default)
            data, self.bytes = bytes(self.bytes), bytearray()
            if (
                not data.isascii()
                and encoding in ("cp1252", "mac_roman")
                and self.default not in ("cp1252", "mac_roman")
            ):
                encoding = self.default
            self._put(data.decode(encoding, "replace"), False)

    def _put(self, text: str, flush: bool = True) -> None:
        if flush:
            self._flush_bytes()
        state = self.state
        if state.skipped == "stylesheet":
            self.style_name += text
        elif state.skipped == "title":
            self.title.append(text)
        elif not state.skipped and not state.gone:
            (self.note if state.note else self.text).append(text)

    def _word(self, name: str, number: int | None, star: bool) -> None:
        self._flush_bytes()
        state = self.state
        if name == "u" and number is not None:
            self._put(chr(number % 0x10000))
            self.left = state.unicode_skip
        elif name == "uc":
            state.unicode_skip = number or 0
        elif name == "bin":
            self.left = number or 0
        elif name == "ansicpg" and number:
            self.default = "gb18030" if number in (936, 54936) else _known(f"cp{number}")
        elif name == "title" and state.skipped == "info":
            state.skipped = "title"
        elif name in _SKIPPED or (star and name not in _KEPT):
            state.skipped = state.skipped or name
        elif name == "f" and number is not None:
            state.font = number
            self.font_at = number
        elif name == "fcharset" and number is not None and number != 1:
            self.fonts[self.font_at] = _CHARSETS.get(number, self.default)
        elif state.skipped == "stylesheet":
            if name == "s":
                self.style_at = number or 0
            elif name == "outlinelevel" and number is not None and number < 9:
                self.style_level = number + 1
        elif state.skipped:
            return
        elif name in ("v", "strike", "striked", "deleted"):
            state.gone = number != 0
        elif name == "plain":
            state.gone = False
        elif name == "footnote":
            state.note = True
        else:
            self._layout(name, number)

    def _layout(self, name: str, number: int | None) -> None:
        """Paragraphs and tables."""
        if self.state.note and name in ("par", "pard", "s", "intbl", "outlinelevel", "qc"):
            if name == "par":
                self.note.append(" ")
        elif name in ("par", "sect"):
            self._paragraph()
        elif name == "pard":
            self.outline, self.style, self.in_table, self.centred = 0, 0, False, False
        elif name == "s":
            self.style = number or 0
        elif name == "qc":
            self.centred = True
        elif name == "outlinelevel":
            self.outline = number + 1 if number is not None and number < 9 else 0
        elif name == "intbl":
            self.in_table = True
        elif name == "trowd":
            self.row = _Row()
        elif name in ("clvmgf", "clvmrg"):
            self.row.pending = name
        elif name == "clmrg":
            self.row.across = True
        elif name == "cellx":
            self.row.edges.append(number or 0)
            self.row.merges.append(self.row.pending)
            self.row.joined.append(self.row.across)
            self.row.pending, self.row.across = "", False
        elif name in ("cell", "nestcell"):
            if name == "cell":
                self._paragraph(ended=True)
            else:
                self.text.append(" ")
        elif name == "row":
            self.rows.append((self.cells, self.row))
            self.cells, self.cell = [], []
            self.row = _Row(list(self.row.edges), list(self.row.merges), joined=list(self.row.joined))
        elif name in _SIGNS:
            self._put(_SIGNS[name])

    def _paragraph(self, ended: bool = False) -> None:
        """A paragraph's end; ``ended``: a cell's too."""
        self._flush_bytes()
        text = "".join(self.text).encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
        text = _PRIVATE.sub("", text)
        self.text = []
        level = self.outline or self.styles.get(self.style, 0)
        paragraph = Paragraph(text.strip("\n"), min(level, 9), centred=self.centred)
        if ended or self.in_table:
            if text.strip() or not ended:
                self.cell.append(paragraph)
            if ended:
                self.cells.append(self.cell)
                self.cell = []
            return
        self._table()
        self.word.paragraph(paragraph)

    def _table(self) -> None:
        """Write the table that has ended."""
        if self.cells or any(one.text.strip() for one in self.cell):
            self.rows.append(([*self.cells, self.cell] if self.cell else self.cells, self.row))
        edges = sorted({edge for _, row in self.rows for edge in row.edges})
        rows: list[list[Cell]] = []
        for cells, row in self.rows:
            out: list[Cell] = []
            for n, paragraphs in enumerate(cells):
                span = 1
                if n < len(row.edges):
                    before = edges.index(row.edges[n - 1]) if n else -1
                    span = max(1, edges.index(row.edges[n]) - before)
                merge = row.merges[n] if n < len(row.merges) else ""
                if n < len(row.joined) and row.joined[n] and out:
                    out[-1].span += span
                    continue
                out.append(Cell(paragraphs, min(span, 100), merge == "clvmgf", merge == "clvmrg"))
            if out:
                rows.append(out)
        if rows:
            self.word.table(rows)
        self.rows, self.cells, self.cell = [], [], []


def _known(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"

"""Makes PDFs whose content is known: running text, headings, lists, ruled tables, columns, and what is no
text.

The font (STSong-Light) is not embedded, as in many office PDFs; its Han characters are as wide as they are
high.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
WIDTH, HEIGHT = 595.0, 842.0
NO_START = "，。、；：！？）》”%"
CORPUS = Path(__file__).parents[1] / "corpus"


@dataclass
class Made:
    """The bytes of a file and what a reader must find in it: (kind, text) in reading order."""

    data: bytes = b""
    title: str = ""
    blocks: list[tuple[str, str]] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def sentences() -> list[str]:
    """Sentences of the sample corpus."""
    found: list[str] = []
    for path in sorted(CORPUS.glob("*.md")):
        for line in path.read_text("utf-8").splitlines():
            if line and line[0] not in "#-|>" and "：" not in line[:12]:
                found += [
                    f"{part}。"
                    for part in line.split("。")
                    if 12 <= len(part) <= 60 and part[0] > "\u4e00" and "\n" not in part
                ]
    return [one for one in found if not any(char in one for char in "*`[]|\"' ")]


def width(text: str, size: float) -> float:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    return float(pdfmetrics.stringWidth(text, FONT, size))


def wrapped(text: str, size: float, room: float, indent: float = 0.0) -> list[str]:
    """Lines as a typesetter breaks them: full, and no mark at the start of a line."""
    lines, line, left = [], "", room - indent
    for char in text:
        over = width(line + char, size) - left
        if over > 0.01 and (char not in NO_START or over > 1.01 * size):  # one mark may hang over the edge
            back = 1 if char in NO_START else 0
            lines.append(line[: len(line) - back])
            line, left = line[len(line) - back :] + char, room
        else:
            line += char
    return [*lines, line]


class Sheet:
    """A canvas with a pen that goes down the page and on to the next."""

    def __init__(
        self, chance: random.Random, *, header: str = "", numbered: bool = False, watermark: str = ""
    ) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=(WIDTH, HEIGHT))
        self.chance, self.header, self.numbered, self.watermark = chance, header, numbered, watermark
        self.left, self.right, self.y, self.page = 72.0, WIDTH - 72.0, 770.0, 1
        self._edges()

    def _edges(self) -> None:
        self.canvas.setFont(FONT, 9)
        if self.header:
            self.canvas.drawCentredString(WIDTH / 2, 805, self.header)
        if self.numbered:
            self.canvas.drawCentredString(WIDTH / 2, 36, f"— {self.page} —")
        if self.watermark:
            self.canvas.saveState()
            self.canvas.setFillGray(0.8)
            self.canvas.translate(WIDTH / 2, HEIGHT / 2)
            self.canvas.rotate(45)
            self.canvas.setFont(FONT, 60)
            self.canvas.drawCentredString(0, 0, self.watermark)
            self.canvas.restoreState()

    def turn(self) -> None:
        self.canvas.showPage()
        self.page += 1
        self.y = 770.0
        self._edges()

    def need(self, height: float) -> None:
        if self.y - height < 72:
            self.turn()

    def text(self, x: float, line: str, size: float, bold: bool = False) -> None:
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(x, self.y, line)
        if bold:
            self.canvas.drawString(x + 0.3, self.y, line)

    def heading(self, text: str, size: float, centred: bool = False, bold: bool = False) -> None:
        self.need(3 * size)
        self.y -= 0.8 * size
        self.text(
            self.left + ((self.right - self.left - width(text, size)) / 2 if centred else 0), text, size, bold
        )
        self.y -= 1.9 * size

    def paragraph(self, text: str, size: float = 12.0, pitch: float = 1.6) -> None:
        for number, line in enumerate(wrapped(text, size, self.right - self.left, 2 * size)):
            self.need(size)
            self.text(self.left + (0 if number else 2 * size), line, size)
            self.y -= pitch * size

    def item(self, mark: str, text: str, size: float = 12.0, pitch: float = 1.6) -> None:
        hang = width(mark, size) + 0.3 * size
        for number, line in enumerate(wrapped(text, size, self.right - self.left - hang)):
            self.need(size)
            if not number:
                self.text(self.left, mark, size)
            self.text(self.left + hang, line, size)
            self.y -= pitch * size

    def table(self, rows: list[list[str]], size: float = 10.5) -> None:
        """A ruled grid; the header row is repeated at the top of each page."""
        shares = [self.chance.choice((1, 1, 2, 3)) for _ in rows[0]]
        step = (self.right - self.left) / sum(shares)
        edges = [self.left]
        for share in shares:
            edges.append(edges[-1] + share * step)
        self.y -= 4
        for row in self._paged(rows, edges, size):
            cells = [wrapped(cell, size, edges[n + 1] - edges[n] - 8) for n, cell in enumerate(row)]
            high = max(map(len, cells)) * 1.4 * size + 8
            for n, lines in enumerate(cells):
                for k, line in enumerate(lines):
                    self.canvas.setFont(FONT, size)
                    self.canvas.drawString(edges[n] + 4, self.y - 4 - size - k * 1.4 * size, line)
                self.canvas.rect(edges[n], self.y - high, edges[n + 1] - edges[n], high)
            self.y -= high
        self.y -= 2 * size

    def _paged(self, rows: list[list[str]], edges: list[float], size: float) -> Iterator[list[str]]:
        for number, row in enumerate(rows):
            lines = max(len(wrapped(cell, size, edges[n + 1] - edges[n] - 8)) for n, cell in enumerate(row))
            if self.y - lines * 1.4 * size - 8 < 72 and number:
                self.turn()
                yield rows[0]
            yield row

    def columns(self, left: list[str], right: list[str], size: float = 10.5, across: bool = False) -> None:
        """Paragraphs in two columns, drawn one after the other or (``across``) line by line over both."""
        room = (self.right - self.left - 2 * size) / 2
        sides = [
            [(n, line) for text in side for n, line in enumerate(wrapped(text, size, room, 2 * size))]
            for side in (left, right)
        ]
        self.need(1.5 * size * max(map(len, sides)))
        places = [(side, n) for side in (0, 1) for n in range(len(sides[side]))]
        if across:
            places.sort(key=lambda place: (place[1], place[0]))
        self.canvas.setFont(FONT, size)
        for side, n in places:
            first, line = sides[side][n]
            x = self.left + side * (room + 2 * size) + (0 if first else 2 * size)
            self.canvas.drawString(x, self.y - n * 1.5 * size, line)
        self.y -= 1.5 * size * max(map(len, sides)) + size

    def save(self) -> bytes:
        self.canvas.save()
        return self.buffer.getvalue()


def made(seed: int) -> Made:
    """A document of one to six pages with everything in it by chance."""
    chance = random.Random(seed)
    pool = sentences()
    out = Made(
        title=(
            f"关于{chance.choice(('做好', '加强', '规范'))}"
            f"{chance.choice(('档案管理', '办公用房', '物资采购', '食堂卫生'))}工作的"
            f"{chance.choice(('通知', '规定', '办法'))}"
        )
    )
    header = f"{chance.choice(('某市办公室文件', '青禾研究所'))}{seed}号" if chance.random() < 0.6 else ""
    watermark = "内部资料" if chance.random() < 0.3 else ""
    sheet = Sheet(chance, header=header, numbered=chance.random() < 0.7, watermark=watermark)
    sheet.heading(out.title, 20, centred=True, bold=chance.random() < 0.5)
    body = chance.choice((10.5, 12.0, 14.0))

    def text(low: int = 1, high: int = 5) -> str:
        return "".join(chance.sample(pool, chance.randint(low, high)))

    for chapter in range(chance.randint(2, 5)):
        name = (
            f"第{'一二三四五'[chapter]}章 "
            f"{chance.choice(('总则', '管理职责', '办理程序', '监督检查', '附则'))}"
        )
        sheet.heading(name, body * 1.25, centred=chance.random() < 0.5, bold=chance.random() < 0.5)
        out.blocks.append(("heading", name))
        for _ in range(chance.randint(1, 4)):
            match chance.randrange(6):
                case 0 | 1 | 2:
                    words = text(2, 6)
                    sheet.paragraph(words, body)
                    out.blocks.append(("text", words))
                case 3:
                    style = chance.choice(("（{}）", "{}.", "•"))
                    for number in range(1, chance.randint(3, 6)):
                        mark = style.format("一二三四五六"[number - 1] if "（" in style else number)
                        words = text(1, 2)
                        sheet.item(mark, words, body)
                        out.blocks.append(("item", mark + words))
                case 4:
                    names = chance.sample(
                        ["序号", "项目名称", "责任部门", "完成时限", "预算金额", "备注说明"],
                        chance.randint(3, 5),
                    )
                    rows = [
                        [_cell(chance, name, n, pool) for name in names] for n in range(chance.randint(2, 30))
                    ]
                    sheet.table([names, *rows])
                    for row in rows:
                        out.rows.append(
                            "；".join(f"{name}：{cell}" for name, cell in zip(names, row, strict=True))
                        )
                case 5:
                    left, right = [text(2, 4) for _ in range(2)], [text(2, 4) for _ in range(2)]
                    sheet.columns(left, right, across=chance.random() < 0.5)
                    out.blocks += [("text", words) for words in left + right]
    out.absent = [one for one in (header if sheet.page > 1 else "", watermark) if one]
    out.data = sheet.save()
    return out


def _cell(chance: random.Random, name: str, number: int, pool: list[str]) -> str:
    match name:
        case "序号":
            return str(number + 1)
        case "完成时限":
            return f"2025年{chance.randint(1, 12)}月{chance.randint(1, 28)}日"
        case "预算金额":
            return f"{chance.randint(1, 99999) / 100:.2f}万元"
        case "责任部门":
            return chance.choice(("办公室", "财务处", "后勤保障中心", "人事处"))
    return chance.choice(pool)[: chance.randint(4, 30)].rstrip("，。、；：")

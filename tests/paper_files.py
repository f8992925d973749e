"""Writes an invented paper (``papers``) in every format that is read."""

from __future__ import annotations

import io
import quopri
import random
import struct
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.old_word import ROW, TABLE, Old, edges, old_word
from tests.ole import compound
from tests.papers import Paper
from tests.pdf_maker import Sheet, wrapped
from tests.word_maker import blank, centred, table

HAN_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/simsun.ttc",
)
"""Fonts with which a scan can be drawn."""


def packed(parts: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 8, 0, 0)), data)
    return out.getvalue()


def plain(paper: Paper, encoding: str) -> bytes:
    lines = [paper.title, "", paper.number, "", *paper.texts, "", paper.date]
    return "\n".join(lines).encode(encoding)


def marked(paper: Paper, encoding: str = "utf-8") -> bytes:
    parts = [f"# {paper.title}", *(f"## {h}\n\n" + "\n\n".join(ps) for h, ps in paper.sections)]
    rows = [paper.names, ("---",) * len(paper.names), *paper.rows]
    parts.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
    return "\n\n".join(parts).encode(encoding)


def page(paper: Paper, encoding: str = "utf-8") -> bytes:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in paper.rows)
    head = "".join(f"<th>{name}</th>" for name in paper.names)
    body = "".join(f"<h2>{h}</h2>{''.join(f'<p>{p}</p>' for p in ps)}" for h, ps in paper.sections)
    frame = "<nav><a href=1>首页</a><a href=2>公开</a></nav>", "<footer>版权所有 松涛水务</footer>"
    text = (
        f"{frame[0]}<main><h1>{paper.title}</h1>{body}<table><tr>{head}</tr>{rows}</table></main>{frame[1]}"
    )
    return f'<html><head><meta charset="{encoding}"></head><body>{text}</body></html>'.encode(encoding)


def saved_page(paper: Paper) -> bytes:
    head = (
        b'From: <saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
    )
    head += b'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head + quopri.encodestring(page(paper)) + b"\r\n--b--\r\n"


def word(paper: Paper) -> bytes:
    document = blank()
    centred(document, paper.title, 22)
    centred(document, paper.number)
    for heading, paragraphs in paper.sections:
        document.add_heading(heading, 1)
        for text in paragraphs:
            document.add_paragraph(text)
    grid = table(document, [paper.names, *paper.rows])
    for cell in grid.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
    return saved(document)


def saved(made: Any) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def binary_word(paper: Paper) -> bytes:
    def row(cells: Sequence[str]) -> list[Old]:
        places = range(0, 1000 * len(cells) + 1, 1000)
        return [
            *(Old(cell, "\x07", own=(TABLE,)) for cell in cells),
            Old("", "\x07", own=(TABLE, ROW, edges(*places))),
        ]

    parts = [Old(paper.title)]
    for heading, paragraphs in paper.sections:
        parts += [Old(heading, style=1), *(Old(text) for text in paragraphs)]
    return old_word(
        [*parts, *(one for cells in (paper.names, *paper.rows) for one in row(cells)), Old(paper.date)]
    )


def rich(paper: Paper) -> bytes:
    def escaped(text: str) -> str:
        return "".join(c if c.isascii() else f"\\u{ord(c) - 65536 * (ord(c) > 32767)}?" for c in text)

    out = [
        r"{\rtf1\ansi\ansicpg936\uc1{\stylesheet{\s1\outlinelevel0 heading 1;}}",
        rf"\pard\qc {escaped(paper.title)}\par",
    ]
    for heading, paragraphs in paper.sections:
        out.append(rf"\pard\plain\s1\outlinelevel0 {escaped(heading)}\par")
        out += [rf"\pard\plain {escaped(text)}\par" for text in paragraphs]
    for cells in (paper.names, *paper.rows):
        ends = "".join(rf"\cellx{1000 * (n + 1)}" for n in range(len(cells)))
        out.append(
            rf"\trowd{ends}" + "".join(rf"\pard\intbl {escaped(cell)}\cell" for cell in cells) + r"\row"
        )
    return "\n".join([*out, rf"\pard\plain {escaped(paper.date)}\par}}"]).encode("ascii")


def sheet(paper: Paper) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    one = book.active
    one.append([paper.title])
    one.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(paper.names))
    for row in (paper.names, *paper.rows):
        one.append(row)
    return saved(book)


def old_sheet(paper: Paper) -> bytes:
    import xlwt

    book = xlwt.Workbook()
    one = book.add_sheet("一")
    one.write_merge(0, 0, 0, len(paper.names) - 1, paper.title)
    for r, row in enumerate((paper.names, *paper.rows), 1):
        for c, cell in enumerate(row):
            one.write(r, c, cell)
    return saved(book)


def separated(paper: Paper, mark: str, encoding: str) -> bytes:
    return "\n".join(mark.join(row) for row in (paper.names, *paper.rows)).encode(encoding)


def slides(paper: Paper) -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck: Any = Presentation()
    for heading, paragraphs in paper.sections:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(paragraphs)
    last = deck.slides.add_slide(deck.slide_layouts[5])
    last.shapes.title.text = "明细"
    grid = last.shapes.add_table(
        len(paper.rows) + 1, len(paper.names), 0, Inches(2), Inches(8), Inches(3)
    ).table
    for r, row in enumerate((paper.names, *paper.rows)):
        for c, cell in enumerate(row):
            grid.cell(r, c).text = cell
    return saved(deck)


def book(paper: Paper) -> bytes:
    manifest = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(paper.sections))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(paper.sections)))
    chapters: dict[str, bytes | str] = {
        f"c{n}.xhtml": f"<html><body><h1>{h}</h1>{''.join(f'<p>{p}</p>' for p in ps)}</body></html>"
        for n, (h, ps) in enumerate(paper.sections)
    }
    return packed(
        {
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles>'
            "</container>",
            "c.opf": '<package xmlns="http://www.idpf.org/2007/opf">'
            f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{paper.title}</dc:title>'
            f"</metadata><manifest>{manifest}</manifest><spine>{spine}</spine></package>",
            **chapters,
        }
    )


def layout(paper: Paper) -> bytes:
    """An OFD page, its texts written from the bottom to the top."""
    ns = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    headings = {heading for heading, _ in paper.sections}
    texts = [(7, 20, paper.title), *((4, 20 if text in headings else 28, text) for text in paper.texts)]
    objects = [
        f'<ofd:TextObject Boundary="{left} {20 + 12 * n} 400 8" Size="{size}">'
        f'<ofd:TextCode X="0" Y="{size}">{text}</ofd:TextCode></ofd:TextObject>'
        for n, (size, left, text) in enumerate(texts)
    ]
    return packed(
        {
            "OFD.xml": f"<ofd:OFD {ns}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
            "</ofd:DocBody></ofd:OFD>",
            "Doc_0/Document.xml": f'<ofd:Document {ns}><ofd:Pages><ofd:Page ID="1" BaseLoc="P.xml"/>'
            "</ofd:Pages></ofd:Document>",
            "Doc_0/P.xml": f"<ofd:Page {ns}><ofd:Content><ofd:Layer>{''.join(objects[::-1])}</ofd:Layer>"
            "</ofd:Content></ofd:Page>",
        }
    )


def mail(paper: Paper, attachments: Sequence[tuple[str, bytes]] = ()) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        paper.title,
        "罗珊 <ls@example.com>",
        "全体 <all@example.com>",
    )
    message["Date"] = "Mon, 03 Mar 2025 09:00:00 +0800"
    message.set_content("\n\n".join(paper.texts))
    for name, data in attachments:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    message.set_boundary("part") if attachments else None
    return message.as_bytes()


def outlook(paper: Paper) -> bytes:
    head = b"\0" * 32 + struct.pack("<HHI", 0x40, 0x0039, 0) + (133854564000000000).to_bytes(8, "little")
    wide = {"0037": paper.title, "1000": "\r\n\r\n".join(paper.texts), "0C1A": "罗珊", "0E04": "全体"}
    streams = {f"__substg1.0_{tag}001F": text.encode("utf-16-le") for tag, text in wide.items()}
    return compound({"__properties_version1.0": head, **streams})


def printed(paper: Paper, seed: int, how: str) -> bytes:
    """A PDF: ``text``, ``tables``, ``columns`` (drawn in either order)."""
    chance = random.Random(seed)
    out = Sheet(chance, header="松涛水务有限公司" if how == "text" else "", numbered=True)
    out.heading(paper.title, 20, centred=True)
    if how == "columns":
        half = len(paper.texts) // 2
        sides = [" ".join(part).split(" ") for part in (paper.texts[:half], paper.texts[half:])]
        out.columns(sides[0], sides[1], across=seed % 2 == 0)
        return out.save()
    for heading, paragraphs in paper.sections:
        out.heading(heading, 15)
        for text in paragraphs:
            out.paragraph(text)
    if how == "tables":
        out.table([list(paper.names), *map(list, paper.rows)])
    return out.save()


def scanned(paper: Paper) -> bytes | None:
    """A PDF of a picture of text; None where this machine has no font to draw it with."""
    from PIL import Image, ImageDraw, ImageFont

    font = next((path for path in HAN_FONTS if Path(path).exists()), None)
    if font is None:
        return None
    picture = Image.new("L", (1240, 1754), 255)
    pen = ImageDraw.Draw(picture)
    pen.text((330, 120), paper.title, fill=0, font=ImageFont.truetype(font, 46))
    lines = [
        (130 + 54 * (not n), line)
        for text in paper.texts
        for n, line in enumerate(wrapped(text, 27, 27 * 34, 54))
    ]
    for number, (x, line) in enumerate(lines):
        pen.text((x, 260 + 48 * number), line, fill=0, font=ImageFont.truetype(font, 27))
    out = io.BytesIO()
    picture.save(out, "PDF", resolution=150.0)
    return out.getvalue()

"""Further kinds of PDF: headers over three rows, forms, rows that a page breaks off, three columns,
ligatures, raised letters, items and paragraphs that go on where a page or column begins."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

from pdf_maker import FONT, Sheet, sentences, wrapped
from reportlab.pdfgen.canvas import Canvas

from index.loaders import load
from index.loaders.pdf_page import _ends
from index.types import Document

Box = tuple[int, int, int, int, str]
"""Column and row of the first place, columns and rows that a cell reaches over, its text."""


def read(tmp_path: Path, data: bytes) -> list[tuple[int, str]]:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    document: Document = load(path)
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks]


def page(tmp_path: Path, draw: Callable[[Canvas], None]) -> list[tuple[int, str]]:
    sheet = Sheet(random.Random(1))
    sheet.heading("站点运行手册", 18)
    draw(sheet.canvas)
    return read(tmp_path, sheet.save())[1:]


def boxes(
    canvas: Canvas, cells: Sequence[Box], wide: float = 90.0, high: float = 24.0, top: float = 700.0
) -> None:
    for column, row, across, down, text in cells:
        x, y = 72 + wide * column, top - high * (row + down)
        canvas.rect(x, y, wide * across, high * down)
        canvas.setFont(FONT, 10.5)
        canvas.drawString(x + 4, y + high * down / 2 - 4, text)


def test_a_header_over_three_rows(tmp_path: Path) -> None:
    cells = [(0, 0, 1, 3, "站点"), (1, 0, 4, 1, "上半年"), (1, 1, 2, 1, "一季度"), (3, 1, 2, 1, "二季度")]
    cells += [(n + 1, 2, 1, 1, text) for n, text in enumerate(("进水", "出水", "进水", "出水"))]
    cells += [(0, 3, 1, 2, "东区")] + [(n + 1, 3, 1, 1, str(n + 101)) for n in range(4)]
    cells += [(n + 1, 4, 1, 1, str(n + 201)) for n in range(4)]
    names = ["上半年一季度进水", "上半年一季度出水", "上半年二季度进水", "上半年二季度出水"]
    assert [text for _, text in page(tmp_path, lambda canvas: boxes(canvas, cells))] == [
        "站点：东区；" + "；".join(f"{name}：{start + n}" for n, name in enumerate(names))
        for start in (101, 201)
    ]


def test_a_form(tmp_path: Path) -> None:
    cells = [(n, 0, 1, 1, text) for n, text in enumerate(("申请人", "周宁", "电话", "139-0000-1122"))]
    cells += [
        (0, 1, 1, 1, "地址"),
        (1, 1, 3, 1, "临江路12号3单元"),
        (0, 2, 1, 1, "意见"),
        (1, 2, 3, 1, "同意接水。"),
    ]
    assert [text for _, text in page(tmp_path, lambda canvas: boxes(canvas, cells))] == [
        "申请人：周宁；电话：139-0000-1122",
        "地址：临江路12号3单元",
        "意见：同意接水。",
    ]


def test_a_row_that_the_page_breaks_off_without_a_line(tmp_path: Path) -> None:
    def row(canvas: Canvas, top: float, cells: Sequence[str], high: float, above: bool, below: bool) -> None:
        edges = (72, 172, 500)
        for x in edges:
            canvas.line(x, top, x, top - high)
        for y in [top] * above + [top - high] * below:
            canvas.line(edges[0], y, edges[-1], y)
        canvas.setFont(FONT, 10.5)
        for x, text in zip(edges, cells, strict=False):
            canvas.drawString(x + 4, top - 14, text)

    def draw(canvas: Canvas) -> None:
        row(canvas, 200, ("事项", "要求"), 20, True, True)
        row(canvas, 180, ("检定", "每六年一次。"), 20, True, True)
        row(canvas, 160, ("抢修", "接到报告后四十分钟内到达现场，"), 60, True, False)
        canvas.showPage()
        row(canvas, 780, ("事项", "要求"), 20, True, True)
        row(canvas, 760, ("", "并通知调度中心。"), 20, True, True)

    assert [text for _, text in page(tmp_path, draw)] == [
        "事项：检定；要求：每六年一次。",
        "事项：抢修；要求：接到报告后四十分钟内到达现场，并通知调度中心。",
    ]


def columns(canvas: Canvas, texts: Sequence[str], count: int, tops: Sequence[float], across: bool) -> None:
    size, gap = 9.0, 12.0
    room = (450 - gap * (count - 1)) / count
    places = [
        (n, k, line, tops[n] - 15 * k)
        for n, text in enumerate(texts)
        for k, line in enumerate(wrapped(text, size, room, 2 * size))
    ]
    canvas.setFont(FONT, size)
    for n, k, line, y in sorted(places, key=lambda one: (-one[3], one[0])) if across else places:
        canvas.drawString(72 + n * (room + gap) + (0 if k else 2 * size), y, line)


def test_three_columns_in_both_drawing_orders(tmp_path: Path) -> None:
    pool = sentences()
    texts = ["".join(pool[n : n + 4]) for n in (0, 4, 8)]
    for across in (False, True):
        found = page(tmp_path, lambda canvas, a=across: columns(canvas, texts, 3, (700, 700, 700), a))
        assert [text for _, text in found] == texts


def test_a_heading_at_the_top_of_one_column_alone(tmp_path: Path) -> None:
    pool = sentences()
    texts = ["".join(pool[:5]), "".join(pool[5:10])]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(FONT, 14)
        canvas.drawString(72, 690, "一、值守")
        columns(canvas, texts, 2, (660, 703), False)

    assert [text for _, text in page(tmp_path, draw)] == ["一、值守", *texts]


def test_an_item_goes_on_over_the_page_and_a_paragraph_does_not(tmp_path: Path) -> None:
    pool = sentences()
    item, after, full = "".join(pool[:2]), pool[3], pool[5]
    sheet = Sheet(random.Random(1))
    sheet.paragraph("".join(pool[8:12]))
    sheet.y = 73.0
    sheet.item("（一）", item)
    sheet.paragraph(after)
    sheet.y = 73.0
    while len(wrapped(full, 12, sheet.right - sheet.left, 24)[-1]) < 36:
        full += "水"  # the last line of the page is full, and what comes is set in
    full = full[:-1] + "。"
    sheet.paragraph(full)
    sheet.paragraph(after)
    found = [text for _, text in read(tmp_path, sheet.save())]
    assert f"（一）{item}" in [text.replace(" ", "") for text in found] and found.count(after) >= 1
    assert found[-1] == after


def test_raised_and_lowered_letters_stand_in_their_line(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        x = 72.0
        for text, size, rise in (
            ("日供水量为5万m", 11, 0),
            ("3", 7, 4),
            ("，H", 11, 0),
            ("2", 7, -2),
            ("O的含量合格。", 11, 0),
        ):
            canvas.setFont(FONT, size)
            canvas.drawString(x, 650 + rise, text)
            x += canvas.stringWidth(text, FONT, size)
        canvas.setFont(FONT, 11)
        canvas.drawString(72, 632, "下一行说明了取样的时间和地点。")

    assert [text for _, text in page(tmp_path, draw)] == [
        "日供水量为5万m3，H2O的含量合格。",
        "下一行说明了取样的时间和地点。",
    ]


def ligature_pdf() -> bytes:
    """A page whose letters ff and ffi are one glyph each, as programs that print draw them."""
    content = b"BT /F1 12 Tf 72 700 Td (The o\001ce sta\002 is ready at nine.) Tj ET"
    cmap = (
        b"/CIDInit /ProcSet findresource begin begincmap /CMapType 2 def\n"
        b"1 begincodespacerange <00> <ff> endcodespacerange\n"
        b"2 beginbfchar <01> <006600660069> <02> <00660066> endbfchar\nendcmap end"
    )
    widths = (
        b" ".join([b"9", b"7"] + [b"0"] * 30 + [b"0.5"] * 95)
        .replace(b"9", b"900")
        .replace(b"7", b"600")
        .replace(b"0.5", b"500")
    )
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+Sans/FirstChar 1/LastChar 127/Widths[%s]"
        b"/ToUnicode 6 0 R/FontDescriptor 7 0 R>>" % widths,
        b"<</Length %d>>stream\n%s\nendstream" % (len(cmap), cmap),
        b"<</Type/FontDescriptor/FontName/ABCDEF+Sans/Flags 32/FontBBox[0 -200 1000 900]"
        b"/Ascent 800/Descent -200/CapHeight 700/ItalicAngle 0/StemV 80>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1) + table + tail


def test_letters_drawn_as_one_glyph_are_all_there(tmp_path: Path) -> None:
    assert [text for _, text in read(tmp_path, ligature_pdf())] == ["The office staff is ready at nine."]


def test_a_han_character_is_as_wide_as_it_is_high_however_narrow_its_box(tmp_path: Path) -> None:
    box = SimpleNamespace(left=0.0, right=10.3, top=16.0, bottom=0.0)
    assert (
        _ends("日", box, (0.0, 0.0), 16.0, 0, 1.0)[2] > 15
        and _ends("日", box, (0.0, 0.0), 16.0, 0, 0.6)[2] < 10.4
    )
    assert _ends("i", box, (0.0, 0.0), 16.0, 0, 1.0)[2] == 10.3


def test_a_mark_that_hangs_over_the_edge_of_a_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        boxes(
            canvas,
            [(0, 0, 1, 1, "事项"), (1, 0, 1, 1, "要求"), (0, 1, 1, 1, "检定"), (1, 1, 1, 1, "")],
            high=40,
        )
        canvas.drawString(162 + 90 - 84, 643, "每六年检定一次，")
        canvas.drawString(166, 628, "费用自理")

    assert [text for _, text in page(tmp_path, draw)] == ["事项：检定；要求：每六年检定一次，费用自理"]


def test_a_full_line_that_is_set_in_is_a_paragraph_where_the_next_is_set_in_too(tmp_path: Path) -> None:
    full = "值班人员每两小时巡查一次泵房，并把水位和压力写进记录本，交班时双方签字，"
    one = full[:34] + "。"
    sheet = Sheet(random.Random(1))
    sheet.paragraph("".join(sentences()[:3]))
    sheet.paragraph(one)
    sheet.paragraph("化验室每日取样三次。")
    assert [text for _, text in read(tmp_path, sheet.save())][1:] == [one, "化验室每日取样三次。"]

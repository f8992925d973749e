"""Layout of PDFs made here: sizes, lists, tables, columns, what is no text; and many at random
(WENJU_GENERATED)."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pdf_maker import FONT, HEIGHT, WIDTH, Sheet, made, sentences
from reportlab.pdfgen.canvas import Canvas

from errors import DocumentError
from index.loaders import load, scans
from index.types import Document

FILES = int(os.environ.get("WENJU_GENERATED", "12"))
"""Random files; 500 for the record in docs/DOCUMENTS.md."""


def drawn(tmp_path: Path, draw: Callable[[Canvas], None], name: str = "a.pdf", title: str = "") -> Document:
    sheet = Sheet(random.Random(1))
    if title:
        sheet.canvas.setTitle(title)
    draw(sheet.canvas)
    path = tmp_path / name
    path.write_bytes(sheet.save())
    return load(path)


def written(canvas: Canvas, lines: list[tuple[float, float, float, str]]) -> None:
    for x, y, size, text in lines:
        canvas.setFont(FONT, size)
        canvas.drawString(x, y, text)


def blocks(document: Document) -> list[tuple[int, str]]:
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks]


def test_fonts_of_other_height_make_no_headings(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        written(canvas, [(72, 780, 18, "仪器借用须知")])
        for number, font in enumerate((FONT, "Helvetica", FONT, "Times-Roman", FONT)):
            canvas.setFont(font, 11)
            canvas.drawString(
                72,
                740 - 18 * number,
                "8:30-17:00 call 555-0100 for Room 3."
                if font != FONT
                else "借用前先核对资产编号，写明用途和归还的日期。",
            )

    assert [text for level, text in blocks(drawn(tmp_path, draw)) if level] == ["仪器借用须知"]


def test_the_matrix_counts_for_the_size(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        written(canvas, [(72, 780, 20, "仪器借用须知")])
        for number in range(6):
            canvas.saveState()
            canvas.translate(72, 740 - 18 * number)
            canvas.scale(11, 11)
            written(canvas, [(0, 0, 1, f"第{number + 1}台仪器由保管人登记，借用的人签字。")])
            canvas.restoreState()

    assert [text for level, text in blocks(drawn(tmp_path, draw)) if level] == ["仪器借用须知"]


def test_marks_drawn_apart_from_their_items(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        written(canvas, [(72, 780, 16, "巡查要求")])
        written(
            canvas,
            [(90, 750 - 18 * n, 11, text) for n, text in enumerate(("先看水表", "再看电表", "最后锁门"))],
        )
        written(canvas, [(72, 750 - 18 * n, 11, "•") for n in range(3)])

    assert blocks(drawn(tmp_path, draw)) == [
        (1, "巡查要求"),
        (0, "• 先看水表"),
        (0, "• 再看电表"),
        (0, "• 最后锁门"),
    ]


def test_characters_drawn_one_by_one_in_a_font_that_is_not_in_the_file(tmp_path: Path) -> None:
    text = "每个字单独画出来也要读到。"
    document = drawn(
        tmp_path,
        lambda canvas: written(canvas, [(72 + 12 * n, 700, 12, char) for n, char in enumerate(text)]),
    )
    assert document.text == text


def test_bold_drawn_twice_and_watermarks(tmp_path: Path) -> None:
    sheet = Sheet(random.Random(1), watermark="内部资料")
    sheet.heading("物资领用办法", 18, centred=True, bold=True)
    sheet.paragraph("领用物资由部门负责人签字，仓库管理员核对后发放，并在台账上登记。")
    path = tmp_path / "a.pdf"
    path.write_bytes(sheet.save())
    document = load(path)
    assert document.title == "物资领用办法"
    assert document.text == "物资领用办法\n领用物资由部门负责人签字，仓库管理员核对后发放，并在台账上登记。"


def test_a_table_over_two_pages_with_its_header_again(tmp_path: Path) -> None:
    sheet = Sheet(random.Random(2), numbered=True)
    sheet.heading("设备清单", 18)
    rows = [[str(n), f"第{n}号离心机", f"{n}.5万元"] for n in range(1, 61)]
    sheet.table([["序号", "名称", "单价"], *rows])
    path = tmp_path / "a.pdf"
    path.write_bytes(sheet.save())
    document = load(path)
    assert [text for _, text in blocks(document)][1:] == [
        f"序号：{n}；名称：第{n}号离心机；单价：{n}.5万元" for n in range(1, 61)
    ]
    assert document.page_of(document.text.index("第60号")) == len(document.pages) > 1


@pytest.mark.parametrize("across", [False, True])
def test_two_columns_however_they_are_drawn(tmp_path: Path, across: bool) -> None:
    pool = sentences()
    sheet = Sheet(random.Random(3))
    sheet.heading("两栏的通讯", 18, centred=True)
    left, right = ["".join(pool[:4]), "".join(pool[4:7])], ["".join(pool[7:11]), "".join(pool[11:13])]
    sheet.columns(left, right, across=across)
    path = tmp_path / "a.pdf"
    path.write_bytes(sheet.save())
    assert [text for _, text in blocks(load(path))] == ["两栏的通讯", *left, *right]


def test_a_column_that_is_longer_than_its_neighbour(tmp_path: Path) -> None:
    """Headings in larger letters within the longer column cut nothing off it."""
    pool = sentences()

    def draw(canvas: Canvas) -> None:
        lines: list[tuple[float, float, float, str]] = []
        for column, parts in ((72.0, 5), (310.0, 2)):
            y = 700.0
            for part in range(parts):
                lines.append((column, y, 12.5, f"{'一二三四五'[part]}、{'左右'[column > 99]}栏的事项"))
                text = "".join(pool[4 * part : 4 * part + 4])[:72]
                for at in range(0, len(text), 18):
                    y -= 17
                    lines.append((column + 22 * (not at), y, 11, text[at : at + 18]))
                y -= 20
        written(canvas, lines)

    text = drawn(tmp_path, draw).text
    told = [f"{sign}、左栏" for sign in "一二三四五"] + [f"{sign}、右栏" for sign in "一二"]
    found = [text.index(one) for one in told]
    assert found == sorted(found)


def test_a_figure_cut_by_the_end_of_a_line(tmp_path: Path) -> None:
    lines = [
        "本年度共支出设备维修费用一千余笔，金额合计为人民币12",
        "345元，已经由财务部门核对并报分管领导审批同意。",
    ]

    def draw(canvas: Canvas) -> None:
        written(canvas, [(72 + 24 * (not n), 700 - 18 * n, 12, line) for n, line in enumerate(lines * 3)])

    assert "人民币12345元" in drawn(tmp_path, draw).text


def test_the_title_stands_on_the_page(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        written(
            canvas,
            [
                (72, 780, 18, "实验室用电管理办法"),
                (72, 740, 11, "第一条 离开时关闭总闸，并由最后离开的人登记。"),
            ],
        )

    for leftover in ("3", "关于某某的请示", "Microsoft Word - 1.doc"):
        assert drawn(tmp_path, draw, title=leftover).title == "实验室用电管理办法"


def test_a_page_lying_on_its_side(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((HEIGHT, WIDTH))
        canvas.setPageRotation(90)
        canvas.translate(WIDTH - 60, 60)
        canvas.rotate(90)
        written(canvas, [(0, -30 * n, 12, f"第{n + 1}行写在转过来的纸上。") for n in range(3)])

    assert [text for _, text in blocks(drawn(tmp_path, draw))] == [
        f"第{n}行写在转过来的纸上。" for n in (1, 2, 3)
    ]


def test_a_text_layer_that_is_no_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "ready", lambda: False)
    shifted = ["".join(chr(0x7280 + (ord(char) * 7) % 60) for char in line) for line in sentences()[:12]]

    def garbled(canvas: Canvas) -> None:
        written(canvas, [(72, 760 - 18 * n, 11, line) for n, line in enumerate(shifted)])

    with pytest.raises(DocumentError, match="no language") as caught:
        drawn(tmp_path, garbled)
    assert "pip install" in caught.value.hint

    def half(canvas: Canvas) -> None:
        written(canvas, [(72, 760 - 18 * n, 11, line[:40]) for n, line in enumerate(sentences()[:12])])
        canvas.showPage()
        garbled(canvas)

    document = drawn(tmp_path, half)
    assert document.meta["pages_garbled"] == "2" and shifted[0][:8] not in document.text


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_many_files_at_random(tmp_path: Path) -> None:
    """Text, headings, items, rows and reading order come out as put in; what is on every page does not."""
    wanted = found = rows = found_rows = 0
    path = tmp_path / "a.pdf"
    for seed in range(FILES):
        one = made(seed)
        path.write_bytes(one.data)
        document = load(path)
        got = {bare(text): level for level, text in blocks(document)}
        assert document.title == one.title, seed
        assert not [text for text in one.absent if text in document.text], seed
        wanted += len(one.blocks)
        found += sum(
            bare(text) in got and (kind == "heading") == (got[bare(text)] > 0) for kind, text in one.blocks
        )
        rows += len(one.rows)
        found_rows += sum(bare(row) in got for row in one.rows)
        letters = bare("".join(text for _, text in one.blocks))
        held = bare(document.text)
        assert all(held.count(char) >= letters.count(char) for char in set(letters) - set("•")), (
            seed
        )  # nothing is lost
    print(f"{FILES} files: {found} of {wanted} paragraphs, {found_rows} of {rows} rows")
    assert found >= 0.995 * wanted and found_rows == rows

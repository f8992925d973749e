"""Tables of page formats: ruling lines of OFD, and rows and columns that no line shows."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pdf_maker import FONT, Sheet

from errors.unread import Unread
from index.loaders import load
from tests.test_index_loaders_formats import ofd, text


def _rows(path: Path) -> list[str]:
    document = load(path)
    return [document.text[block.start : block.end] for block in document.blocks if block.table]


def _box(x: float, y: float, wide: float, high: float) -> str:
    path = f"M 0 0 L {wide} 0 L {wide} {high} L 0 {high} C"
    return (
        f'<ofd:PathObject Boundary="{x} {y} {wide} {high}" LineWidth="0.3">'
        f"<ofd:AbbreviatedData>{path}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def _down(x: float, y: float, words: str) -> str:
    steps = " ".join(["4.5"] * (len(words) - 1))
    return (
        f'<ofd:TextObject Boundary="{x} {y} 5 30" Size="4"><ofd:TextCode X="0" Y="4" DeltaY="{steps}">{words}'
        "</ofd:TextCode></ofd:TextObject>"
    )


def test_a_form_in_ofd_by_its_lines_and_a_label_set_from_top_to_bottom(tmp_path: Path) -> None:
    cells = [
        ("来文单位", "市人民政府办公室", "文号", "府办〔2020〕24号"),
        ("收文日期", "2020年6月15日", "编号", "725"),
    ]
    content = text(70, 12, "公文处理单", 7)
    content += _box(20, 30, 8, 40) + _down(22, 34, "来文登记")
    for row, words in enumerate(cells):
        for column, word in enumerate(words):
            content += _box(28 + 40 * column, 30 + 20 * row, 40, 20)
            content += text(30 + 40 * column, 37 + 20 * row, word)
    ofd(tmp_path / "a.ofd", content)
    rows = _rows(tmp_path / "a.ofd")
    assert "来文单位：市人民政府办公室；文号：府办〔2020〕24号" in rows[0]
    assert "收文日期：2020年6月15日；编号：725" in rows[1]
    assert rows[0].startswith("来文登记")


def test_pages_of_an_ofd_without_an_encoding_are_told(tmp_path: Path) -> None:
    garbled = "".join(chr(0xE000 + n * 7 % 800) for n in range(120))
    ofd(tmp_path / "a.ofd", text(20, 20, "关于做好防汛工作的通知，请各单位遵照执行。"), text(20, 20, garbled))
    document = load(tmp_path / "a.ofd")
    assert document.text == "关于做好防汛工作的通知，请各单位遵照执行。"
    assert document.meta["pages_garbled"] == "2" or document.meta["pages_without_text"] == "2"
    mixed = "".join(chr(0x3400 + n * 37 % 6000) for n in range(200))
    ofd(tmp_path / "b.ofd", text(20, 20, mixed))
    with pytest.raises(Unread, match="no language"):
        load(tmp_path / "b.ofd")


INVOICE = [
    ["项目名称", "单位", "数量", "单价", "金额"],
    ["*水表*智能水表", "只", "20", "310.50", "6210.00"],
    ["*水表*机械水表及", "只", "4", "81.00", "324.00"],
    ["连接件", "", "", "", ""],
    ["合计", "", "24", "", "¥6534.00"],
]


@pytest.mark.parametrize("ruled", [True, False])
def test_items_of_an_invoice_line_by_line_in_one_ruled_row(tmp_path: Path, ruled: bool) -> None:
    made = Sheet(random.Random(1))
    made.heading("电子发票", 18)
    edges = [72, 160, 210, 260, 340, 440]
    made.canvas.setFont(FONT, 10)
    for top, bottom in ((700, 600), (600, 570)):
        made.canvas.rect(72, bottom, edges[-1] - 72, top - bottom)
    made.canvas.line(130, 570, 130, 600)
    for x in edges[1:-1] if ruled else ():
        made.canvas.line(x, 600, x, 700)
    for number, row in enumerate(INVOICE):
        for column, word in enumerate(row):
            made.canvas.drawString(edges[column] + 4, 685 - 16 * number, word)
    made.canvas.drawString(76, 580, "价税合计")
    made.canvas.drawString(134, 580, "陆仟伍佰叁拾肆圆整")
    (tmp_path / "a.pdf").write_bytes(made.save())
    assert _rows(tmp_path / "a.pdf") == [
        "项目名称：*水表*智能水表；单位：只；数量：20；单价：310.50；金额：6210.00",
        "项目名称：*水表*机械水表及连接件；单位：只；数量：4；单价：81.00；金额：324.00",
        "项目名称：合计；数量：24；金额：¥6534.00",
        "价税合计：陆仟伍佰叁拾肆圆整",
    ]


def test_names_over_telephone_numbers_stay_in_their_cells(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.heading("值班表", 18)
    edges, tops = [72, 172, 272, 372], [700, 670, 610, 550]
    rows = [
        [["日期"], ["白班"], ["夜班"]],
        [["6月1日", "周一"], ["何静", "8801", "罗明", "8802"], ["孙楠", "8803", "李可", "8804"]],
        [["6月2日", "周二"], ["沈洁", "8805", "周晓", "8806"], ["林芳", "8807", "赵敏", "8808"]],
    ]
    made.canvas.setFont(FONT, 9)
    for number, row in enumerate(rows):
        for column, lines in enumerate(row):
            made.canvas.rect(edges[column], tops[number + 1], 100, tops[number] - tops[number + 1])
            for n, line in enumerate(lines):
                made.canvas.drawString(edges[column] + 4, tops[number] - 12 - 13 * n, line)
    (tmp_path / "a.pdf").write_bytes(made.save())
    assert _rows(tmp_path / "a.pdf") == [
        "日期：6月1日 周一；白班：何静 8801 罗明 8802；夜班：孙楠 8803 李可 8804",
        "日期：6月2日 周二；白班：沈洁 8805 周晓 8806；夜班：林芳 8807 赵敏 8808",
    ]


def test_a_label_beside_a_title_is_no_part_of_it(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.text(180, "浙江增值税电子普通发票", 18)
    made.text(420, "发票代码：033002000211", 9)
    made.y -= 40
    made.text(90, "本发票由销售方开具，请在三十日内核对所列项目和金额。", 9)
    (tmp_path / "a.pdf").write_bytes(made.save())
    document = load(tmp_path / "a.pdf")
    assert document.title == "浙江增值税电子普通发票"
    assert "发票代码：033002000211" in document.text.split("\n")

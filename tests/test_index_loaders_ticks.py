"""Boxes to tick come out as ☑ and □ from every format; a crossed box is read by what stands beside it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pdf_maker import Sheet

from index.loaders import load
from index.loaders.raw import Line
from index.loaders.ticks import ticked
from tests.word_maker import blank, table


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (["☐男 ☒女", "⬜党员 ☐群众"], ["□男 ☑女", "□党员 □群众"]),
        (["是否住宿：☒是 □否"], ["是否住宿：☑是 □否"]),
        (["☑合格 ☒不合格 ☐未检"], ["☑合格 ☒不合格 □未检"]),
        (["☒ 严禁携带易燃物品", "☒ 严禁吸烟"], ["☒ 严禁携带易燃物品", "☒ 严禁吸烟"]),
        (["婚姻状况：□未婚 ■已婚"], ["婚姻状况：□未婚 ☑已婚"]),
        (["■ 总体要求", "□ 工作目标"], ["■ 总体要求", "□ 工作目标"]),
        (["满意度：■■■□□"], ["满意度：■■■□□"]),
        (["🗹同意 🗷不同意"], ["☑同意 ☒不同意"]),
        (["没有方框"], ["没有方框"]),
    ],
)
def test_boxes_by_what_stands_beside_them(lines: list[str], read: list[str]) -> None:
    assert [line.text for line in ticked([Line(text) for text in lines])] == read


def test_boxes_in_the_text_of_a_pdf(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.heading("防火检查表", 20, centred=True)
    for text in (
        "■是 □否 配有灭火器",
        "通道：□畅通 ■堵塞",
        "■ 检查人须当场签字，不得代签，检查结果三日内公示。",
    ):
        made.text(90, text, 11)
        made.y -= 30
    (tmp_path / "a.pdf").write_bytes(made.save())
    assert load(tmp_path / "a.pdf").text.split("\n")[1:] == [
        "☑是 □否 配有灭火器",
        "通道：□畅通 ☑堵塞",
        "•检查人须当场签字，不得代签，检查结果三日内公示。",
    ]


def test_typed_boxes_in_a_word_form_and_on_a_page(tmp_path: Path) -> None:
    made = blank()
    table(made, [["性别", "☒男 ☐女", "户籍", "☐本市 ☒外市"]])
    made.save(str(tmp_path / "a.docx"))
    assert load(tmp_path / "a.docx").text == "性别：☑男 □女；户籍：□本市 ☑外市"
    page = "<html><body><h1>申请表</h1><p>是否同意公开：☒同意 ☐不同意</p></body></html>"
    (tmp_path / "a.html").write_text(page, "utf-8")
    assert "是否同意公开：☑同意 □不同意" in load(tmp_path / "a.html").text

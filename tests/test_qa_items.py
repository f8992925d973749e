"""The items of an answer, and the question that names one by its number."""

from __future__ import annotations

import pytest
from fake_reader import ScriptedReader

from qa.items import clauses_of, items_of, with_item
from qa.types import Turn
from qa.understand import understand

LINES = "申请材料：\n1. 申请表；\n2. 身份证复印件；\n3. 近期照片。"
NUMBERED = "有三种情形：（一）累计请假二十天的；（二）旷工的；（三）借调满一年的。"
COMMAS = "共4座：东门桥、西门桥、老街桥、新村桥，年内完工。"


@pytest.mark.parametrize(
    ("answer", "items"),
    [
        (LINES, ["申请表", "身份证复印件", "近期照片"]),
        (NUMBERED, ["累计请假二十天的", "旷工的", "借调满一年的"]),
        (COMMAS, ["东门桥", "西门桥", "老街桥", "新村桥"]),
        ("第十条 不得带入：（一）玻璃瓶；\n（二）宠物。", ["玻璃瓶", "宠物"]),
        ("三十天。", []),
        ("", []),
    ],
)
def test_items_are_told_by_form(answer: str, items: list[str]):
    assert items_of(answer) == items


def test_clauses_are_told_by_a_figure_in_each():
    assert clauses_of("一居室18元，两居室16元；三居室15元。") == ["一居室18元", "两居室16元", "三居室15元"]
    assert clauses_of("一居室18元，两居室另算。") == clauses_of("一居室18元。") == []


@pytest.mark.parametrize(
    ("asked", "answer", "named"),
    [
        ("第三座哪天完工", COMMAS, "老街桥哪天完工"),
        ("那第二种怎么算", NUMBERED, "那旷工的怎么算"),
        ("第2项要原件吗", LINES, "身份证复印件要原件吗"),
        ("第十条呢", NUMBERED, ""),
        ("第三个呢", "三十天。", ""),
        ("哪天完工", COMMAS, ""),
        ("第一个和第二个差多少", COMMAS, ""),
    ],
)
def test_a_number_names_an_item(asked: str, answer: str, named: str):
    assert with_item(asked, answer) == named


def test_a_follow_up_by_number_stands_alone():
    """The model that writes is asked it without the turns; passages of the document before are preferred."""
    reader = ScriptedReader(carried={"第三座哪天完工": ("东门桥",)})
    want = understand("第三座哪天完工", [Turn("今年修哪几座桥", COMMAS)], reader)
    assert (want.query, want.told, want.after_turns) == ("老街桥哪天完工", "老街桥哪天完工", False)
    assert want.before.startswith("今年修哪几座桥")

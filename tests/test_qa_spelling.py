"""A mistyped character in a question is put right only where it is certain."""

from __future__ import annotations

import pytest

from index.types import Document, Hit, Passage
from qa.spelling import slip, sound


def hits(*texts: str) -> list[Hit]:
    return [
        Hit(Passage(f"d{i}-0001", f"d{i}", 0, len(t), t), Document(f"d{i}", "", "", t, ""), 1.0)
        for i, t in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("typed", "evidence", "meant"),
    [
        ("滨海新曲有多少家企业", "滨海新区有300家企业。", "滨海新区有多少家企业"),
        ("审批流成是什么", "审批流程分三步。", "审批流程是什么"),
        ("报消单在哪领", "报销单在财务科领取。", "报销单在哪领"),
        ("公积金题取要多久", "公积金提取三日内到账。", "公积金提取要多久"),
    ],
)
def test_a_slip_that_sounds_alike_is_put_right(typed: str, evidence: str, meant: str) -> None:
    found = slip(typed, hits(evidence))
    assert found is not None and found.question == meant
    assert typed.replace(found.typed, found.meant) == meant


@pytest.mark.parametrize(
    ("typed", "evidence"),
    [
        ("河北省有几家", "湖北省有3家。"),  # these two are not pronounced alike
        ("江苏省有几家", "江西省有3家。"),
        ("审批流程是什么", "审批流程分三步。"),
        ("审批时间多长", "审批流程分三步。"),
        ("会议是几点", "会议时间另行通知。"),  # goes on differently
        ("陶艺在哪个教室上", "教室四间。陶艺教师上午到岗。"),  # a word that the documents know
        ("账为啥没办完", "台账未办完。" + "材料已交。" * 1200),  # fits once in a long text
        ("职工年休假有多少天", "职工年休假为10天。"),
    ],
)
def test_another_word_stays_another_word(typed: str, evidence: str) -> None:
    assert slip(typed, hits(evidence)) is None


def test_what_the_documents_know_is_no_slip() -> None:
    assert slip("蓟洲区有几家", hits("蓟州区有3家。", "蓟洲区有5家。")) is None
    assert slip("蓟洲区有几家", []) is None


def test_tones_do_not_count_and_other_signs_have_no_sound() -> None:
    assert sound("曲") == sound("区") == "qu" and sound("a") == ""

"""Folding and containment: what counts as the same answer, and which figures speak against one."""

from __future__ import annotations

import pytest

from eval.metrics.matching import (
    answer_contains,
    contains,
    contradicting_figures,
    fold,
    parts_found,
    written_figures,
)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("全市共有１００条举措。", "100条"),
        ("十个方面一百条举措", "100条"),
        ("參加的有一百三十餘人", "130余人"),
        ("投入 1.2 万元", "12000元"),
        ("占百分之五点五", "5.5%"),
        ("增长5.5％。", "5.5%"),
        ("二〇二五年六月", "2025年6月"),
        ("3,500 个岗位", "3500个"),
        ("第二十届三中全会", "第20届"),
        ("“四强”党支部287个", "四强党支部"),
        ("GDP Growth", "gdp growth"),
        ("两万五千人次", "25000人次"),
        ("3亿元", "3亿元"),
        ("共三十二万亩", "32万亩"),
        ("时间为8:30开始", "8：30"),
    ],
)
def test_the_same_answer_in_other_clothes(text: str, answer: str) -> None:
    assert contains(text, answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("共有1100条", "100条"),
        ("增长100.5%", "100"),
        ("0.5%", "5%"),
        ("12.5", "12"),
        ("1-3天", "13天"),
        ("2025年", "25年"),
        ("没有提到", ""),
        ("……", "。"),
    ],
)
def test_another_figure_is_another_answer(text: str, answer: str) -> None:
    assert not contains(text, answer)


def test_folding_keeps_meaning_apart() -> None:
    assert fold("55") != fold("5.5")
    assert fold("1、3") != fold("13")
    assert fold("一切") == fold("一切") and fold("万一") == fold("万一")
    assert written_figures("三个人都到了，一起去") == set()
    assert written_figures("三十二个，另有5个") == {"32", "5"}


def test_parts_are_all_needed() -> None:
    parts = [["5月12日", "2025年5月12日"], ["48名", "48人"]]
    assert parts_found("五月十二日开始，四十八人参加", parts) == 1.0
    assert parts_found("5月12日开始", parts) == 0.5
    assert parts_found("", []) == 0.0
    assert answer_contains("李志刚同志", ["牛海梅", "李志刚"]) == 1.0


@pytest.mark.parametrize(
    ("answer", "against"),
    [
        ("命名了287个“四强”党支部。", set()),
        (
            "命名了287个，其中50个示范岗。",
            {"50"},
        ),  # another count with the same unit, not in the gold evidence
        ("命名了287个，占5.5%。", {"5.5"}),  # stands nowhere: invented
        ("2025年命名了287个。", set()),  # the year stands in what was read
        ("这287个是第三批14项任务里的。", set()),  # 14项 was read, has another unit, and 三批 is no figure
    ],
)
def test_figures_that_speak_against_an_answer(answer: str, against: set[str]) -> None:
    read = ["2025年评定命名“四强”党支部287个、示范岗50个，部署14项任务。"]
    assert contradicting_figures(answer, ["287个"], ["评定了多少个？", "党支部287个"], read) == against

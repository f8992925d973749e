"""Comparisons computed from two places of the evidence: only when both operands are certain."""

from __future__ import annotations

import pytest
from evidence_fakes import document

from qa.comparison import compared

REPORT = document(
    "机关党建综述",
    "2月28日，智能网联汽车供应链对接会在顺义召开；3月6日，高端装备产业协同发展大会来到天津；4月21日，专场推介活动又把舞台搬到了深圳。",
    "农村公路方面，开工251公里，完工192公里；新增和优化的公交线路达到23条。食堂2600余家，窗口2500余个。",
    "就业驿站建成113家。星级驿站建成47家。去年12月1日，首场讲座在西青开讲。",
)


@pytest.mark.parametrize(
    ("question", "text", "told"),
    [
        ("顺义的对接会和深圳的推介活动哪个在前", "推算：“顺义的对接会”（2月28日）早于“深圳的推介活动”（4月21日），相差52天。", ("2月28日", "4月21日")),
        ("高端装备大会和顺义对接会，哪个更晚？", "推算：“高端装备大会”（3月6日）晚于“顺义对接会”（2月28日），相差6天。", ("3月6日", "2月28日")),
        ("西青的讲座与深圳推介活动相比，哪个更早？", "推算：“西青的讲座”（去年12月1日）早于“深圳推介活动”（4月21日），相差141天。", ("去年12月1日", "4月21日")),
        ("农村公路开工的比完工的多多少公里？", "推算：“农村公路开工”（251公里）大于“完工”（192公里），相差59公里。", ("251公里", "192公里")),
        ("就业驿站和星级驿站哪个少", "推算：“星级驿站”（47家）小于“就业驿站”（113家），相差66家。", ("113家", "47家")),
    ],
)
def test_two_places_are_found_and_weighed(question: str, text: str, told: tuple[str, str]) -> None:
    made = compared(question, REPORT)
    assert made is not None
    assert made.text == text
    assert (made.first.shown, made.second.shown) == told
    for operand in (made.first, made.second):
        assert operand.shown in REPORT[operand.index].text


@pytest.mark.parametrize(
    "question",
    [
        "就业驿站和公交线路哪个多？",  # 家 and 条 are not weighed
        "食堂和窗口哪个多？",  # 家 and 个, and both rounded
        "顺义的对接会和北京的年会哪个在前？",  # nothing is told of the second
        "深圳的推介活动和深圳的活动哪个早？",  # one place for both
        "顺义的对接会是哪天开的？",
        "就业驿站建成多少家？",
        "公交线路和哪个部门有关？",
        "",
    ],
)
def test_in_doubt_nothing_is_computed(question: str) -> None:
    assert compared(question, REPORT) is None


def test_two_places_with_another_figure_for_one_subject_are_no_operand() -> None:
    twice = document("两处", "就业驿站建成113家。星级驿站建成47家。", "就业驿站建成120家。")
    assert compared("就业驿站和星级驿站哪个多？", twice) is None


def test_rounded_figures_are_weighed_only_when_far_apart() -> None:
    far = document("约数", "惠及职工近2000名。听众600余名。")
    made = compared("惠及的职工和听众哪个多？", far)
    assert made is not None
    assert made.text == "推算：“惠及的职工”（近2000名）大于“听众”（600余名）。"
    near = document("约数", "惠及职工近2000名。听众1900余名。")
    assert compared("惠及的职工和听众哪个多？", near) is None


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("农村公路开工和完工相差多少公里", "推算：“农村公路开工”（251公里）大于“完工”（192公里），相差59公里。"),
        ("顺义的对接会和天津的高端装备大会隔了几天？", "推算：“顺义的对接会”（2月28日）早于“天津的高端装备大会”（3月6日），相差6天。"),
        ("每月掘进增加了多少米", "推算：“提高到120米”（120米）大于“由80米”（80米），相差40米。"),
        ("就业培训班和深圳的推介活动哪个更早", "推算：“深圳的推介活动”（4月21日）早于“就业培训班”（5月12日），相差21天。"),
    ],
)
def test_differences_changes_and_ranges(question: str, text: str) -> None:
    more = document("补充", "5月12日至14日，就业培训班在党校开课。隧道每月掘进由80米提高到120米。地道维修工程2条，5月完工。")
    made = compared(question, REPORT + more)
    assert made is not None and made.text == text
    assert compared("食堂和农村公路相差多少公里", REPORT) is None
    assert compared("每天运量增加了多少米", more) is None

"""The checks of values against their evidence: what it holds passes however it is spelt, what it does not is
named."""

from __future__ import annotations

import pytest

from qa.checks import EvidenceText, check, examine

WORK = EvidenceText(
    "在普遍组织厉行节约反对浪费主题党日基础上，市机关事务管理局出台实施意见，将2600余家食堂纳入管理，市统计局建立用餐人数动态预估机制，"
    "市财政局制定10个方面100条“过紧日子”具体措施。",
    "2025-07-01",
    "一切聚焦高质量发展",
)
ROADS = EvidenceText(
    "上半年，农村公路开工251公里、完工192公里；2条地道维修工程均已完工通车；累计新增优化23条公交线路。",
    "2025-07-01",
)
LETTER = EvidenceText(
    "今年6月13日，市级机关工委联合市机关事务管理局发出《致市级机关党员干部职工的公开信》。培训班于2025年5月12日至14日举办。去年启动的系列活动已开展12场。",
    "2025-07-01",
)
PARTY = EvidenceText(
    "市级机关工委评定命名287个“四强”党支部，党支部书记于洋介绍了就业驿站。建成113家就业驿站，方便群众求职。",
    "2025-07-01",
    "天津市级机关党建",
)
LAW = EvidenceText(
    "申请人不得转让许可证。未满十八周岁的公民没有投票权，年满十八周岁的公民可以参加选举。费用高于500元的，应当提前三日公示。"
)
ALL = [WORK, ROADS, LETTER, PARTY, LAW]

TRUE = [
    "市财政局制定了10个方面100条“过紧日子”具体措施。",
    "市财政局制定了100条具体措施。",
    "市财政局制定十个方面一百条“过紧日子”具体措施。",
    "将２６００余家食堂纳入管理。",
    "根据资料，上半年农村公路开工251公里、完工192公里。",
    "農村公路完工192公里。",
    "农村公路开工251000米。",
    "2025年6月13日，市级机关工委发出《致市级机关党员干部职工的公开信》。",
    "公开信于6月13日发出。",
    "二〇二五年六月十三日发出公开信。",
    "培训班于5月14日结束。",
    "系列活动2024年启动，已开展12场。",
    "市级机关工委评定命名287个“四强”党支部。",
    "建成就业驿站113家。",
    "党支部书记于洋介绍了就业驿站。",
    "未满十八周岁的公民没有投票权。",
    "申请人不得转让许可证。",
    "年满18周岁的公民可以参加选举。",
]


@pytest.mark.parametrize("sentence", TRUE)
def test_true_sentences_pass(sentence: str) -> None:
    assert check(sentence, ALL) == []


WRONG = [
    ("市财政局制定了10个方面101条“过紧日子”具体措施。", "number", "101条"),
    ("市财政局制定了100元的措施。", "number", "100元"),
    ("将26余家食堂纳入管理。", "number", "26余家"),
    ("天津GDP增长5.5%。", "number", "5.5%"),
    ("2024年6月13日发出公开信。", "date", "2024年6月13日"),
    ("6月14日发出公开信。", "date", "6月14日"),
    ("培训班于2025年5月12日至15日举办。", "date", "15日"),
    ("系列活动2023年启动。", "date", "2023年"),
]


@pytest.mark.parametrize(("sentence", "kind", "said"), WRONG)
def test_a_value_that_stands_nowhere_is_named(sentence: str, kind: str, said: str) -> None:
    assert (kind, said) in {(p.kind, p.text) for p in check(sentence, ALL)}


def test_year_of_publication_is_what_resolves_this_year() -> None:
    undated = EvidenceText(LETTER.text.replace("2025年", ""))
    assert [p.kind for p in check("公开信于2025年6月13日发出。", [undated])] == ["date"]
    assert check("公开信于今年6月13日发出。", [undated]) == []
    assert check("公开信于2023年6月13日发出。", [EvidenceText(undated.text, "2023-09-01")]) == []


def test_places_tell_where_the_figures_stand() -> None:
    found = examine("农村公路完工192公里。", ALL)
    (place,) = found.places
    assert ALL[place.text].text[place.start : place.end] == "192公里"


def test_document_numbers_and_percentages() -> None:
    evidence = ["依据津政发〔2025〕12号文件，增长率为百分之五。"]
    assert check("依据津政发[2025]12号文件，增长率为5%。", evidence) == []
    assert check("依据津政发〔2025〕13号文件，增长率为5%。", evidence)
    assert check("增长率为5。", evidence)
    assert check("增长率为6%。", evidence)


def test_no_evidence_bears_nothing_out() -> None:
    assert [p.kind for p in check("共有12人。", [])] == ["number"]

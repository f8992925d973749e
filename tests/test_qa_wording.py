"""Approximate figures stay approximate; lists lose what is not borne out; loops are seen."""

import pytest

from qa.types import Problem
from qa.wording import keep_approximate, until_it_loops, without_items


@pytest.mark.parametrize(
    ("sentence", "quote", "repaired"),
    [
        ("保税维修政策有50项。", "“先行先试”的保税维修政策已有50多项。", "保税维修政策有50多项。"),
        ("帮助解决问题4000个。", "帮助企业解决问题4000余个。", "帮助解决问题4000余个。"),
        ("受惠职工2000名。", "受惠的党员干部职工近2000名。", "受惠职工近2000名。"),
        ("共600场、2万人。", "600多场理论宣讲覆盖2万余人。", "共600多场、2万余人。"),
        ("受惠职工近2000名。", "受惠的党员干部职工近2000名。", "受惠职工近2000名。"),
        ("建成113家。", "建成113家就业驿站。", "建成113家。"),
        ("共50项。", "原有50多项，今年新增后正好50项。", "共50项。"),
        ("共51项。", "已有50多项。", "共51项。"),
        ("没有数字。", "已有50多项。", "没有数字。"),
    ],
)
def test_what_the_evidence_calls_approximate_is_said_so(sentence, quote, repaired):
    assert keep_approximate(sentence, [quote]) == repaired


@pytest.mark.parametrize(
    ("sentence", "wrong", "left", "omitted"),
    [
        ("特色水果有三华李、荔枝、爆米香等。", ["三华"], "特色水果有荔枝、爆米香等。", ("三华李",)),
        ("参加的有甲公司、乙公司和丙公司。", ["乙公司"], "参加的有甲公司、丙公司。", ("乙公司",)),
        ("参加的有海关、铁路以及甘肃省。", ["甘肃省"], "参加的有海关、铁路。", ("甘肃省",)),
        ("作品有《黑血》、《白夜》。", ["《黑血》"], "作品有《白夜》。", ("《黑血》",)),
        ("包括宙斯、赫拉、赫拉、赫拉。", [], "包括宙斯、赫拉。", ()),
        ("特色水果有三华李、荔枝。", ["三华李", "荔枝"], "特色水果有三华李、荔枝。", ()),
        ("德国有冯特、勒庞等心理学家。", ["德国"], "德国有冯特、勒庞等心理学家。", ()),
        ("三种形式是甲讲、乙讲和丙讲。", ["乙讲"], "三种形式是甲讲、乙讲和丙讲。", ()),
        ("局长是王五。", ["王五"], "局长是王五。", ()),
    ],
)
def test_a_list_loses_the_items_that_are_not_borne_out_and_no_others(sentence, wrong, left, omitted):
    assert without_items(sentence, [Problem("name", text) for text in wrong]) == (left, omitted)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("有阿波罗、赫拉、赫拉、赫拉、", 8),
        ("有阿波罗、赫拉、赫拉、", None),
        ("共投资1000000", None),
        ("……", None),
        ("甲" * 100 + "、乙丙、乙丙、乙丙、", 104),
    ],
)
def test_a_loop_is_seen_at_its_third_round(text, end):
    assert until_it_loops(text) == end

"""Approximate figures stay approximate; loops are seen."""

import pytest

from qa.wording import keep_approximate, until_it_loops


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
    ("text", "end"),
    [
        ("有阿波罗、赫拉、赫拉、赫拉、", 8),
        ("有阿波罗、赫拉、赫拉、", None),
        ("共投资1000000", None),
        ("……", None),
        ("答案 = 1 + 56 + 184 + 56 + 184 + 56 + 184", 17),
        ("甲" * 100 + "、乙丙、乙丙、乙丙、", 104),
    ],
)
def test_a_loop_is_seen_at_its_third_round(text, end):
    assert until_it_loops(text) == end

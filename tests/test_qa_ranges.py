"""Rows of a table that a figure of the question falls into."""

from __future__ import annotations

import pytest

from index.types import Document, Passage
from qa.attribution import EvidenceSentence
from qa.kinds.ranges import rows_in_range
from qa.kinds.tables import Row, Table


def table(*columns: str, rows: list[tuple[str, ...]]) -> Table:
    passage = Passage("d-0001", "d", 0, 1, "x")
    document = Document("d", "表", "a.md", "x", "0")
    return Table(
        columns,
        tuple(
            Row(EvidenceSentence(passage, document, 0, 1, cells[-1]), dict(zip(columns, cells, strict=True)))
            for cells in rows
        ),
    )


BUYING = table(
    "预算（元）",
    "方式",
    rows=[
        ("2,000以下", "自购"),
        ("2,000（含）至10,000", "询价"),
        ("10,000（含）至50,000", "比选"),
        ("50,000以上", "招标"),
    ],
)
LEAVE = table(
    "天数", "谁批", rows=[("1天以内", "科长"), ("1天以上至3天（含）", "处长"), ("3天以上至10天", "局长")]
)
FUNDS = table("合同额（万元）", "谁签", rows=[("不满20", "处长"), ("20至50", "副局长"), ("50以上", "局长")])


@pytest.mark.parametrize(
    ("asked", "given", "told"),
    [
        ("采购3万2要怎么办", BUYING, ["比选"]),
        ("买1500块的东西", BUYING, ["自购"]),
        ("买1500元的东西", BUYING, ["自购"]),
        ("预算80万的呢", BUYING, ["招标"]),
        ("正好一万的", BUYING, ["询价", "比选"]),
        ("请4天假谁批", LEAVE, ["局长"]),
        ("请20天假谁批", LEAVE, []),
        ("合同额30万谁签", FUNDS, ["副局长"]),
        ("3万2和8万各怎么办", BUYING, []),
        ("P3区谁批", LEAVE, []),
        ("迟到4分钟谁批", LEAVE, []),
    ],
)
def test_the_row_whose_range_holds_the_figure(asked: str, given: Table, told: list[str]) -> None:
    assert [row.place.text for row in rows_in_range(asked, given)] == told


def test_columns_that_divide_no_range_are_left_alone() -> None:
    prices = table("项目", "价格", rows=[("早餐", "8元"), ("午餐", "12至18元"), ("晚餐", "10至16元")])
    assert rows_in_range("15元吃什么", prices) == (), "these overlap"
    plain = table("房间", "人数", rows=[("甲", "20人"), ("乙", "40人")])
    assert rows_in_range("30人用哪间", plain) == ()

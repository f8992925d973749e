"""Rows of a table that a figure of the question falls into."""

from __future__ import annotations

import pytest

from index.types import Document, Passage
from qa.attribution import EvidenceSentence
from qa.kinds.ranges import figures_within, items_in_range, rows_in_range
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
BOTTLES = table("装量", "分钟", rows=[("100 mL以下", "15"), ("100 mL至500 mL", "20"), ("500 mL以上", "40")])

LATENESS = table(
    "单次时长",
    "扣款",
    rows=[
        ("10分钟以内", "0"),
        ("10分钟以上至30分钟", "50"),
        ("30分钟以上至2小时", "150"),
        ("2小时以上", "400"),
    ],
)
HOLIDAYS = table(
    "工龄", "天数", rows=[("满1年不满10年", "5"), ("满10年不满20年", "10"), ("满20年以上", "15")]
)
GRADES = table(
    "等级",
    "得分",
    "月费",
    rows=[
        ("甲级", "80—100", "3000"),
        ("乙级", "50—79", "4000"),
        ("丙级", "49及以下", "5000"),
        ("专护", "不按得分", "8000"),
    ],
)


@pytest.mark.parametrize(
    ("asked", "given", "told"),
    [
        ("评了55分一个月多少钱", GRADES, ["4000"]),
        ("评了12分一个月多少钱", GRADES, ["5000"]),
        ("住十天多少钱", GRADES, []),
        ("迟到40分钟扣多少", LATENESS, ["150"]),
        ("迟到3小时扣多少", LATENESS, ["400"]),
        ("工作12年的一年休几天", HOLIDAYS, ["10"]),
        ("工作1年的休几天", HOLIDAYS, ["5"]),
        ("处长 3天假谁批", LEAVE, ["处长", "局长"]),
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
        ("一瓶300毫升要几分钟", BOTTLES, ["20"]),
        ("1.5升装的要几分钟", BOTTLES, ["40"]),
    ],
)
def test_the_row_whose_range_holds_the_figure(asked: str, given: Table, told: list[str]) -> None:
    assert [row.place.text for row in rows_in_range(asked, given)] == told


def test_columns_that_divide_no_range_are_left_alone() -> None:
    prices = table("项目", "价格", rows=[("早餐", "8元"), ("午餐", "12至18元"), ("晚餐", "10至16元")])
    assert rows_in_range("15元吃什么", prices) == (), "these overlap"
    cells = [row.cells["价格"] for row in prices.rows]
    assert [one.cells for one in figures_within("15元吃什么", "价格", cells)] == [frozenset({1, 2})]
    assert figures_within("15块吃什么", "价格", [*cells, "不限"])[0].cells == {1, 2, 3}, "no bound"
    assert figures_within("15人吃什么", "价格", cells) == []
    plain = table("房间", "人数", rows=[("甲", "20人"), ("乙", "40人")])
    assert rows_in_range("30人用哪间", plain) == ()


HEAT = (
    "（一）预报最高气温35℃以上、不满37℃的，12:00—15:00停止作业；",
    "（二）37℃以上、不满40℃的，11:00—16:00停止作业；",
    "（三）40℃以上的，当日停止一切作业。",
)
LATE = ("1. 迟到10分钟以内的提醒；", "2. 迟到10至30分钟的，扣50元；", "3. 迟到30分钟以上的，按旷工半天计。")
DUTY = ("（一）工作日9:00到岗；", "（二）值班人员20人一组；", "（三）交接不少于10分钟。")


@pytest.mark.parametrize(
    ("asked", "items", "told"),
    [
        ("预报38度几点不让干活", HEAT, [1]),
        ("41度呢", HEAT, [2]),
        ("37度的时候", HEAT, [0, 1]),
        ("11点能干活吗", HEAT, []),
        ("晚来25分钟怎么算", LATE, [1]),
        ("晚来一小时怎么算", LATE, [2]),
        ("扣20元", LATE, []),
        ("15分钟够交接吗", DUTY, []),
    ],
)
def test_the_item_whose_range_holds_the_figure(asked: str, items: tuple[str, ...], told: list[int]) -> None:
    passage, document = Passage("d-0001", "d", 0, 1, "x"), Document("d", "表", "a.md", "x", "0")
    places = [EvidenceSentence(passage, document, i, i + 1, text) for i, text in enumerate(items)]
    assert [row.place.start for row in items_in_range(asked, places)] == told

"""What is exact in a model's query is put right before it is trusted: columns, days without a year, what a
figure over a column names."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from test_qa_queried import asked, opened

from qa.kinds.tables import Table

COURSES = """# 培训

| 课程 | 日期 | 地点 | 时长（学时） | 状态 |
|---|---|---|---|---|
| 公文写作 | 3月5日 | 第一教室 | 4 | 在用 |
| 保密常识 | 4月9日 | 第二教室 | 2 | 在用 |
| 应急处置 | 6月4日 | 第一教室 | 3 | 停用 |
| 心理调适 | 10月15日 | 大礼堂 | 2 | 在用 |
"""
FLATS = """# 房源

| 项目 | 35㎡ | 55㎡ | 户数 | 人数 |
|---|---|---|---|---|
| 湖滨 | 80 | 90 | 61 | 184 |
| 东站 | 140 | 40 | 20 | 56 |
| 科创 | 250 | 80 | 42 | 133 |
"""


@pytest.fixture
def courses(tmp_path: Path) -> Table:
    return opened(tmp_path, COURSES, "公文写作 第一教室")


@pytest.fixture
def flats(tmp_path: Path) -> Table:
    return opened(tmp_path, FLATS, "湖滨 户数 人数")


def counted(table: Table, where: str, question: str, conditions: str = "one") -> list[str]:
    found = asked(table, f"SELECT COUNT(*) FROM t WHERE {where}", "count", conditions, question)
    return [place.text.split("；")[0].split("：")[1] for place in found.places] if found else []


def test_days_of_a_column_without_years_are_compared_without_one(courses: Table):
    where = "日期 >= '2025-01-01' AND 地点 = '第一教室'"
    assert counted(courses, where, "2025年有几门课在第一教室") == ["公文写作", "应急处置"]
    assert counted(courses, "日期 >= '2025-06-01'", "6月1日以后有几门课") == ["应急处置", "心理调适"]


def test_a_condition_on_a_column_that_is_not_there_is_on_the_one_that_has_its_text(courses: Table):
    assert counted(courses, "教室 = '第一教室'", "第一教室有几门课") == ["公文写作", "应急处置"]
    assert counted(courses, "教室 = '第九教室'", "第九教室有几门课") == []


def test_a_cell_within_other_words_is_no_condition_where_the_query_has_another_of_its_column(courses: Table):
    assert counted(courses, "状态 = '停用'", "现在用不了的有几门", "several") == []
    assert counted(courses, "状态 = '在用'", "在用的有几门") == ["公文写作", "保密常识", "心理调适"]


@pytest.mark.parametrize(
    ("question", "conditions", "total"),
    [
        ("55平的房子一共多少套", "one", 210),
        ("加起来一共多少人", "none", 373),
        ("一共多少户", "none", 123),
    ],
)
def test_a_sum_is_of_the_column_that_a_figure_or_the_measure_names(
    flats: Table, question: str, conditions: str, total: int
):
    found = asked(flats, "SELECT 没有 FROM t", "sum", conditions, question)
    assert found and found.total == Decimal(total) and len(found.places) == 3


def test_a_sum_beside_a_count_is_the_sum(courses: Table):
    query = "SELECT COUNT(*), SUM(时长_学时) FROM t WHERE 地点 = '第一教室'"
    found = asked(courses, query, "sum", "one", "第一教室有几门课，一共多少学时")
    assert found and found.what == "sum" and found.total == 7 and len(found.terms) == 2

"""Days, days of the week and times of the day: what a question says and what a cell says."""

from __future__ import annotations

import pytest

from index.normalize import normalize
from qa.checks.moments import counted_from, meet, moments


@pytest.mark.parametrize(
    ("asked", "cell", "same"),
    [
        ("5月16号谁在岗", "5月16日", True),
        ("5月16号谁在岗", "5月17日", False),
        ("16号谁在岗", "2026-05-16", True),
        ("5-16谁在岗", "5月16日", True),
        ("2026年10月2日开门吗", "9月28日至10月4日", True),
        ("2025年10月2日开门吗", "2026年9月28日—10月4日", False),
        ("10月5日开门吗", "9月28日至10月4日", False),
        ("1月2日开门吗", "12月28日至1月3日", True),
        ("3号开门吗", "6月28日至7月6日", True),
        ("15号开门吗", "6月28日至7月6日", False),
        ("11月要交的", "11月10日", True),
        ("11月要交的", "1月4日", False),
        ("2021年12月1日出生", "2021年9月1日—2022年8月31日", True),
        ("2020年12月1日出生", "2021年9月1日—2022年8月31日", False),
        ("周四有吗", "周一至周五", True),
        ("礼拜天有吗", "周一至周五", False),
        ("星期日有吗", "日", True),
        ("周末有吗", "周六 9:00-10:30", True),
        ("周五有吗", "周一、三、五", True),
        ("周五有吗", "周五至周日", True),
        ("周三有吗", "周五至周日", False),
        ("两点半那趟", "14:30", True),
        ("17点05分那趟", "17:05", True),
        ("早上六点四十那趟", "18:40", False),
        ("下午有吗", "13:15", True),
        ("下午有吗", "9:00—11:30", False),
        ("晚上11点有人吗", "20:00—次日8:00", True),
        ("凌晨三点有人吗", "20:00—次日8:00", True),
        ("中午12点有人吗", "20:00—次日8:00", False),
        ("第3号窗口", "3月3日", False),
        ("有3点要求", "无", False),
    ],
)
def test_what_a_question_means_and_what_a_cell_means(asked: str, cell: str, same: bool) -> None:
    told = moments(normalize(cell).text)
    assert any(meet(one, other) for one in moments(normalize(asked).text) for other in told) == same


def test_a_range_is_one_moment_with_both_its_ends() -> None:
    (days,) = moments("7月27日至8月9日")
    assert (days.start, days.end, days.kind, days.runs) == (0, 10, "day", (((0, 7, 27), (0, 8, 9)),))
    (night,) = moments("20:00-次日8:00")
    assert night.runs == (((1200,), (1440,)), ((0,), (480,)))
    assert moments("25:00") == [] == moments("本周要点")


@pytest.mark.parametrize(
    ("asked", "before", "meant"),
    [
        ("第二天呢", "3月31日谁上白班", "4月1日谁上白班"),
        ("那前一天呢", "2026年1月1号谁带班", "2025年12月31日谁带班"),
        ("次日夜班是谁", "3月28日谁上白班", "3月29日夜班是谁"),
        ("上个月呢", "2026年1月停机几小时", "2025年12月停机几小时"),
        ("下个月停机几小时", "4月产量多少", "5月停机几小时"),
        ("第二天呢", "4月产量多少", ""),
        ("第二天呢", "3月1日和3月5日谁值班", ""),
        ("夜班呢", "3月28日谁上白班", ""),
        ("第二天呢", "2月30日谁值班", ""),
    ],
)
def test_a_day_that_is_counted_from_the_one_before(asked: str, before: str, meant: str) -> None:
    assert counted_from(asked, before) == meant

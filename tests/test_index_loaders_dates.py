"""The published date: taken where a document says so, and left open where it does not."""

from __future__ import annotations

import pytest

from index.loaders.datelines import role
from index.loaders.dates import dateline, file_name_date, iso_date
from training.datelines import examples


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["标题", "发布时间：2024-05-01 10:30", "正文里提到2023年1月1日。"], "2024-05-01"),
        (["标题", "来源：某局 日期：2024年5月1日 浏览：30"], "2024-05-01"),
        (["标题", "2024年5月1日", "正文。"], "2024-05-01"),
        (["标题", "（2020年1月1日通过 2024年11月8日市人大常委会修订）"], "2024-11-08"),
        (["标题", *["正文一段。"] * 20, "某局办公室", "二〇二五年十二月三十一日"], "2025-12-31"),
        (["标题", *["正文一段。"] * 20, "2025年4月20日"], "2025-04-20"),
        (["标题", "2024年11月8日，市级机关会议召开，会上讲了话。"], None),
        (["标题", "会议定于2024年5月1日"], None),
        (["简报", "市水务局办公室  2024年5月1日", "正文。"], "2024-05-01"),
        (["简报", "市水务局、市城管局 二〇二四年五月一日", "正文。"], "2024-05-01"),
        (["简报", "市水务局办公室  2024年5月1日起执行", "正文。"], None),
        (["标题", *["正文一段。"] * 20, "有效期至 2024年5月1日"], None),
        (["今年5月27日，正式印发。"], None),
        (["泳池规则", "（2025年3月3日股东会表决通过，自2025年6月1日起实行）", "一、开放"], "2025-03-03"),
        (["泳池规则", "游泳馆　2025年6月1日起执行", "一、开放"], None),
        (
            ["通知", "报名时间：2025年6月1日至6月9日", *["正文一段。"] * 20, "游泳馆", "2025年5月20日"],
            "2025-05-20",
        ),
        (["价目", "2. 报名时间：2025年6月1日9:00至6月9日17:00，先到先得；7月1日开班。"], None),
        (["座谈会记录", "时间：2025年6月3日（星期二）14:00", "地点：二楼"], "2025-06-03"),
        (["日期：2024年13月1日"], None),
        (["日期：1234-05-01"], None),
        (["日期：2999-05-01"], None),
        ([], None),
    ],
)
def test_dateline(lines: list[str], expected: str | None) -> None:
    assert dateline(lines) == expected


def test_whose_day_a_date_is_in_lines_of_kinds_that_nothing_was_fitted_to() -> None:
    held = [example for example in examples() if example.held_out]
    right = sum(role(e.line, e.start, e.end) == e.role for e in held)
    assert len(held) == 71
    assert right >= 64  # 67 when it was fitted


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("通知-2024-05-01", "2024-05-01"),
        ("20240501通报", "2024-05-01"),
        ("2024年5月1日公告", "2024-05-01"),
        ("2024.05.01", "2024-05-01"),
        ("工作报告2024", None),
        ("20241399", None),
        ("电话13920240501", None),
        ("1.2.3", None),
    ],
)
def test_file_name(name: str, expected: str | None) -> None:
    assert file_name_date(name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-05-01", "2024-05-01"),
        ("2024-5-1T08:00:00Z", "2024-05-01"),
        ("2024/05/01", "2024-05-01"),
        ("D:20240501120000+08'00'", "2024-05-01"),
        ("二〇二四年五月一日", "2024-05-01"),
        ("2024-02-30", None),
        ("昨天", None),
        ("", None),
    ],
)
def test_iso(value: str, expected: str | None) -> None:
    assert iso_date(value) == expected


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2024年11月8日召开会议。今年4月，再次召开。2025年5月12日举办培训班。", "2025"),
        ("2024年11月8日召开会议。", ""),
        ("今年召开会议。", ""),
        ("2035年的目标。2024年11月开会，今年继续。", "2024"),
    ],
)
def test_the_year_a_text_without_a_date_speaks_in(text, year):
    from index.loaders.dates import speaking_year

    assert speaking_year(text) == year

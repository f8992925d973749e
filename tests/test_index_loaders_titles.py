"""Title, date and number of a document by what stands on its first page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.loaders import load
from index.loaders.dates import month_line
from index.loaders.document_number import document_number, number_among
from index.loaders.titles import is_title
from index.normalize import fold
from index.terms import cut
from tests.word_maker import blank, centred, table


def saved(document: Any, path: Path) -> Any:
    document.save(str(path / "文件.docx"))
    return load(path / "文件.docx")


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("青政发〔2025〕12号", "青政发〔2025〕12号"),
        ("青政发[2025] 12 号", "青政发〔2025〕12号"),
        ("青政办发（2025）第3号", "青政办发〔2025〕3号"),
        ("青政发【２０２５】１２号", "青政发〔2025〕12号"),
        ("（青财〔2024〕105号）", "青财〔2024〕105号"),
        ("文号：青教函〔2023〕7号", "青教函〔2023〕7号"),
        ("青政发〔2025〕12号        签发人：周成", "青政发〔2025〕12号"),
        ("（2024）青01民终123号", "（2024）青01民终123号"),
        ("青禾市人民政府令第12号", "青禾市人民政府令第12号"),
        ("青禾市人民政府令 第 十二 号", "青禾市人民政府令第十二号"),
        ("GB/T 9704—2012", "GB/T 9704-2012"),
        ("合同编号：QH-2026-07", "QH-2026-07"),
        ("根据《规定》（青政发〔2020〕3号），制定本办法。", ""),
        ("第12号", ""),
        ("联系电话：555-0101", ""),
        ("2025年3月4日", ""),
        ("（一）第3号楼", ""),
    ],
)
def test_document_numbers(line: str, number: str) -> None:
    assert document_number(line) == number


def test_an_issued_number_counts_before_a_named_one() -> None:
    assert number_among(["编号：0007", "青政发〔2025〕12号", "关于节水的通知"]) == "青政发〔2025〕12号"
    assert number_among(["编号：0007", "关于节水的通知"]) == "0007"


def test_the_name_of_minutes_stands_above_their_issue(tmp_path: Path) -> None:
    made = blank()
    centred(made, "青禾三中", 26)
    centred(made, "校长办公会议纪要", 22)
    centred(made, "〔2026〕第7期")
    made.add_paragraph("青禾三中办公室                         2026年3月16日")
    made.add_paragraph("会议研究了以下事项，纪要如下：")
    made.add_paragraph("会议同意使用自有资金采购食堂设备，由总务处牵头，4月底前完成招标。")
    document = saved(made, tmp_path)
    assert (document.title, document.published) == ("青禾三中校长办公会议纪要", "2026-03-16")


@pytest.mark.parametrize(
    "asked",
    [
        "青政发[2025]12号",
        "青政发（2025）12号",
        "青政发〔２０２５〕１２号",
        "青政发【2025】12 号",
        "青政發〔2025〕12號",
    ],
)
def test_a_number_is_found_in_every_spelling(asked: str) -> None:
    stored, wanted = cut(["青政发〔2025〕12号"])[0], cut([asked])[0]
    assert set(wanted.tolist()) == set(stored.tolist())


@pytest.mark.parametrize(
    "text",
    [
        "第一章 总则",
        "目 录",
        "3",
        "- 3 -",
        "2025年3月4日",
        "采购人：青禾研究所",
        "机密★一年",
        "附件1",
        "青政发〔2025〕12号",
        "本办法自发布之日起施行。",
        "1. 甲项",
        "2.1 启动",
        "☑含税 □不含税",
    ],
)
def test_no_titles(text: str) -> None:
    assert not is_title(text)


def test_an_official_paper(tmp_path: Path) -> None:
    made = blank()
    made.add_paragraph("000012")
    made.add_paragraph("机密★一年")
    centred(made, "青禾市人民政府文件", 40)
    centred(made, "青政发〔2025〕12号")
    centred(made, "关于进一步加强", 22)
    centred(made, "城市节约用水工作的通知", 22)
    made.add_paragraph("各区人民政府，市有关部门：")
    made.add_paragraph("用水应当节约。")
    made.add_paragraph("青禾市人民政府")
    made.add_paragraph("二○二五年四月八日")
    found = saved(made, tmp_path)
    assert (found.title, found.number, found.published) == (
        "关于进一步加强城市节约用水工作的通知",
        "青政发〔2025〕12号",
        "2025-04-08",
    )
    assert found.meta["date_from"] == "text" and not found.weak_date


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (
            [
                "目录",
                "第一章 总则",
                "第二章 附则",
                "借阅办法",
                "第一章 总则",
                "正文一句。",
                "第二章 附则",
                "又一句。",
            ],
            "借阅办法",
        ),
        (["3", "实验室用水管理办法", "第一章 总则", "正文一句。"], "实验室用水管理办法"),
        (
            [
                "项目编号：QH-07",
                "采购人：青禾研究所",
                "离心机采购项目",
                "二○二六年五月",
                "正文一句，说明情况。",
            ],
            "离心机采购项目",
        ),
        (["《青禾市志》编纂说明", "正文一句，说明情况。"], "《青禾市志》编纂说明"),
        (["各位同事：", "请于周五前交表。"], "文件"),
    ],
)
def test_titles_without_sizes(tmp_path: Path, lines: list[str], title: str) -> None:
    made = blank()
    for line in lines:
        made.add_paragraph(line)
    assert saved(made, tmp_path).title == title


def test_the_title_of_an_official_paper_without_any_form(tmp_path: Path) -> None:
    lines = [
        "松涛水务有限公司文件",
        "松水发〔2024〕7号",
        "",
        "关于做好防汛工作的通知",
        "",
        "各站点：",
        "　　现通知如下。",
    ]
    path = tmp_path / "a.txt"
    path.write_text("\n".join(lines), "gb18030")
    assert load(path).title == "关于做好防汛工作的通知"


def test_properties_are_weak(tmp_path: Path) -> None:
    import datetime

    made = blank()
    made.core_properties.title = "上一份文件的标题"
    made.core_properties.created = datetime.datetime(2019, 3, 2)
    centred(made, "值班安排", 20)
    made.add_paragraph("早班由周成值班，晚班由何平值班。")
    found = saved(made, tmp_path)
    assert (found.title, found.published, found.weak_date) == ("值班安排", "2019-03-02", True)
    made.add_paragraph("2024年6月起执行新的班次。")
    found = saved(made, tmp_path)
    assert found.published is None, "properties older than what the text tells of are those of a template"


def test_a_date_in_a_table_is_no_date_of_the_document(tmp_path: Path) -> None:
    made = blank()
    centred(made, "值班表", 20)
    table(made, [["日期", "值班员"], ["2021年3月1日", "周成"], ["2021年3月2日", "何平"]])
    assert saved(made, tmp_path).published is None
    path = tmp_path / "a.csv"
    path.write_text("日期,班次\n2021-03-01,早班\n2021-03-02,晚班\n", "utf-8")
    assert load(path).published is None


@pytest.mark.parametrize(
    ("line", "month"),
    [
        ("二○二六年五月", "2026-05"),
        ("2026年5月", "2026-05"),
        ("二〇二五年十二月", "2025-12"),
        ("2025年5月的会议", None),
        ("2025.13", None),
    ],
)
def test_months(line: str, month: str | None) -> None:
    assert month_line([line]) == month


def test_radicals_are_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("⼈⺠政府⻓期⽀持⻛险防控，⻅义勇为。", "utf-8")
    assert load(path).text == "人民政府长期支持风险防控，见义勇为。"
    assert fold("⼈⺠⻓⽀") == "人民长支"

"""Sheets: headers, merged cells, what is shown and what is hidden, forms, groups, places; .xlsx, .xls,
.csv."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from errors import DocumentError
from index.loaders import load
from index.loaders.numfmt import BUILT_IN, number_shown
from index.places import place_of
from index.types import Document

Rows = Sequence[Sequence[object]]


def blocks(document: Document) -> list[tuple[int, str]]:
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks]


def body(document: Document) -> list[str]:
    return [text for level, text in blocks(document) if not level]


def sheet(
    tmp_path: Path,
    rows: Rows,
    *merges: str,
    formats: Mapping[str, str] | None = None,
    bold: Sequence[str] = (),
    name: str = "数据",
) -> Document:
    book = openpyxl.Workbook()
    page = book.active
    page.title = name
    for row in rows:
        page.append(list(row))
    for merge in merges:
        page.merge_cells(merge)
    for place, code in (formats or {}).items():
        page[place].number_format = code
    for place in bold:
        page[place].font = Font(bold=True)
    path = tmp_path / "a.xlsx"
    book.save(path)
    return load(path)


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1203, "000000", "001203"),
        (1234.5, '"￥"#,##0.00', "￥1,234.50"),
        (85.5, '0.00"万元"', "85.50万元"),
        (0.123, "0.0 %", "12.3 %"),
        (0.085, "0.0%", "8.5%"),
        (123456, '0!.0,"万"', "12.3万"),
        (-5, "0.00;[Red](0.00)", "(5.00)"),
        (-5, "#,##0", "-5"),
        (1234567.891, '_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', "¥1,234,567.89"),
        (13912345678, "000-0000-0000", "139-1234-5678"),
        (1.5, "# ?/?", "1 1/2"),
        (12345, "0.00E+00", "1.23E+04"),
        (0.1 + 0.2, "General", "0.3"),
        (1 / 3, "", "0.333333333"),
        (7, "[$$-409]#,##0.00", "$7.00"),
        (7, "#,##0.00 [$€-1]", "7.00 €"),
        (1203, '[DBNum2][$-804]General"元"', "壹仟贰佰零叁元"),
        (12000, '[>=10000]0.0,"千";0', "12.0千"),
        (-5, '[>=10000]0.0,"千";0', "-5"),
        (2.675, "0.00", "2.68"),
        (0, '0;-0;"-"', "-"),
        (12, 'G/通用格式"人"', "12人"),
        (1.10101199001011e17, "General", "110101199001011000"),
        (45726, BUILT_IN[31], "2025-03-10"),
        (45730, BUILT_IN[58], "2025-03-14"),
        (45717, BUILT_IN[57], "2025年3月"),
        (45726, "yyyy-mm-dd", "2025-03-10"),
        (45726.604166667, "yyyy/m/d h:mm", "2025-03-10 14:30"),
        (0.604166667, "h:mm", "14:30"),
        (0.604166667, BUILT_IN[55], "下午2时30分"),
        (1.25, "[h]:mm", "30:00"),
        (45726, 'yyyy"年"m"月"d"日" aaaa', "2025-03-10 星期一"),
        (45726, '[DBNum1][$-804]yyyy"年"m"月"d"日"', "2025-03-10"),
        (45726, "[$-409]mmm-yy", "2025-03"),
        (60, "0", "60"),
    ],
)
def test_numbers_as_displayed(value: float, code: str, shown: str) -> None:
    assert number_shown(value, code)[0] == shown


def test_dates_by_every_chinese_format() -> None:
    dates = {
        code: number_shown(45726, BUILT_IN[code])[0] for code in (*range(27, 32), 36, *range(50, 55), 57, 58)
    }
    assert not any("45726" in text for text in dates.values())
    assert {dates[code] for code in (28, 29, 30, 31, 51, 53, 54, 58)} == {"2025-03-10"}
    assert {dates[code] for code in (27, 36, 50, 52, 57)} == {"2025年3月"}
    assert (
        number_shown(0.5, BUILT_IN[32])[0] == "12时00分"
        and number_shown(44264, "yyyy/m/d", True)[0] == "2025-03-10"
    )


def test_headers_of_three_levels(tmp_path: Path) -> None:
    document = sheet(
        tmp_path,
        [
            ["2024年指标"],
            ["单位：亿元"],
            ["地区", "生产总值", None, None, "收入"],
            [None, "总量", "增速", None, None],
            [None, None, "名义", "实际", None],
            ["和平区", 100.5, 5.2, 4.8, 20],
            ["注：为初步核算。"],
        ],
        "A1:E1",
        "A2:E2",
        "A3:A5",
        "B3:D3",
        "C4:D4",
        "B4:B5",
        "E3:E5",
        "A7:E7",
    )
    assert document.title == "2024年指标"
    assert blocks(document) == [
        (2, "数据"),
        (3, "2024年指标"),
        (0, "单位：亿元"),
        (0, "地区：和平区；生产总值总量：100.5；生产总值增速名义：5.2；生产总值增速实际：4.8；收入：20"),
        (0, "注：为初步核算。"),
    ]


def test_header_rows_without_merged_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("车间,早班,,晚班,\n,人数,产量,人数,产量\n甲,8,320,6,210\n乙,7,280,5,190\n", "utf-8")
    assert body(load(path))[0] == "车间：甲；早班人数：8；早班产量：320；晚班人数：6；晚班产量：210"


def test_years_and_days_as_headers(tmp_path: Path) -> None:
    assert body(sheet(tmp_path, [["地区", 2022, 2023, 2024], ["北京", 1, 2, 3]])) == [
        "地区：北京；2022：1；2023：2；2024：3"
    ]
    assert body(sheet(tmp_path, [["姓名", 1, 2, 3], ["张三", "√", None, "√"]])) == ["姓名：张三；1：√；3：√"]


def test_cells_merged_down_are_carried_and_those_merged_across_are_not(tmp_path: Path) -> None:
    document = sheet(
        tmp_path,
        [["部门", "姓名", "早", "晚"], ["财务", "张三", "出差", None], [None, "李四", 1, 2]],
        "A2:A3",
        "C2:D2",
    )
    assert body(document) == ["部门：财务；姓名：张三；早、晚：出差", "部门：财务；姓名：李四；早：1；晚：2"]


def test_groups_and_totals(tmp_path: Path) -> None:
    document = sheet(
        tmp_path,
        [
            ["序号", "名称", "单价"],
            ["一、办公用品"],
            [1, "笔", 2],
            ["二、清洁用品"],
            [1, "拖把", 15],
            ["合计", None, 17],
        ],
        "A2:C2",
        "A4:C4",
        "A6:B6",
    )
    assert blocks(document)[1:] == [
        (4, "一、办公用品"),
        (0, "序号：1；名称：笔；单价：2"),
        (4, "二、清洁用品"),
        (0, "序号：1；名称：拖把；单价：15"),
        (0, "序号：合计；单价：17"),
    ]


@pytest.mark.parametrize(
    ("rows", "merges", "found"),
    [
        (
            [["姓名", "张三"], ["年龄", 35], ["入职", datetime.datetime(2020, 1, 1)], ["部门", "财务处"]],
            (),
            ["姓名：张三", "年龄：35", "入职：2020-01-01", "部门：财务处"],
        ),
        ([["姓名：", "张三"], ["部门：", "财务"]], (), ["姓名：张三", "部门：财务"]),
        (
            [["姓名", "张三", "性别", "男"], ["民族", "汉族", "学历", "本科"], ["单位", "研究所"]],
            ("B3:D3",),
            ["姓名：张三；性别：男", "民族：汉族；学历：本科", "单位：研究所"],
        ),
        (
            [["城市", "住宿费"], ["北京", "500元"], ["上海", "600元"]],
            (),
            ["城市：北京；住宿费：500元", "城市：上海；住宿费：600元"],
        ),
    ],
)
def test_forms_and_tables(tmp_path: Path, rows: Rows, merges: tuple[str, ...], found: list[str]) -> None:
    assert body(sheet(tmp_path, rows, *merges)) == found


def test_strong_labels_make_a_form(tmp_path: Path) -> None:
    assert body(sheet(tmp_path, [["姓名", "张三"], ["部门", "财务"]], bold=("A1", "A2"))) == [
        "姓名：张三",
        "部门：财务",
    ]


def test_several_tables_in_one_sheet(tmp_path: Path) -> None:
    document = sheet(
        tmp_path,
        [
            ["一、人员"],
            ["姓名", "部门"],
            ["张三", "财务"],
            [],
            ["二、设备"],
            ["设备", "数量", "地点"],
            ["电脑", 5, "301室"],
            [],
            ["投影仪", 1, "302室"],
        ],
    )
    assert blocks(document)[1:] == [
        (3, "一、人员"),
        (0, "姓名：张三；部门：财务"),
        (3, "二、设备"),
        (0, "设备：电脑；数量：5；地点：301室"),
        (0, "设备：投影仪；数量：1；地点：302室"),
    ]
    assert document.title == "a"
    beside = sheet(
        tmp_path,
        [
            ["姓名", "分数", None, "科目", "教师"],
            ["张三", 90, None, "语文", "王"],
            ["李四", 80, None, "数学", "赵"],
        ],
    )
    assert body(beside) == [
        "姓名：张三；分数：90",
        "姓名：李四；分数：80",
        "科目：语文；教师：王",
        "科目：数学；教师：赵",
    ]


def test_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    for row in (["姓名", "密", "电话"], ["张三", "x", 1], ["藏起", "y", 2], ["李四", "z", 3]):
        page.append(row)
    page.column_dimensions["B"].hidden = True
    page.row_dimensions[3].hidden = True
    struck = page.cell(5, 1, "作废")
    struck.font = Font(strike=True)
    book.create_sheet("藏").append(["不给看"])
    book["藏"].sheet_state = "veryHidden"
    book.save(tmp_path / "a.xlsx")
    document = load(tmp_path / "a.xlsx")
    assert document.text == "姓名：张三；电话：1\n姓名：李四；电话：3"
    assert {name: document.meta[name] for name in ("hidden_rows", "hidden_columns", "hidden_sheets")} == {
        "hidden_rows": "1",
        "hidden_columns": "1",
        "hidden_sheets": "1",
    }


def test_formulas_errors_and_pictures_are_told(tmp_path: Path) -> None:
    document = sheet(tmp_path, [["项目", "数", "和"], ["甲", 1, "=B2*2"], ["乙", 2, "=B3*2"]])
    assert (
        body(document) == ["项目：甲；数：1", "项目：乙；数：2"]
        and document.meta["formulas_without_value"] == "数据!C2, 数据!C3"
    )
    path = rewritten(
        tmp_path,
        lambda xml: re.sub(
            r'<c r="C2"><f>B2\*2</f>.*?</c>', '<c r="C2"><f>B2*2</f><v>2</v></c>', xml
        ).replace('<c r="C3"><f>B3*2</f><v></v></c>', '<c r="C3" t="e"><f>B3/0</f><v>#DIV/0!</v></c>'),
    )
    document = load(path)
    assert (
        body(document) == ["项目：甲；数：1；和：2", "项目：乙；数：2"]
        and document.meta["cells_with_errors"] == "1"
    )
    path = rewritten(
        tmp_path,
        lambda xml: xml.replace(
            '<c r="C3" t="e"><f>B3/0</f><v>#DIV/0!</v></c>',
            '<c r="C3" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>',
        ),
    )
    assert "DISPIMG" not in load(path).text and load(path).meta["pictures"] == "1"


def rewritten(tmp_path: Path, change: object) -> Path:
    """The workbook with its sheet's XML changed."""
    path = tmp_path / "a.xlsx"
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()) if name == "xl/worksheets/sheet1.xml" else data)  # type: ignore[operator]
    path.write_bytes(out.getvalue())
    return path


def test_the_place_of_every_row(tmp_path: Path) -> None:
    document = sheet(
        tmp_path,
        [["报表"], [None, "姓名", "数"], [None, "张三", 1], [None, "李四", 2]],
        "A1:C1",
        name="名 单",
    )
    assert [place_of(document, block.start, block.end) for block in document.blocks] == [
        "",
        "名 单!A1:C1",
        "名 单!B3:C3",
        "名 单!B4:C4",
    ]
    assert place_of(document, document.blocks[2].start, document.blocks[3].end) == "名 单!B3:C4"


def test_a_date_of_a_row_is_not_the_documents(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("日期,值班员\n2021-03-01,周成\n2021-03-02,何平\n", "utf-8")
    assert load(path).published is None
    document = sheet(
        tmp_path,
        [["值班表"], ["填报日期：2025年3月4日"], ["日期", "值班员"], ["2021-03-01", "周成"]],
        "A1:B1",
        "A2:B2",
    )
    assert document.published == "2025-03-04"


def test_an_old_workbook(tmp_path: Path) -> None:
    import xlwt

    book = xlwt.Workbook()
    page = book.add_sheet("收费")
    heading, money, day, code = (
        xlwt.easyxf("font: bold on"),
        *(xlwt.easyxf(num_format_str=form) for form in ('"￥"#,##0.00', 'yyyy"年"m"月"d"日"', "000000")),
    )
    page.write_merge(0, 1, 0, 0, "项目", heading)
    page.write_merge(0, 0, 1, 2, "金额", heading)
    for column, name in ((1, "上半年"), (2, "下半年")):
        page.write(1, column, name, heading)
    page.write_merge(0, 1, 3, 3, "日期", heading)
    for row, values in enumerate(((1203, 1234.5, 2, 45726), (4, 5, 6, 45727), (7, 8, 9, 45728)), 2):
        for column, (value, style) in enumerate(zip(values, (code, money, money, day), strict=True)):
            page.write(row, column, value, style)
    page.row(3).hidden = True
    book.add_sheet("藏").write(0, 0, "不给看")
    book.get_sheet(1).visibility = 1
    for name in ("a.xls", "a.et", "a.xlsx"):
        path = tmp_path / name
        book.save(str(path))
        document = load(path)
        assert body(document) == [
            "项目：001203；金额上半年：￥1,234.50；金额下半年：￥2.00；日期：2025-03-10",
            "项目：000007；金额上半年：￥8.00；金额下半年：￥9.00；日期：2025-03-12",
        ]
        assert (document.meta["hidden_sheets"], document.meta["hidden_rows"]) == ("1", "1")


def test_a_workbook_in_the_xml_of_2003(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_text(
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        '<Styles><Style ss:ID="s1"><NumberFormat ss:Format="000000"/></Style>'
        '<Style ss:ID="s2"><NumberFormat ss:Format="Short Date"/></Style></Styles>'
        '<Worksheet ss:Name="清单"><Table><Row><Cell><Data ss:Type="String">编码</Data>'
        '</Cell><Cell ss:Index="3"><Data ss:Type="String">日期</Data></Cell></Row>'
        '<Row><Cell ss:StyleID="s1"><Data ss:Type="Number">12</Data></Cell><Cell ss:Index="3" '
        'ss:StyleID="s2"><Data ss:Type="DateTime">2025-03-10T00:00:00.000</Data></Cell></Row>'
        '<Row ss:Hidden="1"><Cell><Data ss:Type="String">藏</Data>'
        "</Cell></Row></Table></Worksheet></Workbook>",
        "utf-8",
    )
    assert blocks(load(path)) == [(2, "清单"), (0, "编码：000012；日期：2025-03-10")]


def test_values_that_csv_keeps_as_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('sep=;\n编码;名称\n="001203";"滤纸;大"\n', "utf-8")
    assert body(load(path)) == ["编码：001203；名称：滤纸;大"]


def test_remarks_around_an_exported_table(tmp_path: Path) -> None:
    """Lines with # above and below a table are one cell each: a comma in them parts nothing."""
    path = tmp_path / "a.csv"
    lines = ["#食堂缴费导出", "#共2笔，合计：2,160.00元", "流水号,姓名,金额", "17,邓可,720", "18,顾鸣,1440"]
    path.write_bytes("\n".join([*lines, "#备注：含退款,见附件", "#-----结束-----", ""]).encode("gb18030"))
    document = load(path)
    assert document.title == "食堂缴费导出" and body(document) == [
        "共2笔，合计：2,160.00元",
        "流水号：17；姓名：邓可；金额：720",
        "流水号：18；姓名：顾鸣；金额：1440",
        "备注：含退款,见附件",
    ]
    assert place_of(document, *_span(document, "流水号：17")) == "A4:C4"
    path.write_text("#号,姓名\n1,邓可\n2,顾鸣\n", "utf-8")
    assert body(load(path)) == ["#号：1；姓名：邓可", "#号：2；姓名：顾鸣"]


def _span(document: Document, text: str) -> tuple[int, int]:
    start = document.text.index(text)
    return start, start + len(text)


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (
            [["发放日期", "每月10日"], ["联系人", "周晓"], ["电话", "0571-8823 4456"]],
            ["发放日期：每月10日", "联系人：周晓", "电话：0571-8823 4456"],
        ),
        (
            [["项目名称", "校车租赁"], ["采购方式", "询价"], ["承办部门", "总务处"], ["经办人", "方敏"]],
            ["项目名称：校车租赁", "采购方式：询价", "承办部门：总务处", "经办人：方敏"],
        ),
        (
            [["姓名", "部门"], ["林芳", "教务处"], ["周晓", "财务科"], ["方敏", "总务处"]],
            ["姓名：林芳；部门：教务处", "姓名：周晓；部门：财务科", "姓名：方敏；部门：总务处"],
        ),
    ],
)
def test_two_columns_of_words(tmp_path: Path, rows: Rows, shown: list[str]) -> None:
    assert body(sheet(tmp_path, rows)) == shown


def test_too_many_cells_and_protected_workbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet(tmp_path, [["甲", "乙"], [1, 2], [3, 4]])
    monkeypatch.setattr("index.loaders.xlsx.CELLS_MAX", 3)
    with pytest.raises(DocumentError, match=r"a\.xlsx: more than 3,000,000 filled cells"):
        load(tmp_path / "a.xlsx")

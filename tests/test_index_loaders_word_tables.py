"""Tables in Word files: forms, headers, layouts, merged and inner ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.loaders import load
from tests.word_maker import blank, paragraph, put, run, table, xml_of


def read(document: Any, path: Path) -> list[str]:
    document.save(str(path / "a.docx"))
    return load(path / "a.docx").text.split("\n")


def rows_of(path: Path, rows: list[list[str]]) -> list[str]:
    made = blank()
    table(made, rows)
    return read(made, path)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [
                ["姓名", "何平", "性别", "女"],
                ["出生年月", "1990年5月", "民族", "汉族"],
                ["联系电话", "555-0102", "邮箱", "hp@example.com"],
            ],
            [
                "姓名：何平；性别：女",
                "出生年月：1990年5月；民族：汉族",
                "联系电话：555-0102；邮箱：hp@example.com",
            ],
        ),
        (
            [["项目名称", "档案柜采购"], ["预算金额", "12万元"], ["采购方式", "询价"], ["联系人", "周成"]],
            ["项目名称：档案柜采购", "预算金额：12万元", "采购方式：询价", "联系人：周成"],
        ),
        ([["姓名", "", "性别", ""], ["单位", "", "电话", ""]], ["姓名：；性别：", "单位：；电话："]),
        (
            [["申请人：", "林小雨"], ["申请日期：", "2025年3月4日"]],
            ["申请人：林小雨", "申请日期：2025年3月4日"],
        ),
        (
            [["是否住宿", "☑是 □否", "用餐", "□清真 ☑普通"], ["到达", "3月4日", "车次", "G101"]],
            ["是否住宿：☑是 □否；用餐：□清真 ☑普通", "到达：3月4日；车次：G101"],
        ),
        (
            [["姓名", "林小雨"], ["单位", "青禾研究所"], ["陪同人", "周成"]],
            ["姓名：林小雨", "单位：青禾研究所", "陪同人：周成"],
        ),
        (
            [["车牌号", "川A00123", "里程", "86公里"], ["出车时间", "8:30", "回车时间", "17:20"]],
            ["车牌号：川A00123；里程：86公里", "出车时间：8:30；回车时间：17:20"],
        ),
    ],
)
def test_forms_read_as_label_and_value(tmp_path: Path, rows: list[list[str]], text: list[str]) -> None:
    assert rows_of(tmp_path, rows) == text


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [["项目", "金额"], ["登记", "10元"], ["变更", "20元"]],
            ["项目：登记；金额：10元", "项目：变更；金额：20元"],
        ),
        (
            [["商品", "数量", "单位", "单价"], ["纸", "10", "包", "25"], ["笔", "20", "支", "3.5"]],
            ["商品：纸；数量：10；单位：包；单价：25", "商品：笔；数量：20；单位：支；单价：3.5"],
        ),
        (
            [
                ["姓名", "部门", "职务", "备注"],
                ["张三", "人事处", "处长", ""],
                ["李四", "财务处", "会计", ""],
                ["王五", "人事处", "会计", "兼职"],
            ],
            [
                "姓名：张三；部门：人事处；职务：处长",
                "姓名：李四；部门：财务处；职务：会计",
                "姓名：王五；部门：人事处；职务：会计；备注：兼职",
            ],
        ),
        (
            [["指标", "2023年", "2024年"], ["产量", "100", "120"], ["产值", "30", "36"]],
            ["指标：产量；2023年：100；2024年：120", "指标：产值；2023年：30；2024年：36"],
        ),
        (
            [
                ["序号", "名称", "说明"],
                ["1", "门禁卡", "丢失须当日报告，补办收费。"],
                ["2", "钥匙", "不得复制。"],
            ],
            [
                "序号：1；名称：门禁卡；说明：丢失须当日报告，补办收费。",
                "序号：2；名称：钥匙；说明：不得复制。",
            ],
        ),
        (
            [["部门", "负责人"], ["财务处", "李四"], ["人事处", "王五"]],
            ["部门：财务处；负责人：李四", "部门：人事处；负责人：王五"],
        ),
        (
            [["日期", "班次", "值班员"], ["3月1日", "早班", "周成"], ["3月2日", "晚班", "何平"]],
            ["日期：3月1日；班次：早班；值班员：周成", "日期：3月2日；班次：晚班；值班员：何平"],
        ),
    ],
)
def test_headers_read_over_rows(tmp_path: Path, rows: list[list[str]], text: list[str]) -> None:
    assert rows_of(tmp_path, rows) == text


MIXED = r"""
菌种|培养温度|培养时间|培养基\n大肠埃希菌|37℃|18-24小时|麦康凯\n白色念珠菌|28±1℃|48h|沙氏
岗位|编制|学历要求|薪酬\n收费员|6人|高中以上|4200元/月\n监控员|4|大专|4500，夜班另加20元/次\n站长|1|本科，5年以上经验|面议
级别|伙食补助|住宿上限|交通\n司局级|100元/天|650|高铁一等座\n实习生|80元/天|合住|据实报销，每日不超过50元
剧目|演出日期|票价（元）|时长\n牡丹亭|3月8日、9日|80/180/380|150分钟\n折子戏专场|待定|—|90分钟（含休息）
药品|规格|单次用量|频次\n阿莫西林胶囊|0.25g×24粒|0.5g|每日3次\n布洛芬混悬液|100ml|按体重|必要时，间隔6小时
灌区|面积（亩）|水价|渠系|管理员|电话\n东风|12000|0.12元/方|干渠2条|赵勇|8821\n三岔口|—|按亩15元|—|钱进|无
"""


@pytest.mark.parametrize("told", MIXED.strip().split("\n"))
def test_a_header_over_values_of_unlike_kinds_and_dashes(tmp_path: Path, told: str) -> None:
    names, *body = [row.split("|") for row in told.split("\\n")]
    read = ["；".join(f"{n}：{v}" for n, v in zip(names, row, strict=True)) for row in body]
    assert rows_of(tmp_path, [names, *body]) == read


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["患者", "周某", "年龄", "56岁"],
            ["过敏史", "无", "体温", "36.5℃"],
            ["主诉", "右膝疼痛3天", "病史", "10年"],
        ],
        [
            ["联系人", "周成", "", ""],
            ["电话", "8801", "传真", "8802"],
            ["地址", "南浦路12号", "邮编", "210001"],
        ],
        [
            ["名称", "除尘器", "规格", "DMC-96"],
            ["滤袋", "96条", "重量", "2.1t"],
            ["厂家", "—", "日期", "2019-05-06"],
        ],
    ],
)
def test_forms_with_values_of_unlike_kinds(tmp_path: Path, rows: list[list[str]]) -> None:
    read = ["；".join(f"{row[at]}：{row[at + 1]}" for at in (0, 2) if row[at]) for row in rows]
    assert rows_of(tmp_path, rows) == read


def test_merged_cells_once_across_and_carried_down(tmp_path: Path) -> None:
    made = blank()
    grid = table(
        made,
        [
            ["城市", "住宿", "餐费", "交通"],
            ["北京", "500元", "100元", "80元"],
            ["上海", "480元", "100元", "80元"],
            ["合计", "", "", "1340元"],
        ],
    )
    grid.cell(1, 3).merge(grid.cell(2, 3)).text = "80元"
    grid.cell(3, 0).merge(grid.cell(3, 2)).text = "合计"
    assert read(made, tmp_path) == [
        "城市：北京；住宿：500元；餐费：100元；交通：80元",
        "城市：上海；住宿：480元；餐费：100元；交通：80元",
        "合计；交通：1340元",
    ]


def test_a_header_of_two_rows_and_a_title_and_groups(tmp_path: Path) -> None:
    made = blank()
    grid = table(
        made,
        [
            ["产量表", "", "", "", ""],
            ["车间", "早班", "", "晚班", ""],
            ["", "人数", "产量", "人数", "产量"],
            ["一、城区", "", "", "", ""],
            ["甲车间", "7", "280", "5", "190"],
            ["乙车间", "8", "300", "6", "210"],
        ],
    )
    for row in (0, 3):
        grid.cell(row, 0).merge(grid.cell(row, 4))
    grid.cell(1, 0).merge(grid.cell(2, 0)).text = "车间"
    grid.cell(1, 1).merge(grid.cell(1, 2)).text = "早班"
    grid.cell(1, 3).merge(grid.cell(1, 4)).text = "晚班"
    assert read(made, tmp_path) == [
        "产量表",
        "一、城区",
        "车间：甲车间；早班人数：7；早班产量：280；晚班人数：5；晚班产量：190",
        "车间：乙车间；早班人数：8；早班产量：300；晚班人数：6；晚班产量：210",
    ]


def test_a_form_with_a_table_within(tmp_path: Path) -> None:
    made = blank()
    grid = table(
        made,
        [
            ["姓名", "林小雨", "电话", "555-0101"],
            ["工作经历", "起止时间", "单位", "职务"],
            ["", "2015-2018年", "甲厂", "技术员"],
            ["", "2018-2024年", "乙所", "工程师"],
            ["本人签名", "林小雨", "日期", "2025年3月4日"],
        ],
    )
    grid.cell(1, 0).merge(grid.cell(3, 0)).text = "工作经历"
    assert read(made, tmp_path) == [
        "姓名：林小雨；电话：555-0101",
        "工作经历：起止时间：2015-2018年；单位：甲厂；职务：技术员",
        "工作经历：起止时间：2018-2024年；单位：乙所；职务：工程师",
        "本人签名：林小雨；日期：2025年3月4日",
    ]


def test_a_label_beside_several_rows(tmp_path: Path) -> None:
    made = blank()
    grid = table(
        made,
        [
            ["采购人", "名称", "青禾研究所"],
            ["", "地址", "河东路8号"],
            ["", "电话", "555-0100"],
            ["备注", "无", ""],
        ],
    )
    grid.cell(0, 0).merge(grid.cell(2, 0)).text = "采购人"
    grid.cell(3, 1).merge(grid.cell(3, 2)).text = "自行踏勘"
    assert read(made, tmp_path) == [
        "采购人：名称：青禾研究所",
        "采购人：地址：河东路8号",
        "采购人：电话：555-0100",
        "备注：自行踏勘",
    ]


def test_texts_side_by_side_are_read_column_by_column(tmp_path: Path) -> None:
    made = blank()
    cell = lambda *texts: "<w:tc>" + "".join(paragraph(run(text)) for text in texts) + "</w:tc>"  # noqa: E731
    put(
        made,
        "<w:tbl><w:tr>"
        + cell("报到时请带齐材料。", "并缴清住宿费。")
        + cell("第一周按课表上课。", "第二周考试。")
        + "</w:tr></w:tbl>",
    )
    put(made, paragraph(run("签署：")))
    put(
        made,
        "<w:tbl><w:tr>"
        + cell("甲方：青禾研究所")
        + cell("乙方：河东公司")
        + "</w:tr><w:tr>"
        + cell("代表：周成")
        + cell("代表：何平")
        + "</w:tr></w:tbl>",
    )
    assert read(made, tmp_path) == [
        "报到时请带齐材料。",
        "并缴清住宿费。",
        "第一周按课表上课。",
        "第二周考试。",
        "签署：",
        "甲方：青禾研究所",
        "代表：周成",
        "乙方：河东公司",
        "代表：何平",
    ]


def test_an_inner_table_is_a_table(tmp_path: Path) -> None:
    made = blank()
    grid = table(made, [["项目", "标准"], ["差旅", "见下表"], ["会议", "每人200元"]])
    inner = grid.cell(1, 1).add_table(3, 2)
    for row, texts in zip(inner.rows, [["城市", "限额"], ["北京", "500元"], ["上海", "480元"]], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    assert read(made, tmp_path) == [
        "项目：差旅；标准：见下表",
        "城市：北京；限额：500元",
        "城市：上海；限额：480元",
        "项目：会议；标准：每人200元",
    ]


def test_a_repeated_header_marks_the_table(tmp_path: Path) -> None:
    made = blank()
    grid = table(made, [["甲", "乙", "丙", "丁"], ["子", "丑", "寅", "卯"]])
    grid.rows[0]._tr.get_or_add_trPr().append(xml_of("<w:tblHeader/>"))
    assert read(made, tmp_path) == ["甲：子；乙：丑；丙：寅；丁：卯"]


def test_numbers_and_boxes_in_cells(tmp_path: Path) -> None:
    from tests.word_maker import number_list

    made = blank()
    number_list(made, 50, [("decimal", "%1")])
    cell = lambda inner: f"<w:tc>{inner}</w:tc>"  # noqa: E731
    numbered = paragraph("", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="50"/></w:numPr>')
    row = "<w:tr>{}</w:tr>"
    head = row.format(
        cell(paragraph(run("序号"))) + cell(paragraph(run("事项"))) + cell(paragraph(run("办结")))
    )
    body = "".join(
        row.format(
            cell(numbered)
            + cell(paragraph(run(name)))
            + cell(paragraph('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'))
        )
        for name in ("登记", "变更")
    )
    put(made, f"<w:tbl>{head}{body}</w:tbl>")
    assert read(made, tmp_path) == ["序号：1；事项：登记；办结：☑", "序号：2；事项：变更；办结：☑"]


def test_tables_are_numbered_and_their_rows_known(tmp_path: Path) -> None:
    made = blank()
    table(made, [["项目", "金额"], ["登记", "10元"]])
    table(made, [["城市", "限额"], ["北京", "500元"]])
    made.add_paragraph("结束。")
    made.save(str(tmp_path / "a.docx"))
    assert [block.table for block in load(tmp_path / "a.docx").blocks] == [1, 2, 0]


def merged(path: Path, rows: list[list[str]], *areas: tuple[int, int, int, int]) -> list[str]:
    """``areas``: first row and column, last row and column."""
    made = blank()
    grid = table(made, rows)
    for top, left, bottom, right in areas:
        grid.cell(top, left).merge(grid.cell(bottom, right))
    return read(made, path)


def test_a_label_beside_a_wide_value_below_the_first_row_tells_a_form(tmp_path: Path) -> None:
    rows = [
        ["部门", "生产科", "申请人", "何川"],
        ["培训名称", "水质检测", "", ""],
        ["序号", "参加人", "岗位", "工龄"],
        ["1", "罗珊", "化验员", "3年"],
        ["2", "陶立", "化验员", "6年"],
        ["部门意见", "同意。", "", ""],
    ]
    assert merged(tmp_path, rows, (1, 1, 1, 3), (5, 1, 5, 3)) == [
        "部门：生产科；申请人：何川",
        "培训名称：水质检测",
        "序号：1；参加人：罗珊；岗位：化验员；工龄：3年",
        "序号：2；参加人：陶立；岗位：化验员；工龄：6年",
        "部门意见：同意。",
    ]


def test_a_remark_below_a_header_leaves_it_a_header(tmp_path: Path) -> None:
    rows = [["名称", "型号", "台数"], ["离心泵", "IS100-80-160", "4"], ["备注", "均为2024年购置", ""]]
    assert merged(tmp_path, rows, (2, 1, 2, 2)) == [
        "名称：离心泵；型号：IS100-80-160；台数：4",
        "名称：备注；型号、台数：均为2024年购置",
    ]


def test_cells_that_name_themselves_are_no_header(tmp_path: Path) -> None:
    rows = [
        ["姓名：周宁", "部门：后勤处"],
        ["电话：66220", "日期：2024年6月3日"],
        ["事由：借用投影仪两台。", ""],
    ]
    assert merged(tmp_path, rows, (2, 0, 2, 1)) == [
        "姓名：周宁；部门：后勤处",
        "电话：66220；日期：2024年6月3日",
        "事由：借用投影仪两台。",
    ]


def test_two_parties_side_by_side(tmp_path: Path) -> None:
    """The same label for each of two parties is a form: never 甲方开户行：账号."""
    rows = [
        ["甲方开户行", "工行临江支行", "乙方开户行", "建行城东支行"],
        ["账号", "1202 0226 0990", "账号", "3305 0161 7788"],
        ["代表签字", "", "代表签字", ""],
    ]
    assert rows_of(tmp_path, rows)[:2] == [
        "甲方开户行：工行临江支行；乙方开户行：建行城东支行",
        "账号：1202 0226 0990；账号：3305 0161 7788",
    ]


def test_a_time_is_no_label(tmp_path: Path) -> None:
    rows = [["时间", "2026年3月13日14:00"], ["地点", "行政楼402会议室"], ["主持人", "何静"]]
    assert rows_of(tmp_path, rows) == ["时间：2026年3月13日14:00", "地点：行政楼402会议室", "主持人：何静"]


def test_an_odd_number_of_columns_holds_no_pairs(tmp_path: Path) -> None:
    rows = [["名称", "型号", "台数"], ["离心泵", "IS100-80-160", "4"], ["风机", "T35-11", "2"]]
    assert rows_of(tmp_path, rows) == [
        "名称：离心泵；型号：IS100-80-160；台数：4",
        "名称：风机；型号：T35-11；台数：2",
    ]

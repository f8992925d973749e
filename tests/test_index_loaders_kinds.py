"""Papers as offices send them: rosters, lists set in columns, notices with what is attached, contracts of two
parties."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pdf_maker import FONT, WIDTH, Sheet, wrapped
from reportlab.pdfgen.canvas import Canvas

from index.loaders import load
from index.loaders.document_number import number_among
from index.loaders.raw import squeeze
from index.loaders.titles import is_title
from index.types import Document
from tests.word_maker import blank, centred, table


def blocks(document: Document) -> list[tuple[int, str]]:
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks]


def word(tmp_path: Path, made: Any) -> Document:
    made.save(str(tmp_path / "a.docx"))
    return load(tmp_path / "a.docx")


def pdf(tmp_path: Path, data: bytes) -> Document:
    (tmp_path / "a.pdf").write_bytes(data)
    return load(tmp_path / "a.pdf")


def sheet(tmp_path: Path, rows: list[list[object]], *merges: str) -> Document:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for merge in merges:
        book.active.merge_cells(merge)
    book.save(tmp_path / "a.xlsx")
    return load(tmp_path / "a.xlsx")


def test_a_header_of_three_rows_with_times_in_brackets(tmp_path: Path) -> None:
    made = blank()
    rows = [
        ["日期", "带班领导", "值班人员", "", "", "", "备注"],
        ["", "", "白班（8:00-20:00）", "", "夜班（20:00-次日8:00）", "", ""],
        ["", "", "姓名", "电话", "姓名", "电话", ""],
        ["6月19日", "何静", "罗明", "8802", "沈洁", "8803", "端午节"],
        ["6月20日", "", "周晓", "8804", "林芳", "8805", ""],
    ]
    roster = table(made, rows)
    for top, left, bottom, right in (
        (0, 0, 2, 0),
        (0, 1, 2, 1),
        (0, 2, 0, 5),
        (1, 2, 1, 3),
        (1, 4, 1, 5),
        (0, 6, 2, 6),
        (3, 1, 4, 1),
    ):
        text = roster.cell(top, left).text
        roster.cell(top, left).merge(roster.cell(bottom, right)).text = text
    day, night = "值班人员白班（8:00-20:00）", "值班人员夜班（20:00-次日8:00）"
    first = f"{day}姓名：罗明；{day}电话：8802；{night}姓名：沈洁；{night}电话：8803"
    second = f"{day}姓名：周晓；{day}电话：8804；{night}姓名：林芳；{night}电话：8805"
    assert blocks(word(tmp_path, made)) == [
        (0, f"日期：6月19日；带班领导：何静；{first}；备注：端午节"),
        (0, f"日期：6月20日；带班领导：何静；{second}"),
    ]


def test_names_over_rows_that_readers_fill_in(tmp_path: Path) -> None:
    made = blank()
    table(made, [["单位", "姓名", "性别", "职务"], *[[""] * 4] * 3])
    assert blocks(word(tmp_path, made)) == [(0, "单位；姓名；性别；职务")]


def test_a_list_set_in_columns_is_one_table_read_down_each(tmp_path: Path) -> None:
    rows = [["姓名", "电话", "姓名", "电话"], ["何静", "8801", "孙楠", "8803"], ["罗明", "8802", "", ""]]
    made = blank()
    table(made, rows)
    documents = [
        word(tmp_path, made),
        sheet(tmp_path, [["通讯录"], *([text or None for text in row] for row in rows)], "A1:D1"),
    ]
    for document in documents:
        listed = [block for block in document.blocks if block.table]
        assert [document.text[block.start : block.end] for block in listed] == [
            "姓名：何静；电话：8801",
            "姓名：罗明；电话：8802",
            "姓名：孙楠；电话：8803",
        ]
        assert {block.table for block in listed} == {1}


def test_lists_side_by_side_under_a_name_for_each(tmp_path: Path) -> None:
    rows = [
        ["一分厂", "", "二分厂", ""],
        ["姓名", "电话", "姓名", "电话"],
        ["何静", "8801", "孙楠", "8803"],
        ["罗明", "8802", "", ""],
    ]
    made = blank()
    listed = table(made, rows)
    for column in (0, 2):
        listed.cell(0, column).merge(listed.cell(0, column + 1)).text = rows[0][column]
    cells = [[text or None for text in row] for row in rows]
    for document in (word(tmp_path, made), sheet(tmp_path, [["通讯录"], *cells], "A1:D1", "A2:B2", "C2:D2")):
        assert [document.text[block.start : block.end] for block in document.blocks if block.table] == [
            "一分厂姓名：何静；一分厂电话：8801",
            "一分厂姓名：罗明；一分厂电话：8802",
            "二分厂姓名：孙楠；二分厂电话：8803",
        ]


def test_two_groups_of_columns_under_one_first_column_are_one_row(tmp_path: Path) -> None:
    rows = [
        ["月份", "一分厂", "", "二分厂", ""],
        ["", "产量", "电耗", "产量", "电耗"],
        ["1月", "120", "33", "98", "27"],
        ["2月", "110", "31", "90", "25"],
    ]
    cells = [[text or None for text in row] for row in rows]
    document = sheet(tmp_path, [["月报"], *cells], "A1:E1", "A2:A3", "B2:C2", "D2:E2")
    assert document.text.split("\n")[-2:] == [
        "月份：1月；一分厂产量：120；一分厂电耗：33；二分厂产量：98；二分厂电耗：27",
        "月份：2月；一分厂产量：110；一分厂电耗：31；二分厂产量：90；二分厂电耗：25",
    ]


def test_names_spread_out_and_a_title_below_what_is_attached(tmp_path: Path) -> None:
    document = sheet(
        tmp_path,
        [
            ["附件2"],
            ["2026年部门收支预算表"],
            ["收    入", None, "支    出", None],
            ["项    目", "预算数", "项    目", "预算数"],
            ["财政拨款", 1280.5, "一般公共服务", 96],
            ["其他收入", 15.8, "农林水", 1200.3],
        ],
        "A1:D1",
        "A2:D2",
        "A3:B3",
        "C3:D3",
    )
    assert document.title == "2026年部门收支预算表"
    assert blocks(document)[1:] == [
        (3, "2026年部门收支预算表"),
        (0, "收入项目：财政拨款；收入预算数：1280.5"),
        (0, "收入项目：其他收入；收入预算数：15.8"),
        (0, "支出项目：一般公共服务；支出预算数：96"),
        (0, "支出项目：农林水；支出预算数：1200.3"),
    ]


def test_a_notice_with_what_is_attached(tmp_path: Path) -> None:
    made = blank()
    centred(made, "临江市水务局办公室", 22)
    centred(made, "临水办函〔2026〕19号")
    centred(made, "关于召开供水工作会议的通知", 18)
    for text in (
        "各供水企业：",
        "定于5月15日召开供水工作会议，请按时参加。",
        "联 系 人：周晓",
        "附件：1.参会回执",
        "      2.会议议程",
        "临江市水务局办公室",
        "2026年5月6日",
        "附件1",
    ):
        made.add_paragraph(text)
    centred(made, "参会回执", 16)
    table(made, [["单位", "姓名", "职务"], ["", "", ""]])
    made.add_paragraph("附件2")
    centred(made, "会议议程", 16)
    for text in (
        "主持人：陈舟",
        "一是通报情况，二是交流发言，三是总结讲话。",
        "会议不安排住宿。",
        "请自备水杯。",
    ):
        made.add_paragraph(text)
    document = word(tmp_path, made)
    assert (document.title, document.published) == ("关于召开供水工作会议的通知", "2026-05-06")
    found = blocks(document)
    assert [text for level, text in found if level == 1] == ["关于召开供水工作会议的通知"]
    assert (0, "附件：1.参会回执") in found and (0, "联系人：周晓") in found
    assert [one for one in found if one[0] > 1] == [
        (3, "附件1"),
        (4, "参会回执"),
        (3, "附件2"),
        (4, "会议议程"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026年春季职工夜校课程表", True),
        ("2026年工作总结", True),
        ("2026年5月", False),
        ("2026年第3期", False),
    ],
)
def test_a_title_that_begins_with_a_year(text: str, said: bool) -> None:
    assert is_title(text) is said


def test_a_number_behind_another_label_or_an_english_name() -> None:
    assert number_among(["填表日期：2026年4月8日 编号：KN-0042"]) == "KN-0042"
    assert number_among(["合同编号 Contract No.: QY-2026-TS-07"]) == "QY-2026-TS-07"
    assert number_among(["供应商应在报价中写明合同编号：另行通知。"]) == ""


def test_a_number_within_brackets_with_the_day_from_which_it_holds() -> None:
    assert number_among(["（青水司〔2025〕21号，自2025年7月1日起施行）"]) == "青水司〔2025〕21号"
    assert number_among(["（根据市政府〔2019〕5号文件修订，自2020年1月1日起施行）"]) == ""


def test_a_title_that_every_page_repeats_and_a_dateline_over_two_lines(tmp_path: Path) -> None:
    made = Sheet(random.Random(1), header="临江市城市供水管理办法", numbered=True)
    made.y = 760
    made.heading("临江市城市供水管理办法", 20, centred=True)
    for text in ("（2026年3月20日临江市人民政府第48次常务会议通过，自2026年", "5月1日起施行）"):
        made.canvas.setFont(FONT, 15)
        made.canvas.drawCentredString(WIDTH / 2, made.y, text)
        made.y -= 20
    for _ in range(3):
        made.paragraph("本市行政区域内从事城市供水工作和使用城市供水，应当遵守本办法。" * 6)
        made.turn()
    made.paragraph("本办法自公布之日起施行，由市水务主管部门解释。" * 2)
    document = pdf(tmp_path, made.save())
    assert document.title == "临江市城市供水管理办法"
    assert document.text.count("临江市城市供水管理办法") == 1
    assert "通过，自2026年5月1日起施行）" in document.text


def test_two_parties_side_by_side_without_lines(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.heading("水表采购合同", 20, centred=True)
    left = ["甲方（采购方）：临江市供水集团", "地址：滨河路66号", "电话：0571-88120066"]
    right = ["乙方（供货方）：恒流仪表有限公司", "地址：余杭区仓前街道9号", "电话：0571-56780001"]
    for one, two in zip(left, right, strict=True):
        made.text(90, one, 11)
        made.text(306, two, 11)
        made.y -= 25
    assert [text for _, text in blocks(pdf(tmp_path, made.save()))][1:] == [*left, *right]


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 9])
def test_two_parties_whom_a_page_break_cuts_are_each_read_whole(tmp_path: Path, cut: int) -> None:
    made = Sheet(random.Random(1))
    made.heading("水表采购合同", 20, centred=True)
    terms = [
        f"第{n}条 乙方按照本合同约定的时间、地点和数量交付水表，并承担运输费用。" for n in ("一", "二", "三")
    ]
    for term in terms:
        made.text(90, term, 11)
        made.y -= 25
    left = [
        "甲方（采购方）：临江市供水集团",
        "地址：滨河路66号",
        "电话：0571-88120066",
        "法定代表人：何静",
        "日期：2026年4月2日",
    ]
    right = [
        "乙方（供货方）：恒流仪表有限公司",
        "地址：余杭区仓前街道9号",
        "电话：0571-56780001",
        "法定代表人：孙楠",
        "日期：2026年4月3日",
    ]
    for number, (one, two) in enumerate(zip(left, right, strict=True)):
        if number == cut:
            made.canvas.showPage()
            made.y = 760
        made.text(90, one, 11)
        made.text(306, two, 11)
        made.y -= 25
    document = pdf(tmp_path, made.save())
    assert [text for _, text in blocks(document)][1:] == [*terms, *left, *right]
    pages = [document.page_of(document.text.index(text)) for text in (left[0], left[-1], right[0])]
    assert pages == ([1, 2, 2] if cut < len(left) else [1, 1, 1])


def test_short_labels_side_by_side_around_a_page_break_stay_line_by_line(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.heading("登记表", 20, centred=True)
    for number, (one, two) in enumerate([("姓名：何静", "性别：女"), ("年龄：41", "民族：汉")]):
        if number:
            made.canvas.showPage()
            made.y = 760
        made.text(90, one, 11)
        made.text(306, two, 11)
        made.y -= 25
    assert pdf(tmp_path, made.save()).text.split("\n")[1:] == ["姓名：何静 性别：女", "年龄：41 民族：汉"]


def test_names_and_figures_cut_in_narrow_cells(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.heading("货物清单", 18)
    top, edges = 700.0, [72, 172, 213, 265]
    rows = [
        [["货物名称"], ["数量", "（只）"], ["金额"]],
        [["智能水表"], ["4650"], ["1,273,575.", "00"]],
        [["机械水表"], ["20"], ["810.00"]],
    ]
    for number, row in enumerate(rows):
        y = top - 40 * number
        for column, lines in enumerate(row):
            made.canvas.rect(edges[column], y - 40, edges[column + 1] - edges[column], 40)
            made.canvas.setFont(FONT, 10)
            for n, line in enumerate(lines):
                made.canvas.drawString(edges[column] + 4, y - 15 - 14 * n, line)
    assert [text for _, text in blocks(pdf(tmp_path, made.save()))][1:] == [
        "货物名称：智能水表；数量（只）：4650；金额：1,273,575.00",
        "货物名称：机械水表；数量（只）：20；金额：810.00",
    ]


@pytest.mark.parametrize("font", [b"Wingdings2", b"ABCDEE+Wingdings#202"])
def test_ticked_boxes_in_a_symbol_font(tmp_path: Path, font: bytes) -> None:
    made = Sheet(random.Random(1))
    canvas = made.canvas = Canvas(made.buffer, pageCompression=0)
    texts = ("重大疾病，住院三十天以上的职工", "子女就学，当年考入高等学校的职工")
    for sign, text in zip("R\xa3", texts, strict=True):
        canvas.setFont("Courier", 12)
        canvas.drawString(72, made.y, sign)
        made.text(90, text, 12)
        made.y -= 30
    data = made.save().replace(b"/BaseFont /Courier", b"/BaseFont /" + font)
    assert pdf(tmp_path, data).text.split("\n") == [f"☑ {texts[0]}", f"□ {texts[1]}"]


def test_slides_are_read_by_the_room_between_texts(tmp_path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Cm, Pt

    deck = Presentation()

    def slide(title: str, *boxes: tuple[float, float, float, float, str]) -> None:
        page = deck.slides.add_slide(deck.slide_layouts[6])
        for left, top, wide, high, text in ((1, 1, 20, 2, title), *boxes):
            run = page.shapes.add_textbox(Cm(left), Cm(top), Cm(wide), Cm(high)).text_frame.paragraphs[0]
            piece = run.add_run()
            piece.text, piece.font.size = text, Pt(30 if text == title else 16)

    slide(
        "总体情况",
        (1, 4, 10, 1, "供水量"),
        (14, 4, 10, 1, "水质"),
        (1, 5.5, 10, 5, "日最高23.7万立方米"),
        (14, 5.5, 10, 5, "合格率99.86%"),
    )
    slide(
        "会议安排",
        (1, 4, 3, 1, "时间"),
        (4.2, 4, 12, 1, "5月15日下午"),
        (1, 6, 3, 1, "地点"),
        (4.2, 6, 12, 1, "三楼会议厅"),
    )
    deck.save(str(tmp_path / "a.pptx"))
    assert [text for _, text in blocks(load(tmp_path / "a.pptx"))] == [
        *("总体情况", "供水量", "日最高23.7万立方米", "水质", "合格率99.86%"),
        *("会议安排", "时间", "5月15日下午", "地点", "三楼会议厅"),
    ]


def test_headings_by_form_on_a_page_and_ways_to_other_pages(tmp_path: Path) -> None:
    body = "水质合格率达到百分之九十九以上，管网漏损率降到百分之九以下。" * 3
    (tmp_path / "a.html").write_text(
        f"<html><body><div class='article'><h1>供水工作要点</h1><p><b>一、水质</b></p><p>{body}</p>"
        f"<p><b>二、管网</b></p><p>{body}</p></div>"
        "<div class='prev'>上一篇：<a href='x'>节水宣传周活动通知</a></div>"
        "<div class='next'>下一篇：<a href='y'>信息公开年报</a></div></body></html>",
        "utf-8",
    )
    assert blocks(load(tmp_path / "a.html")) == [
        (1, "供水工作要点"),
        (2, "一、水质"),
        (0, body),
        (2, "二、管网"),
        (0, body),
    ]


def test_a_form_with_the_same_fields_twice(tmp_path: Path) -> None:
    made = blank()
    rows = [
        ["学  历\n学  位", "全日制教育", "大学", "毕业院校及专业", "同济大学给排水"],
        ["", "在职教育", "研究生", "毕业院校及专业", "浙江大学市政工程"],
    ]
    form = table(made, rows)
    text = form.cell(0, 0).text
    form.cell(0, 0).merge(form.cell(1, 0)).text = text
    assert [text for _, text in blocks(word(tmp_path, made))] == [
        "学历学位：全日制教育：大学；毕业院校及专业：同济大学给排水",
        "学历学位：在职教育：研究生；毕业院校及专业：浙江大学市政工程",
    ]


def test_labels_of_which_characters_stand_apart() -> None:
    assert squeeze("入 党时 间：2008.06；现 任职务：科长") == "入党时间：2008.06；现任职务：科长"
    assert squeeze("主持：何静  记录：周晓") == "主持：何静 记录：周晓"
    assert squeeze("联系 电话：8801") == "联系 电话：8801"


def test_groups_named_with_a_label_and_notes_parted_from_their_table(tmp_path: Path) -> None:
    header, one, two = ["品名", "期初", "期末"], ["水表", 120, 100], ["水管", 800, 650]
    document = sheet(
        tmp_path,
        [["库存台账"], ["仓库：一号仓库"], header, one, ["仓库：二号仓库"], header, two],
        *("A1:C1", "A2:C2", "A5:C5"),
    )
    assert [text for level, text in blocks(document) if level == 4] == ["仓库：一号仓库", "仓库：二号仓库"]
    rows = [
        "缴费明细表,,",
        "导出时间：2026-05-08 10:22,,操作员：李可",
        ",,",
        "户号,户名,金额",
        "00012345,张三,66.70",
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows), "utf-8")
    document = load(tmp_path / "a.csv")
    assert (document.title, document.published) == ("缴费明细表", "2026-05-08")
    assert [block.table for block in document.blocks] == [0, 0, 1]


def test_a_page_whose_headline_is_a_sentence_and_parts_set_apart_by_styles(tmp_path: Path) -> None:
    body = "因<span style='color:red'>管网改造</span><span>，以下</span>区域将停水，请提前储水并关好阀门。"
    (tmp_path / "a.html").write_text(
        "<html><head><title></title></head><body><h1>停水了！这些小区请储水</h1>"
        "<div><span class='a'>临江水务</span><em id='t'>2026年6月1日 17:30</em></div>"
        f"<p>{body}</p><div id='toast'>预览时标签不可点</div></body></html>",
        "utf-8",
    )
    document = load(tmp_path / "a.html")
    assert (document.title, document.published) == ("停水了！这些小区请储水", "2026-06-01")
    assert document.text.split("\n")[1:] == [
        "临江水务 2026年6月1日 17:30",
        "因管网改造，以下区域将停水，请提前储水并关好阀门。",
    ]


def test_a_line_that_breaks_off_at_a_comma_goes_on_below(tmp_path: Path) -> None:
    lines = [
        "例会纪要",
        "",
        "（一）5月13日前完成停水方案；",
        "（二）会议材料由沈洁负责整理，",
        "      周三下班前交办公室；",
    ]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
    assert "（二）会议材料由沈洁负责整理，周三下班前交办公室；" in load(tmp_path / "a.txt").text.split("\n")


def test_a_line_of_dashes_ends_where_it_ends(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("回复\n\n请查收。\n-----原始邮件-----\n发件人: 顺达客运\n", "utf-8")
    assert load(tmp_path / "a.txt").text.split("\n")[-2:] == ["-----原始邮件-----", "发件人: 顺达客运"]


def test_sentences_and_headers_in_letters_of_changing_size_as_recognition_measures_them(
    tmp_path: Path,
) -> None:
    made = Sheet(random.Random(1))
    for page in range(4):
        if page:
            made.canvas.showPage()
            made.y = 800
        else:
            made.y = 800
        made.text(90, f"第一章 商品 {page + 13}", 9 + page % 2)
        made.y -= 40
        for number in range(8):
            made.text(90, f"第{page * 8 + number + 1}种商品的交换价值由生产它所需要的劳动时间来决定，", 10)
            made.y -= 16
            made.text(90, "与其他情况无关。", 12 if number % 3 else 10)
            made.y -= 24
    document = pdf(tmp_path, made.save())
    assert "第一章 商品" not in document.text
    assert not [text for level, text in blocks(document) if level and text.endswith("。")]


def test_a_title_of_the_file_that_is_the_end_of_a_line_on_its_page(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.canvas.setTitle("值班安排")
    for line in ("国庆值班安排", "10月1日由李建国带班，电话为五五五零一零一，请各科室互相转告并按时到岗。"):
        made.text(90, line, 11)
        made.y -= 30
    assert pdf(tmp_path, made.save()).title == "国庆值班安排"


def test_years_under_merged_names(tmp_path: Path) -> None:
    rows = [
        ["单位", "用电量（千瓦时）", "", "用水量（吨）", "", "备注"],
        ["", "2024年", "2025年", "2024年", "2025年", ""],
        ["市图书馆", "120345", "118002", "3200", "3050", "空调改造"],
        ["体育馆", "340120", "352880", "8800", "9010", ""],
    ]
    made = blank()
    used = table(made, rows)
    for top, left, bottom, right in ((0, 1, 0, 2), (0, 3, 0, 4), (0, 0, 1, 0), (0, 5, 1, 5)):
        used.cell(top, left).merge(used.cell(bottom, right)).text = rows[top][left]
    power, water = "用电量（千瓦时）", "用水量（吨）"
    merges = ("A1:A2", "B1:C1", "D1:E1", "F1:F2")
    cells = [[int(text) if text.isdigit() else text or None for text in row] for row in rows]
    for document in (word(tmp_path, made), sheet(tmp_path, cells, *merges)):
        library, gym = (text for _, text in blocks(document))
        assert library.startswith(
            f"单位：市图书馆；{power}2024年：120345；{power}2025年：118002；{water}2024年：3200；"
        )
        assert gym.endswith(f"{power}2025年：352880；{water}2024年：8800；{water}2025年：9010")


def test_values_under_a_merged_name_are_no_second_level(tmp_path: Path) -> None:
    rows = [["项目", "数量", "", "备注"], ["甲", "100", "200", "新"], ["乙", "300", "150", "旧"]]
    cells = [[int(text) if text.isdigit() else text or None for text in row] for row in rows]
    lines = sheet(tmp_path, cells, "B1:C1").text.split("\n")
    assert lines == ["项目：甲；数量：100；数量：200；备注：新", "项目：乙；数量：300；数量：150；备注：旧"]


def test_fields_flush_left_of_which_one_runs_over_two_lines(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.heading("秋季话剧排练记录", 20, centred=True)
    names = "、".join(
        ["林小雨", "何平", "周成", "赵一鸣", "孙文", "李若水", "陈希", "吴桐", "钱进", "王力", "汤勇"]
    )
    told = [
        "地点：小剧场二楼",
        f"到场演员：{names}、梅兰",
        "缺席：祁连（外出）",
        f"舞台监督与灯光音响道具服装各组人员均已到位，其中道具组{names[:18]}",
        "排练从第二幕开始，到第四幕为止，中间休息一次",
    ]
    for text in told:
        for line in wrapped(text, 12, made.right - made.left):
            made.text(made.left, line, 12)
            made.y -= 20
    assert [text for _, text in blocks(pdf(tmp_path, made.save()))][1:] == told

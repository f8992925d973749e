"""Word files: what stands on paper comes out as text, once and in reading order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.loaders import load, picture_text
from index.loaders import word as word_loader
from index.types import Document
from tests.word_maker import (
    NS,
    blank,
    centred,
    notes,
    number_list,
    numbered,
    paragraph,
    put,
    run,
    table,
    xml_of,
)


def saved(document: Any, path: Path) -> Document:
    document.save(str(path / "a.docx"))
    return load(path / "a.docx")


def lines(document: Document) -> list[str]:
    return document.text.split("\n")


def levels(document: Document) -> list[tuple[int, str]]:
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks if block.level]


# Automatic numbers


def test_articles_items_and_points_have_their_numbers(tmp_path: Path) -> None:
    made = blank()
    number_list(
        made,
        50,
        [
            ("chineseCountingThousand", "第%1章"),
            ("chineseCountingThousand", "第%2条"),
            ("chineseCounting", "（%3）"),
            ("decimal", "%4."),
            ("decimal", "（%5）"),
            ("decimalEnclosedCircle", "%6"),
        ],
    )
    for text, depth in (
        ("总则", 0),
        ("为了加强管理，制定本办法。", 1),
        ("附则", 0),
        ("下列情形除外：", 1),
        ("抢险；", 2),
        ("救灾；", 2),
        ("洪水；", 3),
        ("地震。", 3),
        ("五级以上；", 4),
        ("六级。", 5),
        ("解释权归本局。", 1),
    ):
        numbered(made, text, 50, depth)
    assert lines(saved(made, tmp_path)) == [
        "第一章 总则",
        "第一条 为了加强管理，制定本办法。",
        "第二章 附则",
        "第一条 下列情形除外：",
        "（一）抢险；",
        "（二）救灾；",
        "1. 洪水；",
        "2. 地震。",
        "（1）五级以上；",
        "①六级。",
        "第二条 解释权归本局。",
    ]


def test_articles_count_on_over_chapters_where_the_list_says_so(tmp_path: Path) -> None:
    made = blank()
    number_list(
        made,
        50,
        [("chineseCounting", "第%1章"), ("chineseCounting", "第%2条")],
        extra='<w:lvlRestart w:val="0"/>',
    )
    for text, depth in (("总则", 0), ("甲。", 1), ("乙。", 1), ("附则", 0), ("丙。", 1)):
        numbered(made, text, 50, depth)
    assert lines(saved(made, tmp_path)) == [
        "第一章 总则",
        "第一条 甲。",
        "第二条 乙。",
        "第二章 附则",
        "第三条 丙。",
    ]


def test_a_space_typed_behind_a_number_stays(tmp_path: Path) -> None:
    made = blank()
    number_list(made, 70, [("decimal", "第%1章 "), ("decimal", "%1.%2 ")], extra='<w:suff w:val="nothing"/>')
    numbered(made, "服务", 70, 0)
    numbered(made, "2小时内响应。", 70, 1)
    assert lines(saved(made, tmp_path)) == ["第1章 服务", "1.1 2小时内响应。"]


def test_joined_numbers_and_legal_ones(tmp_path: Path) -> None:
    made = blank()
    number_list(made, 50, [("decimal", "%1"), ("decimal", "%1.%2"), ("lowerLetter", "%1.%2.%3")])
    number_list(made, 60, [("chineseCounting", "%1、"), ("decimal", "%1.%2")], extra="<w:isLgl/>")
    for text, depth, number in (
        ("范围说明。", 0, 50),
        ("术语。", 0, 50),
        ("甲类。", 1, 50),
        ("乙类。", 1, 50),
        ("细目。", 2, 50),
        ("方法。", 0, 50),
        ("取样。", 1, 50),
    ):
        numbered(made, text, number, depth)
    numbered(made, "合同总价。", 60, 0)
    numbered(made, "付款方式。", 60, 1)
    assert lines(saved(made, tmp_path)) == [
        "1 范围说明。",
        "2 术语。",
        "2.1 甲类。",
        "2.2 乙类。",
        "2.2.a 细目。",
        "3 方法。",
        "3.1 取样。",
        "1、合同总价。",
        "1.1 付款方式。",
    ]


def test_a_list_that_restarts_and_one_that_goes_on(tmp_path: Path) -> None:
    made = blank()
    number_list(made, 50, [("decimal", "%1、")])
    number_list(
        made,
        51,
        [],
        override='<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>',
        same=50,
    )
    number_list(
        made,
        52,
        [],
        override='<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/>'
        '<w:lvl w:ilvl="0"><w:start w:val="5"/>'
        '<w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1)"/></w:lvl></w:lvlOverride>',
        same=50,
    )
    for text, number in (("甲。", 50), ("乙。", 50), ("丙。", 51), ("丁。", 51), ("戊。", 52)):
        numbered(made, text, number)
        made.add_paragraph("中间的话。")
    found = [line for line in lines(saved(made, tmp_path)) if line != "中间的话。"]
    assert found == ["1、甲。", "2、乙。", "1、丙。", "2、丁。", "V)戊。"]


def test_numbers_that_come_with_a_style_and_those_taken_away(tmp_path: Path) -> None:
    made = blank()
    number_list(made, 50, [("chineseCounting", "第%1章"), ("decimal", "%2．")])
    for name, depth in (("Heading 1", 0), ("Heading 2", 1)):
        style = made.styles[name].element
        style.get_or_add_pPr().insert(
            0, xml_of(f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="50"/></w:numPr>')
        )
    made.add_heading("总则", 1)
    made.add_heading("目的", 2)
    plain = made.add_heading("前言说明", 1)
    plain._p.get_or_add_pPr().append(xml_of('<w:numPr><w:numId w:val="0"/></w:numPr>'))
    made.add_heading("罚则", 1)
    made.add_paragraph("正文。")
    assert lines(saved(made, tmp_path)) == ["第一章 总则", "1． 目的", "前言说明", "第二章 罚则", "正文。"]


@pytest.mark.parametrize(
    ("form", "text", "third"),
    [
        ("ideographTraditional", "%1、", "丙、"),
        ("ideographDigital", "%1、", "三、"),
        ("chineseLegalSimplified", "%1、", "叁、"),
        ("lowerRoman", "(%1)", "(iii)"),
        ("upperLetter", "%1.", "C. "),
        ("decimalZero", "%1-", "03- "),
        ("none", "附件", "附件 "),
        ("decimalFullWidth", "%1．", "３． "),
        ("ideographZodiac", "%1)", "寅)"),
        ("bullet", "•", ""),
        ("ordinal", "%1", "3rd "),
        ("lowerLetter", "%1)", "c)"),
        ("decimalEnclosedParen", "%1", "⑶ "),
        ("aFormatOfTheFuture", "%1)", "3)"),
    ],
)
def test_number_formats(tmp_path: Path, form: str, text: str, third: str) -> None:
    made = blank()
    number_list(made, 50, [(form, text)])
    for word in ("甲项。", "乙项。", "丙项。"):
        numbered(made, word, 50)
    assert lines(saved(made, tmp_path))[-1].replace("⑶", "⑶ ").replace("  ", " ") == f"{third}丙项。"


# What is not the document's text


def test_struck_hidden_deleted_and_commented_text_is_out(tmp_path: Path) -> None:
    made = blank()
    put(
        made,
        paragraph(
            run("押金")
            + run("五百元", "<w:strike/>")
            + run("三百元", '<w:strike w:val="0"/>')
            + run("内部价", "<w:vanish/>")
            + run("旧", "<w:dstrike/>")
            + '<w:commentRangeStart w:id="1"/>'
            + run("，当面退还。")
            + '<w:commentRangeEnd w:id="1"/><w:r><w:commentReference w:id="1"/></w:r>'
            + f'<w:del w:id="2" w:author="a">{run("不")}</w:del>'
            f'<w:moveFrom w:id="3" w:author="a">{run("移走的话。")}</w:moveFrom>'
            + f'<w:moveTo w:id="4" w:author="a">{run("移来的话。")}</w:moveTo>'
        ),
    )
    put(made, paragraph(run("前半句，"), '<w:rPr><w:del w:id="5" w:author="a"/></w:rPr>'))
    put(made, paragraph(run("后半句。")))
    made.styles.add_style("旧文", 2).font.strike = True
    made.add_paragraph().add_run("整段作废。", "旧文")
    put(
        made,
        "<w:tbl><w:tr><w:tc><w:p>"
        + run("项目")
        + "</w:p></w:tc><w:tc><w:p>"
        + run("金额")
        + "</w:p></w:tc></w:tr>"
        "<w:tr><w:trPr><w:del w:id='6' w:author='a'/></w:trPr><w:tc><w:p>"
        + run("旧项")
        + "</w:p></w:tc><w:tc><w:p>"
        + run("1元")
        + "</w:p></w:tc></w:tr>"
        "<w:tr><w:tc><w:p>"
        + run("新项")
        + "</w:p></w:tc><w:tc><w:p>"
        + run("2元")
        + "</w:p></w:tc></w:tr></w:tbl>",
    )
    assert lines(saved(made, tmp_path)) == [
        "押金三百元，当面退还。移来的话。",
        "前半句，后半句。",
        "项目：新项；金额：2元",
    ]


def test_a_struck_row_does_not_count_in_a_list(tmp_path: Path) -> None:
    made = blank()
    number_list(made, 50, [("decimal", "%1、")])
    for text in ("甲。", "乙。", "丙。"):
        made_paragraph = numbered(made, text, 50)
        if text == "乙。":
            made_paragraph._p.get_or_add_pPr().append(xml_of('<w:rPr><w:del w:id="1" w:author="a"/></w:rPr>'))
            made_paragraph._p[-1].getparent().replace(
                made_paragraph._p[-1], xml_of(f'<w:del w:id="2" w:author="a">{run("乙。")}</w:del>')
            )
    assert lines(saved(made, tmp_path)) == ["1、甲。", "2、丙。"]


@pytest.mark.parametrize("kind", ["field", "control", "styles", "typed", "repeated"])
def test_contents_are_left_out(tmp_path: Path, kind: str) -> None:
    made = blank()
    made.add_heading("档案工作规定", 0)
    entries = [("第一章 归档范围", "2"), ("第二章 保管期限", "3"), ("第三章 附则说明", "5")]
    if kind in ("typed", "repeated", "styles"):
        made.add_paragraph("目  录")
    for number, (text, page) in enumerate(entries):
        begin = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>TOC \\o "1-3" '
            '\\h</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        link = (
            f'<w:hyperlink w:anchor="_Toc{number}">{run(text)}<w:r><w:tab/></w:r><w:r>'
            f'<w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGEREF _Toc{number}'
            '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/>'
            f"</w:r>{run(page)}{end}</w:hyperlink>"
        )
        if kind == "field":
            put(made, paragraph((begin if not number else "") + link + (end if number == 2 else "")))
        elif kind == "control":
            put(
                made,
                (
                    '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
                    f"</w:docPartObj></w:sdtPr><w:sdtContent>{paragraph(link)}</w:sdtContent></w:sdt>"
                ),
            )
        elif kind == "styles":
            style = f"toc {number + 1}"
            made.styles.add_style(style, 1)
            made.add_paragraph(f"{text}\t{page}", style)
        else:
            made.add_paragraph(f"{text}…………{page}" if kind == "typed" else text)
    for text, _ in entries:
        made.add_heading(text, 1)
        made.add_paragraph(f"{text[4:]}的具体规定。")
    found = lines(saved(made, tmp_path))
    assert found == ["档案工作规定"] + [
        one for text, _ in entries for one in (text, f"{text[4:]}的具体规定。")
    ]


def test_page_edges_are_read_for_number_and_date_only(tmp_path: Path) -> None:
    made = blank()
    made.sections[0].header.paragraphs[0].text = "青政发〔2025〕12号"
    made.sections[0].footer.paragraphs[0].text = "发布日期：2025年4月8日"
    centred(made, "青禾市节约用水办法", 22)
    made.add_paragraph("用水应当节约，违者提醒。")
    found = saved(made, tmp_path)
    assert (found.number, found.published, found.meta["date_from"]) == (
        "青政发〔2025〕12号",
        "2025-04-08",
        "page edge",
    )
    assert found.title == "青禾市节约用水办法"
    assert lines(found) == ["青禾市节约用水办法", "用水应当节约，违者提醒。"]


# Signs, fields, formulas


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', "☑"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>', "□"),
        ('<w:r><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>', "☑"),
        (
            '<w:r><w:rPr><w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2"/></w:rPr><w:t>R</w:t></w:r>',
            "☑",
        ),
        (
            '<w:r><w:rPr><w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/></w:rPr><w:t>\uf0fe</w:t></w:r>',
            "☑",
        ),
        ('<w:r><w:rPr><w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/></w:rPr><w:t>¨</w:t></w:r>', "□"),
        ('<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>', "≥"),
        (
            '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>'
            "</w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt>",
            "☑",
        ),
        (
            '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="0"/></w14:checkbox>'
            "</w:sdtPr><w:sdtContent><w:r><w:t>☐</w:t></w:r></w:sdtContent></w:sdt>",
            "□",
        ),
        (
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/>'
            "<w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>"
            '<w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
            "☑",
        ),
        (
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>'
            '<w:default w:val="0"/></w:checkBox></w:ffData></w:fldChar></w:r>'
            '<w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/>'
            '</w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
            "□",
        ),
        (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>eq \\o\\ac(□,√)</w:instrText>'
            '</w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
            "☑",
        ),
        (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>eq \\o\\ac(○,12)</w:instrText>'
            '</w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
            "⑫",
        ),
        ('<w:fldSimple w:instr="DATE"><w:r><w:t>3月</w:t></w:r></w:fldSimple>', "3月"),
        (
            "<w:r><w:ruby><w:rt><w:r><w:t>fù</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>复</w:t></w:r></w:rubyBase></w:ruby></w:r>",
            "复",
        ),
        (
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>单击此处输入文字。</w:t></w:r></w:sdtContent></w:sdt>",
            "",
        ),
        ("<w:r><w:t>A</w:t><w:noBreakHyphen/><w:t>3</w:t><w:softHyphen/></w:r>", "A-3"),
    ],
)
def test_signs_fields_and_controls(tmp_path: Path, xml: str, text: str) -> None:
    made = blank()
    put(made, paragraph(run("选择：") + xml + run("接受")))
    assert lines(saved(made, tmp_path)) == [f"选择：{text}接受"]


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (
            "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>",
            "(a+b)/2",
        ),
        ("<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>", "x^2"),
        ("<m:rad><m:radPr><m:degHide/></m:radPr><m:deg/><m:e><m:r><m:t>S</m:t></m:r></m:e></m:rad>", "√(S)"),
        (
            "<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub><m:r><m:t>i=1</m:t>"
            "</m:r></m:sub><m:sup><m:r><m:t>n</m:t></m:r></m:sup><m:e><m:sSub>"
            "<m:e><m:r><m:t>x</m:t></m:r></m:e><m:sub><m:r><m:t>i</m:t></m:r></m:sub></m:sSub></m:e></m:nary>",
            "∑(i=1..n)x_i",
        ),
        ("<m:d><m:e><m:r><m:t>1+r</m:t></m:r></m:e></m:d>", "(1+r)"),
    ],
)
def test_formulas_are_linear_text(tmp_path: Path, inner: str, text: str) -> None:
    made = blank()
    put(made, paragraph(run("得分=") + f"<m:oMath>{inner}</m:oMath>" + run("。")))
    found = lines(saved(made, tmp_path))[0]
    assert found.replace("_i)", "_i").replace("(x_i", "x_i") == f"得分={text}。"


# Boxes, notes, pictures


def test_text_boxes_and_notes_once_and_in_place(tmp_path: Path) -> None:
    made = blank()
    box = "<w:txbxContent>" + paragraph(run("框里的提示。")) + "</w:txbxContent>"
    put(
        made,
        paragraph(
            run("第一段。") + '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><mc:AlternateContent>'
            '<mc:Choice Requires="wps"><w:drawing><wps:txbx>'
            + box
            + "</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>"
            + box
            + "</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
        ),
    )
    put(made, paragraph(run("第二段。") + '<w:r><w:endnoteReference w:id="2"/></w:r>'))
    made.add_paragraph("第三段。")
    made.save(str(tmp_path / "a.docx"))
    notes(tmp_path / "a.docx", "footnote", ["脚注的话。"])
    notes(tmp_path / "a.docx", "endnote", ["尾注的话。", "没有人引用的注。"])
    assert lines(load(tmp_path / "a.docx")) == [
        "第一段。",
        "框里的提示。",
        "注1：脚注的话。",
        "第二段。",
        "注2：尾注的话。",
        "第三段。",
        "注3：没有人引用的注。",
    ]


def test_pictures_are_counted(tmp_path: Path) -> None:
    import io

    import PIL.Image

    made = blank()
    made.add_paragraph("停车须知")
    for shade in (0, 90):
        data = io.BytesIO()
        PIL.Image.new("L", (30, 30), shade).save(data, "PNG")
        made.add_picture(data)
    assert saved(made, tmp_path).meta["pictures"] == "2"


def test_text_in_pictures_is_recognised_where_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that reach the right edge go on; rows beside each other are one; a picture that comes back is read
    once."""
    import io

    import PIL.Image

    def row(
        x: float, y: float, width: float, text: str, score: float = 0.99
    ) -> tuple[list[tuple[float, float]], str, float]:
        return [(x, y), (x + width, y), (x + width, y + 20), (x, y + 20)], text, score

    found = [
        row(0, 0, 100, "收费说明"),
        row(0, 30, 390, "停车每小时四元，过夜的"),
        row(0, 60, 120, "另收。", 0.5),
        row(0, 90, 80, "电话"),
        row(200, 92, 90, "555-0101"),
    ]
    monkeypatch.setattr(word_loader, "ready", lambda: True)
    monkeypatch.setattr(picture_text, "read_picture", lambda image: found)
    made = blank()
    made.add_paragraph("停车须知")
    data = io.BytesIO()
    PIL.Image.new("LA", (400, 120), (0, 0)).save(data, "PNG")
    for _ in range(2):
        made.add_picture(data)
    document = saved(made, tmp_path)
    assert lines(document) == ["停车须知", "收费说明", "停车每小时四元，过夜的另收。", "电话 555-0101"]
    assert document.meta["pictures_recognised"] == "2" and "pictures" not in document.meta
    start, end = map(int, document.meta["unsure"].split("-"))
    assert document.text[start:end] == "停车每小时四元，过夜的另收。"
    for bad in (b"", b"GIF89a", b"\x89PNG\r\n", data.getvalue()[:80]):
        assert picture_text.picture_lines(bad) == []


# Headings


def test_headings_by_style_and_by_form(tmp_path: Path) -> None:
    made = blank()
    made.add_heading("社团章程", 0)
    made.add_paragraph("第一章 总则")
    made.add_paragraph("第一条 本社团以读书会友为宗旨。")
    made.add_heading("第二章 会员", 1)
    made.add_paragraph("第二条 年满十六岁者可以入会。")
    made.add_paragraph("一、入会手续")
    made.add_paragraph("入会要填一张表，并交一张照片。")
    found = saved(made, tmp_path)
    assert levels(found) == [(1, "社团章程"), (2, "第一章 总则"), (2, "第二章 会员"), (3, "一、入会手续")]


def test_a_sentence_in_a_heading_style_is_text(tmp_path: Path) -> None:
    made = blank()
    made.add_heading("第一章 总则", 1)
    made.add_heading("第一条 为了规范管理，制定本办法。", 2)
    made.add_heading("第二条 本办法适用于全市。", 2)
    assert levels(saved(made, tmp_path)) == [(1, "第一章 总则")]


def test_paragraphs_of_a_word_file_are_not_glued(tmp_path: Path) -> None:
    made = blank()
    texts = [
        "联系人张三，电话555-0101，地址在河东路八号院内三楼办公室，请提前预约",
        "联系人李四，电话555-0102，地址在河西路九号院内二楼办公室，请提前预约",
        "结束的话。",
    ]
    for text in texts:
        made.add_paragraph(text)
    assert lines(saved(made, tmp_path)) == texts


def test_strict_open_xml_is_read(tmp_path: Path) -> None:
    import zipfile

    made = blank()
    made.add_paragraph("严格格式的文件，也要读得出来。")
    made.save(str(tmp_path / "b.docx"))
    with zipfile.ZipFile(tmp_path / "b.docx") as old, zipfile.ZipFile(tmp_path / "a.docx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            for usual, strict in (
                (
                    "schemas.openxmlformats.org/wordprocessingml/2006/main",
                    "purl.oclc.org/ooxml/wordprocessingml/main",
                ),
                (
                    "schemas.openxmlformats.org/officeDocument/2006/relationships",
                    "purl.oclc.org/ooxml/officeDocument/relationships",
                ),
            ):
                data = data.replace(usual.encode(), strict.encode())
            new.writestr(name, data)
    assert lines(load(tmp_path / "a.docx")) == ["严格格式的文件，也要读得出来。"]


def test_ns_is_whole() -> None:
    assert NS.count("xmlns:") == 7


def test_a_table_style_marks_its_header(tmp_path: Path) -> None:
    made = blank()
    grid = table(made, [["岗位", "职责"], ["保安", "巡逻"], ["保洁", "清扫"]])
    grid.style = "Light Grid Accent 1"
    assert lines(saved(made, tmp_path)) == ["岗位：保安；职责：巡逻", "岗位：保洁；职责：清扫"]

"""Loaders: every kind of file, its encodings, and what is wrong with bad ones."""

from __future__ import annotations

import datetime
import random
import zipfile
from pathlib import Path

import pytest
from damage import survives

from errors import DocumentError
from index.loaders import load
from index.types import Document

TEXT = (
    "全市建成113家就业驿站，提供“一站式”服务。\n\n今年还要再建20家，方便居民在家门口求职，也方便企业招工。\n"
)


def blocks(document: Document) -> list[tuple[int, str]]:
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks]


def body(document: Document) -> list[str]:
    return [text for level, text in blocks(document) if not level]


def refused(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert path.name in caught.value.message
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode(encoding))
    assert body(load(path)) == TEXT.split("\n")[0:3:2]


def test_lines_that_are_not_set_in_go_on(tmp_path: Path) -> None:
    """A short notice as it was typed: paragraphs begin with two wide spaces, lines within them do not."""
    path = tmp_path / "通知.txt"
    path.write_text(
        "　　　　　　停电通知\n各位老师：\n　　因线路检修，定于4月18日8时至16时30分对教学楼和\n"
        "图书馆停电。请提前关闭电脑和空调电源，实验楼\n不受影响。\n"
        "　　咨询电话：5550101\n联系人：方敏\n　　　　　　　　　总务处\n",
        "utf-8",
    )
    assert body(load(path)) == [
        "各位老师：",
        "因线路检修，定于4月18日8时至16时30分对教学楼和图书馆停电。请提前关闭电脑和空调电源，实验楼不受影响。",
        "咨询电话：5550101",
        "联系人：方敏",
        "总务处",
    ]


def test_traditional_text_in_big5(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = "這是一個關於學校與電車的說明，請大家認真閱讀。我們會在這裡等您。"
    path.write_bytes(text.encode("big5"))
    assert load(path).text == text


def test_a_short_gb18030_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("天津东疆综合保税区。".encode("gb18030"))
    assert load(path).text == "天津东疆综合保税区。"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("编号,13920240501,abc\n张三丰,2,龘\n".encode("gb18030"), "张三丰"),  # mostly ASCII
        ("天津东疆综合保税区，是一个好地方。".encode()[:-1], "天津东疆综合保税区"),  # cut within a character
        (("天津东疆综合保税区，是一个好地方。" * 9).encode("gb18030")[:-1], "天津东疆综合保税区"),
        (("Un café très résumé, déjà là.\n" * 5).encode("cp1252"), "déjà"),
        ("Plain words\nand more words.\n".encode("utf-16-le"), "more words"),
    ],
)
def test_awkward_encodings(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert text in load(path).text


def test_a_page_that_names_the_wrong_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<meta charset=gb2312><p>天津东疆综合保税区。</p>", "utf-8")
    assert load(path).text == "天津东疆综合保税区。"


def test_same_name_same_id_whatever_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, "utf-8")
    first = load(path)
    path.write_text(TEXT + "新的一段。", "utf-8")
    second = load(path)
    assert first.id == second.id and len(first.id) == 16
    assert first.sha256 != second.sha256
    assert first.source == "a.txt" and first.title == "a"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n\n\t", "empty"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "picture"),
        ("noise.txt", bytes((i * 73 + i // 7) % 256 for i in range(9000)), "not a text file"),
        ("zip.txt", b"PK\x03\x04" + b"\x00" * 99, "zip"),
        ("pdf.txt", b"%PDF-1.7 abc", "PDF"),
        ("old.doc", b"\xd0\xcf\x11\xe0 old", ".docx"),
        ("a.xyz", b"text", ".xlsx"),
        ("noending", b"text", "no ending"),
        ("broken.pdf", b"%PDF-1.7\n1 0 obj\n<<", "broken"),
        ("junk.pdf", b"this is no pdf", "broken"),
        ("broken.docx", b"PK\x03\x04 broken", "broken"),
        ("broken.xlsx", b"nothing of the kind", "broken"),
        ("secret.docx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("secret.xlsx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("old.xlsx", b"\xd0\xcf\x11\xe0 Workbook", "old Office"),
        ("marks.txt", "……——。。。\n！！".encode(), "no text"),
        ("nothing.html", b"<html><script>1</script></html>", "no text"),
        ("nothing.csv", b",,,\n,,\n", "no text"),
    ],
)
def test_bad_files_are_named_with_the_next_step(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert says in refused(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "gone.txt")
    (tmp_path / "folder.txt").mkdir()
    assert "cannot be read" in refused(tmp_path / "folder.txt")


def test_an_archive_that_is_no_word_file_and_one_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "x")
    assert "not a .docx" in refused(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "x" * 10_000)
    assert "broken" in refused(path)
    monkeypatch.setattr("index.loaders.office.UNPACKED_MAX", 5000)
    assert "unpacks to" in refused(path)


def test_damaged_office_files_never_escape(tmp_path: Path) -> None:
    import docx

    source = docx.Document()
    source.add_paragraph("一段话，说明了条件。")
    source.save(str(tmp_path / "whole.docx"))
    whole = (tmp_path / "whole.docx").read_bytes()
    survives(tmp_path / "damaged.docx", whole, times=60, places=20, chance=random.Random(5))


def test_control_and_direction_characters_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("正常\u202e文字\u200b在\ufeff此，\x07没有别的。", "utf-8")
    assert load(path).text == "正常文字在此，没有别的。"


def test_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        '---\ntitle: "服务指南"\npublished: 2025-01-02\nsource: 某局\n'
        "supersedes:\n  - 旧指南\n  - 老办法\n---\n# 别的标题\n\n正文在此。",
        "utf-8",
    )
    document = load(path)
    assert (document.title, document.published, document.supersedes) == (
        "服务指南",
        "2025-01-02",
        ("旧指南", "老办法"),
    )
    assert document.meta["source"] == "某局" and document.source == "a.md"
    assert blocks(document) == [(1, "别的标题"), (0, "正文在此。")]


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\n这里是一段话，不是字段。\n---\n正文在此。", "utf-8")
    assert "这里是一段话，不是字段。" in load(path).text


def test_markdown(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "# 指南\n\n## 办理\n\n材料有**三份**，见[链接](http://x)，写在\n第二行。\n\n1. 申请表\n2. 身份证\n\n"
        "| 项目 | 天数 |\n|---|---|\n| 登记 | 3 |\n| 变更 | 5 |\n\n"
        "<div>一块<script>alert(1)</script></div>\n\n```\ncode\n```\n",
        "utf-8",
    )
    document = load(path)
    assert document.title == "指南"
    assert blocks(document) == [
        (1, "指南"),
        (2, "办理"),
        (0, "材料有三份，见链接，写在第二行。"),
        (0, "1. 申请表"),
        (0, "2. 身份证"),
        (0, "项目：登记；天数：3"),
        (0, "项目：变更；天数：5"),
        (0, "一块"),
        (0, "code"),
    ]


def test_markdown_lines_that_are_paragraphs_and_lines_that_are_wrapped(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "第一段说完了。\n第二段也说完了。\n\n这一段没有说完，\n要到下一行。再\n下一行才完。", "utf-8"
    )
    assert body(load(path)) == [
        "第一段说完了。",
        "第二段也说完了。",
        "这一段没有说完，要到下一行。再下一行才完。",
    ]


def test_html_keeps_the_main_text_only(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    page = (
        "<html><head><meta charset=gb2312><title>通知公告_某局</title>"
        "<meta name='PubDate' content='2025-03-02 10:00'>"
        "<script>alert(1)</script></head><body><nav><a href=a>首页</a>"
        "</nav><div><a>一</a><a>二</a><a>三</a></div>"
        "<article><h1>关于放假的通知</h1><p>五一放假<b>五</b>天<script>x()</script>，从5月1日起。<br>请安排值班。</p>"
        "<ul><li>甲单位值班<li>乙单位值班</ul><table><tr><th>姓名<th>电话</tr><tr><td>张<b>三</b><td><p>123</p></table>"
        "<div style='display: none'>隐藏</div><p onclick=x hidden>也隐藏</p>"
        "<p>结束。</p></article><footer>版权</footer></body></html>"
    )
    path.write_bytes(page.encode("gb18030"))
    document = load(path)
    assert (document.title, document.published) == ("关于放假的通知", "2025-03-02")
    assert body(document) == [
        "五一放假五天，从5月1日起。",
        "请安排值班。",
        "甲单位值班",
        "乙单位值班",
        "姓名：张三；电话：123",
        "结束。",
    ]


def test_hostile_html(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<div>" * 50_000
        + "<p>深处的文字，还在。</p>"
        + "<scr<script>ipt>"
        + "<td></table></li></a></h9>&#0;&#xD800;尾巴",
        "utf-8",
    )
    assert "深处的文字，还在。" in load(path).text


def test_word_document(tmp_path: Path) -> None:
    import docx
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    source = docx.Document()
    source.add_heading("差旅费管理办法", 0)
    source.add_heading("第一章 总则", 1)
    paragraph = source.add_paragraph("第一条 为了加强管理，")
    for tag, inner in (("ins", "<w:t>制定本办法。</w:t>"), ("del", "<w:delText>删去的话</w:delText>")):
        paragraph._p.append(
            parse_xml(f"<w:{tag} {nsdecls('w')} w:id='1' w:author='a'><w:r>{inner}</w:r></w:{tag}>")
        )
    source.add_heading("标准", 1)
    table = source.add_table(rows=3, cols=3)
    for row, cells in zip(
        table.rows,
        [["城市", "住宿费", "补助"], ["北京", "500元", "100元"], ["上海", "", "100元"]],
        strict=True,
    ):
        for cell, value in zip(row.cells, cells, strict=True):
            cell.text = value
    table.cell(1, 2).merge(table.cell(2, 2)).text = "100元"
    box = (
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r>"
        "<w:t>控件里的话。</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    source.element.body.append(parse_xml(box))
    source.core_properties.created = datetime.datetime(2024, 5, 6)
    path = tmp_path / "a.docx"
    source.save(str(path))
    document = load(path)
    assert (document.title, document.published) == ("差旅费管理办法", "2024-05-06")
    assert blocks(document) == [
        (1, "差旅费管理办法"),
        (2, "第一章 总则"),
        (0, "第一条 为了加强管理，制定本办法。"),
        (2, "标准"),
        (0, "城市：北京；住宿费：500元；补助：100元"),
        (0, "城市：上海；补助：100元"),
        (0, "控件里的话。"),
    ]


def test_spreadsheet(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "收费标准"
    for row in (
        ["2025年收费标准"],
        ["项目", "金额", "比例"],
        ["登记", 10.5, 0.25],
        ["变更", 20, None],
        [],
        ["日期", datetime.datetime(2025, 5, 1)],
    ):
        sheet.append(row)
    sheet["C3"].number_format = "0%"
    hidden = book.create_sheet("隐藏")
    hidden.append(["不", "给看"])
    hidden.sheet_state = "hidden"
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert blocks(load(path)) == [
        (2, "收费标准"),
        (3, "2025年收费标准"),
        (0, "项目：登记；金额：10.5；比例：25%"),
        (0, "项目：变更；金额：20"),
        (0, "项目：日期；金额：2025-05-01"),
    ]


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8-sig"), ("\t", "utf-16"), (";", "gb18030"), ("|", "utf-8")]
)
def test_csv(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    rows = [["单位", "驿站数", "备注"], ["和平区", "12", '"有,逗号\n和换行"'], ["河西区", "9", ""]]
    path.write_bytes("\n".join(delimiter.join(row) for row in rows).encode(encoding))
    assert body(load(path)) == ["单位：和平区；驿站数：12；备注：有,逗号 和换行", "单位：河西区；驿站数：9"]

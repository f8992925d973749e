"""Slides, OFD, books, saved pages, and what web pages hold beside their text."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest
from damage import survives

from errors import DocumentError
from index.loaders import load
from index.types import Document


def blocks(document: Document) -> list[tuple[int, str]]:
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks]


def body(document: Document) -> list[str]:
    return [text for level, text in blocks(document) if not level]


def page(tmp_path: Path, html: str) -> Document:
    path = tmp_path / "a.html"
    path.write_text(html, "utf-8")
    return load(path)


def test_slides(tmp_path: Path) -> None:
    from pptx import Presentation
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches, Pt

    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text, first.placeholders[1].text = "安全培训", "青禾研究所"
    second = deck.slides.add_slide(deck.slide_layouts[1])
    second.shapes.title.text = "消防演练"
    second.placeholders[1].text = "时间：4月12日14时\n集合点：南门广场"
    table = second.shapes.add_table(3, 3, 0, Inches(4), Inches(5), Inches(1)).table
    for row, cells in enumerate((("组别", "组长", "电话"), ("疏散组", "何平", "110"), ("", "李静", "120"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    second.notes_slide.notes_text_frame.text = "演练前一天发短信提醒"
    third = deck.slides.add_slide(deck.slide_layouts[6])
    for top, size, text in ((3, 18, "下面的话。"), (1, 18, "上面的话。"), (0, 40, "没有占位符的标题")):
        run = (
            third.shapes.add_textbox(0, Inches(top), Inches(3), Inches(1)).text_frame.paragraphs[0].add_run()
        )
        run.text, run.font.size = text, Pt(size)
    chart = CategoryChartData()
    chart.categories = ["甲", "乙"]
    chart.add_series("产量", (8, 7))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, Inches(5), Inches(3), Inches(2), chart)
    hidden = deck.slides.add_slide(deck.slide_layouts[1])
    hidden.shapes.title.text = "藏起来"
    hidden._element.set("show", "0")
    path = tmp_path / "a.pptx"
    deck.save(str(path))
    document = load(path)
    assert document.title == "安全培训" and document.meta["hidden_slides"] == "1"
    assert blocks(document) == [
        (1, "安全培训"),
        (0, "青禾研究所"),
        (2, "消防演练"),
        (0, "时间：4月12日14时"),
        (0, "集合点：南门广场"),
        (0, "组别：疏散组；组长：何平；电话：110"),
        (0, "组别：疏散组；组长：李静；电话：120"),
        (0, "备注：演练前一天发短信提醒"),
        (2, "没有占位符的标题"),
        (0, "上面的话。"),
        (0, "下面的话。"),
        (0, "甲；产量：8"),
        (0, "乙；产量：7"),
    ]
    assert [document.page_of(block.start) for block in document.blocks] == [1, 1, *[2] * 6, *[3] * 5]


def ofd(path: Path, *pages: str, template: str = "") -> None:
    ns = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "OFD.xml",
            (
                f"<ofd:OFD {ns}><ofd:DocBody><ofd:DocInfo/>"
                "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
            ),
        )
        used = '<ofd:TemplatePage ID="9" BaseLoc="Tpls/T.xml"/>' if template else ""
        listed = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/P{n}.xml"/>' for n in range(len(pages)))
        archive.writestr(
            "Doc_0/Document.xml",
            (
                f"<ofd:Document {ns}><ofd:CommonData>{used}</ofd:CommonData>"
                f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>"
            ),
        )
        for n, content in enumerate(pages):
            of = '<ofd:Template TemplateID="9"/>' if template else ""
            archive.writestr(
                f"Doc_0/Pages/P{n}.xml",
                f"<ofd:Page {ns}>{of}<ofd:Content><ofd:Layer>{content}</ofd:Layer></ofd:Content></ofd:Page>",
            )
        archive.writestr(
            "Doc_0/Tpls/T.xml",
            f"<ofd:Page {ns}><ofd:Content><ofd:Layer>{template}</ofd:Layer></ofd:Content></ofd:Page>",
        )


def text(x: float, y: float, words: str, size: float = 4, steps: str = "") -> str:
    delta = f' DeltaX="{steps}"' if steps else ""
    return (
        f'<ofd:TextObject Boundary="{x} {y} 150 8" Size="{size}"><ofd:TextCode '
        f'X="0" Y="{size}"{delta}>{words}</ofd:TextCode></ofd:TextObject>'
    )


def test_ofd_by_position(tmp_path: Path) -> None:
    path = tmp_path / "a.ofd"
    ofd(
        path,
        text(52, 60, "李建国")
        + text(70, 20, "关于国庆值班的通知", 7)
        + text(20, 60, "10月1日值班：")
        + text(28, 50, "各科室：")
        + text(20, 70, "电话12345678", steps="4 4 g 7 2"),
        text(20, 20, "第二页的一段话，说明了条件。") + text(100, 280, "- 2 -"),
        template=text(20, 10, "值班表式样"),
    )
    document = load(path)
    assert document.title == "关于国庆值班的通知"
    found = [text for _, text in blocks(document)]
    assert found[:4] == [
        "关于国庆值班的通知",
        "各科室：",
        "10月1日值班：李建国",
        "电话12345678",
    ]
    assert "值班表式样" not in document.text, "the template stands on both pages: a running header"
    assert "第二页的一段话，说明了条件。" in found and "- 2 -" not in found
    assert document.page_of(document.text.index("第二页")) == 2
    ofd(path, "")
    with pytest.raises(DocumentError, match="a scan"):
        load(path)


def test_a_book_in_the_order_of_its_spine(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="OEBPS/c.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OEBPS/c.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>养蜂手记</dc:title><dc:creator>王蜂</dc:creator></metadata>'
            '<manifest><item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
            '<item id="a" href="t/%E7%A7%8B.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="b" href="b.xhtml" media-type="application/xhtml+xml"/></manifest><spine>'
            '<itemref idref="n"/><itemref idref="b"/><itemref idref="a"/></spine></package>',
        )
        archive.writestr("OEBPS/nav.xhtml", "<html><body><nav>目录</nav><h1>目录</h1></body></html>")
        archive.writestr(
            "OEBPS/t/秋.xhtml",
            (
                '<?xml version="1.0" encoding="utf-8"?><html><body>'
                "<h1>秋季</h1><p>十月底缩小巢门。</p></body></html>"
            ),
        )
        archive.writestr(
            "OEBPS/b.xhtml", "<html><body><h1>春季</h1><p>三月初开箱检查蜂王。</p></body></html>"
        )
    document = load(path)
    assert document.title == "养蜂手记" and document.meta["author"] == "王蜂"
    assert blocks(document) == [
        (1, "春季"),
        (0, "三月初开箱检查蜂王。"),
        (1, "秋季"),
        (0, "十月底缩小巢门。"),
    ]


def test_a_saved_page(tmp_path: Path) -> None:
    import quopri

    html = quopri.encodestring(
        "<html><head><title>通知</title></head><body><p>各单位须于五月底前报送。</p></body></html>".encode(
            "gbk"
        )
    )
    path = tmp_path / "a.mht"
    path.write_bytes(
        b"From: <x>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: "
        b'multipart/related; type="text/html"; boundary="b"\r\n\r\n--b\r\n'
        b'Content-Type: text/html; charset="gb2312"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
        + html
        + b"\r\n--b\r\nContent-Type: image/png\r\n\r\nxx\r\n--b--\r\n"
    )
    document = load(path)
    assert document.title == "通知" and body(document) == ["各单位须于五月底前报送。"]


def test_cells_stand_where_spans_put_them(tmp_path: Path) -> None:
    rows = (
        "<tr><th rowspan=2>车间</th><th colspan=2>早班</th>"
        "<th rowspan=2>备注</th></tr><tr><th>人数</th><th>产量</th></tr>"
        "<tr><td rowspan=2>甲车间</td><td>8</td><td>320</td>"
        "<td>无</td></tr><tr><td>7</td><td>280</td><td></td></tr>"
    )
    assert body(page(tmp_path, f"<table>{rows}</table>")) == [
        "车间：甲车间；早班人数：8；早班产量：320；备注：无",
        "车间：甲车间；早班人数：7；早班产量：280",
    ]
    assert body(
        page(tmp_path, "<table><tr><th>姓名</th><td>张三</td></tr><tr><th>电话</th><td>123</td></tr></table>")
    ) == ["姓名：张三", "电话：123"]


def test_struck_text_and_the_frame_of_a_page_are_left_out(tmp_path: Path) -> None:
    menu = (
        "<div class='main-nav'><a>首页</a><a>新闻</a></div><div id=topMenu><ul><li><a>概况</a><li>"
        "<a>办事</a></ul></div><div class=breadcrumb>当前位置：<a>首页</a> &gt; <a>通知</a></div>"
    )
    text = (
        "<p>收费为<del>100元</del><s>90元</s><span style='text-decoration:line-through'>85元"
        "</span>80元，自五月起执行，请各单位遵照办理。</p>" * 3
    )
    foot = (
        "<div class='footer'>版权所有 某局 ICP备12345号 电话：000</div>"
        "<div id='bottom'><p>主办：某局办公室</p></div>"
    )
    document = page(
        tmp_path,
        (
            f"<body><form id=aspnet>{menu}<div class=wrap><h1>收费通知</h1>"
            f"<div class='TRS_Editor'>{text}</div></div>{foot}</form></body>"
        ),
    )
    assert document.title == "收费通知" and set(body(document)) == {
        "收费为80元，自五月起执行，请各单位遵照办理。"
    }


def test_numbers_of_lists_terms_and_boxes(tmp_path: Path) -> None:
    document = page(
        tmp_path,
        "<ol start=3><li>入库登记<li>出库审批</ol><ol type=a><li>申请</ol>"
        "<ul><li>圆点</ul><dl><dt>电话<dd>123<dt>地址：<dd>河东路</dl>"
        "<p><input type=checkbox checked>同意<input type=checkbox>不同意</p>"
        "<p>第一行\n  第二行 word\n word</p>",
    )
    assert body(document) == [
        "3. 入库登记",
        "4. 出库审批",
        "a. 申请",
        "圆点",
        "电话：123",
        "地址：河东路",
        "☑同意□不同意",
        "第一行第二行 word word",
    ]


def test_tables_that_lay_out_a_page(tmp_path: Path) -> None:
    document = page(
        tmp_path,
        "<table><tr><td><table><tr><td><a>首页</a> <a>新闻</a> <a>办事</a></td></tr></table></td>"
        "</tr><tr><td><h2>通知</h2><p>第一段话，说明了条件。</p><p>第二段话，说明了程序。</p>"
        "<table><tr><td>姓名</td><td>电话</td></tr><tr><td>张三</td><td>123</td></tr></table></td></tr></table>",
    )
    assert [text for _, text in blocks(document)] == [
        "通知",
        "第一段话，说明了条件。",
        "第二段话，说明了程序。",
        "姓名：张三；电话：123",
    ]


def test_the_name_of_the_program_around_a_page_is_no_title(tmp_path: Path) -> None:
    text = "<p>请假须提前两个工作日。</p><table><tr><th rowspan=2>天数</th><th colspan=2>审批人</th></tr>"
    text += "<tr><th>教职工</th><th>中层干部</th></tr><tr><td>3天以上</td><td colspan=2>校长</td></tr>"
    own, other = "关于规范请假手续的公告", "请假须提前两个工作日_某校"
    for named, title in (("OA系统-公告查看", own), (other, other)):
        document = page(tmp_path, f"<title>{named}</title><center><b>{own}</b></center>{text}</table>")
        assert document.title == title
        assert "天数：3天以上；审批人教职工、审批人中层干部：校长" in document.text


def test_damaged_archives_of_every_kind_never_escape(tmp_path: Path) -> None:
    import openpyxl
    from pptx import Presentation

    deck, book = Presentation(), openpyxl.Workbook()
    deck.slides.add_slide(deck.slide_layouts[1]).shapes.title.text = "标题"
    book.active.append(["姓名", "电话"])
    book.active.append(["张三", 1])
    deck.save(str(tmp_path / "a.pptx"))
    book.save(tmp_path / "a.xlsx")
    ofd(tmp_path / "a.ofd", text(20, 20, "一段话，说明了条件。"))
    chance = random.Random(7)
    for name in ("a.pptx", "a.xlsx", "a.ofd"):
        whole = (tmp_path / name).read_bytes()
        survives(tmp_path / f"damaged{name[1:]}", whole, times=40, places=15, chance=chance)

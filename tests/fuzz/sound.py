"""Small sound files of many kinds, written with the libraries that the tests have: what fuzzing changes."""

from __future__ import annotations

import email.message
import io
import zipfile
from collections.abc import Iterator

TEXT = "申请年休假应当提前5个工作日在协同办公系统提交申请。超过3天的由分管领导审批。"


def made() -> Iterator[tuple[str, bytes]]:
    """Suffix and bytes of each."""
    yield ".docx", _docx()
    yield ".xlsx", _xlsx()
    yield ".xls", _xls()
    yield ".pptx", _pptx()
    yield ".eml", _eml()
    yield ".msg", _eml()
    yield (
        ".html",
        f"<html><body><h1>办法</h1><p>{TEXT}</p>{_TABLE}<ul><li>一<li>二</ul></body></html>".encode(),
    )
    yield (
        ".mhtml",
        b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>" + TEXT.encode() + b"</p>",
    )
    yield (
        ".md",
        f"---\ntitle: 办法\ndate: 2025-07-01\n---\n# 办法\n\n{TEXT}\n\n|甲|乙|\n|---|---|\n|1|2|\n".encode(),
    )
    yield ".txt", f"办法\n\n第一条 {TEXT}\n（一）一项；\n（二）二项。\n".encode("gb18030")
    yield ".csv", "日期,项目,金额\n2025-03-01,维修,1200\n2025-03-02,采购,3~5万元\n".encode()
    yield ".tsv", "单位\t电话\n人事处\t8001\n".encode("utf-16")
    yield (
        ".rtf",
        b"{\\rtf1\\ansi\\ansicpg936{\\b \\'b0\\'ec\\'b7\\'a8}\\par \\u30003?abc\\trowd\\cell 1\\cell\\row}",
    )
    yield ".epub", _zip(_EPUB)
    yield ".ofd", _zip(_OFD)
    yield ".zip", _zip({"甲/a.txt": TEXT, "b.md": "# 标题\n\n" + TEXT, "c.csv": "a,b\n1,2\n"})
    yield (
        ".xml",
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>',
    )


_TABLE = "<table><tr><th>甲<th>乙<tr><td rowspan=2>1<td>2<tr><td>3</table>"
_EPUB = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
    "a.opf": '<package xmlns="http://www.idpf.org/2007/opf">'
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>手记</dc:title></metadata>'
    '<manifest><item id="x" href="x.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="x"/></spine></package>',
    "x.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>春</h1><p>{TEXT}</p></body></html>',
}
_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_OFD = {
    "OFD.xml": f"<ofd:OFD {_NS}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>"
    "</ofd:OFD>",
    "Doc_0/Document.xml": f"<ofd:Document {_NS}><ofd:CommonData><ofd:PageArea>"
    "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData>"
    '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
    "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {_NS}><ofd:Content><ofd:Layer>"
    '<ofd:TextObject ID="3" Boundary="20 20 150 8" Size="5">'
    f'<ofd:TextCode X="0" Y="6" DeltaX="g 9 5">{TEXT}</ofd:TextCode></ofd:TextObject>'
    "</ofd:Layer></ofd:Content></ofd:Page>",
}


def _zip(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in members.items():
            file.writestr(name, text)
    return out.getvalue()


def _docx() -> bytes:
    import docx

    file, out = docx.Document(), io.BytesIO()
    file.add_heading("办法", 1)
    file.add_paragraph(TEXT)
    file.add_paragraph("一项", style="List Number")
    table = file.add_table(3, 3)
    for row in table.rows:
        for number, cell in enumerate(row.cells):
            cell.text = f"格{number}"
    table.cell(0, 0).merge(table.cell(0, 1))
    file.save(out)
    return out.getvalue()


def _xlsx() -> bytes:
    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append(["项目", "金额", "日期"])
    sheet.append(["维修", 1200.5, "2025-03-01"])
    sheet.append(["合计", "=SUM(B2:B2)", None])
    sheet["B2"].number_format = '"￥"#,##0.00'
    sheet.merge_cells("A3:B3")
    book.save(out)
    return out.getvalue()


def _xls() -> bytes:
    import xlwt

    book, out = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("表")
    for row, cells in enumerate((("项目", "金额"), ("维修", 1200.5))):
        for column, value in enumerate(cells):
            sheet.write(row, column, value)
    book.save(out)
    return out.getvalue()


def _pptx() -> bytes:
    import pptx

    show, out = pptx.Presentation(), io.BytesIO()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "消防演练"
    slide.placeholders[1].text = TEXT
    slide.notes_slide.notes_text_frame.text = "备注"
    show.save(out)
    return out.getvalue()


def _eml() -> bytes:
    mail = email.message.EmailMessage()
    mail["Subject"], mail["From"], mail["Date"] = (
        "关于停水",
        "a@example.org",
        "Mon, 03 Mar 2025 09:00:00 +0800",
    )
    mail.set_content(TEXT)
    mail.add_alternative(f"<p>{TEXT}</p>", subtype="html")
    mail.add_attachment(TEXT.encode(), maintype="text", subtype="plain", filename="附件.txt")
    return mail.as_bytes()

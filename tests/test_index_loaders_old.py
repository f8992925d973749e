"""Old and further Word files: .doc, .wps, .rtf, and files whose ending says something else than their
bytes."""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path

import pytest
from damage import survives
from old_word import ROW, TABLE, Old, edges, old_word

from errors import DocumentError
from index.loaders import load
from index.types import Document


def blocks(document: Document) -> list[tuple[int, str]]:
    return [(block.level, document.text[block.start : block.end]) for block in document.blocks]


def texts(document: Document) -> list[str]:
    return [text for _, text in blocks(document)]


def write(tmp_path: Path, name: str, data: bytes) -> Document:
    path = tmp_path / name
    path.write_bytes(data)
    return load(path)


def row(*cells: str, places: tuple[int, ...] = (), flags: tuple[int, ...] = ()) -> list[Old]:
    return [
        *(Old(cell, "\x07", own=(TABLE,)) for cell in cells),
        Old(
            "",
            "\x07",
            own=(TABLE, ROW, edges(*(places or range(0, 1000 * len(cells) + 1, 1000)), flags=flags)),
        ),
    ]


def test_properties_of_rows_that_lie_elsewhere(tmp_path: Path) -> None:
    paragraphs = [*row("日期", "值班人", "电话"), *row("6月19日", "何静", "8801"), Old("表后的话。")]
    data = old_word(paragraphs, elsewhere=True)
    assert texts(write(tmp_path, "a.doc", data)) == ["日期：6月19日；值班人：何静；电话：8801", "表后的话。"]


@pytest.mark.parametrize("name", ["a.doc", "a.wps", "a.docx"])
def test_a_binary_word_file(tmp_path: Path, name: str) -> None:
    data = old_word(
        [
            Old("第一章 总则", style=1),
            Old(
                "",
                runs=(
                    ("为了加强管理，", ()),
                    ("删去的话", ((0x0837, b"\1"),)),
                    ("看不见的话", ((0x083C, b"\1"),)),
                    ("改掉的话", ((0x0800, b"\1"),)),
                    ("制定本办法。", ()),
                ),
            ),
            *row("城市", "住宿费", "补助"),
            *row("北京", "500元", "100元"),
            *row("上海", "600元", "80元"),
            Old('参见\x13 HYPERLINK "http://a" \x14第三章\x15的规定。'),
            Old("\x13 TOC \\o \x14第一章 总则\t1\x15"),
            Old("末段\x0b换行，说明了程序。\x01"),
        ]
    )
    found = texts(write(tmp_path, name, data))
    assert found[:5] == [
        "第一章 总则",
        "为了加强管理，制定本办法。",
        "城市：北京；住宿费：500元；补助：100元",
        "城市：上海；住宿费：600元；补助：80元",
        "参见第三章的规定。",
    ]
    assert "末段" in "".join(found[5:]) and "换行，说明了程序。" in "".join(found[5:])
    assert not any("TOC" in text or "\t1" in text or "总则 1" in text for text in found)


def test_cells_merged_in_a_binary_word_file(tmp_path: Path) -> None:
    data = old_word(
        [
            *row("部门", "姓名", "电话"),
            *row("财务处", "张三", "123", flags=(0x60, 0, 0)),
            *row("", "李四", "456", flags=(0x20, 0, 0)),
            *row("合计", "2人", places=(0, 2000, 3000)),
        ]
    )
    found = texts(write(tmp_path, "a.doc", data))
    assert found[:2] == ["部门：财务处；姓名：张三；电话：123", "部门：财务处；姓名：李四；电话：456"]
    assert "合计" in found[2] and "电话：2人" in found[2]


def test_latin_text_in_one_byte_letters(tmp_path: Path) -> None:
    assert texts(
        write(tmp_path, "a.doc", old_word([Old("Plain words – and “more” of them.")], narrow=True))
    ) == ["Plain words – and “more” of them."]


def test_a_binary_word_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.loaders.olddoc.converted", lambda *_: None)
    for name, data, says in (
        ("secret.doc", old_word([Old("x")], encrypted=True), "password"),
        ("cut.doc", old_word([Old("一段话。")])[:3000], "broken"),
        ("junk.doc", bytes(range(256)) * 20, ".docx"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(DocumentError, match=says) as caught:
            load(path)
        assert name in caught.value.message and caught.value.hint


def test_a_cut_file_is_still_called_what_its_ending_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.loaders.olddoc.converted", lambda *_: None)
    path = tmp_path / "cut.doc"
    path.write_bytes(old_word([Old("一段话。")])[:600] + "Bookman Old Style".encode("utf-16-le"))
    with pytest.raises(DocumentError, match="broken or older than Word 97"):
        load(path)


def written(text: str) -> bytes:
    """A file of Microsoft Write: text, a page of runs of letters, one of paragraphs, fonts."""
    data = text.replace("\n", "\r\n").encode("cp1252")
    last, page = 128 + len(data), (255 + len(data)) // 128
    head = bytearray(128)
    struct.pack_into("<HHH", head, 0, 0xBE31, 0, 0xAB00)
    struct.pack_into("<I6H", head, 14, last, page + 1, *[page + 2] * 5)
    struct.pack_into("<H", head, 96, page + 3)
    runs = struct.pack("<IIH", 128, last, 0xFFFF).ljust(127, b"\0") + b"\1"
    fonts = (struct.pack("<HHB", 1, 7, 0) + b"Arial\0\0\0").ljust(128, b"\0")
    return bytes(head) + data.ljust((page - 1) * 128, b"\0") + runs + runs + fonts


@pytest.mark.skipif(not (shutil.which("soffice") or shutil.which("libreoffice")), reason="no LibreOffice")
def test_libreoffice_reads_what_we_do_not(tmp_path: Path) -> None:
    text = "Water supply notice\nThe water will be off on 11 June 2026 from 22:00 to 5:00.\n"
    for name in ("a.doc", "a.wps"):
        assert texts(write(tmp_path, name, written(text))) == text.splitlines()
    noise = random.Random(5)
    for head in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x89PNG"):
        with pytest.raises(DocumentError, match="broken or older"):
            write(tmp_path, "b.doc", head + noise.randbytes(9000))


def test_damaged_binary_word_files_never_escape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.loaders.olddoc.converted", lambda *_: None)
    rows = (*row("城市", "住宿费"), *row("北京", "500元"))
    whole = old_word([Old("第一章 总则", style=1), *rows, Old("一段话，说明了条件。")])
    survives(tmp_path / "damaged.doc", whole, times=80, places=12, chance=random.Random(5))


RTF = (
    r"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0\fnil\fcharset134 SimSun;}{\f1\fswiss\fcharset0 Arial;}}"
    r"{\stylesheet{\s1\outlinelevel0 heading 1;}{\s9 List;}}{\info{\title \'b1\'ea\'cc\'e2}{\author x}}"
    r"\pard\s1 \'b5\'da\'d2\'bb\'d5\'c2\par\pard\plain\f0 {\listtext 1.\tab}\u20013?\u25991?{\strike \'"
    r"c9\'be}{\v \'b2\'d8}\'a1\'a3\par"
    r"\trowd\cellx1000\cellx2000\cellx3000\pard\intbl \'b3\'c7\'ca\'d0\cell \'b7\'d1\cell \'ca\'fd\cell\row"
    r"\trowd\cellx1000\cellx2000\cellx3000\pard\intbl \'b1\'b1\'be\'a9\cell 500\cell 3\cell\row"
    r"\pard {\field{\*\fldinst HYPERLINK x}{\fldrslt \'ce\'c4\'d7\'d6}}{\pict 0102}{\*\unknown zz}\par}"
)


@pytest.mark.parametrize("name", ["a.rtf", "a.doc"])
def test_rich_text(tmp_path: Path, name: str) -> None:
    document = write(tmp_path, name, RTF.encode("ascii"))
    found = texts(document)
    assert found[0] == "第一章" and blocks(document)[0][0] >= 1
    assert found[1].replace(" ", "") == "1.中文。" and found[2:] == ["城市：北京；费：500；数：3", "文字"]
    assert document.media_type == "application/rtf"


def test_pages_and_text_sent_under_office_endings(tmp_path: Path) -> None:
    page = (
        "<html><head><meta charset=gbk></head><body><table><tr>"
        "<th>姓名<th>电话<tr><td>张三<td>123</table></body></html>"
    ).encode("gb18030")
    assert texts(write(tmp_path, "a.xls", page)) == ["姓名：张三；电话：123"]
    assert texts(
        write(tmp_path, "b.doc", "<html><body><p>一段话，说明了条件。</p></body></html>".encode())
    ) == ["一段话，说明了条件。"]
    assert texts(write(tmp_path, "c.xls", "姓名\t电话\n张三\t123\n".encode("gb18030"))) == [
        "姓名：张三；电话：123"
    ]
    mime = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>\xe4\xb8\xad\xe6\x96\x87\xe3\x80\x82</p>\r\n"
        b"--x--"
    )
    assert texts(write(tmp_path, "d.doc", mime)) == ["中文。"]

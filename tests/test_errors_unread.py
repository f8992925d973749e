"""Why a file was not read: told in both languages, on the page and by the loaders (errors/unread.py)."""

from __future__ import annotations

import ast
import pickle
import re
import string
from pathlib import Path

import pytest

from errors import DocumentError
from errors.unread import Unread, reasons
from index.loaders import SUFFIXES, load, load_all, other_kind
from index.reading import Reader
from ui.texts import Texts

ROOT = Path(__file__).parent.parent
HAN = re.compile(r"[\u4e00-\u9fff]")
READING = [
    *sorted((ROOT / "index/loaders").glob("*.py")),
    ROOT / "index/reading.py",
    ROOT / "index/reading_child.py",
]


def _calls(path: Path, name: str) -> list[ast.Call]:
    tree = ast.parse(path.read_text("utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_each_reason_is_told_in_both_languages_with_the_same_values():
    assert len(reasons()) > 60
    for reason, texts in reasons().items():
        assert set(texts) == {"en", "zh"}, reason
        english, chinese = texts["en"], texts["zh"]
        assert all(HAN.search(part) for part in chinese), reason
        assert not any(HAN.search(part) for part in english), reason
        assert _fields(english[0]) == _fields(chinese[0]) or reason == "kind_none", reason
        assert _fields(chinese[1]) <= _fields("".join(english)), reason


def test_what_reads_files_raises_nothing_that_has_no_chinese():
    """Each error of the loaders is a reason of the table, with the values that its texts name; each reason of
    the table is used."""
    used: set[str] = set()
    for path in READING:
        assert not _calls(path, "DocumentError"), path
        for call in _calls(path, "Unread"):
            given = {word.arg for word in call.keywords}
            if None in given or not isinstance(call.args[0], ast.Constant):
                continue  # handed on, or chosen among some; see below
            reason = str(call.args[0].value)
            texts = reasons()[reason]
            assert given == _fields("".join(texts["en"])), f"{path.name}: {reason}"
            used.add(reason)
    strings = {
        node.value
        for path in [*READING, *(ROOT / "ui").glob("*.py"), ROOT / "index/documents.py"]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    blank = {"scan_blank", "garbled_blank"}  # put together in index/loaders/pdf.py
    assert set(reasons()) - used <= strings | blank


def test_a_reason_travels_and_keeps_its_values():
    error = Unread("pages", name="{name}账.pdf", n=20_000, most=10_000)
    assert isinstance(error, DocumentError)
    assert error.message == "{name}账.pdf: 20000 pages are more than the 10000 that one file may have"
    assert error.told("zh") == ("{name}账.pdf：共 20000 页，超过单个文件 10000 页的上限", "请拆成几个文件。")
    assert error.told("fr") == error.told("en") == (error.message, error.hint)
    again = pickle.loads(pickle.dumps(error))
    assert (again.told("zh"), str(again)) == (error.told("zh"), str(error))


@pytest.mark.parametrize(
    ("name", "data", "chinese"),
    [
        ("空.docx", b"", "空.docx：文件是空的。没有收录任何内容；请检查导出或复制是否完整。"),
        ("通知.docx", b"PK\x03\x04 broken", "通知.docx：文件已损坏，不是 .docx 文件。"),
        ("通知.txt", b"%PDF-1.7 ...", "通知.txt：不是文本文件，看起来是 PDF。请把扩展名改为 .pdf 后再添加。"),
        ("通知.txt", bytes(range(1, 32)) * 40, "通知.txt：不是文本文件"),
        ("通知.pdf", b"%PDF-1.7 nothing", "通知.pdf：文件已损坏，无法按 PDF 解析。"),
        ("通知.doc", b"\xd0\xcf\x11\xe0" + bytes(600), "通知.doc：文件已损坏，或早于 Word 97，无法读取。"),
        ("通知.zip", b"PK\x03\x04 broken", "通知.zip：是含有多份文件的压缩包。"),
        ("通知.ppt", b"x", "通知.ppt：不能读取这类文件（.ppt）。请用 PowerPoint 或 WPS 打开，另存为 .pptx"),
        ("通知.dcox", b"x", "通知.dcox：不能读取这类文件（.dcox）。扩展名是不是应为 .docx？"),
        ("通知", b"x", "通知：文件没有扩展名，无法判断是哪一类。请加上相应的扩展名："),
    ],
)
def test_files_that_are_not_read_say_so_in_chinese_on_a_chinese_page(tmp_path, name, data, chinese):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Unread) as caught:
        load(path)
    told = Texts("zh").error(caught.value)
    assert told.startswith(chinese)
    assert told.endswith(("。", "？"))
    assert not HAN.search(Texts("en").error(caught.value).replace("通知", "").replace("空", ""))


def test_the_reason_comes_out_of_the_process_that_reads(tmp_path):
    path = tmp_path / "通知.docx"
    path.write_bytes(b"PK\x03\x04 broken")
    with Reader() as reader, pytest.raises(Unread) as caught:
        reader.load(path)
    assert caught.value.reason == "broken_office"
    assert (
        Texts("zh").error(caught.value, "2024/通知.docx").startswith("2024/通知.docx：通知.docx：文件已损坏")
    )


def test_what_fails_within_an_archive_is_named_by_where_it_lies(tmp_path):
    import zipfile

    path = tmp_path / "资料.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("甲/好.txt", "会议定于2024年5月6日召开。")
        archive.writestr("甲/坏.docx", b"PK\x03\x04 broken")
    (failure,) = load_all(path).failed
    assert (
        Texts("zh")
        .error(failure.error(), failure.source)
        .startswith("资料.zip/甲/坏.docx：文件已损坏，不是 .docx 文件。请用 Office 或 WPS 打开后重新保存")
    )
    assert failure.error().message == "资料.zip/甲/坏.docx: broken, not a .docx file"


def test_other_errors_stay_in_english():
    texts = Texts("zh")
    assert texts.error(DocumentError("a.txt: busy", "Try again.")) == "a.txt: busy. Try again."
    assert texts.error(ValueError("odd"), "a.txt") == "a.txt: ValueError: odd"


def test_kinds_that_another_program_makes_readable_have_their_own_next_step():
    told = {
        Texts("zh").error(other_kind(f"材料{end}"))
        for end in (".ppt", ".rar", ".pages", ".numbers", ".key", ".caj")
    }
    assert len(told) == 6
    assert ", ".join(sorted(SUFFIXES)) in Texts("zh").error(other_kind("材料.qqq"))

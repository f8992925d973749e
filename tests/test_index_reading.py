"""Reading in a child process: limits of memory, time and output, hostile files, and one child for many
files."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest
from kept_child import Child

from errors import DocumentError
from index import limits, reading
from index.loaders import load, load_all
from index.reading import Reader
from index.types import Block, Document
from index.wire import pack, unpack
from tests.bad_files import many_pages

LINUX = sys.platform.startswith("linux")
DATA = Path(__file__).parent / "data" / "loaders"


@pytest.fixture(autouse=True)
def own_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here every reader starts a process of its own."""
    monkeypatch.setattr(reading, "_Child", Child)


def at_start(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have the children that start from now on run the code first."""
    (folder / "sitecustomize.py").write_text(code, "utf-8")
    monkeypatch.syspath_prepend(str(folder))


def refused(path: Path, reader: Reader | None = None) -> DocumentError:
    with reader or Reader() as one, pytest.raises(DocumentError) as caught:
        one.load(path)
    assert path.name in caught.value.message and caught.value.hint
    return caught.value


def deflated(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_a_document_comes_back_as_it_was() -> None:
    document = Document(
        "ab",
        "标题",
        "目录/\udcff.txt",
        "文字\n第二段",
        "00",
        None,
        "text/plain",
        (Block(0, 2, 1), Block(3, 6)),
        (0, 3),
        ("旧",),
        {"a": "b"},
    )
    assert unpack(Document, pack(document)) == document


def test_the_child_gives_what_loading_gives(tmp_path: Path) -> None:
    path = tmp_path / "说明.txt"
    path.write_text("第一条 办理条件。\n\n第二条 办理程序。", "utf-8")
    packed = tmp_path / "包.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "二/说明.txt")
        archive.writestr("坏.docx", b"no")
        archive.writestr("图.png", b"\x89PNG")
    with Reader() as reader:
        loaded = reader.load_all(packed, "收文/包.zip")
        assert loaded == load_all(packed, "收文/包.zip")
        assert [one.source for one in loaded.documents] == ["收文/包.zip/二/说明.txt"]
        assert [one.source for one in loaded.failed] == ["收文/包.zip/坏.docx"] and loaded.skipped == (
            "收文/包.zip/图.png",
        )
        assert reader.load_all(path).documents == (load(path),)
        assert reader.load(path) == load(path)
        assert reader.load(path, "别名/说明.txt").source == "别名/说明.txt"
        assert reader.load(DATA / "report.pdf") == load(DATA / "report.pdf")


def test_one_child_reads_many_files_and_errors_do_not_end_it(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.pdf"
    good.write_text("说明了办理的条件。", "utf-8")
    bad.write_bytes(b"%PDF-1.7 nothing")
    with Reader() as reader:
        assert reader.load(good).text
        child = reader._child
        for _ in range(3):
            with pytest.raises(DocumentError, match=r"bad\.pdf: broken"):
                reader.load(bad)
            assert reader.load(good).text
        assert reader._child is child


def test_a_child_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("说明了办理的条件。", "utf-8")
    with Reader() as reader:
        reader.load(path)
        child = reader._child
        assert child is not None
        child._process.kill()
        child._process.wait()
        assert reader.load(path).text and reader._child is not child


def test_a_crash_and_a_stall_name_the_file_and_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsers that crash and that never come back, put in their place by a module that the child imports at
    its start."""
    at_start(
        tmp_path,
        monkeypatch,
        "import os, time, index.loaders.plain as plain\n"
        "real = plain.load_plain\ndef load_plain(path, data):\n"
        "    if b'crash' in data: os.abort()\n"
        "    if b'stall' in data: time.sleep(600)\n    return real(path, data)\n"
        "plain.load_plain = load_plain\n",
    )
    for name in ("crash", "stall", "fine"):
        (tmp_path / f"{name}.txt").write_text(f"{name} 说明了办理的条件。", "utf-8")
    with Reader(quiet=4) as reader:
        with pytest.raises(DocumentError, match=r"crash\.txt: not read, its reader crashed.*512 MB"):
            reader.load(tmp_path / "crash.txt")
        with pytest.raises(DocumentError, match=r"stall\.txt: not read, reading it took more than the 4 s"):
            reader.load(tmp_path / "stall.txt")
        assert reader.load(tmp_path / "fine.txt").text


def test_an_archive_that_unpacks_to_too_much(tmp_path: Path) -> None:
    path = deflated(
        tmp_path / "bomb.docx",
        {"word/document.xml": b"<a>" + b" " * (limits.UNPACKED_MAX + 1), "[Content_Types].xml": b"<a/>"},
    )
    assert path.stat().st_size < 500_000
    assert "unpacks to 100 MB, more than 100 MB" in refused(path).message


@pytest.mark.parametrize("name", ["entities.docx", "entities.xlsx"])
def test_entities_that_grow(tmp_path: Path, name: str) -> None:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "文字文字文字"}">' for n in range(10))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [{lines}]><x>&a9;</x>'.encode()
    part = "word/document.xml" if name.endswith("docx") else "xl/workbook.xml"
    refused(deflated(tmp_path / name, {"[Content_Types].xml": xml, part: xml, "_rels/.rels": xml}))


def test_what_is_too_much_in_an_archive_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document over the limit of length, one nested too deep and one on which the parser fails, beside a
    good one (the limits themselves: tests/bad_files.py)."""
    at_start(
        tmp_path,
        monkeypatch,
        "import index.limits as limits\nlimits.PARAGRAPH_MAX, limits.UNPACKED_MAX = 1000, 1 << 20\n"
        "import index.loaders.plain as plain\nreal = plain.load_plain\ndef load_plain(path, data):\n"
        "    if b'fault' in data: raise LookupError('no such thing')\n"
        "    return real(path, data)\nplain.load_plain = load_plain\n",
    )
    path = tmp_path / "a.zip"
    long = "长".encode() * 1001
    deflated(path, {"good.txt": "说明了办理的条件。".encode(), "long.txt": long, "fault.txt": b"fault"})
    with Reader() as reader:
        loaded = reader.load_all(path)
    assert [one.source for one in loaded.documents] == ["a.zip/good.txt"]
    said = {one.source: one.error().message for one in loaded.failed}
    assert "1,001" in said["a.zip/long.txt"] and "LookupError: no such thing" in said["a.zip/fault.txt"]
    bomb = deflated(tmp_path / "bomb.zip", {"a.txt": b" " * ((1 << 20) + 1)})
    with Reader() as reader, pytest.raises(DocumentError, match=r"bomb\.zip: unpacks to more than 1 MB"):
        reader.load_all(bomb)


@pytest.mark.skipif(not LINUX, reason="memory is limited by the system on Linux alone")
def test_memory_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.seek(400 << 20)
        file.write("结尾。".encode())
    message = refused(path).message
    assert "512 MB" in message


def test_a_paragraph_and_a_text_that_are_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_start(
        tmp_path, monkeypatch, "from index import limits\nlimits.PARAGRAPH_MAX, limits.TEXT_MAX = 1000, 3000"
    )
    paragraph, text = tmp_path / "paragraph.txt", tmp_path / "text.txt"
    paragraph.write_text("长" * 1001, "utf-8")
    text.write_text("\n\n".join("长" * 900 for _ in range(4)), "utf-8")
    with Reader() as reader:
        assert "1,001" in refused(paragraph, reader).message
    with Reader() as reader:
        assert "3,000" in refused(text, reader).message


def test_ten_thousand_pages_and_one(tmp_path: Path) -> None:
    path = tmp_path / "pages.pdf"
    path.write_bytes(many_pages(10_001))
    assert "10001 pages are more than the 10000" in refused(path).message


def test_deep_nesting(tmp_path: Path) -> None:
    deep = tmp_path / "deep.html"
    deep.write_text("<div>" * 200_000 + "深处的文字。", "utf-8")
    xml = (
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        + b"<w:sdt>" * 100_000
    )
    word = deflated(tmp_path / "deep.docx", {"word/document.xml": xml, "[Content_Types].xml": b"<a/>"})
    with Reader() as reader:
        try:
            assert "深处的文字" in reader.load(deep).text
        except DocumentError as error:
            assert "deep.html" in error.message
        with pytest.raises(DocumentError, match=r"deep\.docx"):
            reader.load(word)


def test_nothing_is_parsed_by_the_process_that_indexes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index_fakes import SETTINGS, Encoder

    import index.loaders
    from index.documents import add_paths
    from index.store import IndexStore

    for name in ("load", "load_all"):
        monkeypatch.setattr(index.loaders, name, lambda *_: pytest.fail("parsed here"))
    report = add_paths([DATA / "report.pdf"], IndexStore(tmp_path / "index"), SETTINGS, Encoder())
    assert report.added == ("report.pdf",)


def test_no_child_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("说明了办理的条件。", "utf-8")
    with Reader() as reader:
        reader.load(path)
        assert reader._child is not None
        process = reader._child._process
    assert process.poll() is not None
    if LINUX:
        assert not os.path.exists(f"/proc/{process.pid}/stat")

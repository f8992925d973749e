"""Files that were sent: read, shown as they would be stored, added or not; over the scripted engine and the
real readers."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_corpus import fake_engine
from fake_encoder import FakeEncoder
from fake_engine import FakeEngine, Report
from fastapi.testclient import TestClient
from page_fakes import OURS, who

from errors import IndexError_
from errors.unread import Unread
from qa.engine import Engine
from qa.settings import EngineSettings
from ui.app import create_app
from ui.originals import safe_path
from ui.settings import UiSettings
from ui.storage import Store

RULE = "食堂管理规定\n\n第一条 早餐供应时间为七点至八点半，午餐供应时间为十一点半至十三点，周末不供应。"


@pytest.fixture()
def engine() -> FakeEngine:
    return fake_engine()


@pytest.fixture()
def client(engine: FakeEngine, tmp_path: Path) -> Iterator[TestClient]:
    settings = UiSettings(originals=tmp_path, upload_max_mb=1)
    with TestClient(create_app(settings, engine, Store.in_memory(), who)) as opened:  # type: ignore[arg-type]
        yield opened


def send(client: TestClient, name: str, data: bytes, **query: str) -> str:
    got = client.post("/documents/upload", params=query, files={"file": (name, data)}, headers=OURS)
    assert got.status_code == 200, got.text
    return str(got.json()["id"])


def read(client: TestClient) -> str:
    """The list once everything was read."""
    for _ in range(400):
        shown = client.get("/documents/waiting").text
        if "data-busy" not in shown:
            return shown
        time.sleep(0.05)
    raise AssertionError("it was never read")


def add(client: TestClient, *ids: str, collection: str = "") -> dict[str, Any]:
    body = {"ids": list(ids), "collection": collection}
    got = client.post("/documents/waiting/add", json=body, headers=OURS)
    assert got.status_code == 200, got.text
    for _ in range(400):
        job = client.get(f"/documents/jobs/{got.json()['job']}").json()
        if job["state"] in ("done", "failed"):
            return dict(job)
        time.sleep(0.02)
    raise AssertionError("the job never ended")


def test_nothing_is_added_before_it_is_decided(
    client: TestClient, engine: FakeEngine, tmp_path: Path
) -> None:
    before = len(engine.docs)
    one = send(client, "制度/2024/食堂.txt", RULE.encode("gb18030"))
    two = send(client, "制度/2024/其他.md", "# 另一份\n\n它的正文也在这里，共一段。".encode())
    shown = read(client)
    assert "制度/2024/食堂.txt" in shown and "食堂管理规定" in shown and "1 个标题" in shown
    assert len(engine.docs) == before and not (tmp_path / "制度").exists()
    look = client.get(f"/documents/waiting/{one}").text
    assert look.count("食堂管理规定") == 2, "the title is part of the text that is stored"
    assert "午餐供应时间为十一点半至十三点" in look and f"/documents/waiting/{one}/file" in look
    original = client.get(f"/documents/waiting/{one}/file")
    assert original.text == RULE and original.headers["content-type"] == "text/plain; charset=utf-8"
    assert client.post("/documents/waiting/drop", json={"ids": [two]}, headers=OURS).status_code == 200
    assert add(client, collection=" 后勤 ")["state"] == "done"
    (new,) = engine.docs[before:]
    assert (new.source, new.collections) == ("制度/2024/食堂.txt", ("后勤",))
    assert (tmp_path / "制度/2024/食堂.txt").is_file() and list((tmp_path / ".waiting").iterdir()) == []
    assert client.get(f"/documents/waiting/{one}").status_code == 404 and read(client) == ""
    assert client.get(f"/documents/{new.id}/original").text == RULE


def test_what_was_understood_and_what_is_wrong_is_told(client: TestClient, engine: FakeEngine) -> None:
    engine.add([_file(client, "已有.txt", RULE)])
    engine.docs[-1] = replace(engine.docs[-1], meta={"sketch": _sketch(RULE)})
    send(client, "副本.txt", RULE.encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "a.txt", "通知\n\n青政发〔2025〕12号\n\n请各处室于2025年6月1日前报送材料，逾期不再受理。"
        )
        archive.writestr("图.png", b"x")
        archive.writestr("坏.docx", b"PK nothing")
    send(client, "包.zip", packed.getvalue())
    send(client, "空.txt", b"")
    shown = read(client)
    assert "与《已有》内容相同" in shown
    assert "青政发〔2025〕12号" in shown and "包.zip/图.png" in shown and "坏.docx" in shown
    assert "空.txt：文件是空的。" in shown and shown.count("data-take") == 2
    assert "包.zip/坏.docx：文件已损坏，不是 .docx 文件。请用 Office 或 WPS 打开后重新保存" in shown
    english = client.get("/documents/waiting", params={"lang": "en"}).text
    assert "空.txt: the file is empty. Nothing was indexed" in english


@pytest.mark.parametrize(
    ("name", "size", "status", "chinese", "english"),
    [
        (
            "旧.ppt",
            9,
            415,
            "旧.ppt：不能读取这类文件（.ppt）。请用 PowerPoint 或 WPS",
            "cannot be read. Open it in PowerPoint",
        ),
        ("~$表.docx", 9, 415, "~$表.docx：是隐藏文件或临时锁文件", "a hidden or lock file"),
        ("大.txt", 1100000, 413, "大.txt：文件超过 1 MB 的上限", "larger than 1 MB"),
    ],
)
def test_what_is_not_taken_is_told_in_the_language_of_the_page(
    client: TestClient, name: str, size: int, status: int, chinese: str, english: str
) -> None:
    for lang, said in (("", chinese), ("en", english)):
        files = {"file": (name, b"x" * size)}
        got = client.post("/documents/upload", params={"lang": lang}, files=files, headers=OURS)
        assert got.status_code == status
        assert said in got.json()["detail"]


def test_what_fails_while_it_is_added_is_told_in_the_language_of_the_page(
    client: TestClient, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(paths: list[Path], *more: object, **named: object) -> Report:
        return Report(tuple((path, Unread("scan", name=path.name, n=3, command="x")) for path in paths))

    monkeypatch.setattr(engine, "add", failing)
    one = send(client, "扫描.txt", RULE.encode())
    read(client)
    assert add(client, one)["error"].startswith("扫描.txt：是扫描件，3 页都没有文字层。请安装文字识别（x）")
    assert "扫描.txt：是扫描件" in read(client)


def test_a_file_of_the_same_name_is_told_to_replace(
    client: TestClient, engine: FakeEngine, tmp_path: Path
) -> None:
    send(client, "食堂.txt", RULE.encode())
    read(client)
    assert add(client)["state"] == "done"
    send(client, "食堂.txt", RULE.replace("七点", "六点").encode())
    send(client, "食堂.txt", RULE.replace("七点", "五点").encode())
    shown = read(client)
    assert "将替换" in shown and shown.count("<li id=") == 1, "the later one of a name counts"
    assert add(client)["state"] == "done"
    assert "五点" in (tmp_path / "食堂.txt").read_text()
    assert [d.source for d in engine.docs].count("食堂.txt") == 1


def test_a_document_is_replaced_by_one_of_another_name(
    client: TestClient, engine: FakeEngine, tmp_path: Path
) -> None:
    send(client, "旧.txt", RULE.encode())
    read(client)
    add(client)
    old = next(d for d in engine.docs if d.source == "旧.txt")
    send(client, "新.txt", RULE.encode(), replaces=old.id)
    assert f"将替换已收录的《{old.title}》" in read(client)
    add(client)
    assert [d.source for d in engine.docs if d.source.endswith("txt")] == ["新.txt"]
    assert not (tmp_path / "旧.txt").exists() and (tmp_path / "新.txt").is_file()


def test_what_fails_goes_on_waiting_and_the_old_file_stays(
    client: TestClient, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "食堂.txt").write_text("旧的内容")
    sent = send(client, "食堂.txt", RULE.encode())
    read(client)

    def busy(*given: object, **named: object) -> Report:
        raise IndexError_("The index is being written by another process.", "Wait.")

    with monkeypatch.context() as patched:
        patched.setattr(engine, "add", busy)
        job = add(client, sent)
    assert job["state"] == "failed" and "another process" in job["error"]
    assert (tmp_path / "食堂.txt").read_text() == "旧的内容" and f'data-take="{sent}"' in read(client)
    assert add(client, sent)["state"] == "done" and "早餐" in (tmp_path / "食堂.txt").read_text()


def test_what_cannot_be_taken_leaves_nothing(client: TestClient, tmp_path: Path) -> None:
    for name, data, status in (
        ("大.txt", b"x" * (1 << 20) + b"y", 413),
        ("程序.exe", b"x", 415),
        ("制度/~$表.docx", b"x", 415),
    ):
        got = client.post("/documents/upload", files={"file": (name, data)}, headers=OURS)
        assert got.status_code == status, name
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert client.post("/documents/upload", files={"file": ("a.md", b"x")}).status_code == 403
    assert client.post("/documents/waiting/add", json={"ids": ["0"]}, headers=OURS).status_code == 404


def test_names_with_folders_stay_inside() -> None:
    assert safe_path("../../etc/制度/2024/x.txt") == "etc/制度/2024/x.txt"
    assert safe_path("C:\\dir\\a?.txt") == "C_/dir/a_.txt" and safe_path("/") == "document.txt"
    assert len(safe_path("d/" * 40 + "x.txt").split("/")) == 12


def test_with_the_real_engine_files_are_named_by_their_folders(tmp_path: Path) -> None:
    engine = Engine.open(EngineSettings(data=tmp_path / "data"), encoder=FakeEncoder())
    settings = UiSettings(originals=tmp_path / "originals")
    with TestClient(create_app(settings, engine, Store.in_memory(), who)) as client:
        for name in ("制度/食堂.txt", "制度/门卫.txt"):
            send(client, name, (RULE + name).encode())
        read(client)
        job = add(client, collection="后勤")
        assert (job["name"], job["state"], job["error"]) == ("制度/食堂.txt … (2)", "done", "")
        assert sorted(d.source for d in engine.documents()) == ["制度/门卫.txt", "制度/食堂.txt"]
        assert engine.collections() == {"后勤": 2}
        assert client.post("/documents/reindex", headers=OURS).status_code == 200


def _file(client: TestClient, name: str, text: str) -> Path:
    folder: Path = client.app.state.settings.originals  # type: ignore[attr-defined]
    (folder / name).write_text(text)
    return folder / name


def _sketch(text: str) -> str:
    from index.duplicates import sketch

    return sketch(text)

"""The documents page in a browser: files and folders dropped, looked at and added, warnings, deletion,
reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import Served, Tab, needs_chromium
from fake_corpus import APPLY, LEAVE, fake_engine
from fake_engine import FakeEngine
from starlette.requests import HTTPConnection

from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store
from ui.viewer import Viewer

REPORT = Path(__file__).parent / "data" / "loaders" / "report.pdf"
pytestmark = [pytest.mark.browser, needs_chromium]


def who(connection: HTTPConnection) -> Viewer | None:
    name = connection.headers.get("x-test-user", "admin")
    return Viewer(name, "administrator" if name == "admin" else "reader")


@pytest.fixture()
def engine() -> FakeEngine:
    return fake_engine()


@pytest.fixture()
def served(engine: FakeEngine, tmp_path: Path) -> Iterator[Served]:
    settings = UiSettings(title="制度问答", originals=tmp_path / "originals", upload_max_mb=1)
    with Served(create_app(settings, engine, Store.in_memory(), who)) as server:  # type: ignore[arg-type]
        yield server


@pytest.fixture()
def tab(browser: Any, served: Served) -> Iterator[Tab]:
    with Tab(browser, served.url) as t:
        t.page.goto(f"{served.url}/documents")
        yield t


def read(page: Any) -> None:
    page.wait_for_function("() => document.getElementById('told').textContent.includes('已读')")


def test_files_dropped_together_each_tell_how_they_fared(
    tab: Tab, engine: FakeEngine, tmp_path: Path
) -> None:
    page, before = tab.page, len(engine.docs)
    page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File(["食堂管理规定\\n\\n早餐供应时间为七点至八点半。"], "食堂.md"));
          carried.items.add(new File([""], "空白.txt"));
          carried.items.add(new File([new Uint8Array(1100000)], "太大.txt"));
          carried.items.add(new File(["x"], "程序.exe"));
          const dropped = new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true});
          document.getElementById("drop").dispatchEvent(dropped);
        }"""
    )
    page.wait_for_function("() => document.querySelectorAll('#jobs .error').length === 2")
    read(page)
    told = {row.split("\n")[0]: row for row in page.locator("#jobs li").all_inner_texts()}
    assert "超过 1 MB" in told["太大.txt"] and "不能读取这类文件（.exe）" in told["程序.exe"]
    assert page.locator("#jobs progress").first.get_attribute("aria-label") == "程序.exe"
    assert "文件是空的" in page.inner_text("#waiting .failed")
    assert "已读 1 / 4 个文件，3 个读不了" in page.inner_text("#told")
    assert len(engine.docs) == before
    page.fill("#set", "后勤")
    page.click("[data-take='']")
    page.wait_for_function("() => document.getElementById('told').textContent === '已收录 1 个文件。'")
    assert page.locator("#held").get_by_role("link", name="食堂").count() == 1, "the list is up to date"
    assert engine.docs[-1].collections == ("后勤",) and page.locator("#waiting .read").count() == 0
    page.click("#waiting [data-drop]")
    page.wait_for_selector("#decide", state="hidden")
    assert page.evaluate("document.activeElement.tagName") == "H1", "the focus is not lost with its button"
    assert (tmp_path / "originals" / "食堂.md").is_file()


def drop(tab: Tab, folder: Path) -> None:
    box = tab.page.locator("#drop").bounding_box()
    assert box is not None
    wire = tab.context.new_cdp_session(tab.page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        wire.send(
            "Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 30, "y": box["y"] + 30, "data": data}
        )


def test_the_files_of_a_folder_stand_in_its_order(tab: Tab, tmp_path: Path) -> None:
    folder = tmp_path / "停水通知"
    folder.mkdir()
    for n in (10, 2, 1, 30, 3):
        (folder / f"{n}号.txt").write_text(f"通知\n\n南门广场于{n}日起停水。", "utf-8")
    drop(tab, folder)
    tab.page.wait_for_selector("#waiting .read >> nth=4")
    assert re.findall(r"停水通知/(\d+)号", tab.page.inner_text("#waiting")) == ["1", "2", "3", "10", "30"]


def test_a_folder_is_dropped_looked_at_and_added(tab: Tab, engine: FakeEngine, tmp_path: Path) -> None:
    page, before = tab.page, len(engine.docs)
    folder = tmp_path / "制度汇编"
    (folder / "2024").mkdir(parents=True)
    (folder / "2024" / "食堂.txt").write_bytes(
        "食堂管理规定\n\n早餐供应时间为七点至八点半。".encode("gb18030")
    )
    (folder / "报告.pdf").write_bytes(REPORT.read_bytes())
    (folder / ".DS_Store").write_bytes(b"x")
    drop(tab, folder)
    page.wait_for_selector("#waiting .read >> nth=1")
    read(page)
    assert "制度汇编/.DS_Store" in page.inner_text("#jobs") and len(engine.docs) == before
    assert "3 页" in page.inner_text("#waiting") and "制度汇编/2024/食堂.txt" in page.inner_text("#waiting")

    page.get_by_role("link", name="预览：制度汇编/报告.pdf").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".stored .reader")
    assert "就业服务工作报告" in page.inner_text(".stored") and page.locator("iframe").count() == 1
    page.click("text=返回列表")
    page.get_by_role("link", name="预览：制度汇编/2024/食堂.txt").click()
    shown = page.frame_locator("iframe").locator("body")
    assert "早餐供应时间为七点至八点半" in shown.inner_text() and "七点至八点半" in page.inner_text(".stored")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="加入：", exact=False).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents#decide")
    assert [d.source for d in engine.docs[before:]] == ["制度汇编/2024/食堂.txt"]
    page.get_by_role("button", name="不加入：制度汇编/报告.pdf").click()
    page.wait_for_selector("#decide", state="hidden")
    assert len(engine.docs) == before + 1 and tab.outside() == [] and tab.errors == []


def test_chosen_files_wait_over_a_reload_and_all_are_read_again(tab: Tab, engine: FakeEngine) -> None:
    page = tab.page
    files = [
        {"name": f"规定{n}.txt", "mimeType": "text/plain", "buffer": f"第{n}条内容在这里。".encode()}
        for n in (1, 2)
    ]
    page.set_input_files("#files", files)
    read(page)
    page.reload()
    page.click("[data-take='']")
    page.wait_for_selector("a:text-is('规定2')")
    engine.docs = [d for d in engine.docs if d.title != "规定2"]
    page.click("#reindex")
    page.wait_for_function("() => document.querySelector('#jobs')?.innerText.includes('已收录')")
    assert {d.title for d in engine.docs[-2:]} == {"规定1", "规定2"}


def test_warnings_are_worked_off(tab: Tab, engine: FakeEngine, tmp_path: Path) -> None:
    page = tab.page
    engine.docs = [replace(d, meta={"pages_garbled": "2"}) for d in engine.docs]
    page.goto(f"{tab.base}/admin")
    page.click("text=4 条待处理")
    page.locator("button[data-seen]").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('told').textContent.includes('已看')")
    assert "（3）" in page.inner_text("#pages_garbled h2")
    assert page.evaluate("document.activeElement.closest('section').id") == "pages_garbled"
    title = page.locator("#pages_garbled .card a").first.inner_text()
    new = {"name": "新版.txt", "mimeType": "text/plain", "buffer": "新版的文字在这里，都能读。".encode()}
    page.locator("[data-replaces]").first.set_input_files(new)
    page.wait_for_selector("#one.read")
    assert f"将替换已收录的《{title}》" in page.inner_text("#one")
    page.click("[data-take]")
    page.wait_for_url("**/documents#decide")
    assert [d.title for d in engine.docs].count(title) == 0 and engine.docs[-1].source == "新版.txt"
    assert tab.errors == []


def test_a_document_is_deleted_after_asking_and_a_failure_is_said(
    tab: Tab, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tab.page
    button = f"[data-delete='{LEAVE.id}']"
    asked: list[str] = []
    page.once("dialog", lambda d: (asked.append(d.message), d.dismiss()))
    page.click(button)
    assert LEAVE.title in asked[0] and engine.document(LEAVE.id)

    def broken(document_id: str) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken_for_now:
        broken_for_now.setattr(engine, "remove", broken)
        page.once("dialog", lambda d: d.accept())
        page.click(button)
        page.wait_for_selector("#jobs .error")
        assert "失败" in page.inner_text("#jobs li") and page.is_enabled(button)
    page.once("dialog", lambda d: d.accept())
    page.click(button)
    page.wait_for_selector(button, state="detached")
    assert all(d.id != LEAVE.id for d in engine.docs)


def test_searching_leads_to_the_marked_place(tab: Tab) -> None:
    page = tab.page
    page.fill("input[name=q]", "提前5个工作日")
    page.press("input[name=q]", "Enter")
    page.click(".hits a >> nth=0")
    assert APPLY in page.inner_text("mark")
    box = page.locator("#span").bounding_box()
    assert box is not None and 60 < box["y"] < 760, "the place is on screen, below the bar"
    assert tab.outside() == [] and tab.errors == []


def test_a_reader_sees_documents_but_no_tools(browser: Any, served: Served) -> None:
    t = Tab(
        browser, served.url, extra_http_headers={"x-test-user": "li"}, viewport={"width": 390, "height": 844}
    )
    try:
        t.page.goto(f"{served.url}/documents")
        assert t.page.get_by_role("link", name=LEAVE.title).count() == 1
        assert t.page.locator("#admin, [data-delete]").count() == 0
        assert t.page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        t.close()

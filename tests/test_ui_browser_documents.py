"""The documents page in a browser: several files at once with progress and errors of their own, deletion,
reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Served, Tab, needs_chromium
from fake_corpus import APPLY, LEAVE, fake_engine
from fake_engine import FakeEngine
from starlette.requests import HTTPConnection

from ui.app import create_app
from ui.settings import UiSettings
from ui.store_memory import MemoryStore
from ui.viewer import Viewer

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
    server = Served(create_app(settings, engine, MemoryStore(), who))  # type: ignore[arg-type]
    yield server
    server.stop()


@pytest.fixture()
def tab(browser: Any, served: Served) -> Iterator[Tab]:
    t = Tab(browser, served.url)
    t.page.goto(f"{served.url}/documents")
    yield t
    t.close()


def test_files_dropped_together_each_tell_how_they_fared(tab: Tab, tmp_path: Path) -> None:
    page = tab.page
    page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File(["食堂早餐供应时间为七点至八点半。"], "食堂管理规定.md"));
          carried.items.add(new File([""], "空白.txt"));
          carried.items.add(new File([new Uint8Array(1100000)], "太大.txt"));
          carried.items.add(new File(["x"], "程序.exe"));
          const dropped = new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true});
          document.getElementById("drop").dispatchEvent(dropped);
        }"""
    )
    page.wait_for_function("() => document.querySelectorAll('#jobs .error').length === 3")
    told = {row.split("\n")[0]: row for row in page.locator("#jobs li").all_inner_texts()}
    assert (
        "已收录" in told["食堂管理规定.md"] and "失败" in told["空白.txt"] and "is empty" in told["空白.txt"]
    )
    assert "> 1 MB" in told["太大.txt"] and "not one of" in told["程序.exe"]
    assert page.locator("#jobs progress").first.get_attribute("aria-label") == "程序.exe"
    page.reload()
    assert (
        page.get_by_role("link", name="食堂管理规定").count() == 1 and page.locator("text=空白").count() == 0
    )
    assert (tmp_path / "originals" / "食堂管理规定.md").is_file()


def test_chosen_files_reload_the_list_and_all_are_read_again(tab: Tab, engine: FakeEngine) -> None:
    page = tab.page
    files = [
        {"name": f"规定{n}.txt", "mimeType": "text/plain", "buffer": f"第{n}条内容。".encode()}
        for n in (1, 2)
    ]
    page.set_input_files("#files", files)
    page.wait_for_selector("a:text-is('规定2')")
    assert page.get_by_role("link", name="规定1").count() == 1
    engine.docs = [d for d in engine.docs if d.title != "规定2"]
    page.click("#reindex")
    page.wait_for_function("() => document.querySelector('#jobs')?.innerText.includes('已收录')")
    assert [d.title for d in engine.docs][-2:] == ["规定1", "规定2"]


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

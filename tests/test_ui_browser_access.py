"""Accessibility (axe), print, English, and the widget on other origins, in a real browser."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import problems
from browser import Served, Tab, chromium, free_port, needs_chromium
from fake_corpus import LEAVE, fake_engine

from ui.app import create_app
from ui.settings import UiSettings
from ui.store_memory import MemoryStore

pytestmark = [pytest.mark.browser, needs_chromium]

# Gradio's own: its message list is a scrolling log without a name of ours to give it focus.
GRADIO_EXCEPTIONS = ("scrollable-region-focusable: ['.bubble-wrap",)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as b:
        yield b


@pytest.fixture(scope="module")
def portal() -> int:
    return free_port()


@pytest.fixture(scope="module")
def served(portal: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = UiSettings(
        title="制度问答", rate_per_minute=0, allowed_origins=(f"http://localhost:{portal}",),
        originals=tmp_path_factory.mktemp("originals"),
    )  # fmt: skip
    server = Served(create_app(settings, fake_engine(0.01), MemoryStore()))  # type: ignore[arg-type]
    yield server
    server.stop()


def clean(found: list[str]) -> list[str]:
    return [f for f in found if not f.startswith(GRADIO_EXCEPTIONS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_chat_page(browser: Any, served: Served, scheme: str) -> None:
    t = Tab(browser, served.url, color_scheme=scheme, reduced_motion="reduce")
    try:
        page = t.open()
        assert clean(problems(page)) == []
        for question in ("住宿费标准是多少？", "印章能带出去吗？", "食堂几点开门？", "出错"):
            t.ask(question)
        page.click("#wj-chat .cite >> nth=0")
        page.click("#wj-history")
        page.wait_for_selector("#wj-list .c-open")
        assert clean(problems(page)) == []
        page.keyboard.press("Escape")
        page.click("#wj-chat .act-down >> nth=0")
        assert clean(problems(page)) == []
    finally:
        t.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_document_pages(browser: Any, served: Served, scheme: str) -> None:
    t = Tab(browser, served.url, color_scheme=scheme)
    try:
        for path in ("/documents", "/documents?q=年休假", f"/documents/{LEAVE.id}?start=200&end=240", "/documents/missed"):
            t.page.goto(served.url + path)
            assert problems(t.page) == []
    finally:
        t.close()


def test_axe_finds_nothing_on_a_phone(browser: Any, served: Served) -> None:
    t = Tab(browser, served.url, viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    try:
        page = t.open("/chat/?embed=1")
        t.ask("印章能带出去吗？")
        page.click("#wj-chat .cite >> nth=0")
        assert clean(problems(page)) == []
    finally:
        t.close()


def test_axe_sees_what_is_wrong(browser: Any, served: Served) -> None:
    t = Tab(browser, served.url)
    try:
        page = t.open()
        page.evaluate(
            "() => { document.body.append(document.createElement('button'));"
            " document.querySelector('#wj-chat .welcome p').style.color = '#ccc'; }"
        )
        assert {f.split(":")[0] for f in problems(page)} >= {"button-name", "color-contrast"}
    finally:
        t.close()


def test_print_shows_the_evidence_and_no_buttons(browser: Any, served: Served) -> None:
    t = Tab(browser, served.url)
    try:
        page = t.open()
        t.ask("年休假怎么申请？")
        page.emulate_media(media="print")
        assert page.is_visible("#wj-chat .evidence") and not page.is_visible("#wj-chat .acts")
        assert not page.is_visible("#wj-ask") and page.is_visible("#wj-chat .answer mark >> nth=0")
    finally:
        t.close()


def test_english_page(browser: Any, served: Served) -> None:
    t = Tab(browser, served.url, locale="en-GB")
    try:
        page = t.open("/chat/?lang=en")
        t.ask("年休假怎么申请？")
        assert "All 3 sentences supported" in page.inner_text("#wj-chat .verdict")
        assert page.inner_text("#wj-new") == "New chat" and page.get_attribute("html", "lang") == "en"
        assert page.inner_text("#wj-send").strip() == "Send"
        assert page.get_attribute("#wj-box textarea", "placeholder") == "Type a question and press Enter"
    finally:
        t.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture()
def host_page(portal: int, served: Served, tmp_path: Path) -> Iterator[str]:
    """A page of an intranet portal with two widgets, on an origin of its own."""
    (tmp_path / "index.html").write_text(
        f"""<!doctype html><meta charset=utf-8><title>门户</title><h1>通知</h1><input id=q value="年休假怎么申请？">
        <script src="{served.url}/widget.js" data-title="制度问答" data-question-from="#q" data-color="#7a2b17" defer></script>
        <script src="{served.url}/widget.js" data-title="左边" data-position="left" data-lang="en" defer></script>""",
        "utf-8",
    )
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", portal), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield str(portal)
        server.shutdown()


def test_widget_works_on_a_listed_origin(browser: Any, served: Served, host_page: str) -> None:
    t = Tab(browser, served.url)
    try:
        page = t.page
        page.goto(f"http://localhost:{host_page}/")
        page.click(".launch >> nth=0")
        chat = page.frame_locator("iframe")
        chat.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        assert chat.locator("#wj-box textarea").input_value() == "年休假怎么申请？"
        chat.locator("#wj-box textarea").press("Enter")
        chat.locator("#wj-chat .answer.done").wait_for(timeout=20_000)
        chat.locator("#wj-chat .cite >> nth=0").click()
        assert chat.locator("#wj-chat mark.on").count() >= 1, "citations stay on"
        assert not chat.locator("#wj-head").count() and not chat.locator("#wj-history").count()
        chat.locator("#wj-box textarea").press("Escape")
        page.wait_for_selector(".box >> nth=0", state="hidden")
        assert page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "制度问答"
        assert page.locator(".launch").count() == 2
        assert {u.split("/")[2] for u in t.requests if "://" in u} <= {f"localhost:{host_page}", f"127.0.0.1:{served.port}"}
    finally:
        t.close()


def test_widget_fills_a_phone(browser: Any, served: Served, host_page: str) -> None:
    t = Tab(browser, served.url, viewport={"width": 390, "height": 800})
    try:
        page = t.page
        page.goto(f"http://localhost:{host_page}/")
        page.click(".launch >> nth=0")
        box = page.locator(".box >> nth=0").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 390, "height": 800}
    finally:
        t.close()


def test_widget_on_another_origin_is_refused_and_offers_a_window(browser: Any, served: Served, host_page: str) -> None:
    t = Tab(browser, served.url)
    try:
        page = t.page
        page.goto(f"http://127.0.0.1:{host_page}/")  # the same page, but this origin is not listed
        page.click(".launch >> nth=0")
        page.wait_for_selector(".slow >> nth=0", timeout=15_000)
        link = page.get_attribute(".slow a >> nth=0", "href") or ""
        assert link.startswith(f"{served.url}/chat/") and "embed" not in link
        assert any("frame-ancestors" in e for e in t.errors)
        assert page.frames[1].evaluate("document.querySelector('#wj-box')") is None
    finally:
        t.close()

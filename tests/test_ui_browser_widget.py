"""The widget on an intranet portal's page, in a real browser: listed origins and others, button, inline,
phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import Served, Tab, free_port, needs_chromium, portal
from fake_corpus import fake_engine

from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def served(port: int) -> Iterator[Served]:
    settings = UiSettings(title="制度问答", rate_per_minute=0, allowed_origins=(f"http://localhost:{port}",))
    engine = fake_engine(0.01)
    engine.docs = [replace(d, meta={**d.meta, "collections": "人事&后勤"}) for d in engine.docs]
    with Served(create_app(settings, engine, Store.in_memory())) as server:  # type: ignore[arg-type]
        yield server


@pytest.fixture()
def host_page(port: int, served: Served, tmp_path: Path) -> Iterator[str]:
    """Address of a page with two widgets."""
    page = f"""<h1>通知</h1><input id=q value="年休假怎么申请？">
        <script src="{served.url}/widget.js" data-title="制度问答" data-question-from="#q"
                data-color="#7a2b17" defer></script>
        <script src="{served.url}/widget.js" data-title="左边" data-position="left" data-lang="en"
                defer></script>"""
    with portal(port, tmp_path, page):
        yield f"http://localhost:{port}/"


def test_widget_works_on_a_listed_origin(browser: Any, served: Served, host_page: str) -> None:
    with Tab(browser, served.url) as t:
        page = t.page
        page.goto(host_page)
        page.click(".launch >> nth=0")
        chat = page.frame_locator("iframe")
        chat.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        assert chat.locator("#wj-box textarea").input_value() == "年休假怎么申请？"
        colours = chat.locator("#wj-send").evaluate(
            "b => [getComputedStyle(b).backgroundColor, getComputedStyle(b).color]"
        )
        assert colours == ["rgb(122, 43, 23)", "rgb(255, 255, 255)"], (
            "the brand colour reaches into the frame"
        )
        chat.locator("#wj-box textarea").press("Enter")
        chat.locator("#wj-chat .answer.done").wait_for(timeout=20_000)
        chat.locator("#wj-chat .cite >> nth=0").click()
        assert chat.locator("#wj-chat mark.on").count() >= 1, "citations stay on"
        assert not chat.locator("#wj-head").count() and not chat.locator("#wj-history").count()
        chat.locator("#wj-box textarea").press("Escape")
        page.wait_for_selector(".box >> nth=0", state="hidden")
        assert page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "制度问答"
        assert page.locator(".launch").count() == 2
        assert {u.split("/")[2] for u in t.requests if "://" in u} <= {
            host_page.split("/")[2],
            f"127.0.0.1:{served.port}",
        }


def test_widget_asks_the_set_that_it_is_limited_to(
    browser: Any, served: Served, port: int, tmp_path: Path
) -> None:
    page = (
        f'<h1>人事</h1><script src="{served.url}/widget.js" '
        'data-collection="人事&amp;后勤" data-open defer></script>'
    )
    with Tab(browser, served.url) as t, portal(port, tmp_path, page):
        t.page.goto(f"http://localhost:{port}/")
        chat = t.page.frame_locator("iframe")
        chat.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        assert not chat.locator("#wj-collection").count()
        chat.locator("#wj-box textarea").fill("年休假怎么申请？")
        chat.locator("#wj-box textarea").press("Enter")
        chat.locator("#wj-chat .answer").wait_for(timeout=20_000)
        assert "只在文档集“人事&后勤”中查找" in chat.locator("#wj-chat .answer.done").inner_text()


def test_widget_fills_a_phone(browser: Any, served: Served, host_page: str) -> None:
    with Tab(browser, served.url, viewport={"width": 390, "height": 800}) as t:
        page = t.page
        page.goto(host_page)
        page.click(".launch >> nth=0")
        box = page.locator(".box >> nth=0").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 390, "height": 800}


def test_widget_on_another_origin_is_refused_and_offers_a_window(
    browser: Any, served: Served, host_page: str
) -> None:
    with Tab(browser, served.url) as t:
        page = t.page
        page.goto(host_page.replace("localhost", "127.0.0.1"))  # the same page, but this origin is not listed
        page.click(".launch >> nth=0")
        page.wait_for_selector(".slow >> nth=0", timeout=15_000)
        link = page.get_attribute(".slow a >> nth=0", "href") or ""
        assert link.startswith(f"{served.url}/chat/") and "embed" not in link
        assert any("frame-ancestors" in e for e in t.errors)
        assert page.frames[1].evaluate("document.querySelector('#wj-box')") is None


def test_inline_mode_fills_an_element_and_takes_a_question_along(
    browser: Any, served: Served, port: int, tmp_path: Path
) -> None:
    tag = (
        '<div id=here style="height:600px;width:420px"></div>'
        f'<script src="{served.url}/widget.js" data-mode="inline"'
        ' data-target="#here" data-theme="dark" data-lang="en" '
        'data-question="住宿费标准是多少？" data-title="Ask" defer></script>'
    )
    with Tab(browser, served.url) as t, portal(port, tmp_path, tag):
        t.page.goto(f"http://localhost:{port}/")
        chat = t.page.frame_locator("#here iframe")
        chat.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        assert (
            t.page.locator(".launch").count() == 0 and t.page.locator("#here .box[role=region]").count() == 1
        )
        assert chat.locator("html.dark[lang=en]").count() == 1
        assert chat.locator("#wj-box textarea").input_value() == "住宿费标准是多少？"
        chat.locator("#wj-box textarea").press("Enter")
        chat.locator("#wj-chat .answer.done").wait_for(timeout=20_000)
        assert chat.locator("#wj-chat .cite").count() >= 1


def test_the_demo_page_works_with_this_server(
    browser: Any, served: Served, port: int, tmp_path: Path
) -> None:
    """docs/widget-demo.html, with the server's address put in as its comment says."""
    demo = (Path(__file__).parent.parent / "docs" / "widget-demo.html").read_text("utf-8")
    assert "http://127.0.0.1:7860/widget.js" in demo
    with Tab(browser, served.url) as t, portal(port, tmp_path, ""):
        (tmp_path / "index.html").write_text(demo.replace("http://127.0.0.1:7860", served.url), "utf-8")
        t.page.goto(f"http://localhost:{port}/")
        t.page.click(".launch")
        chat = t.page.frame_locator("iframe")
        chat.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        assert chat.locator("#wj-box textarea").input_value() == "年休假怎么申请？"


def test_a_plain_frame_works_on_a_listed_origin(
    browser: Any, served: Served, port: int, tmp_path: Path
) -> None:
    with (
        Tab(browser, served.url) as t,
        portal(
            port,
            tmp_path,
            f'<iframe src="{served.url}/chat/?embed=1" title="制度问答" width=400 height=600></iframe>',
        ),
    ):
        t.page.goto(f"http://localhost:{port}/")
        chat = t.page.frame_locator("iframe")
        chat.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        assert chat.locator("#wj-head").count() == 0

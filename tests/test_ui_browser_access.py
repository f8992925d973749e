"""Accessibility (axe), print, English, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe import problems
from browser import Served, Tab, needs_chromium
from fake_corpus import LEAVE, fake_engine

from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store

pytestmark = [pytest.mark.browser, needs_chromium]

# Gradio's own: its message list is a scrolling log without a name of ours to give it focus.
GRADIO_EXCEPTIONS = ("scrollable-region-focusable: ['.bubble-wrap",)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = UiSettings(title="制度问答", rate_per_minute=0, originals=tmp_path_factory.mktemp("originals"))
    with Served(create_app(settings, fake_engine(0.01), Store.in_memory())) as server:  # type: ignore[arg-type]
        yield server


def clean(found: list[str]) -> list[str]:
    return [f for f in found if not f.startswith(GRADIO_EXCEPTIONS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_chat_page(browser: Any, served: Served, scheme: str) -> None:
    with Tab(browser, served.url, color_scheme=scheme, reduced_motion="reduce") as t:
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_document_pages(browser: Any, served: Served, scheme: str) -> None:
    with Tab(browser, served.url, color_scheme=scheme) as t:
        for path in (
            "/documents",
            "/documents?q=年休假",
            f"/documents/{LEAVE.id}?start=200&end=240",
            "/admin",
        ):
            t.page.goto(served.url + path)
            assert problems(t.page) == []


def test_axe_finds_nothing_on_a_phone(browser: Any, served: Served) -> None:
    with Tab(browser, served.url, viewport={"width": 390, "height": 844}, reduced_motion="reduce") as t:
        page = t.open("/chat/?embed=1")
        t.ask("印章能带出去吗？")
        page.click("#wj-chat .cite >> nth=0")
        assert clean(problems(page)) == []


def test_axe_sees_what_is_wrong(browser: Any, served: Served) -> None:
    with Tab(browser, served.url) as t:
        page = t.open()
        page.evaluate(
            "() => { document.body.append(document.createElement('button'));"
            " document.querySelector('#wj-chat .welcome p').style.color = '#ccc'; }"
        )
        assert {f.split(":")[0] for f in problems(page)} >= {"button-name", "color-contrast"}


def test_print_shows_the_evidence_and_no_buttons(browser: Any, served: Served) -> None:
    with Tab(browser, served.url) as t:
        page = t.open()
        t.ask("年休假怎么申请？")
        page.emulate_media(media="print")
        assert page.is_visible("#wj-chat .evidence") and not page.is_visible("#wj-chat .acts")
        assert not page.is_visible("#wj-ask") and page.is_visible("#wj-chat .answer mark >> nth=0")


@pytest.mark.parametrize(
    ("asked", "browsers", "own"), [("zh", "en-GB", "zh-CN"), ("en", "zh-CN", "en"), ("", "fr-FR", "zh-CN")]
)
def test_the_page_is_named_by_its_own_language_not_the_browsers(
    browser: Any, served: Served, asked: str, browsers: str, own: str
) -> None:
    with Tab(browser, served.url, locale=browsers) as t:
        page = t.open(f"/chat/?lang={asked}")
        page.wait_for_timeout(500)
        assert page.get_attribute("html", "lang") == own
        assert page.evaluate("navigator.language") == own, "what Gradio goes by"


def test_english_page(browser: Any, served: Served) -> None:
    with Tab(browser, served.url, locale="en-GB") as t:
        page = t.open("/chat/?lang=en")
        t.ask("年休假怎么申请？")
        assert "All 3 sentences supported" in page.inner_text("#wj-chat .verdict")
        assert page.inner_text("#wj-new") == "New chat" and page.get_attribute("html", "lang") == "en"
        assert page.inner_text("#wj-send").strip() == "Send"
        for name in ("placeholder", "aria-label"):
            assert page.get_attribute("#wj-box textarea", name) == "Type a question and press Enter"
        named = page.eval_on_selector_all("#wj-chat [aria-label]", "all => all.map(e => e.ariaLabel)")
        assert "Clear" in named, "Gradio's own words"

"""The chat page in a real browser, over a scripted engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser import Served, Tab, needs_chromium
from fake_corpus import APPROVE, LEAVE, fake_engine
from fake_engine import FakeEngine, Line, Script, document
from hostile import PAYLOADS
from starlette.requests import HTTPConnection

from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store
from ui.viewer import Viewer

pytestmark = [pytest.mark.browser, needs_chromium]
SETTINGS = UiSettings(
    title="制度问答", rate_per_minute=0, suggestions=("年休假怎么申请？", "出差回来多久报销？")
)


def who(connection: HTTPConnection) -> Viewer | None:
    return Viewer(connection.headers.get("x-test-user", "admin"), "administrator")


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.in_memory()


@pytest.fixture(scope="module")
def engine() -> FakeEngine:
    return fake_engine(0.02)


@pytest.fixture(scope="module")
def served(engine: FakeEngine, store: Store) -> Iterator[Served]:
    with Served(create_app(SETTINGS, engine, store, who)) as server:  # type: ignore[arg-type]
        yield server


def test_ask_stream_and_open_a_citation_at_its_quote(tab: Tab) -> None:
    page = tab.open()
    tab.ask("年休假怎么申请？", ".evidence")
    assert page.locator("#wj-panel .ev").count() > 0, "evidence is in the panel before the answer is complete"
    page.wait_for_selector("#wj-chat .s-pending")
    page.wait_for_selector("#wj-chat .answer.done")
    assert page.locator("#wj-chat .s-supported").count() == 3
    page.click("#wj-chat .cite >> nth=2")
    lit = page.locator("#wj-panel mark.on").all_inner_texts()
    assert "".join(lit) == APPROVE
    assert page.locator("#wj-panel .ev.on .num").evaluate("n => n.textContent") == "来源2"
    with page.context.expect_page() as opened:
        page.click("#wj-panel .ev.on a.open")
    reader = opened.value
    reader.wait_for_selector("#span")
    assert reader.locator("mark").inner_text() in LEAVE.text and reader.locator("#span").is_visible()
    assert reader.evaluate("window.opener") is None
    assert tab.outside() == [] and tab.errors == []


def test_refusal_is_a_card_whose_suggestions_ask_themselves(tab: Tab) -> None:
    page = tab.open()
    tab.ask("食堂几点开门？")
    assert "文档中没有写明" in page.inner_text("#wj-chat .card")
    page.click("#wj-chat .card .suggest >> nth=0")
    page.wait_for_function("() => document.querySelectorAll('#wj-chat .ask').length === 2")


def test_stop_really_stops_and_retry_asks_again(tab: Tab, engine: FakeEngine) -> None:
    page = tab.open()
    tab.ask("慢慢讲", ".s-supported")
    page.click("#wj-stop")
    page.wait_for_selector("#wj-chat .stopped")
    page.wait_for_selector("#wj-send")
    page.wait_for_timeout(200)
    assert engine.running == 0
    length = len(page.inner_text("#wj-chat .text"))
    page.wait_for_timeout(300)
    assert len(page.inner_text("#wj-chat .text")) == length
    page.click("#wj-chat .act-retry")
    page.wait_for_selector("#wj-chat .answer.live .s-supported")
    page.click("#wj-stop")
    page.wait_for_selector("#wj-chat .stopped")
    tab.ask("年休假怎么申请？")


def test_an_error_leaves_a_working_box(tab: Tab) -> None:
    page = tab.open()
    tab.ask("出错")
    assert "生成回答时出错了" in page.inner_text("#wj-chat .card")
    tab.ask("年休假怎么申请？")
    assert page.locator("#wj-chat .s-supported").count() == 3


def test_edit_and_take_back(tab: Tab) -> None:
    page = tab.open()
    tab.ask("食堂几点开门？")
    page.locator("#wj-chat .ask").hover()
    page.click("#wj-chat .act-edit")
    page.wait_for_selector("#wj-chat .welcome")
    page.wait_for_function("() => document.querySelector('#wj-box textarea').value === '食堂几点开门？'")
    tab.ask("年休假怎么申请？")
    page.locator("#wj-chat .ask").hover()
    page.click("#wj-chat .act-undo")
    page.wait_for_selector("#wj-chat .welcome")


def test_feedback_with_reasons_is_stored(tab: Tab, store: Store) -> None:
    page = tab.open()
    tab.ask("出差回来多久报销？")
    page.click("#wj-chat .act-down")
    page.check("#wj-feedback [value=wrong_evidence]")
    page.fill("#wj-feedback textarea", "行程说明不是必须的")
    page.click("#wj-feedback .primary")
    page.wait_for_selector("#wj-chat .act-down.on")
    assert [(f.verdict, f.reasons, f.comment) for f in store.feedback()][0] == (
        "down",
        ("wrong_evidence",),
        "行程说明不是必须的",
    )


def test_history_after_reload_search_rename_delete(tab: Tab) -> None:
    page = tab.open()
    tab.ask("住宿费标准是多少？")
    page.wait_for_url(re.compile(r"[?&]c=[0-9a-f]{16}"))
    page.reload()
    page.wait_for_selector("#wj-chat .s-supported")
    page.click("#wj-history")
    page.fill("#wj-search", "直辖市")
    page.wait_for_function("() => document.querySelectorAll('#wj-list .c-open').length === 1")
    page.once("dialog", lambda d: d.accept("住宿标准"))
    page.click("#wj-list li:first-child .act >> nth=0")
    page.wait_for_function(
        "() => document.querySelector('#wj-list .c-open')?.innerText.startsWith('住宿标准')"
    )
    page.once("dialog", lambda d: d.accept())
    page.click("#wj-list li:first-child .act >> nth=1")
    page.wait_for_selector("#wj-chat .welcome")


def test_two_users_are_apart(browser: Any, served: Served, tab: Tab) -> None:
    page = tab.open()
    tab.ask("年休假怎么申请？")
    page.wait_for_url(re.compile(r"[?&]c="))
    link = page.url.removeprefix(served.url)
    with Tab(browser, served.url, extra_http_headers={"x-test-user": "li"}) as other:
        seen = other.open(link)
        assert seen.locator("#wj-chat .answer").count() == 0
        seen.click("#wj-history")
        seen.wait_for_selector("#wj-list li")
        assert seen.locator("#wj-list .c-open").count() == 0


def test_a_queue_has_places_and_an_end(browser: Any) -> None:
    settings = SETTINGS.model_copy(update={"queue_size": 1})
    server = Served(create_app(settings, fake_engine(0.05), Store.in_memory(), who))  # type: ignore[arg-type]
    tabs = [Tab(browser, server.url) for _ in range(3)]
    try:
        for t in tabs:
            t.open()
        tabs[0].ask("慢慢讲", ".s-pending")
        tabs[1].ask("年休假怎么申请？", ".evidence")
        assert "前面还有 1 人" in tabs[1].page.inner_text("#wj-chat .status")
        tabs[2].ask("年休假怎么申请？")
        assert "队伍已满" in tabs[2].page.inner_text("#wj-chat .card")
        tabs[0].page.click("#wj-stop")
        tabs[1].page.wait_for_selector("#wj-chat .answer.done", timeout=20_000)
    finally:
        for t in tabs:
            t.close()
        server.stop()


def test_a_closed_tab_frees_its_place(browser: Any, served: Served, engine: FakeEngine) -> None:
    t = Tab(browser, served.url)
    t.open()
    t.ask("慢慢讲", ".s-pending")
    t.close()
    with Tab(browser, served.url) as other:
        other.open()
        other.ask("年休假怎么申请？")


def test_a_restart_during_an_answer_is_survived(browser: Any) -> None:
    store = Store.in_memory()
    server = Served(create_app(SETTINGS, fake_engine(0.1), store, who))  # type: ignore[arg-type]
    with Tab(browser, server.url) as t:
        page = t.open()
        t.ask("慢慢讲", ".s-supported")
        server.stop()
        page.wait_for_selector("#wj-banner:not([hidden])", timeout=15_000)
        assert "连接中断" in page.inner_text("#wj-banner")
        server.start(create_app(SETTINGS, fake_engine(0.02), store, who))  # type: ignore[arg-type]
        page.wait_for_selector("#wj-chat .answer.done", timeout=20_000)
        assert "刚刚重启" in page.inner_text("#wj-banner")
        t.ask("年休假怎么申请？")
        server.stop()


def test_a_state_that_comes_late_cuts_no_answer_off(browser: Any) -> None:
    server = Served(create_app(SETTINGS, fake_engine(0.3), Store.in_memory(), who))  # type: ignore[arg-type]
    with server, Tab(browser, server.url) as t:
        page = t.open()
        page.route("**/page/state*", lambda route: None)
        t.ask("慢慢讲", ".s-supported")
        page.wait_for_selector("#wj-banner:not([hidden])", timeout=15_000)
        page.unroute("**/page/state*")
        page.wait_for_function("() => document.querySelector('#wj-banner').innerText.includes('已重新连接')")
        page.wait_for_timeout(1500)
        assert page.locator("#wj-chat .answer.live").count() == 1, "a reload would have stopped it"
        assert page.locator("#wj-chat .stopped").count() == 0


def test_the_last_source_of_many_is_shown_without_moving_the_head_off_the_page(tab: Tab) -> None:
    page = tab.open()
    tab.ask("总结一下考勤办法")
    page.locator("#wj-chat .cite").last.click()
    page.wait_for_selector("#wj-panel mark.on")
    page.wait_for_timeout(600)
    assert page.evaluate("document.querySelector('#wj-panel-body').scrollTop") > 0
    assert page.evaluate("document.scrollingElement.scrollTop") == 0


def test_phone_opens_evidence_in_place(browser: Any, served: Served) -> None:
    with Tab(
        browser, served.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as t:
        page = t.open()
        t.ask("年休假怎么申请？")
        assert not page.is_visible("#wj-panel")
        page.tap("#wj-chat .cite >> nth=2")
        assert "".join(page.locator("#wj-chat mark.on").all_inner_texts()) == APPROVE
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_very_long_question_leaves_room_for_the_answer_and_is_whole_on_paper(tab: Tab) -> None:
    page = tab.open()
    tab.ask("很长的问题" * 300)
    height = "() => document.querySelector('#wj-chat .ask-text').offsetHeight"
    assert page.evaluate(height) <= 0.41 * 820
    page.emulate_media(media="print")
    assert page.evaluate(height) > 820


def test_dark_mode_is_remembered(tab: Tab) -> None:
    page = tab.open()
    page.click("#wj-theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 22, 31)"
    page.reload()
    page.wait_for_selector("#wj-box textarea")
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    assert page.evaluate("Object.keys(localStorage)") == ["wj-theme"]


@pytest.mark.parametrize(
    ("theme", "scheme", "dark"), [("dark", "light", True), ("light", "dark", False), ("auto", "dark", True)]
)
def test_the_theme_that_the_administrator_set(browser: Any, theme: str, scheme: str, dark: bool) -> None:
    settings = SETTINGS.model_copy(update={"theme": theme})
    server = Served(create_app(settings, fake_engine(), Store.in_memory(), who))  # type: ignore[arg-type]
    with Tab(browser, server.url, color_scheme=scheme) as t:
        page = t.open()
        assert page.evaluate("document.documentElement.classList.contains('dark')") is dark
        page.click("#wj-theme")  # what a person chooses comes first
        page.goto(f"{server.url}/documents")
        assert page.evaluate("document.documentElement.classList.contains('dark')") is not dark
        server.stop()


def test_hostile_documents_questions_and_answers_stay_inert(browser: Any) -> None:
    """Every payload as passage, title, heading, model text and question, in one page, old turns included."""
    sections = [(p.replace("\n", " "), [p.replace("\n", " ") + f" 第{n}段"]) for n, p in enumerate(PAYLOADS)]
    doc = document("恶意<img src=x onerror=window.wj_hit=1>.md", "x.md", sections)
    lines = tuple(Line(p + "。", (s[1][0],)) for p, s in zip(PAYLOADS, sections, strict=True))
    engine = FakeEngine(
        [doc], {"恶意": Script(lines, notes=(("conflict", PAYLOADS[0], (sections[1][1][0],)),))}, 0.0
    )
    server = Served(create_app(SETTINGS, engine, Store.in_memory(), who))  # type: ignore[arg-type]
    with Tab(browser, server.url) as t:
        page = t.open()
        t.ask("恶意")
        for payload in PAYLOADS[:12]:
            t.ask(payload.replace("\n", " "))
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.click("#wj-chat .cite >> nth=0")
        for path in (f"/documents/{doc.id}?start=0&end=50", "/documents?q=" + "script", "/documents"):
            page.wait_for_timeout(100)
            assert page.evaluate("window.wj_hit") is None
            page.goto(server.url + path)
        assert page.evaluate("window.wj_hit") is None
        assert t.outside() == []
        assert [e for e in t.errors if "Content Security Policy" in e] == []
        server.stop()

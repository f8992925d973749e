"""The whole server under a browser: killed during an answer, models still loading, below a prefix behind
nginx."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import Served, Tab, free_port, needs_chromium
from fake_corpus import APPLY, LEAVE, fake_engine
from processes import FORWARD, nginx, serve

from ui.app import create_app
from ui.assembly import assemble
from ui.auth import SignOn
from ui.settings import UiSettings
from ui.startup import StartupApp
from ui.storage import Store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture()
def programs() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for program in started:
        program.kill()
        program.communicate(timeout=10)


def test_a_server_killed_during_an_answer_comes_back_and_the_page_with_it(
    browser: Any, programs: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    """No goodbye, no shutdown: SIGKILL while a sentence is being written, then another process on the same
    data."""
    port = free_port()
    programs.append(serve(port, tmp_path))
    with Tab(browser, f"http://127.0.0.1:{port}") as t:
        _reach(t)
        page = t.open()
        t.ask("慢慢讲", ".s-supported")
        programs[0].kill()
        programs[0].wait(10)
        page.wait_for_selector("#wj-banner:not([hidden])", timeout=20_000)
        assert "连接中断，正在重新连接" in page.inner_text("#wj-banner")
        page.fill("#wj-box textarea", "住宿费")  # the box is alive, not dead
        programs.append(serve(port, tmp_path))
        page.wait_for_selector("#wj-chat .card-failed", timeout=60_000)
        assert "服务重启时中断了这次回答，可以重试" in page.inner_text("#wj-chat .card")
        assert "服务刚刚重启，页面已恢复" in page.inner_text("#wj-banner")
        page.click("#wj-chat .act-retry")
        page.wait_for_selector("#wj-chat .s-supported", timeout=20_000)
        page.click("#wj-stop")
        page.wait_for_selector("#wj-chat .stopped")
        t.ask("食堂几点开门？")
        assert t.outside() == []


def _reach(t: Tab) -> None:
    """Open the page as soon as anything answers there; the waiting page turns into it by itself."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{t.base}/healthz", timeout=5).raise_for_status()
            break
        time.sleep(0.1)
    t.page.goto(f"{t.base}/chat/")
    t.page.wait_for_selector("#wj-box textarea", timeout=60_000)


def test_the_page_is_up_before_the_models_and_says_so(browser: Any) -> None:
    engine = fake_engine(loaded=False)
    server = Served(create_app(UiSettings(title="制度问答"), engine, Store.in_memory()))  # type: ignore[arg-type]
    with Tab(browser, server.url) as t:
        page = t.open()
        assert "正在加载模型，稍候即可提问" in page.inner_text("#wj-loading")
        t.ask("年休假怎么申请？", ".status")
        page.wait_for_function(
            "() => document.querySelector('#wj-chat .status')?.innerText.includes('正在加载模型')"
        )
        engine.loaded = True
        page.wait_for_selector("#wj-chat .answer.done", timeout=20_000)
        assert page.locator("#wj-chat .s-supported").count() == 3
        page.wait_for_selector("#wj-loading", state="detached", timeout=20_000)
        server.stop()


def test_the_doorway_gives_way_to_the_page_by_itself(browser: Any, tmp_path: Path) -> None:
    """Opened while the server still imports its parts: a waiting page, then the chat, without a hand."""
    settings = UiSettings(title="制度问答")
    store, sign_on = Store.open("", tmp_path), SignOn(settings, tmp_path)
    waiting: list[bool] = [True]

    def build() -> Any:
        while waiting:
            time.sleep(0.05)
        return assemble(settings, fake_engine(), store, sign_on)  # type: ignore[arg-type]

    server = Served(StartupApp(settings, build, _fail, store.close))
    t = Tab(browser, server.url)
    try:
        t.page.goto(f"{server.url}/chat/")
        assert "正在启动，正在加载模型，页面会自动打开" in t.page.inner_text("[role=status]")
        waiting.clear()
        t.page.wait_for_selector("#wj-chat .welcome", timeout=30_000)
    finally:
        waiting.clear()
        t.close()
        server.stop()


@pytest.mark.parametrize("stripped", [False, True])
def test_asking_and_reading_below_a_prefix_behind_nginx(browser: Any, tmp_path: Path, stripped: bool) -> None:
    settings = UiSettings(root_path="/wenju", rate_per_minute=0, title="制度问答")
    store, sign_on = Store.open("", tmp_path), SignOn(settings, tmp_path)
    door = StartupApp(
        settings, lambda: assemble(settings, fake_engine(0.02), store, sign_on), _fail, store.close
    )  # type: ignore[arg-type]
    server = Served(door)
    with nginx(tmp_path) as start:
        proxy = start(f"location /wenju/ {{ proxy_pass {server.url}{'/' if stripped else ''}; {FORWARD} }}")
        with Tab(browser, proxy) as t:
            t.page.goto(f"{proxy}/wenju/")
            t.page.wait_for_selector("#wj-chat .welcome", timeout=30_000)
            t.ask("年休假怎么申请？", ".s-pending")
            t.page.wait_for_selector("#wj-chat .answer.done")
            t.page.click("#wj-chat .cite >> nth=1")
            assert "".join(t.page.locator("#wj-panel mark.on").all_inner_texts()) == APPLY
            with t.page.context.expect_page() as opened:
                t.page.click("#wj-panel .ev.on a.open")
            opened.value.wait_for_selector("#span")
            assert opened.value.url.startswith(f"{proxy}/wenju/documents/{LEAVE.id}?")
            t.page.click("#wj-history")
            t.page.wait_for_selector("#wj-list .c-open")
            assert all(u.startswith((f"{proxy}/wenju/", "data:", "blob:")) for u in t.requests)
            assert t.errors == []
            server.stop()


def _fail(error: BaseException) -> None:
    raise error

"""Sign-on in a real browser: the token form, and a widget whose visitor a host page's server vouches for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import problems
from browser import Served, Tab, free_port, needs_chromium, portal
from fake_corpus import LEAVE, fake_engine

from ui.assembly import assemble
from ui.auth import SignOn
from ui.auth_signing import seal, server_key
from ui.settings import UiSettings
from ui.storage import Store
from ui.storage_care import audit
from ui.storage_tokens import TokenTable

pytestmark = [pytest.mark.browser, needs_chromium]
SECRET = "s" * 40


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, TokenTable, Path]]:
    data = tmp_path_factory.mktemp("data")
    store = Store.open("", data)
    yield store, TokenTable(store.database, server_key(data)), data
    store.close()


@pytest.fixture(scope="module")
def served(port: int, kept: tuple[Store, TokenTable, Path]) -> Iterator[Served]:
    store, table, data = kept
    settings = UiSettings(auth="token", embed_secret=SECRET, allowed_origins=(f"http://localhost:{port}",))
    app, _ = assemble(settings, fake_engine(0.01), store, SignOn(settings, data, table.database))  # type: ignore[arg-type]
    with Served(app) as server:
        yield server


def ask(page: Any, question: str = "年休假怎么申请？") -> None:
    page.locator("#wj-box textarea").fill(question)
    page.locator("#wj-box textarea").press("Enter")
    page.locator("#wj-chat .answer.done").wait_for(timeout=20_000)


def test_somebody_signs_in_with_a_token_once_and_finds_everything_on_a_phone(
    browser: Any, served: Served, kept: tuple[Store, TokenTable, Path]
) -> None:
    store, table, _ = kept
    with Tab(browser, served.url) as t:
        page = t.page
        page.goto(f"{served.url}/chat/?lang=zh")
        assert "/sign-in?next=" in page.url
        page.fill("input[name=token]", "wj1.wrong")
        page.click("button.primary")
        assert "令牌不正确" in page.inner_text("[role=alert]")
        assert problems(page) == [] and page.locator(".bar nav a").count() == 0
        page.fill("input[name=token]", table.create("王芳", "administrator"))
        page.click("button.primary")
        page.wait_for_url("**/chat/?lang=zh")
        page.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        ask(page)
        assert (
            page.evaluate(
                "JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie"
            ).find("wj1.")
            < 0
        )
        assert [c.title for c in store.conversations("王芳")] == ["年休假怎么申请？"]
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for path in ("/documents", f"/documents/{LEAVE.id}?start=0&end=9", "/documents?q=住宿费"):
            page.goto(served.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            for name in ("提问", "文档", "退出"):
                box = page.locator(f".bar nav :text-is('{name}')").bounding_box()
                assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390, (path, name)
        page.goto(f"{served.url}/chat/")
        page.locator("#wj-head summary").wait_for()
        page.click("#wj-head summary")
        page.locator(".menu-list .out button").wait_for(timeout=5_000)
        page.set_viewport_size({"width": 1280, "height": 844})
        page.get_by_role("button", name="退出登录（王芳）").click()
        page.wait_for_url("**/sign-in?out=1")
        assert "已退出登录" in page.inner_text("[role=status]")
        page.goto(f"{served.url}/chat/")
        assert "/sign-in?next=" in page.url


def test_a_widgets_visitor_is_who_the_host_says_and_may_only_ask(
    browser: Any, served: Served, port: int, kept: tuple[Store, TokenTable, Path], tmp_path: Path
) -> None:
    store = kept[0]
    token = seal(SECRET, "wenju:embed", {"sub": "李雷", "jti": str(time.time())}, 60)
    tag = f'<script src="{served.url}/widget.js" data-title="问" data-token="{token}" defer></script>'
    with portal(port, tmp_path, tag), Tab(browser, served.url) as t:
        page = t.page
        page.goto(f"http://localhost:{port}/")
        page.click(".launch")
        frame = page.frame_locator("iframe")
        frame.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        ask(frame)
        inside = next(f for f in page.frames if "/chat/" in f.url)
        assert (
            "token=" not in inside.url
            and "code=" not in inside.url
            and inside.evaluate("document.cookie") == ""
        )
        status = inside.evaluate(f"fetch('{served.url}/page/conversations').then(r => r.status)")
        assert status == 403
        inside.evaluate("location.reload()")
        frame.locator("#wj-chat .welcome").wait_for(timeout=20_000)
        ask(frame)
        assert [r["user"] for r in audit(store.database, user="embed:李雷")] == ["embed:李雷"] * 2
        page.reload()
        page.click(".launch")
        page.locator("iframe").wait_for()
        page.wait_for_timeout(500)
        assert not any("code=" in f.url for f in page.frames), "a token is taken once"

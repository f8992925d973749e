"""What one takes along: answers copied with their sources, conversations exported, printed and shared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Served, Tab, needs_chromium
from fake_corpus import APPLY, APPROVE, fake_engine

from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served(
        create_app(UiSettings(title="制度问答", rate_per_minute=0), fake_engine(), Store.in_memory())
    ) as server:  # type: ignore[arg-type]
        yield server


@pytest.fixture()
def asked(browser: Any, served: Served) -> Iterator[Tab]:
    """A page with one answer, allowed to read the clipboard."""
    may = ["clipboard-read", "clipboard-write"]
    with Tab(browser, served.url, permissions=may, accept_downloads=True) as t:
        t.open()
        t.ask("年休假怎么申请？")
        t.page.wait_for_url(re.compile(r"[?&]c=[0-9a-f]{16}"))
        yield t


def clipboard(t: Tab) -> str:
    t.page.wait_for_selector("#wj-banner:not([hidden])")
    return str(t.page.evaluate("navigator.clipboard.readText()"))


def test_an_answer_is_copied_with_its_sources_as_text_and_as_markdown(asked: Tab) -> None:
    asked.page.click("#wj-chat .act-copy")
    text = clipboard(asked)
    assert (
        text.startswith("年休假天数按累计工作年限确定")
        and "[1]" in text
        and "出处\n[1] 职工考勤与休假管理办法" in text
    )
    assert APPLY in text and APPROVE in text and "**" not in text and "第 3 页" in text
    asked.page.click("#wj-chat .act-copymd")
    assert "**出处**" in clipboard(asked) and f"> {APPLY}" in clipboard(asked)


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_a_conversation_is_exported(asked: Tab, form: str, tmp_path: Path) -> None:
    asked.page.click("#wj-head summary")
    with asked.page.expect_download() as waiting:
        asked.page.click(f"[data-do=export-{form}]")
    assert waiting.value.suggested_filename == f"年休假怎么申请？.{form}"
    waiting.value.save_as(tmp_path / "kept")
    text = (tmp_path / "kept").read_text("utf-8")
    assert APPLY in text and "年休假怎么申请？" in text
    if form == "json":
        assert json.loads(text)["exchanges"][0]["answer"]["sentences"][1]["citations"][0]["quote"] == APPLY


def test_a_share_link_shows_the_conversation_to_a_colleague(asked: Tab, browser: Any, served: Served) -> None:
    asked.page.click("#wj-head summary")
    asked.page.click("[data-do=share]")
    link = clipboard(asked)
    assert link.startswith(f"{served.url}/shared/")
    with Tab(browser, served.url) as colleague:
        colleague.page.goto(link)
        assert colleague.page.locator("mark").all_inner_texts()[1:3] == [APPLY, APPROVE]
        assert colleague.page.locator("button, textarea").count() == 0 and colleague.outside() == []


def test_before_the_first_question_there_is_nothing_to_share(browser: Any, served: Served) -> None:
    with Tab(browser, served.url) as t:
        page = t.open()
        page.click("#wj-head summary")
        page.click("[data-do=share]")
        assert "先提一个问题" in page.inner_text("#wj-banner")

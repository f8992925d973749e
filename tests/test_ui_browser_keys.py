"""Hands on the keyboard, eyes closed: keys alone, Chinese input methods, what a screen reader is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import Served, Tab, needs_chromium
from fake_corpus import fake_engine

from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    settings = UiSettings(title="制度问答", rate_per_minute=0, suggestions=("年休假怎么申请？",))
    with Served(create_app(settings, fake_engine(0.01), Store.in_memory())) as server:  # type: ignore[arg-type]
        yield server


def test_keyboard_alone_is_enough(tab: Tab) -> None:
    page = tab.open()
    page.locator(".skip").focus()
    assert "跳到提问框" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.keyboard.type("年休假怎么申请？")
    page.keyboard.press("Enter")
    page.wait_for_selector("#wj-chat .answer.done")
    page.locator("#wj-chat .cite >> nth=0").focus()
    page.keyboard.press("Enter")
    assert page.locator("#wj-panel mark.on").count() >= 1
    page.locator("#wj-history").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#wj-list .c-open")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "wj-history" and not page.is_visible("#wj-drawer")


def press(tools: Any, key: str, code: int) -> None:
    """A key as the browser gets it from the system; 229 is what it is told of keys that the input method
    keeps."""
    for kind in ("rawKeyDown", "keyUp"):
        tools.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": key, "code": "Enter", "windowsVirtualKeyCode": code},
        )


@pytest.mark.parametrize(("key", "code"), [("Process", 229), ("Enter", 229), ("Enter", 13)])
def test_enter_while_composing_chinese_takes_the_word_and_sends_nothing(
    tab: Tab, key: str, code: int
) -> None:
    page = tab.open()
    page.focus("#wj-box textarea")
    page.evaluate(
        "() => { window.seen = []; for (const name of ['compositionstart', 'compositionend', 'keydown'])"
        " document.addEventListener(name, e => window.seen.push(name "
        "+ (e.isComposing ? ' composing' : '')), true); }"
    )
    tools = page.context.new_cdp_session(page)
    for typed in ("n", "nianxiujia"):
        tools.send(
            "Input.imeSetComposition",
            {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)},
        )
    press(tools, key, code)
    page.wait_for_timeout(300)
    assert "keydown composing" in page.evaluate("window.seen"), "the key came while a word was being composed"
    assert page.locator("#wj-chat .ask").count() == 0 and page.input_value("#wj-box textarea") == "nianxiujia"
    tools.send("Input.insertText", {"text": "年休假怎么申请？"})  # the word is chosen
    assert page.evaluate("window.seen.at(-1)") == "compositionend"
    assert (
        page.input_value("#wj-box textarea") == "年休假怎么申请？"
        and page.locator("#wj-chat .ask").count() == 0
    )
    page.keyboard.press("Enter")
    page.wait_for_selector("#wj-chat .answer.done")
    assert page.locator("#wj-chat .ask-text").all_inner_texts() == ["年休假怎么申请？"]


def test_shift_and_enter_breaks_the_line(tab: Tab) -> None:
    page = tab.open()
    page.focus("#wj-box textarea")
    page.keyboard.type("年休假")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("怎么申请？")
    page.wait_for_timeout(200)
    assert (
        page.input_value("#wj-box textarea") == "年休假\n怎么申请？"
        and page.locator("#wj-chat .ask").count() == 0
    )


def test_slash_goes_to_the_box_and_does_not_type_itself(tab: Tab) -> None:
    page = tab.open()
    page.locator("#wj-history").focus()
    page.keyboard.press("/")
    assert (
        page.evaluate("document.activeElement.closest('#wj-box') !== null")
        and page.input_value("#wj-box textarea") == ""
    )
    page.keyboard.press("/")
    assert page.input_value("#wj-box textarea") == "/"


def test_a_screen_reader_is_told_once_per_answer(tab: Tab) -> None:
    page = tab.open()
    page.evaluate(
        "() => { window.told = []; new MutationObserver(() => "
        "window.told.push(document.getElementById('wj-live').textContent))"
        ".observe(document.getElementById('wj-live'), {childList: "
        "true, characterData: true, subtree: true}); }"
    )
    tab.ask("年休假怎么申请？")
    page.wait_for_timeout(400)
    told = page.evaluate("window.told")
    assert len(told) == 1 and told[0].startswith("回答完毕：")
    assert page.locator("#wj-chat .cite >> nth=0").evaluate("n => n.textContent") == "来源1，第3页"

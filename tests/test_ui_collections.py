"""A set of documents chosen on the page, by a widget's address and by a tool: what is searched, offered and
said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from fake_corpus import LEAVE, TRAVEL, fake_engine
from fake_engine import FakeEngine
from fastapi.testclient import TestClient
from mcp import Client
from page_fakes import who
from test_ui_mcp import services
from test_ui_page import last, sent

from qa.serialize import answer_from_dict, answer_to_dict
from ui.admission import Admission
from ui.app import create_app
from ui.chat_turn import Services
from ui.conversation import Conversation
from ui.export import to_html, to_markdown
from ui.mcp_tools import tools
from ui.page import Page
from ui.settings import UiSettings
from ui.storage import Store
from ui.suggestions import instead

SETS = {LEAVE.id: "人事", TRAVEL.id: "财务"}


@pytest.fixture()
def engine() -> FakeEngine:
    made = fake_engine()
    made.docs = [replace(d, meta={**d.meta, "collections": SETS.get(d.id, "其他")}) for d in made.docs]
    return made


@pytest.fixture()
def page(engine: FakeEngine) -> Page:
    settings = UiSettings(suggestions=("食堂几点开门？",))
    return Page(Services(engine, Store.in_memory(), Admission(1, 9), settings), who)  # type: ignore[arg-type]


@pytest.fixture()
def client(engine: FakeEngine) -> Iterator[TestClient]:
    with TestClient(create_app(UiSettings(), engine, Store.in_memory(), who)) as opened:  # type: ignore[arg-type]
        yield opened


def within(collection: str) -> Any:
    return sent(conversation=f"&collection={quote(collection)}")


def test_the_question_is_asked_of_the_set_that_the_address_names(page: Page, engine: FakeEngine) -> None:
    shown = last(page.submit("年休假怎么申请？", None, within("人事")))
    assert engine.within == ["人事"] and "只在文档集“人事”中查找" in shown[0][-1]["content"]
    last(page.command('{"do": "retry"}', shown[-1], within("财务")))
    last(page.submit("年休假怎么申请？", Conversation(), sent(conversation="")))
    assert engine.within == ["人事", "财务", ""]
    kept = shown[-1].exchanges
    assert "只在文档集“财务”中查找" in to_markdown("t", kept) and "文档集“财务”" in to_html("t", kept)
    stored = kept[0].answer
    assert stored.collection == "财务" and answer_from_dict(answer_to_dict(stored)).collection == "财务"


def test_a_set_that_is_not_there_is_said(page: Page) -> None:
    shown = last(page.submit("年休假怎么申请？", None, within("党建")))
    assert "没有这个文档集" in shown[0][-1]["content"]


def test_what_is_offered_is_of_the_set(page: Page, engine: FakeEngine) -> None:
    brought = {LEAVE.id: "年休假怎么申请？", TRAVEL.id: "住宿费标准是多少？"}
    engine.docs = [replace(d, meta={**d.meta, "questions": brought.get(d.id, "")}) for d in engine.docs]
    welcome = asyncio.run(page.load(within("财务")))[0]["placeholder"]
    assert "文档集“财务”中的 1 份文档" in welcome and "住宿费标准" in welcome
    assert "年休假" not in welcome and "食堂" not in welcome
    assert "食堂" in asyncio.run(page.load(within("")))[0]["placeholder"]
    anew = last(page.command('{"do": "new"}', None, within("人事")))[0]["placeholder"]
    assert "年休假怎么申请" in anew and "住宿费" not in anew


def test_questions_to_ask_instead_are_searched_in_the_set(engine: FakeEngine) -> None:
    refused = engine.answer("年休假遇到补贴怎么算？")
    assert refused.refusal is not None
    bare = replace(refused, refusal=replace(refused.refusal, suggestions=()), collection="人事")
    seen: list[str] = []
    search = engine.search
    engine.search = lambda *a, collection="", **k: seen.append(collection) or search(*a, **k)  # type: ignore[method-assign,func-returns-value]
    store = Store.in_memory()
    store.answered = lambda limit=20: ["年休假怎么申请？"]  # type: ignore[method-assign]
    instead(engine, store, bare, "zh")  # type: ignore[arg-type]
    assert seen and set(seen) == {"人事"}


def test_the_chooser_is_there_when_there_is_a_choice(client: TestClient, engine: FakeEngine) -> None:
    shown = client.get("/chat/?collection=%E8%B4%A2%E5%8A%A1").text
    assert '<option value="财务" selected>财务（1）</option>' in shown and "/static/collection.js" in shown
    assert 'id="wj-collection"' not in client.get("/chat/?embed=1&collection=x").text, "a frame has its own"
    engine.docs = [replace(d, meta={"collections": "全"}) for d in engine.docs]
    assert 'id="wj-collection"' not in client.get("/chat/").text, "one set of all documents is no choice"
    engine.docs[0] = replace(engine.docs[0], meta={})
    assert 'id="wj-collection"' in client.get("/chat/").text
    engine.docs = [replace(d, meta={}) for d in engine.docs]
    assert 'id="wj-collection"' not in client.get("/chat/").text


def test_the_tools_take_a_collection(engine: FakeEngine) -> None:
    async def main() -> Any:
        async with Client(tools(services(engine))) as client:
            asked = await client.call_tool("ask", {"question": "年休假怎么申请？", "collection": "人事"})
            found = await client.call_tool("search", {"question": "住宿费限额", "collection": "财务"})
            failed = await client.call_tool("search", {"question": "住宿费限额", "collection": "党建"})
            return asked, found, failed

    asked, found, failed = asyncio.run(main())
    assert asked.structured_content["collection"] == "人事" and engine.within == ["人事"]
    assert {hit["document_id"] for hit in found.structured_content["hits"]} == {TRAVEL.id}
    assert failed.is_error and "党建" in failed.content[0].text

"""The page's handlers without a browser: what a page that the server forgot, or that belongs to somebody
else, gets."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from fake_corpus import fake_engine
from page_fakes import CID, seed, who
from starlette.datastructures import Headers

from ui.admission import Admission
from ui.chat_turn import Services
from ui.page import SESSIONS, Page, build
from ui.settings import UiSettings
from ui.storage import Store


@pytest.fixture()
def store() -> Store:
    kept = Store.in_memory()
    seed(kept)
    return kept


@pytest.fixture()
def page(store: Store) -> Page:
    return Page(Services(fake_engine(), store, Admission(1, 9), UiSettings()), who)  # type: ignore[arg-type]


def sent(user: str = "admin", conversation: str = CID) -> Any:
    """An event as it comes from a page whose address names a conversation."""
    headers = Headers({"referer": f"http://t/chat/?c={conversation}", "x-test-user": user})
    return SimpleNamespace(headers=headers, request=SimpleNamespace(headers=headers))


def last(steps: Any) -> list[Any]:
    async def run() -> list[Any]:
        return [step async for step in steps][-1]

    return asyncio.run(run())


def test_a_page_that_the_server_forgot_goes_on_where_it_was(page: Page, store: Store) -> None:
    shown = last(page.submit("那超过三天谁批？", None, sent()))
    assert [e.question for e in shown[-1].exchanges] == ["年休假怎么申请？", "那超过三天谁批？"] and shown[
        -1
    ].id == CID
    assert len(shown[0]) == 4 and page.services.engine.asked[-1][1][0].question == "年休假怎么申请？"  # type: ignore[attr-defined]
    assert len(store.exchanges("admin", CID) or ()) == 2
    taken_back = last(page.command('{"do": "undo"}', None, sent()))
    assert [e.question for e in taken_back[-1].exchanges] == ["年休假怎么申请？"]


@pytest.mark.parametrize(
    ("user", "conversation"), [("li", CID), ("visitor", CID), ("admin", "0" * 16), ("admin", "../x")]
)
def test_nobody_gets_into_a_conversation_that_is_not_theirs(
    page: Page, store: Store, user: str, conversation: str
) -> None:
    shown = last(page.submit("食堂几点开门？", None, sent(user, conversation)))
    assert [e.question for e in shown[-1].exchanges] == ["食堂几点开门？"] and shown[-1].id not in (
        CID,
        conversation,
    )
    assert len(store.exchanges("admin", CID) or ()) == 1


def test_only_so_many_open_pages_are_remembered(page: Page) -> None:
    assert build(page).state_session_capacity == SESSIONS

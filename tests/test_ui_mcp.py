"""The tools as an assistant's client sees them: in process, over stdio, over HTTP with a token."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_corpus import fake_engine
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from ui_fakes import running

from ui.admission import Admission
from ui.auth import SignOn
from ui.auth_signing import server_key
from ui.mcp import http_app
from ui.mcp_tools import tools
from ui.services import Services
from ui.settings import UiSettings
from ui.storage import Store
from ui.storage_care import audit
from ui.storage_tokens import TokenTable

TESTS = Path(__file__).parent
ASKED = {"question": "年休假怎么申请？"}


def services(engine: Any = None, settings: UiSettings | None = None, store: Any = None) -> Services:
    return Services(
        engine or fake_engine(), store or Store.in_memory(), Admission(1, 8), settings or UiSettings()
    )


def test_the_tools_are_described_and_only_read() -> None:
    async def main() -> Any:
        async with Client(tools(services())) as client:
            return (await client.list_tools()).tools

    listed = {tool.name: tool for tool in asyncio.run(main())}
    assert set(listed) == {"ask", "search"}
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in listed.values())
    assert (
        "history" in listed["ask"].input_schema["properties"]
        and "context" not in listed["ask"].input_schema["properties"]
    )


def test_ask_gives_text_with_sources_and_the_citations_as_data() -> None:
    engine = fake_engine()
    told: list[str] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(str(message))

    async def main() -> Any:
        async with Client(tools(services(engine))) as client:
            history = [{"question": "年休假怎么申请？", "answer": "提前5个工作日。"}]
            result = await client.call_tool(
                "ask", {"question": "那超过三天谁批", "history": history}, progress_callback=heard
            )
            refusal = await client.call_tool("ask", {"question": "食堂几点开门"})
            return result, refusal

    result, refusal = asyncio.run(main())
    (sentence,) = result.structured_content["sentences"]
    assert "分管领导" in result.structured_content["answer"] and "retrieved" not in result.structured_content
    assert "[1]" in result.content[0].text and sentence["citations"][0]["quote"] in result.content[0].text
    assert engine.asked[0][1][0].answer == "提前5个工作日。" and "done" in told
    assert not refusal.is_error and refusal.structured_content["reason"] == "not_answered"


def test_search_and_failures() -> None:
    async def main() -> Any:
        async with Client(tools(services())) as client:
            found = await client.call_tool("search", {"question": "住宿费限额", "k": 1})
            failed = await client.call_tool("ask", {"question": "出错"})
            return found, failed

    found, failed = asyncio.run(main())
    assert len(found.structured_content["hits"]) == 1 and "住宿费" in found.content[0].text
    assert failed.is_error and "scripted failure" in failed.content[0].text


SERVE = """
import sys, types
from pathlib import Path
from fake_corpus import fake_engine
from ui.mcp import run
from ui.settings import UiSettings
run(types.SimpleNamespace(ui=UiSettings(), data=Path(sys.argv[1]), engine=None), engine=fake_engine())
"""


def test_over_stdio_as_an_assistant_starts_it(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))}
    command = StdioServerParameters(command=sys.executable, args=["-c", SERVE, str(tmp_path)], env=env)

    async def main() -> Any:
        async with Client(command) as client:
            return await client.call_tool("ask", ASKED)

    assert len(asyncio.run(main()).structured_content["sentences"]) == 3
    store = Store.open("", tmp_path)
    assert [(r["channel"], r["user"]) for r in audit(store.database)] == [("mcp", "local")]
    store.close()


def test_over_http_only_with_a_token_and_under_its_name(tmp_path: Path) -> None:
    import httpx

    store = Store.open("", tmp_path)
    table = TokenTable(store.database, server_key(tmp_path))
    settings = UiSettings(auth="token")
    token = table.create("assistant")

    async def call(address: str, bearer: str, asked: dict[str, str] = ASKED, lang: str = "en") -> Any:
        from mcp.shared._httpx_utils import create_mcp_http_client

        async with (
            create_mcp_http_client(
                headers={"Authorization": f"Bearer {bearer}", "Accept-Language": lang}
            ) as http,
            Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
        ):
            return await client.call_tool("ask", asked)

    with running(
        http_app(services(settings=settings, store=store), SignOn(settings, tmp_path, table.database))
    ) as address:
        assert httpx.post(f"{address}/mcp", json={}).status_code == 401
        foreign = {"origin": "https://evil.example", "cookie": "x=1"}
        assert httpx.post(f"{address}/mcp", json={}, headers=foreign).status_code == 403
        result = asyncio.run(call(address, token))
        elsewhere = ASKED | {"collection": "没有的"}
        for lang, words in (("zh-CN", "没有叫“没有的”的文档集"), ("en", "There is no collection '没有的'")):
            failed = asyncio.run(call(address, token, elsewhere, lang))
            assert failed.is_error and words in failed.content[0].text
        with pytest.raises(BaseException):  # noqa: B017 - the client wraps the 401 in groups of its own
            asyncio.run(call(address, token + "x"))
    assert len(result.structured_content["sentences"]) == 3
    assert [(r["channel"], r["user"]) for r in audit(store.database)] == [("mcp", "assistant")] * 3
    store.close()

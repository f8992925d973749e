"""Collections that are kept to groups of readers, through every door: nothing of a closed document is found,
listed, quoted, offered or counted."""

from __future__ import annotations

import ast
import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_encoder import FakeEncoder
from fakes import ScriptedGenerator
from fastapi.testclient import TestClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from test_ui_page import last, sent
from ui_fakes import running

from index.scope import Scope
from qa.engine import Engine
from qa.scoped_engine import ScopedEngine
from qa.settings import AnswerSettings, EngineSettings
from ui.access import engine_for, scope_of
from ui.admission import Admission
from ui.app import create_app
from ui.assembly import add_api
from ui.auth import SignOn
from ui.auth_signing import server_key
from ui.mcp import http_app
from ui.page import Page
from ui.services import Services
from ui.settings import UiSettings
from ui.storage import Store
from ui.storage_tokens import TokenTable
from ui.storage_types import Exchange, now
from ui.suggestions import openers
from ui.viewer import Viewer

ROOT = Path(__file__).parents[1]
TEXTS = {
    "薪酬/岗位工资表.md": "# 岗位工资表\n\n处级岗位工资每月97310246元，职工个人工资由人事处核定。\n",
    "纪检/谈话记录.md": "# 谈话记录\n\n3月2日与职工个人谈话，谈话记录由纪检组保管四十年。\n",
    "公开/休假办法.md": "# 休假办法\n\n职工个人年休假为15天，由人事处统一安排。\n",
}
SETTINGS = UiSettings(collection_groups={"薪酬": ("hr", "leaders"), "纪检": ()}, rate_per_minute=0)
SECRETS = ("97310246", "谈话", "纪检", "岗位工资")
QUESTION = "职工个人工资由谁核定？"
HR, READER, ADMIN = {"x-user": "chen", "x-groups": "hr"}, {"x-user": "li"}, {"x-user": "admin"}


def who(connection: Any) -> Viewer | None:
    name = connection.headers.get("x-user", "")
    groups = frozenset(filter(None, connection.headers.get("x-groups", "").split(",")))
    return Viewer(name, "administrator" if name == "admin" else "reader", groups=groups) if name else None


def opened(data: Path) -> Engine:
    return Engine.open(
        EngineSettings(data=data, answer=AnswerSettings(risk=1.0)),
        generator=ScriptedGenerator({"": "职工个人年休假为15天。"}),
        encoder=FakeEncoder(),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files, and an index of them, made once."""
    folder = tmp_path_factory.mktemp("access")
    for name, text in TEXTS.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    engine = opened(folder / "data")
    engine.add([folder / "files"])
    into_collections(engine, {name.split("/")[0]: name.split("/")[0] for name in TEXTS} | {"公开": ""})
    return folder


@pytest.fixture
def engine(made: Path, tmp_path: Path) -> Engine:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return opened(tmp_path / "data")


def into_collections(engine: Engine, sets: dict[str, str]) -> None:
    """Put documents into collections, by the folder that they came from."""
    whole = [engine.document(one.id) for one in engine.documents()]
    engine.library.write(
        replace(one, meta={**one.meta, "collections": sets[one.source.split("/")[0]]}) for one in whole
    )


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> Iterator[TestClient]:
    settings = SETTINGS.model_copy(update={"originals": tmp_path / "files"})
    app = create_app(settings, engine, Store.in_memory(), who)
    add_api(app)
    with TestClient(app) as opened:
        yield opened


def ids(engine: Engine) -> dict[str, str]:
    return {document.title: document.id for document in engine.documents()}


def test_who_may_read_what() -> None:
    everything = Scope()
    assert scope_of(SETTINGS, Viewer("a", "administrator")) == everything == scope_of(UiSettings(), None)
    assert scope_of(SETTINGS, Viewer("a", "administrator", may_only_ask=True)) == everything
    reader, hr = scope_of(SETTINGS, Viewer("li")), scope_of(SETTINGS, Viewer("c", groups=frozenset({"hr"})))
    assert reader.closed == {"薪酬", "纪检"} and reader == scope_of(SETTINGS, None)
    assert hr.closed == {"纪检"} and hr.open == {"薪酬"}
    cases = [((), True, True), (("薪酬",), False, True), (("纪检",), False, False), (("其他",), True, True)]
    cases += [
        (("其他", "薪酬"), False, True),
        (("纪检", "薪酬"), False, True),
        (("其他", "纪检"), False, False),
    ]
    for collections, everybody, of_hr in cases:
        assert (reader.holds(collections), hr.holds(collections)) == (everybody, of_hr), collections
    assert not Scope("薪酬", frozenset({"薪酬"})).holds(["薪酬"])


def test_the_api_answers_finds_and_lists_what_one_may_read(client: TestClient, engine: Engine) -> None:
    held = ids(engine)

    def told(headers: dict[str, str]) -> list[str]:
        said = [client.get("/api/documents", headers=headers).text]
        said.append(client.get("/api/search", params={"q": QUESTION, "k": 50}, headers=headers).text)
        said.append(client.post("/api/ask", json={"question": QUESTION}, headers=headers).text)
        said.append(
            client.post("/api/ask", json={"question": QUESTION, "stream": True}, headers=headers).text
        )
        asked = {"model": "wenju", "messages": [{"role": "user", "content": QUESTION}]}
        said.append(client.post("/v1/chat/completions", json=asked, headers=headers).text)
        return [*said, client.get("/api/collections", headers=headers).text]

    for text in told(READER):
        assert not any(secret in text for secret in SECRETS), text
    assert all("休假办法" in text for text in told(READER)[:5])
    for text in told(HR):
        assert "谈话" not in text and "纪检" not in text
    assert all("97310246" in text for text in told(HR)[1:4]) and "薪酬" in told(HR)[5]
    assert all("谈话" in text for text in told(ADMIN)[:2]) and "纪检" in told(ADMIN)[5]
    for title, (reader, hr) in {
        "岗位工资表": (404, 200),
        "谈话记录": (404, 404),
        "休假办法": (200, 200),
    }.items():
        for headers, status in ((READER, reader), (HR, hr), (ADMIN, 200)):
            for address in (f"/api/documents/{held[title]}", f"/documents/{held[title]}"):
                assert client.get(address, headers=headers).status_code == status, (title, headers)
    for collection, status in (("薪酬", 400), ("无此", 400)):
        asked = client.post("/api/ask", json={"question": QUESTION, "collection": collection}, headers=READER)
        assert asked.status_code == status and "纪检" not in asked.text
    limited = client.post("/api/ask", json={"question": QUESTION, "collection": "薪酬"}, headers=HR)
    assert limited.status_code == 200 and "97310246" in limited.text and "休假办法" not in limited.text


def test_an_answer_that_was_given_to_one_is_not_kept_for_another(client: TestClient) -> None:
    first = client.post("/api/ask", json={"question": QUESTION}, headers=ADMIN).json()
    again = client.post("/api/ask", json={"question": QUESTION}, headers=ADMIN).json()
    assert again["usage"].get("cached") == 1 and again["answer"] == first["answer"]
    other = client.post("/api/ask", json={"question": QUESTION}, headers=READER).json()
    assert "cached" not in other["usage"] and {r["document"] for r in other["retrieved"]} == {"休假办法"}
    assert client.post("/api/ask", json={"question": QUESTION}, headers=READER).json()["usage"]["cached"] == 1


def test_pages_show_what_one_may_read(client: TestClient, engine: Engine) -> None:
    for address in ("/documents", f"/documents?q={QUESTION}", "/chat/"):
        shown = client.get(address, headers=READER).text
        assert not any(secret in shown for secret in SECRETS), address
    assert "岗位工资表" in client.get("/documents", headers=HR).text
    assert 'value="薪酬"' in client.get("/chat/", headers=HR).text
    original = f"/documents/{ids(engine)['岗位工资表']}/original"
    assert client.get(original, headers=READER).status_code == 404


def test_the_page_greets_and_answers_from_what_one_may_read(engine: Engine) -> None:
    page = Page(Services(engine, Store.in_memory(), Admission(1, 9), SETTINGS), who)  # type: ignore[arg-type]
    engine.warm()
    for headers, documents in ((READER, 1), (HR, 2), (ADMIN, 3)):
        request = sent(conversation="")
        request.request.headers = headers
        assert f"{documents} 份文档" in asyncio.run(page.load(request))[0]["placeholder"]
        shown = last(page.submit(QUESTION, None, request))[0][-1]["content"]
        assert ("岗位工资表" in shown) == (documents > 1), headers


def test_what_others_asked_is_offered_only_if_it_is_answered_from_the_rest(engine: Engine) -> None:
    engine.warm()
    store = Store.in_memory()
    store.answered = lambda limit=20: ["谁来保管谈话记录？", "年休假有几天？"]  # type: ignore[method-assign]
    reader = engine_for(engine, SETTINGS, Viewer("li"))
    assert openers(engine, store, (), "zh") == ("谁来保管谈话记录？", "年休假有几天？")
    assert openers(reader, store, (), "zh") == (), "nobody knows yet what they are answered from"
    engine.answer("谁来保管谈话记录？")
    engine.answer("年休假有几天？")
    whole = engine.known("谁来保管谈话记录？")
    assert whole is not None and "谈话记录" in {r.document for r in whole.retrieved}
    assert "谁来保管谈话记录？" not in openers(reader, store, (), "zh")


def test_a_shared_conversation_is_not_shown_to_whom_its_evidence_is_closed(
    client: TestClient, engine: Engine
) -> None:
    store = client.app.state.store  # type: ignore[attr-defined]
    for name, question in (("pay", QUESTION), ("leave", "年休假有几天？")):
        collection = "薪酬" if name == "pay" else ""
        within = Scope() if collection else scope_of(SETTINGS, Viewer("li"))
        answer = engine.answer(question, collection=collection, within=within)
        store.save("chen", name * 4, Exchange(name, question, now(), "done", answer))
    pay, leave = (store.share("chen", name * 4) for name in ("pay", "leave"))
    assert client.get(f"/shared/{pay}", headers=HR).status_code == 200
    assert client.get(f"/shared/{pay}", headers=ADMIN).status_code == 200
    assert client.get(f"/shared/{pay}", headers=READER).status_code == 404
    assert client.get(f"/shared/{leave}", headers=READER).status_code == 200
    engine.remove(ids(engine)["岗位工资表"])
    assert client.get(f"/shared/{pay}", headers=READER).status_code == 200, "what is gone is closed to nobody"


def test_the_tools_answer_from_what_the_holder_of_the_token_may_read(engine: Engine, tmp_path: Path) -> None:
    engine.warm()
    store = Store.open("", tmp_path)
    table = TokenTable(store.database, server_key(tmp_path))
    settings = SETTINGS.model_copy(update={"auth": "token"})
    tokens = {"hr": table.create("a", groups=["hr"]), "reader": table.create("b")}
    tokens["admin"] = table.create("c", "administrator")

    async def call(address: str, bearer: str) -> str:
        from mcp.shared._httpx_utils import create_mcp_http_client

        async with (
            create_mcp_http_client(headers={"Authorization": f"Bearer {bearer}"}) as http,
            Client(streamable_http_client(f"{address}/mcp", http_client=http)) as opened,
        ):
            asked = await opened.call_tool("ask", {"question": QUESTION})
            found = await opened.call_tool("search", {"question": QUESTION, "k": 50})
            return str(asked.structured_content) + str(found.structured_content)

    services = Services(engine, store, Admission(1, 9), settings)
    with running(http_app(services, SignOn(settings, tmp_path, table.database))) as address:
        told = {name: asyncio.run(call(address, token)) for name, token in tokens.items()}
    store.close()
    assert not any(secret in told["reader"] for secret in SECRETS) and "休假办法" in told["reader"]
    assert "97310246" in told["hr"] and "谈话" not in told["hr"] and "谈话" in told["admin"]


def test_copies_of_which_one_is_closed(engine: Engine) -> None:
    """A passage that stands in a closed document too is shown from the open one, and nobody hears of the
    other."""
    first = engine.document(ids(engine)["岗位工资表"])
    engine.library.write(
        [replace(first, id="f" * 16, source="工资口径.md", meta={"sketch": first.meta["sketch"]})]
    )
    assert len(engine.copies()) == 1 and engine.search(QUESTION, 1)[0].copies
    reader = engine_for(engine, SETTINGS, Viewer("li"))
    hit = reader.search(QUESTION, 1)[0]
    assert hit.document.source == "工资口径.md" and not hit.copies and reader.copies() == {}
    assert engine_for(engine, SETTINGS, Viewer("c", groups=frozenset({"hr"}))).copies() == engine.copies()


def test_the_name_of_a_closed_collection_is_not_told(engine: Engine) -> None:
    into_collections(engine, {"薪酬": "纪检\n薪酬", "纪检": "纪检", "公开": ""})
    hr = engine_for(engine, SETTINGS, Viewer("c", groups=frozenset({"hr"})))
    for one in (*hr.documents(), *(hit.document for hit in hr.search(QUESTION))):
        assert "纪检" not in one.collections and hr.document(one.id).collections == one.collections
    assert hr.collections() == {"薪酬": 1} and engine.collections() == {"纪检": 2, "薪酬": 1}


def test_a_limited_engine_has_only_what_asking_needs(engine: Engine) -> None:
    limited: Any = engine_for(engine, SETTINGS, Viewer("li"))
    assert isinstance(limited, ScopedEngine) and engine_for(limited, SETTINGS, Viewer("li")) is limited
    for name in ("add", "sync", "remove", "library", "suspects", "generator", "read_ahead"):
        assert not hasattr(limited, name), name


WHOLE = {  # where the engine of the whole index may be taken, and why
    "access.py": "decides",
    "services.py": "makes those of somebody",
    "streaming.py": "gets such services",
    "chat_turn.py": "makes such services first",
    "page.py": "makes such services",
    "mcp_tools.py": "makes such services",
    "asking.py": "makes such services first",
    "admin_page.py": "administrators",
    "intake_page.py": "administrators",
    "page_routes.py": "is it ready",
    "mcp.py": "serves",
    "app.py": "assembles",
    "opening.py": "opens it",
    "index_worker.py": "reads files into the index, answers nobody",
}


def test_nothing_takes_the_whole_engine_past_the_one_place() -> None:
    for path in sorted((ROOT / "ui").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        reads = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "engine"]
        if any(isinstance(n.ctx, ast.Load) for n in reads):
            assert path.name in WHOLE, f"ui/{path.name} takes the engine itself: take ui.access.engine_of"

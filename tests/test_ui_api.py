"""/api: answers, streams, search, documents, feedback, and errors in one form."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_corpus import LEAVE, fake_engine
from fake_encoder import FakeEncoder
from fakes import ScriptedGenerator
from fastapi.testclient import TestClient
from ui_fakes import api_app, by_header, running
from waiting import until

from errors import ModelError
from qa.engine import Engine
from qa.serialize import answer_from_dict
from qa.settings import EngineSettings
from ui.admission import Admission
from ui.settings import UiSettings
from ui.viewer import Viewer

ASKED = {"question": "年休假怎么申请？"}


def test_ask_gives_the_stable_json_with_citations_that_are_cut_from_the_document() -> None:
    with TestClient(api_app()) as client:
        reply = client.post("/api/ask", json=ASKED)
    assert reply.status_code == 200
    data = reply.json()
    assert list(data)[:5] == ["question", "query", "answer", "refused", "reason"]
    cited = [c for s in data["sentences"] for c in s["citations"]]
    assert len(cited) == 3
    assert all(LEAVE.text[c["start"] : c["end"]] == c["quote"] for c in cited)
    assert answer_from_dict(data).text == data["answer"]


def test_a_refusal_is_an_answer_with_a_reason_not_an_error() -> None:
    with TestClient(api_app()) as client:
        data = client.post("/api/ask", json={"question": "食堂几点开门"}).json()
    assert data["refused"] and data["reason"] == "not_answered"
    assert set(data["refusal"]) == {"reason", "message", "nearest", "suggestions", "draft"}


def test_streaming_ends_with_the_same_answer() -> None:
    with TestClient(api_app(engine=fake_engine(pace=0.01))) as client:
        whole = client.post("/api/ask", json=ASKED).json()
        with client.stream("POST", "/api/ask", json=ASKED | {"stream": True}) as reply:
            assert reply.headers["content-type"].startswith("text/event-stream")
            events = _events("".join(reply.iter_text()))
    assert events[-1][0] == "done" and events[-1][1] == whole
    assert {name for name, _ in events} == {"answer", "done"}


def test_history_and_closed_context_reach_the_engine() -> None:
    engine = fake_engine()
    given = {}
    stream = engine.stream

    def noted(question: str, history=(), **options):  # type: ignore[no-untyped-def]
        given.update(options)
        return stream(question, history, **options)

    engine.stream = noted  # type: ignore[method-assign]
    body = {
        "question": "那超过三天谁批",
        "history": [{"question": "年休假怎么申请？", "answer": "提前5个工作日。"}],
        "passages": [{"title": "办法", "text": "超过3天的由分管领导审批。"}],
    }
    with TestClient(api_app(engine=engine)) as client:
        assert client.post("/api/ask", json=body).json()["query"] == "年休假超过三天由谁审批？"
    assert engine.asked[0][1][0].answer == "提前5个工作日。"
    assert given["passages"] == (("办法", "超过3天的由分管领导审批。"),)


@pytest.mark.parametrize("path", ["/api/ask", "/api/search", "/v1/chat/completions"])
def test_half_of_a_surrogate_pair_reaches_no_engine_and_no_reply(path: str) -> None:
    half = "年休假怎么申请\ud800"
    turns = [{"role": role, "content": half} for role in ("user", "assistant", "user")]
    body = {"model": "wenju", "messages": turns} if "chat" in path else {"question": half}
    content = json.dumps(body).encode()
    asked: list[object] = []
    engine = fake_engine()
    stream, search = engine.stream, engine.search

    def streaming(*given: Any, **more: Any) -> Any:
        asked.extend((given, more))
        return stream(*given, **more)

    def searching(*given: Any, **more: Any) -> Any:
        asked.extend((given, more))
        return search(*given, **more)

    engine.stream, engine.search = streaming, searching  # type: ignore[method-assign]
    with TestClient(api_app(engine=engine)) as client:
        reply = client.post(path, content=content, headers={"content-type": "application/json"})
    assert reply.status_code == 200 and "年休假" in reply.text
    assert asked and "\\ud800" not in repr(asked)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"question": "  "}, 400, "bad_question"),
        ({}, 400, "bad_request"),
        ({"question": "问", "passages": [{"text": ""}]}, 400, "bad_request"),
        ({"question": "出错"}, 502, "generator_failed"),
    ],
)
def test_errors_have_one_form(body: dict[str, object], status: int, code: str) -> None:
    with TestClient(api_app()) as client:
        reply = client.post("/api/ask", json=body)
    assert reply.status_code == status
    assert set(reply.json()["error"]) == {"message", "type", "code", "param", "hint"}
    assert reply.json()["error"]["code"] == code


def test_an_error_while_streaming_is_an_event_and_frees_the_slot() -> None:
    app = api_app()
    with TestClient(app) as client:
        text = client.post("/api/ask", json={"question": "出错", "stream": True}).text
        assert _events(text)[-1][0] == "error" and "generator_failed" in text
        assert app.state.admission.load == (0, 0)
        assert client.post("/api/ask", json=ASKED).status_code == 200


def test_an_unexpected_error_tells_nothing_of_the_inside() -> None:
    engine = fake_engine()
    engine.stream = lambda *a, **k: iter([][1])  # type: ignore[method-assign]
    with TestClient(api_app(engine=engine), raise_server_exceptions=False) as client:
        texts = [client.post("/api/ask", json=ASKED | {"stream": stream}).text for stream in (True, False)]
    for text in texts:
        assert '"internal"' in text and "IndexError" not in text and "range" not in text


def test_rate_limit_says_when_to_come_back() -> None:
    with TestClient(api_app(UiSettings(rate_per_minute=2))) as client:
        assert [client.post("/api/ask", json=ASKED).status_code for _ in range(3)] == [200, 200, 429]
        refused = client.post("/api/ask", json=ASKED)
    assert (
        1 <= int(refused.headers["retry-after"]) <= 61 and refused.json()["error"]["code"] == "rate_limited"
    )


def test_a_full_queue_is_said_and_the_waiting_are_told_their_place() -> None:
    engine = fake_engine(pace=0.02)
    app = api_app(UiSettings(slots=1, queue_size=1, rate_per_minute=0), engine)

    async def until(load: tuple[int, int]) -> None:
        while app.state.admission.load != load:
            await asyncio.sleep(0.005)

    async def main() -> tuple[httpx.Response, ...]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t", timeout=20) as client:
            slow = client.post("/api/ask", json={"question": "慢慢讲", "stream": True})
            first = asyncio.create_task(slow)
            await asyncio.wait_for(until((1, 0)), 10)
            second = asyncio.create_task(client.post("/api/ask", json=ASKED | {"stream": True}))
            await asyncio.wait_for(until((1, 1)), 10)
            third = await client.post("/api/ask", json=ASKED)
            return await first, await second, third

    first, second, third = asyncio.run(main())
    assert third.status_code == 503 and third.json()["error"]["code"] == "queue_full"
    assert _events(first.text)[-1][0] == "done"
    assert _events(second.text)[0] == ("queued", {"ahead": 1, "loading": False})
    assert _events(second.text)[-1][0] == "done" and engine.most_writing == 1


def test_hanging_up_stops_the_generator_and_frees_the_slot() -> None:
    engine = fake_engine(pace=0.05)
    app = api_app(engine=engine)
    with running(app) as address:
        for stream in (True, False):
            with pytest.raises(httpx.ReadTimeout):  # noqa: SIM117
                with httpx.Client(timeout=0.6) as client:
                    with client.stream(
                        "POST", f"{address}/api/ask", json={"question": "慢慢讲", "stream": stream}
                    ) as reply:
                        start = time.monotonic()
                        for _ in reply.iter_lines():
                            if time.monotonic() - start > 0.5:
                                raise httpx.ReadTimeout("enough")
            until(lambda: engine.running == 0 and app.state.admission.load == (0, 0))
        assert httpx.post(f"{address}/api/ask", json=ASKED, timeout=20).status_code == 200


def test_while_the_models_load_a_question_waits_and_gives_up_in_time() -> None:
    engine = fake_engine(loaded=False)
    app = api_app(UiSettings(warm_timeout=0.5), engine)
    with TestClient(app) as client:
        reply = client.post("/api/ask", json=ASKED)
        assert reply.status_code == 503 and reply.json()["error"]["code"] == "model_unavailable"
        threading.Timer(0.3, engine.warm).start()
        events = _events(client.post("/api/ask", json=ASKED | {"stream": True}).text)
    assert events[0] == ("queued", {"ahead": 0, "loading": True}) and events[-1][0] == "done"


def test_search_and_documents() -> None:
    with TestClient(api_app()) as client:
        found = client.post("/api/search", json={"question": "住宿费限额", "k": 2}).json()["hits"]
        assert len(found) == 2 and "住宿费" in found[0]["text"] and found[0]["score"] >= found[1]["score"]
        assert client.get("/api/search", params={"q": "住宿费限额", "k": 2}).json()["hits"] == found
        listed = client.get("/api/documents").json()["documents"]
        one = client.get(f"/api/documents/{LEAVE.id}").json()
        assert client.get("/api/documents/none").json()["error"]["code"] == "not_found"
    assert {d["id"] for d in listed} >= {LEAVE.id} and one["text"] == LEAVE.text
    assert len(one["passages"]) == next(d["passages"] for d in listed if d["id"] == LEAVE.id)


def test_who_may_what() -> None:
    app = api_app(who=by_header)
    with TestClient(app) as client:
        assert client.post("/api/ask", json=ASKED).status_code == 401
        assert client.post("/api/ask", json=ASKED, headers={"x-user": "wang"}).status_code == 200
        assert client.get("/api/feedback", headers={"x-user": "wang"}).status_code == 403
        assert client.get("/api/feedback", headers={"x-user": "admin"}).json() == {"feedback": []}
        app.state.who = lambda _: Viewer("visitor-1#2", may_only_ask=True)
        assert client.post("/api/ask", json=ASKED).status_code == 200
        assert client.get("/api/documents").status_code == 403


def test_the_description_works_without_a_network() -> None:
    with TestClient(api_app()) as client:
        page, schema = client.get("/docs").text, client.get("/openapi.json").json()
    assert set(schema["paths"]) >= {
        "/api/ask",
        "/api/search",
        "/api/feedback",
        "/api/documents",
        "/v1/chat/completions",
    }
    for path in schema["paths"]:
        assert path in page
    assert "https://" not in page and "<script>" not in page


def test_fifty_programs_at_once_all_get_an_answer() -> None:
    engine = fake_engine(pace=0.0)
    app = api_app(UiSettings(slots=2, rate_per_minute=0), engine)

    async def main() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t", timeout=60) as client:
            replies = await asyncio.gather(*(client.post("/api/ask", json=ASKED) for _ in range(50)))
            return [reply.status_code for reply in replies]

    assert asyncio.run(main()) == [200] * 50 and engine.most_writing <= 2
    assert isinstance(app.state.admission, Admission) and app.state.admission.load == (0, 0)


def test_missing_models_are_named() -> None:
    engine = fake_engine()

    def missing(*_a: object, **_k: object):  # type: ignore[no-untyped-def]
        raise ModelError("m3e-small is missing", "Run: wenju models fetch")

    engine.stream = missing  # type: ignore[method-assign]
    with TestClient(api_app(engine=engine)) as client:
        error = client.post("/api/ask", json=ASKED).json()["error"]
    assert error["hint"] == "Run: wenju models fetch" and error["code"] == "model_unavailable"


def _events(text: str) -> list[tuple[str, dict[str, object]]]:
    out = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n", 1)
        out.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return out


def test_models_that_will_not_come_are_an_error_at_once() -> None:
    app = api_app(engine=fake_engine(loaded=False))
    app.state.admission.models_failed(RuntimeError("no such kernel /models/x"))
    with TestClient(app) as c:
        got = c.post("/api/ask", json={"question": "年休假怎么申请？"})
    assert (
        got.status_code == 503
        and got.json()["error"]["code"] == "model_unavailable"
        and "/models/x" not in got.text
    )


def test_an_address_or_a_method_that_is_not_there_has_the_form_of_every_error() -> None:
    client = TestClient(api_app())
    for method, path, status in (
        ("GET", "/api/nosuch", 404),
        ("POST", "/v1/nosuch", 404),
        ("DELETE", "/api/ask", 405),
    ):
        answer = client.request(method, path)
        assert answer.status_code == status
        assert answer.json()["error"]["code"] == "not_found" and path in answer.json()["error"]["message"]
    assert client.get("/nosuch").json() == {"detail": "Not Found"}


def test_a_question_can_be_limited_to_a_collection(tmp_path: Path) -> None:
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        generator=ScriptedGenerator({"": "年休假为15天。"}),
        encoder=FakeEncoder(),
    )
    for name in ("人事", "财务"):
        (tmp_path / f"{name}.md").write_text(
            f"# {name}办法\n\n职工年休假为15天，由{name}处统一安排并逐级审批。\n", "utf-8"
        )
        engine.add([tmp_path / f"{name}.md"], collection=name)
    engine.warm()
    with TestClient(api_app(engine=engine)) as client:
        assert client.get("/api/collections").json()["collections"] == [
            {"name": "人事", "documents": 1},
            {"name": "财务", "documents": 1},
        ]
        asked = {"question": "年休假有多少天？", "collection": "财务"}
        assert {one["document"] for one in client.post("/api/ask", json=asked).json()["retrieved"]} == {
            "财务办法"
        }
        assert {hit["document"] for hit in client.post("/api/search", json=asked).json()["hits"]} == {
            "财务办法"
        }
        assert {
            hit["document"]
            for hit in client.get("/api/search", params={"q": "年休假", "collection": "人事"}).json()["hits"]
        } == {"人事办法"}
        refused = client.post("/api/ask", json=asked | {"collection": "党建"})
        assert refused.status_code == 400 and "人事" in json.dumps(refused.json(), ensure_ascii=False)
        assert [d["collections"] for d in client.get("/api/documents").json()["documents"]] == [
            ["人事"],
            ["财务"],
        ]

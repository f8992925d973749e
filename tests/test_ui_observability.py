"""What the operator sees: request ids, log lines without words, figures by how answers ended."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_corpus import fake_engine
from fastapi.testclient import TestClient
from ui_fakes import guarded

from ui.observability import ConsoleLines, JsonLines, MeasuredEngine, Metrics, Observed, request_id
from ui.settings import UiSettings

ASKED = {"question": "年休假怎么申请？"}


def test_every_response_has_a_request_id_and_a_log_line_without_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = guarded(UiSettings(), tmp_path)
    logging.getLogger("wenju").propagate = True
    with caplog.at_level(logging.INFO, "wenju"), TestClient(app, base_url="http://localhost") as client:
        given = client.get("/api/search", params={"q": "住宿费"}, headers={"x-request-id": "abc-1"})
        assert given.headers["x-request-id"] == "abc-1"
        made = client.post("/api/ask", json=ASKED, headers={"x-request-id": "bad id\u00ff".encode("latin-1")})
        assert len(made.headers["x-request-id"]) == 16
        client.get("/nothing/secret-token")
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "wenju.http"]
    assert [json.loads(line)["route"] for line in lines] == ["/api/search", "/api/ask", "other"]
    assert not any(word in line for line in lines for word in ("住宿", "年休", "secret-token", "?q"))


def test_log_lines_for_programs_and_for_people() -> None:
    record = logging.LogRecord("wenju.ui", logging.ERROR, __file__, 1, "broken: %s", ("x",), None)
    record.fields = {"rows": 3}
    token = request_id.set("r1")
    try:
        line = json.loads(JsonLines().format(record))
        assert (line["level"], line["message"], line["rows"], line["request"]) == (
            "error",
            "broken: x",
            3,
            "r1",
        )
        assert ConsoleLines().format(record).endswith("error   wenju.ui [r1] broken: x rows=3")
    finally:
        request_id.reset(token)


def test_answers_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    metrics = Metrics()
    engine = MeasuredEngine(fake_engine(), metrics)  # type: ignore[arg-type]
    for question in ("年休假怎么申请？", "食堂几点开门", "出错"):
        try:
            list(engine.stream(question))
        except Exception as error:
            assert "scripted" in str(error)
    stopped = engine.stream("慢慢讲")
    next(stopped)
    stopped.close()
    value = metrics.registry.get_sample_value
    for outcome in ("answered", "refused", "failed", "stopped"):
        assert value("wenju_answers_total", {"outcome": outcome}) == 1, outcome
    assert (
        value("wenju_answer_seconds_count") == 2
        and value("wenju_tokens_total", {"kind": "prompt_tokens"}) == 824
    )


def test_a_failing_request_is_counted_and_still_has_its_id() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("inside")

    metrics = Metrics()

    async def main() -> None:
        transport = httpx.ASGITransport(app=Observed(broken, metrics), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            await client.get("/x")

    asyncio.run(main())
    labels = {"route": "other", "method": "GET", "status": "500"}
    assert metrics.registry.get_sample_value("wenju_http_requests_total", labels) == 1

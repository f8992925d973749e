"""The server around the page: the port, the waiting page, prefixes behind nginx, log lines, figures, its end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from ui_fakes import guarded, running

from errors import SettingsError
from ui.doorway import Doorway, prefixed
from ui.observability import ConsoleLines, JsonLines, Metrics, Observed, request_id
from ui.server import address_of, listen
from ui.settings import UiSettings
from ui.storage import SqlStore
from ui.storage_care import counts

ASKED = {"question": "年休假怎么申请？"}
TESTS = Path(__file__).parent


def test_a_port_that_is_taken_is_said_with_the_next_step() -> None:
    with listen("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} on 127.0.0.1 is taken") as refused:
            listen("127.0.0.1", port)
        assert f"--port {port + 1}" in refused.value.hint
        assert address_of(UiSettings(root_path="wenju/"), held) == f"http://127.0.0.1:{port}/wenju/"
        assert address_of(UiSettings(public_url="https://ask.example.org/"), held) == "https://ask.example.org/"


def test_an_address_that_is_not_ours_is_said() -> None:
    with pytest.raises(SettingsError, match="Cannot listen on 203.0.113.1"):
        listen("203.0.113.1", 0)


def test_while_the_application_is_made_the_doorway_answers() -> None:
    go, closed = threading.Event(), threading.Event()
    inner = FastAPI()

    @inner.get("/chat/")
    def chat() -> str:
        return "the page"

    def build() -> tuple[Any, FastAPI]:
        go.wait(5)
        return inner, inner

    with TestClient(Doorway(UiSettings(), build, _fail, closed.set)) as client:
        page = client.get("/chat/", headers={"accept": "text/html"})
        assert page.status_code == 200 and 'http-equiv="refresh"' in page.text and "正在启动" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert client.get("/healthz").status_code == 200 and client.get("/readyz").status_code == 503
        assert client.post("/api/ask", json=ASKED).json()["error"]["code"] == "starting"
        go.set()
        deadline = time.monotonic() + 5
        while client.get("/chat/").text != '"the page"':
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert closed.is_set()


def test_an_application_that_cannot_be_made_stops_the_server() -> None:
    failures: list[BaseException] = []

    def build() -> tuple[Any, FastAPI]:
        raise SettingsError("no such thing")

    with TestClient(Doorway(UiSettings(), build, failures.append)) as client:
        deadline = time.monotonic() + 5
        while not failures and time.monotonic() < deadline:
            client.get("/healthz")
    assert isinstance(failures[0], SettingsError)


@pytest.mark.parametrize(
    ("path", "becomes"),
    [("/chat/", "/w/chat/"), ("/w/chat/", "/w/chat/"), ("/w", "/w"), ("/water", "/w/water"), ("/", "/w/")],
)
def test_the_prefix_is_put_in_place_whether_it_was_stripped_or_not(path: str, becomes: str) -> None:
    scope = {"path": path, "raw_path": path.encode()}
    prefixed(scope, "/w")
    assert scope == {"path": becomes, "raw_path": becomes.encode(), "root_path": "/w"}
    plain = {"path": path}
    prefixed(plain, "")
    assert plain == {"path": path}


def test_every_response_has_a_request_id_and_a_log_line_without_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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
        assert (line["level"], line["message"], line["rows"], line["request"]) == ("error", "broken: x", 3, "r1")
        assert ConsoleLines().format(record).endswith("error   wenju.ui [r1] broken: x rows=3")
    finally:
        request_id.reset(token)


def test_answers_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    from fake_corpus import fake_engine

    from ui.observability import MeasuredEngine

    metrics = Metrics()
    engine = MeasuredEngine(fake_engine(), metrics)  # type: ignore[arg-type]
    for question in ("年休假怎么申请？", "食堂几点开门", "出错"):
        try:
            engine.answer(question)
        except Exception as error:
            assert "scripted" in str(error)
    stopped = engine.stream("慢慢讲")
    next(stopped)
    stopped.close()
    value = metrics.registry.get_sample_value
    for outcome in ("answered", "refused", "failed", "stopped"):
        assert value("wenju_answers_total", {"outcome": outcome}) == 1, outcome
    assert value("wenju_answer_seconds_count") == 2 and value("wenju_tokens_total", {"kind": "prompt_tokens"}) == 824


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


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Any]:
    """Start nginx with the given locations on a free port of this machine; skipped where it is not installed."""
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(binary).exists():
        pytest.skip("nginx is not installed (Debian: apt-get install nginx-light)")
    started: list[subprocess.Popen[bytes]] = []

    def start(locations: str) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        temp = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = tmp_path / f"nginx-{port}.conf"
        conf.write_text(
            f"daemon off; master_process off; pid {tmp_path}/pid-{port}; error_log {tmp_path}/error.log; events {{}} http {{ {temp}"
            f"access_log off; server {{ listen 127.0.0.1:{port}; proxy_buffering off; {locations} }} }}"
        )
        started.append(subprocess.Popen([binary, "-p", str(tmp_path), "-c", str(conf)], stderr=subprocess.PIPE))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.05)
        raise AssertionError((tmp_path / "error.log").read_text())

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=10)


FORWARD = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"


def test_the_whole_page_under_a_prefix_behind_nginx_stripped_or_not(nginx: Any, tmp_path: Path) -> None:
    from fake_corpus import fake_engine

    from ui.assembly import assemble
    from ui.auth import SignOn

    settings = UiSettings(root_path="/wenju", rate_per_minute=0)
    store = SqlStore.open("", tmp_path)
    sign_on = SignOn(settings, tmp_path)
    door = Doorway(settings, lambda: assemble(settings, fake_engine(), store, sign_on), _fail, store.close)  # type: ignore[arg-type]
    with running(door, proxy_headers=False) as upstream:
        _until_ready(upstream)
        for target in (upstream, f"{upstream}/"):  # without and with stripping
            proxy = nginx(f"location /wenju/ {{ proxy_pass {target}; {FORWARD} }}")
            with httpx.Client(base_url=f"{proxy}/wenju", timeout=20) as client:
                page = client.get("/chat/", headers={"accept": "text/html"})
                assert page.status_code == 200 and "/wenju/static/ui.js" in page.text and "/wenju/wenju" not in page.text
                config = client.get("/chat/config")
                assert config.status_code == 200 and config.json()["root"] == f"{proxy}/wenju/chat"
                for script in re.findall(r'(?:src|href)="([^"]+\.(?:js|css))[?"]', page.text):
                    assert client.get(urljoin(f"{proxy}/wenju/chat/", script)).status_code == 200, script
                assert client.get("/").headers["location"] == "/wenju/chat/"
                assert client.get("/page/state").json()["ready"] is True
                assert client.get("/documents").status_code == 200
                assert client.post("/api/ask", json=ASKED).json()["refused"] is False
                assert client.get("/chat/gradio_api/info").status_code == 404


def _until_ready(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not become ready")


SERVE = """
import sys, types
from pathlib import Path
from fake_corpus import fake_engine
from ui.server import serve
from ui.settings import UiSettings
port, data = int(sys.argv[1]), Path(sys.argv[2])
serve(types.SimpleNamespace(ui=UiSettings(port=port, log_format="json"), data=data, engine=None), fake_engine(pace=0.2))
"""


def _serve(port: int, data: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join((str(TESTS.parent), str(TESTS)))
    env = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", SERVE, str(port), str(data)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_during_an_answer_the_conversation_says_so_and_a_second_server_stops_in_order(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    first = _serve(port, tmp_path)
    try:
        assert address in (first.stdout.readline() if first.stdout else "")
        _until_ready(address)
        config = httpx.get(f"{address}/chat/config", timeout=20).json()
        submit = next(d["id"] for d in config["dependencies"] if any(target[1] == "submit" for target in d["targets"]))
        body = {"data": ["慢慢讲", None], "fn_index": submit, "session_hash": "abc123", "event_data": None, "trigger_id": None}
        joined = httpx.post(f"{address}/chat/gradio_api/queue/join", json=body, timeout=20)
        assert joined.status_code == 200, joined.text
        store = SqlStore.open("", tmp_path)
        deadline = time.monotonic() + 10
        while not counts(store.database)["wenju_exchanges"] and time.monotonic() < deadline:
            time.sleep(0.05)
        (row,) = store.conversations("local")
        assert [e.status for e in store.exchanges("local", row.id) or ()] == ["running"]
        first.kill()
        first.communicate(timeout=10)
        second = _serve(port, tmp_path)
        try:
            _until_ready(address)
            (cut,) = store.exchanges("local", row.id) or ()
            assert cut.status == "failed" and "重启" in cut.message
            text = httpx.get(f"{address}/page/conversations/{row.id}/export.md", timeout=20).text
            assert "慢慢讲" in text and "重启" in text
            second.send_signal(signal.SIGTERM)
            _, log = second.communicate(timeout=15)
            assert any(json.loads(line)["message"] == "stopped" for line in log.splitlines() if line.startswith("{"))
        finally:
            second.kill()
            second.communicate(timeout=10)
            store.close()
    finally:
        first.kill()
        first.communicate(timeout=10)


def _fail(error: BaseException) -> None:
    raise error


def test_fifty_people_ask_at_once_again_and_again_and_memory_stays_flat(tmp_path: Path) -> None:
    """Nobody gets an error, everybody a place in line; what an answer took is given back."""
    import tracemalloc

    from fake_corpus import fake_engine
    from ui_fakes import api_app

    store = SqlStore.open("", tmp_path)
    app = api_app(UiSettings(slots=1, rate_per_minute=0), fake_engine(), store)

    async def person(client: httpx.AsyncClient, number: int) -> str:
        body = {"question": "出差回来多久报销" if number % 2 else "食堂几点开门", "stream": True}
        async with client.stream("POST", "/api/ask", json=body) as reply:
            assert reply.status_code == 200
            names = [line async for line in reply.aiter_lines() if line.startswith("event: ")]
        assert names[-1] == "event: done"
        return names[0]

    async def crowd() -> tuple[int, int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t", timeout=None) as client:
            sizes = []
            for _ in range(3):
                first = await asyncio.gather(*(person(client, number) for number in range(50)))
                assert first.count("event: queued") == 49  # all but the one who is served at once
                sizes.append(tracemalloc.get_traced_memory()[0])
            return sizes[0], sizes[-1]

    tracemalloc.start()
    try:
        before, after = asyncio.run(crowd())
    finally:
        tracemalloc.stop()
    assert after - before < 400_000, f"100 answers left {after - before} bytes behind"
    assert counts(store.database)["wenju_asked"] == 150 and app.state.admission.load == (0, 0)
    store.close()


def test_the_load_test_tells_how_a_crowd_fared(tmp_path: Path) -> None:
    from fake_corpus import fake_engine

    from ui.loadtest import crowd, report

    app, _ = guarded(UiSettings(rate_per_minute=0, queue_size=6), tmp_path, engine=fake_engine(pace=0.02))
    with running(app) as address:
        results, memory = asyncio.run(crowd(address, ["出差回来多久报销", "食堂几点开门"], 8))
    text = report(results, memory)
    assert "7 done, 1 http 503" in text and "6 told, 1 to 6" in text and "memory MiB" in text

"""The server around the page: the port, the waiting page, prefixes behind nginx, a kill and an orderly
end."""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from browser import free_port
from fake_corpus import fake_engine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from processes import FORWARD, fresh, nginx, serve, until_ready
from ui_fakes import running
from waiting import until

from errors import SettingsError
from ui.assembly import assemble
from ui.auth import SignOn
from ui.opening import address_of, listen
from ui.server import SHARED
from ui.settings import UiSettings
from ui.startup import StartupApp, prefixed
from ui.storage import Store
from ui.storage_care import counts

ROOT = Path(__file__).parent.parent
ASKED = {"question": "年休假怎么申请？"}


def test_a_port_that_is_taken_is_said_with_the_next_step() -> None:
    with listen("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} on 127.0.0.1 is taken") as refused:
            listen("127.0.0.1", port)
        assert f"--port {port + 1}" in refused.value.hint
        assert address_of(UiSettings(root_path="wenju/"), held) == f"http://127.0.0.1:{port}/wenju/"
        assert (
            address_of(UiSettings(public_url="https://ask.example.org/"), held) == "https://ask.example.org/"
        )


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

    with TestClient(StartupApp(UiSettings(), build, _fail, closed.set)) as client:
        page = client.get("/chat/", headers={"accept": "text/html"})
        assert page.status_code == 200 and 'http-equiv="refresh"' in page.text and "正在加载模型" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert client.get("/healthz").status_code == 200 and client.get("/readyz").status_code == 503
        assert client.post("/api/ask", json=ASKED).json()["error"]["code"] == "starting"
        go.set()
        until(lambda: client.get("/chat/").text == '"the page"')
    assert closed.is_set()


def test_an_application_that_cannot_be_made_stops_the_server() -> None:
    failures: list[BaseException] = []

    def build() -> tuple[Any, FastAPI]:
        raise SettingsError("no such thing")

    with TestClient(StartupApp(UiSettings(), build, failures.append)) as client:
        until(lambda: client.get("/healthz") and failures)
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


def test_the_whole_page_under_a_prefix_behind_nginx_stripped_or_not(tmp_path: Path) -> None:
    settings = UiSettings(root_path="/wenju", rate_per_minute=0)
    store = Store.open("", tmp_path)
    sign_on = SignOn(settings, tmp_path)
    door = StartupApp(settings, lambda: assemble(settings, fake_engine(), store, sign_on), _fail, store.close)  # type: ignore[arg-type]
    with running(door, proxy_headers=False) as upstream, nginx(tmp_path) as start:
        until_ready(upstream)
        for target in (upstream, f"{upstream}/"):  # without and with stripping
            proxy = start(f"location /wenju/ {{ proxy_pass {target}; {FORWARD} }}")
            with httpx.Client(base_url=f"{proxy}/wenju", timeout=20) as client:
                page = client.get("/chat/", headers={"accept": "text/html"})
                assert (
                    page.status_code == 200
                    and "/wenju/static/ui.js" in page.text
                    and "/wenju/wenju" not in page.text
                )
                config = client.get("/chat/config")
                assert config.status_code == 200 and config.json()["root"] == f"{proxy}/wenju/chat"
                for script in re.findall(r'(?:src|href)="([^"]+\.(?:js|css))[?"]', page.text):
                    assert client.get(urljoin(f"{proxy}/wenju/chat/", script)).status_code == 200, script
                assert client.get("/").headers["location"] == "/wenju/chat/"
                assert client.get("/page/state").json()["ready"] is True
                assert client.get("/documents").status_code == 200
                assert client.post("/api/ask", json=ASKED).json()["refused"] is False
                assert client.get("/chat/gradio_api/info").status_code == 404


def test_killed_during_an_answer_the_conversation_says_so_and_a_second_server_stops_in_order(
    tmp_path: Path,
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    first = serve(port, tmp_path)
    try:
        assert address in (first.stdout.readline() if first.stdout else "")
        until_ready(address)
        config = httpx.get(f"{address}/chat/config", timeout=20).json()
        submit = next(
            d["id"] for d in config["dependencies"] if any(target[1] == "submit" for target in d["targets"])
        )
        body = {
            "data": ["慢慢讲", None],
            "fn_index": submit,
            "session_hash": "abc123",
            "event_data": None,
            "trigger_id": None,
        }
        joined = httpx.post(f"{address}/chat/gradio_api/queue/join", json=body, timeout=20)
        assert joined.status_code == 200, joined.text
        store = Store.open("", tmp_path)
        until(lambda: counts(store.database)["wenju_exchanges"])
        (row,) = store.conversations("local")
        assert [e.status for e in store.exchanges("local", row.id) or ()] == ["running"]
        first.kill()
        first.communicate(timeout=10)
        second = serve(port, tmp_path)
        try:
            until_ready(address)
            (cut,) = store.exchanges("local", row.id) or ()
            assert cut.status == "failed" and "重启" in cut.message
            text = httpx.get(f"{address}/page/conversations/{row.id}/export.md", timeout=20).text
            assert "慢慢讲" in text and "重启" in text
            second.send_signal(signal.SIGTERM)
            _, log = second.communicate(timeout=15)
            assert any(
                json.loads(line)["message"] == "stopped" for line in log.splitlines() if line.startswith("{")
            )
        finally:
            second.kill()
            second.communicate(timeout=10)
            store.close()
    finally:
        first.kill()
        first.communicate(timeout=10)


def _fail(error: BaseException) -> None:
    raise error


def test_the_page_and_the_models_share_no_module_that_is_made_while_both_load() -> None:
    """They are imported side by side in two threads; what both need has to be there before
    (ui.server.SHARED)."""
    code = (
        "import sys, json; import wenju.cli, uvicorn, ui.server, "
        "ui.startup, ui.auth, ui.observability, ui.storage, {shared}\n"
        "before = set(sys.modules)\nimport {wanted}\n"
        "print(json.dumps(sorted(m for m in set(sys.modules) - before if '.' in m)))"
    )
    page = "ui.assembly, ui.app, ui.guard, ui.page, ui.theme, gradio"
    models = (
        "jieba.posseg, openvino, tokenizers, faiss, qa.engine, qa.pipeline, "
        "engine.paged, engine.batch, engine.tokens, index.retriever, index.encoder"
    )
    shared = ", ".join(SHARED)
    found = [set(json.loads(fresh(code.format(shared=shared, wanted=wanted)))) for wanted in (page, models)]
    both = {m.split(".")[0] for m in found[0] & found[1]} - set(sys.stdlib_module_names)
    assert both <= {"qa", "index", "models", "errors", "prompts", "ui", "packaging", "pydantic"}, both

"""The application around the chat: headers, denied routes, who sees what, readiness; no browser needed."""

from __future__ import annotations

import importlib
import re
from types import ModuleType

import pytest
from fake_corpus import LEAVE, fake_engine
from fastapi.testclient import TestClient
from page_fakes import CID, OURS, seed, who

from errors import ModelError
from ui.app import create_app
from ui.scripts import KnownScripts, toolkit
from ui.security import OPEN, denied
from ui.server import warm
from ui.settings import UiSettings
from ui.storage import Store


def test_page_has_a_nonce_on_its_inline_scripts_and_a_strict_policy(client: TestClient) -> None:
    got = client.get("/chat/", headers={"accept-encoding": "br, gzip"})
    policy = got.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None and got.status_code == 200
    inline = [
        s for s in re.findall(r"<script[^>]*>", got.text) if " src=" not in s and "application/json" not in s
    ]
    assert len(inline) == 5 and all(f'nonce="{nonce.group(1)}"' in s for s in inline)
    assert got.text.count("nonce=") == 5
    assert "unsafe-eval" not in policy and "'unsafe-inline'" not in policy.split("style-src")[0]
    assert "frame-ancestors 'self' https://portal.example" in policy and "x-frame-options" not in got.headers
    assert got.headers["cache-control"] == "no-store"
    assert client.get("/chat/").headers["content-security-policy"] != policy


def test_page_asks_nothing_of_other_hosts(client: TestClient) -> None:
    page = client.get("/chat/").text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!testserver)[^"]+', page)
    assert "og:image" not in page


def test_frame_is_there_before_any_script_has_run(client: TestClient) -> None:
    page = client.get("/chat/").text
    assert '<html lang="zh-CN"' in page and "制度问答" in page and "依据 4 份文档" in page
    head = page[: page.index("</head>")]
    assert "/static/ui.css" in head and "/static/theme.js" in head and "/static/icon.svg" in head
    english = client.get("/chat/?lang=en").text
    assert '<html lang="en"' in english and "from 4 documents" in english
    embedded = client.get("/chat/?embed=1").text
    assert 'id="wj-head"' not in embedded and 'id="wj-panel"' in embedded


DENIED = (
    "upload",
    "call/submit",
    "api/submit",
    "info",
    "openapi.json",
    "deep_link",
    "proxy=http://x",
    "run/submit",
    "run-history/buckets",
    "vibe-edit",
    "stream/x",
    "process_recording",
    "file=/etc/passwd",
)


def test_unused_gradio_routes_do_not_exist(client: TestClient) -> None:
    for path in DENIED:
        assert client.get(f"/chat/gradio_api/{path}").status_code == 404, path
        assert client.post(f"/chat/gradio_api/{path}").status_code == 404, path
        assert client.post(f"/chat//gradio_api/{path}").status_code == 404, path


def test_a_route_that_the_next_gradio_brings_is_shut(client: TestClient) -> None:
    opened = {"/chat" + path for path in OPEN}
    assert denied("/chat/gradio_api/brand_new", "POST") and denied("/chat/new_page")
    assert (
        denied("/chat/assets/../gradio_api/upload")
        and denied("/chat/assets/x", "POST")
        and denied("/chat/config", "POST")
    )
    mounted = next(r for r in client.app.routes if getattr(r, "path", "") == "/chat")  # type: ignore[attr-defined]
    known = {"/chat" + r.path for r in mounted.app.routes if hasattr(r, "path")}
    assert len(known) > 15, "what Gradio itself has"
    reachable = {path for path in known if not denied(path) or not denied(path, "POST")}
    assert reachable <= opened | {
        "/chat/assets/{path:path}",
        "/chat/static/{path:path}",
        "/chat/static",
        "/chat/gradio_api/heartbeat/{session_hash}",
    }


def test_a_script_that_is_not_the_templates_gets_no_nonce() -> None:
    known = KnownScripts(
        '<script>window.config = {{ config }};</script><script a>go()</script><script src="x.js"></script>'
    )
    page = (
        '<script>window.config = {"t": "<\\u002fscript>"};</script>'
        "<script>go()</script><script>steal()</script><script a>go()</script>"
        "<script>window.config = steal();</script><script>window.config = {};</script>"
        '<script src="//evil.invalid/x.js"></script><script a>go()</script>'
    )
    signed = known.sign(page.encode(), "N").decode()
    assert re.findall(r'<script[^>]* nonce="N">[^<]*', signed) == [
        '<script nonce="N">window.config = {"t": "',
        '<script a nonce="N">go()',
    ]


def test_needed_gradio_routes_are_open() -> None:
    for path in ("queue/data", "heartbeat/x", "startup-events"):
        assert not denied(f"/chat/gradio_api/{path}")
    for path in ("queue/join", "cancel", "reset", "run/predict"):
        assert not denied(f"/chat/gradio_api/{path}", "POST") and denied(f"/chat/gradio_api/{path}")
    assert (
        not denied("/chat/assets/index.js") and not denied("/chat/config") and not denied("/chat/theme.css")
    )
    assert denied("/chat/monitoring") and denied("/chat/gradio_api/run/predict_x")


def test_cors_answers_listed_origins_only(client: TestClient) -> None:
    for origin, allowed in (
        ("https://portal.example", True),
        ("https://evil.example", False),
        ("null", False),
    ):
        got = client.get("/chat/config", headers={"origin": origin})
        assert (got.headers.get("access-control-allow-origin") == origin) is allowed
        assert "access-control-allow-credentials" not in got.headers


def test_nobody_sees_nothing(client: TestClient) -> None:
    nobody = {"x-test-user": "nobody"}
    for path in ("/documents", f"/documents/{LEAVE.id}", "/page/conversations", "/chat/config"):
        assert client.get(path, headers=nobody).status_code == 401
    assert client.get("/healthz", headers=nobody).json() == {"status": "ok"}
    told = [client.get("/page/state", headers=h).headers["x-wenju-signed-on"] for h in (nobody, {})]
    assert told == ["0", "1"], "a page whose sign-on has ended finds out"


def test_an_embedded_visitor_may_only_ask(client: TestClient, store: Store) -> None:
    seed(store, "visitor")
    visitor = {"x-test-user": "visitor"} | OURS
    for path in (
        "/documents",
        "/page/conversations",
        f"/page/conversations/{CID}/export.md",
        "/admin",
        "/admin/weeks.csv",
    ):
        assert client.get(path, headers=visitor).status_code == 403
    assert client.get("/chat/", headers=visitor).status_code == 200


def test_not_found_is_a_page_for_people_and_json_for_programs(client: TestClient) -> None:
    assert "没有这个页面" in client.get("/documents/none", headers={"accept": "text/html"}).text
    assert client.get("/documents/none").json() == {"detail": "no such document"}


def test_ready_only_when_everything_is_loaded() -> None:
    engine = fake_engine(loaded=False)
    with TestClient(create_app(UiSettings(), engine, Store.in_memory(), who)) as c:  # type: ignore[arg-type]
        assert c.get("/readyz").status_code == 503 and "正在加载模型" in c.get("/chat/").text
        engine.warm()
        assert c.get("/readyz").json()["ready"] is True


def test_the_page_says_why_the_models_did_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = fake_engine(loaded=False)

    def broken() -> None:
        raise ModelError("/models/<b>.gguf is damaged", "wenju models pull fetches it again")

    monkeypatch.setattr(engine, "warm", broken)
    app = create_app(UiSettings(), engine, Store.in_memory(), who)  # type: ignore[arg-type]
    with TestClient(app) as c:
        assert c.get("/page/state").json()["failure"] == "" and "正在加载模型" in c.get("/chat/").text
        warm(engine, app.state.admission)  # type: ignore[arg-type]
        page = c.get("/chat/").text
        assert 'id="wj-loading" class="failed" role="alert"' in page and "正在加载模型，" not in page
        assert "&lt;b&gt;.gguf is damaged" in page and "wenju models pull" in page
        assert "wenju models pull" in c.get("/page/state").json()["failure"]
        assert "Next: wenju models pull" in c.get("/page/state?lang=en").json()["failure"]
        for name in ("li", "nobody", "visitor"):
            said = c.get("/page/state", headers={"x-test-user": name}).json()["failure"]
            assert "请联系管理员" in said and "gguf" not in said
        assert c.get("/readyz").json()["failed"] is True and c.get("/readyz").status_code == 503
        engine.loaded = True
        assert c.get("/page/state").json() | {"boot": ""} == {"boot": "", "ready": True, "failure": ""}


@pytest.mark.parametrize(
    ("auth", "there"), [("token", True), ("oidc", True), ("header", False), ("off", False), ("auto", False)]
)
def test_whoever_has_a_session_can_end_it(auth: str, there: bool) -> None:
    settings = UiSettings(auth=auth, root_path="/wenju")  # type: ignore[arg-type]
    with TestClient(create_app(settings, fake_engine(), Store.in_memory(), who)) as c:  # type: ignore[arg-type]
        for path in ("/chat/", "/documents"):
            page = c.get(path, headers={"x-test-user": "li<b>"}).text
            assert ('<form class="out" method="post" action="/wenju/sign-out">' in page) is there, path
            assert ("退出登录（li&lt;b&gt;）" in page) is there and "li<b>" not in page
        assert (
            "/sign-out"
            not in c.get("/chat/?embed=1").text + c.get("/chat/", headers={"x-test-user": "visitor"}).text
        )


def test_widget_is_served_to_other_origins(client: TestClient) -> None:
    got = client.get("/widget.js")
    assert got.headers["content-type"].startswith("text/javascript")
    assert got.headers["cross-origin-resource-policy"] == "cross-origin" and "postMessage" in got.text
    assert (
        client.get("/embed?lang=en", follow_redirects=False).headers["location"] == "/chat/?embed=1&lang=en"
    )


def test_a_server_set_to_english_says_so_unless_the_address_asks_otherwise() -> None:
    with TestClient(create_app(UiSettings(lang="en"), fake_engine(), Store.in_memory(), who)) as c:  # type: ignore[arg-type]
        assert (
            '<html lang="en"' in c.get("/chat/").text and '<html lang="zh-CN"' in c.get("/chat/?lang=zh").text
        )
        assert '<html lang="en"' in c.get("/chat/?lang=fr").text


def test_a_toolkit_that_was_in_the_way_of_another_thread_is_imported_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, tried = importlib.import_module, []

    def first_fails(name: str, package: str | None = None) -> ModuleType:
        tried.append(name)
        if len(tried) == 1:
            raise SystemError("AST constructor recursion depth mismatch")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", first_fails)
    assert toolkit().__name__ == "gradio" and tried == ["gradio", "gradio"]

"""The application around the chat: headers, denied routes, documents, history, feedback; no browser needed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_corpus import APPLY, LEAVE, fake_engine
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection

from errors import ModelError
from ui.app import create_app
from ui.security import denied
from ui.server import warm
from ui.settings import UiSettings
from ui.store import Exchange
from ui.store_memory import MemoryStore, now
from ui.viewer import Viewer

OURS = {"X-Wenju": "1"}
CID = "0123456789abcdef"


def who(connection: HTTPConnection) -> Viewer | None:
    """Sign-on for tests: the header says who; 'nobody' is not signed on."""
    name = connection.headers.get("x-test-user", "admin")
    if name == "nobody":
        return None
    return Viewer(name, "administrator" if name == "admin" else "reader", may_only_ask=name == "visitor")


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    (tmp_path / LEAVE.source).write_bytes(b"%PDF-1.4 fake")
    return tmp_path


@pytest.fixture()
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture()
def client(folder: Path, store: MemoryStore) -> Iterator[TestClient]:
    settings = UiSettings(allowed_origins=("https://portal.example",), originals=folder, title="制度问答")
    with TestClient(create_app(settings, fake_engine(), store, who), base_url="http://testserver") as c:  # type: ignore[arg-type]
        yield c


def seed(store: MemoryStore, user: str = "admin", question: str = "年休假怎么申请？") -> None:
    store.save(user, CID, Exchange("e1", question, now(), "done", fake_engine().answer(question)))


def test_page_has_a_nonce_on_every_script_and_a_strict_policy(client: TestClient) -> None:
    got = client.get("/chat/", headers={"accept-encoding": "br, gzip"})
    policy = got.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None and got.status_code == 200
    scripts = re.findall(r"<script[^>]*>", got.text)
    assert len(scripts) > 4 and all(f'nonce="{nonce.group(1)}"' in s for s in scripts)
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
    english = client.get("/chat/?lang=en").text
    assert '<html lang="en"' in english and "from 4 documents" in english
    embedded = client.get("/chat/?embed=1").text
    assert 'id="wj-head"' not in embedded and 'id="wj-panel"' in embedded


DENIED = (
    "upload", "call/submit", "api/submit", "info", "openapi.json", "deep_link", "proxy=http://x", "run/submit", "run-history/buckets", "vibe-edit", "stream/x", "process_recording", "file=/etc/passwd",
)


def test_unused_gradio_routes_do_not_exist(client: TestClient) -> None:
    for path in DENIED:
        assert client.get(f"/chat/gradio_api/{path}").status_code == 404, path
        assert client.post(f"/chat/gradio_api/{path}").status_code == 404, path
        assert client.post(f"/chat//gradio_api/{path}").status_code == 404, path


def test_needed_gradio_routes_are_open() -> None:
    for path in ("queue/join", "queue/data", "heartbeat/x", "cancel", "reset", "startup-events"):
        assert not denied(f"/chat/gradio_api/{path}")
    assert not denied("/chat/assets/index.js") and not denied("/chat/config") and not denied("/chat/theme.css")
    assert denied("/chat/monitoring") and denied("/chat/gradio_api/run/predict_x")


def test_cors_answers_listed_origins_only(client: TestClient) -> None:
    for origin, allowed in (("https://portal.example", True), ("https://evil.example", False), ("null", False)):
        got = client.get("/chat/config", headers={"origin": origin})
        assert (got.headers.get("access-control-allow-origin") == origin) is allowed
        assert "access-control-allow-credentials" not in got.headers


def test_nobody_sees_nothing(client: TestClient) -> None:
    nobody = {"x-test-user": "nobody"}
    for path in ("/documents", f"/documents/{LEAVE.id}", "/page/conversations", "/chat/config"):
        assert client.get(path, headers=nobody).status_code == 401
    assert client.get("/healthz", headers=nobody).json() == {"status": "ok"}


def test_an_embedded_visitor_may_only_ask(client: TestClient, store: MemoryStore) -> None:
    seed(store, "visitor")
    visitor = {"x-test-user": "visitor"} | OURS
    for path in ("/documents", "/page/conversations", f"/page/conversations/{CID}/export.md", "/documents/missed"):
        assert client.get(path, headers=visitor).status_code == 403
    assert client.get("/chat/", headers=visitor).status_code == 200


def test_reader_marks_exactly_the_span(client: TestClient) -> None:
    start = LEAVE.text.index(APPLY)
    page = client.get(f"/documents/{LEAVE.id}?start={start}&end={start + len(APPLY)}").text
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", page) == [APPLY] and page.count('id="span"') == 1
    for paragraph in LEAVE.text.split("\n\n"):
        assert paragraph.strip() in re.sub(r"</?mark[^>]*>", "", page)
    assert "original#page=3" in page
    for bad in ("start=5&end=3", "start=-2&end=9", "start=0&end=999999"):
        assert "<mark" not in client.get(f"/documents/{LEAVE.id}?{bad}").text


def test_a_span_over_two_blocks_is_marked_in_both_with_one_anchor(client: TestClient) -> None:
    start = LEAVE.text.index("由处室负责人审批，超过3天")
    page = client.get(f"/documents/{LEAVE.id}?start={start}&end={start + 80}").text
    assert len(re.findall(r"<mark", page)) == 2 and page.count('id="span"') == 1


def test_original_opens_at_its_page_and_never_outside_the_folder(client: TestClient, folder: Path) -> None:
    got = client.get(f"/documents/{LEAVE.id}/original")
    assert got.headers["content-type"] == "application/pdf" and got.headers["content-disposition"].startswith("inline")
    assert client.get("/documents/ffff/original").status_code == 404
    (folder / LEAVE.source).unlink()
    (folder / LEAVE.source).symlink_to("/etc/passwd")
    assert client.get(f"/documents/{LEAVE.id}/original").status_code == 404


def test_search_without_generation(client: TestClient) -> None:
    page = client.get("/documents", params={"q": "住宿费限额<b>"}).text
    assert "每人每天500元" in page and "住宿费限额&lt;b&gt;" in page and "<b>" not in page


def test_upload_index_delete(client: TestClient, folder: Path) -> None:
    def upload(name: str, data: bytes) -> dict[str, object]:
        got = client.post("/documents/upload", files={"file": (name, data)}, headers=OURS)
        assert got.status_code == 200, got.text
        for _ in range(200):
            job = client.get(f"/documents/jobs/{got.json()['job']}").json()
            if job["state"] in ("done", "failed"):
                return dict(job)
            time.sleep(0.01)
        raise AssertionError("the job never ended")

    assert upload("../../新规定.md", "新规定的第一段。".encode())["state"] == "done"
    assert (folder / "新规定.md").is_file()
    page = client.get("/documents").text
    assert "新规定" in page
    assert "is empty" in str(upload("空.txt", b"")["error"])
    assert client.post("/documents/upload", files={"file": ("a.exe", b"x")}, headers=OURS).status_code == 415
    assert client.post("/documents/upload", files={"file": ("a.md", b"x")}).status_code == 403
    found = re.search(r'data-delete="([0-9a-f]+)" data-title="新规定"', page)
    assert found is not None
    assert client.delete(f"/documents/{found.group(1)}").status_code == 403
    assert client.delete(f"/documents/{found.group(1)}", headers=OURS).status_code == 200
    assert "新规定" not in client.get("/documents").text and not (folder / "新规定.md").exists()


def test_a_file_over_the_limit_is_not_kept(folder: Path) -> None:
    app = create_app(UiSettings(originals=folder, upload_max_mb=1), fake_engine(), None, who)  # type: ignore[arg-type]
    with TestClient(app) as c:
        got = c.post("/documents/upload", files={"file": ("大.txt", b"x" * (1 << 20) + b"y")}, headers=OURS)
    assert got.status_code == 413 and sorted(p.name for p in folder.iterdir()) == [LEAVE.source]


def test_administration_is_for_administrators(client: TestClient) -> None:
    reader = {"x-test-user": "li"} | OURS
    assert client.post("/documents/upload", files={"file": ("a.md", b"x")}, headers=reader).status_code == 403
    assert client.delete(f"/documents/{LEAVE.id}", headers=reader).status_code == 403
    assert client.post("/documents/reindex", headers=reader).status_code == 403
    assert client.get("/documents/missed", headers=reader).status_code == 403
    page = client.get("/documents", headers=reader).text
    assert "data-delete" not in page and 'type="file"' not in page


def test_history_belongs_to_one_user(client: TestClient, store: MemoryStore) -> None:
    seed(store)
    assert [r["title"] for r in client.get("/page/conversations").json()] == ["年休假怎么申请？"]
    assert client.get("/page/conversations", params={"q": "分管领导"}).json() and not client.get("/page/conversations", params={"q": "没有的词"}).json()
    other = {"x-test-user": "li"} | OURS
    assert client.get("/page/conversations", headers=other).json() == []
    assert client.patch(f"/page/conversations/{CID}", json={"title": "x"}, headers=other).status_code == 404
    assert client.delete(f"/page/conversations/{CID}", headers=other).status_code == 404
    assert client.get(f"/page/conversations/{CID}/export.md", headers=other).status_code == 404
    assert client.patch(f"/page/conversations/{CID}", json={"title": "休假"}).status_code == 403
    assert client.patch(f"/page/conversations/{CID}", json={"title": "休假"}, headers=OURS).status_code == 200
    assert client.get("/page/conversations").json()[0]["title"] == "休假"
    assert client.delete(f"/page/conversations/{CID}", headers=OURS).status_code == 200
    assert client.get("/page/conversations").json() == []


def test_export_and_share(client: TestClient, store: MemoryStore) -> None:
    seed(store)
    for form, kind in (("md", "text/markdown"), ("html", "text/html"), ("json", "application/json")):
        got = client.get(f"/page/conversations/{CID}/export.{form}")
        assert got.headers["content-type"].startswith(kind) and "attachment" in got.headers["content-disposition"]
        assert APPLY in got.text
    assert client.get(f"/page/conversations/{CID}/export.exe").status_code == 404
    path = client.post(f"/page/conversations/{CID}/share", json={}, headers=OURS).json()["path"]
    shared = client.get(path, headers={"x-test-user": "li"})
    assert APPLY in shared.text and "<script>" not in shared.text
    store.delete("admin", CID)
    assert client.get(path, headers={"x-test-user": "nobody"}).status_code == 401
    assert client.get("/shared/none").status_code == 404


def test_feedback_is_stored_with_the_answer_and_what_made_it(client: TestClient, store: MemoryStore) -> None:
    seed(store)
    body = {"conversation": CID, "exchange": "e1", "verdict": "down", "reasons": ["wrong_evidence", "x"], "comment": " 页码不对 "}
    assert client.post("/page/feedback", json=body, headers=OURS).status_code == 200
    (row,) = store.feedback()
    assert row.reasons == ("wrong_evidence",) and row.comment == "页码不对" and row.answer is not None
    assert row.settings == {"model": "fake-1.5b", "index": "fake-7"}
    assert client.post("/page/feedback", json=body).status_code == 403
    assert client.post("/page/feedback", json=body, headers=OURS | {"x-test-user": "li"}).status_code == 404
    client.post("/page/feedback", json=body | {"verdict": "up", "reasons": []}, headers=OURS)
    assert [f.verdict for f in store.feedback()] == ["up"]


def test_missed_questions_are_listed_by_how_often(client: TestClient, store: MemoryStore) -> None:
    for n, question in enumerate(("食堂几点开门？", "食堂几点开门", "停车位怎么申请？")):
        store.save("u", f"{n:016x}", Exchange(f"e{n}", question, now(), "done", fake_engine().answer(question)))
    page = client.get("/documents/missed").text
    assert page.index("食堂几点开门") < page.index("停车位怎么申请") and '<td class="num">2</td>' in page


def test_not_found_is_a_page_for_people_and_json_for_programs(client: TestClient) -> None:
    assert "没有这个页面" in client.get("/documents/none", headers={"accept": "text/html"}).text
    assert client.get("/documents/none").json() == {"detail": "no such document"}


def test_ready_only_when_everything_is_loaded(folder: Path) -> None:
    engine = fake_engine(loaded=False)
    with TestClient(create_app(UiSettings(), engine, None, who)) as c:  # type: ignore[arg-type]
        assert c.get("/readyz").status_code == 503 and "正在加载模型" in c.get("/chat/").text
        assert c.get("/page/conversations").status_code == 404
        engine.warm()
        assert c.get("/readyz").json()["ready"] is True


def test_the_page_says_why_the_models_did_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = fake_engine(loaded=False)

    def broken() -> None:
        raise ModelError("/models/<b>.gguf is damaged", "wenju models pull fetches it again")

    monkeypatch.setattr(engine, "warm", broken)
    app = create_app(UiSettings(), engine, None, who)  # type: ignore[arg-type]
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


@pytest.mark.parametrize(("auth", "there"), [("token", True), ("oidc", True), ("header", False), ("off", False), ("auto", False)])
def test_whoever_has_a_session_can_end_it(auth: str, there: bool) -> None:
    settings = UiSettings(auth=auth, root_path="/wenju")  # type: ignore[arg-type]
    with TestClient(create_app(settings, fake_engine(), MemoryStore(), who)) as c:  # type: ignore[arg-type]
        for path in ("/chat/", "/documents"):
            page = c.get(path, headers={"x-test-user": "li<b>"}).text
            assert ('<form class="out" method="post" action="/wenju/sign-out">' in page) is there, path
            assert ("退出登录（li&lt;b&gt;）" in page) is there and "li<b>" not in page
        assert "/sign-out" not in c.get("/chat/?embed=1").text + c.get("/chat/", headers={"x-test-user": "visitor"}).text


def test_widget_is_served_to_other_origins(client: TestClient) -> None:
    got = client.get("/widget.js")
    assert got.headers["content-type"].startswith("text/javascript")
    assert got.headers["cross-origin-resource-policy"] == "cross-origin" and "postMessage" in got.text
    assert client.get("/embed?lang=en", follow_redirects=False).headers["location"] == "/chat/?embed=1&lang=en"

"""No body is read before its sender is known and its size allowed; a file goes to disk once."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_corpus import fake_engine
from ui_fakes import BEHIND_A_PROXY, PAGE, api_app, client_at, guarded, running

from ui.app import create_app
from ui.body_limit import FORM_BYTES, BodyLimit
from ui.settings import UiSettings
from ui.storage import Store
from ui.viewer import Viewer, local_administrator

READER = {"x-remote-user": "li"}


def sent(
    app: Any, path: str, headers: dict[str, str], body: list[bytes] | None, method: str = "POST"
) -> tuple[int, dict[str, Any]]:
    """Call an ASGI application; ``body`` None fails the test when anybody reads it."""
    out: list[dict[str, Any]] = []
    pieces = iter(body or ())

    async def receive() -> dict[str, Any]:
        assert body is not None, "the body was read"
        piece = next(pieces, None)
        return (
            {"type": "http.disconnect"}
            if piece is None
            else {"type": "http.request", "body": piece, "more_body": True}
        )

    async def send(message: Any) -> None:
        out.append(message)

    raw = [(k.lower().encode(), v.encode()) for k, v in ({"host": "127.0.0.1"} | headers).items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": raw,
        "client": ("10.0.0.5", 5000),
        "server": ("ask", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    asyncio.run(app(scope, receive, send))
    text = b"".join(m.get("body", b"") for m in out if m["type"] == "http.response.body")
    return out[0]["status"], json.loads(text)


@pytest.mark.parametrize(
    "path",
    [
        "/api/ask",
        "/v1/chat/completions",
        "/documents/upload",
        "/chat/gradio_api/queue/join",
        "/page/feedback",
    ],
)
def test_a_body_of_somebody_unknown_is_not_read(path: str, tmp_path: Path) -> None:
    app, _ = guarded(BEHIND_A_PROXY, tmp_path)
    for length in ({"content-length": "10"}, {"transfer-encoding": "chunked"}):
        status, said = sent(app, path, length, None)
        assert status == 401
        assert ("error" in said) is path.startswith(("/api/", "/v1/")) and ("detail" in said) is not (
            "error" in said
        )


@pytest.mark.parametrize(
    ("path", "mb"),
    [("/api/ask", 0), ("/v1/chat/completions", 0), ("/page/feedback", 0), ("/documents/upload", 1)],
)
def test_an_announced_length_over_the_limit_is_refused_unread(path: str, mb: int, tmp_path: Path) -> None:
    settings = BEHIND_A_PROXY.model_copy(update={"upload_max_mb": 1})
    app, _ = guarded(settings, tmp_path)
    limit = (1 << 20) + FORM_BYTES if mb else 256 * 1024
    status, said = sent(app, path, READER | {"content-length": str(limit + 1)}, None)
    assert status == 413
    told = (
        said["error"]
        if path.startswith(("/api/", "/v1/"))
        else {"message": said["detail"], "code": "too_large"}
    )
    assert told["code"] == "too_large" and told["message"] == (
        "larger than 1 MB" if mb else "larger than 256 kB"
    )


def test_a_body_without_a_length_is_cut_off_at_the_limit(tmp_path: Path) -> None:
    app, _ = guarded(BEHIND_A_PROXY, tmp_path)
    endless = [b"x" * 65536] * 5
    for path in ("/api/ask", "/v1/chat/completions"):
        status, said = sent(app, path, READER | {"content-type": "application/json"}, endless)
        assert status == 413 and said["error"]["type"] == "invalid_request_error"


def test_signing_in_takes_little_and_an_answer_under_way_is_not_replaced(tmp_path: Path) -> None:
    read: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
        read.append(len((await receive())["body"]))

    limited = BodyLimit(app, UiSettings(), lambda connection: None)
    assert sent(limited, "/sign-in", {"content-length": "100"}, [b"x" * 100])[0] == 200 and read == [100]
    assert sent(limited, "/sign-in", {"content-length": "20000"}, None)[0] == 413
    assert sent(limited, "/documents", {}, [b"x" * 9], "GET")[0] == 200
    known = BodyLimit(app, UiSettings(), lambda connection: Viewer("li"))
    assert sent(known, "/page/x", {}, [b"x" * 300_000])[0] == 200 and read == [100, 9]


def test_over_the_wire_the_refusal_arrives(tmp_path: Path) -> None:
    app = BodyLimit(api_app(), UiSettings(rate_per_minute=0), local_administrator)
    with running(app) as address, httpx.Client(base_url=address, timeout=20) as client:
        large = {"question": "年" * 200_000}
        for _ in range(3):  # the connection is fit for use afterwards, or replaced
            refused = client.post("/api/ask", json=large)
            assert refused.status_code == 413 and refused.json()["error"]["code"] == "too_large"
            assert client.post("/api/ask", json={"question": "年休假怎么申请？"}).status_code == 200


def test_a_file_goes_to_disk_once_while_it_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*given: Any, **more: Any) -> Any:
        raise AssertionError("a temporary copy was made")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", nowhere)
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", nowhere)
    app = create_app(
        UiSettings(originals=tmp_path, upload_max_mb=1), fake_engine(), Store.in_memory(), local_administrator
    )  # type: ignore[arg-type]
    seen: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield (
            b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        )
        yield "甲".encode() + b'.txt"\r\nContent-Type: text/plain\r\n\r\n'
        for _ in range(10):
            yield b"y" * 65536
        deadline = time.monotonic() + 10
        while max(seen, default=0) <= 65536 and time.monotonic() < deadline:
            seen.extend(p.stat().st_size for p in tmp_path.rglob(".*.part"))
            time.sleep(0.01)
        yield b"\r\n--b--\r\n"

    ours = {"x-wenju": "1", "content-type": "multipart/form-data; boundary=b"}
    with running(app) as address, httpx.Client(base_url=address, timeout=20) as client:
        assert client.post("/documents/upload", content=pieces(), headers=ours).status_code == 200
        (kept,) = (tmp_path / ".waiting").glob("*/甲.txt")
        assert kept.stat().st_size == 10 * 65536 and max(seen) > 65536
        for body in (b"", b"--b\r\n\r\nx\r\n--b--\r\n", b"nonsense"):
            assert client.post("/documents/upload", content=body, headers=ours).status_code == 400
        assert client.post("/documents/upload", json={}, headers={"x-wenju": "1"}).status_code == 400
        half = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nyyy'
        assert client.post("/documents/upload", content=half, headers=ours).status_code == 400
    assert list((tmp_path / ".waiting").iterdir()) == [kept.parent]


def test_people_without_a_sign_on_still_get_their_page(tmp_path: Path) -> None:
    app, _ = guarded(BEHIND_A_PROXY, tmp_path)
    assert client_at(app).get("/chat/", headers=PAGE).status_code == 401
    assert client_at(app).get("/chat/", headers=PAGE | READER).status_code == 200

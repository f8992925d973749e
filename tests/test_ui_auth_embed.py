"""Who asks in a widget: a host's signed token, once; anonymous visitors; never more than asking."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from fastapi.testclient import TestClient
from pydantic import SecretStr
from ui_fakes import BEHIND_A_PROXY, PAGE, guarded
from ui_fakes import client_at as client

from ui.auth_signing import seal, server_key, unseal
from ui.storage_tokens import TokenTable

SECRET = "s" * 40


def entered(frame: TestClient, location: str) -> dict[str, str]:
    """Load the page under a code; the session that its script would send."""
    page = frame.get(location)
    assert page.status_code == 200 and page.json()["may_only_ask"]
    return {"x-wenju-embed": page.headers["x-test-session"]}


def test_a_hosts_token_becomes_a_session_once_and_lets_its_holder_ask(
    tmp_path: Path, table: TokenTable
) -> None:
    settings = BEHIND_A_PROXY.model_copy(update={"embed_secret": SecretStr(SECRET)})
    app, sign_on = guarded(settings, tmp_path, table.database)

    def signed(seconds: float = 60, purpose: str = "wenju:embed", key: str = SECRET, **claims: str) -> str:
        return seal(key, purpose, {"sub": "li", "jti": "one", "groups": ["hr"]} | claims, seconds)

    with client(app, "203.0.113.9", base_url="http://ask") as frame:
        moved = frame.get("/chat/", params={"embed": "1", "theme": "dark", "token": signed()})
        location = moved.headers["location"]
        query = dict(parse_qsl(urlsplit(location).query))
        assert (
            moved.status_code == 303 and set(query) == {"embed", "theme", "code"} and query["theme"] == "dark"
        )
        session = entered(frame, location)
        visitor = {"name": "embed:li", "role": "reader", "may_only_ask": True, "groups": ["hr"]}
        assert frame.post("/chat/change", headers=session).json() == visitor
        assert frame.post("/chat/change", headers={"referer": f"http://ask{location}"}).status_code == 401
        assert frame.get("/api/documents", headers=session).status_code == 403
        for bad in (
            signed(),
            signed(3600, jti="two"),
            signed(-5, jti="three"),
            signed(purpose="wenju:session", jti="four"),
            signed(key="x" * 40, jti="five"),
            signed(jti=""),
            signed(sub="", jti="six"),
            "garbage",
        ):
            assert frame.get("/chat/", params={"embed": "1", "token": bad}, headers=PAGE).status_code == 401
        for wrong in (signed(jti="seven"), query["code"], "garbage"):
            assert frame.post("/chat/change", headers={"x-wenju-embed": wrong}).status_code == 401


def test_an_address_is_good_once_and_for_a_minute_and_holds_no_session(
    tmp_path: Path, table: TokenTable
) -> None:
    app, sign_on = guarded(
        BEHIND_A_PROXY.model_copy(update={"embed_secret": SecretStr(SECRET)}), tmp_path, table.database
    )
    token = seal(SECRET, "wenju:embed", {"sub": "li", "jti": "one"}, 60)
    with client(app, "203.0.113.9", base_url="http://ask") as frame:
        location = frame.get("/chat/", params={"embed": "1", "token": token}).headers["location"]
        code = dict(parse_qsl(urlsplit(location).query))["code"]
        claims = unseal(server_key(tmp_path), "wenju:embed-code", code)
        assert claims is not None and claims["exp"] - claims["iat"] <= 60
        session = entered(frame, location)
        assert session["x-wenju-embed"] not in location
        again = frame.get(location, headers=PAGE)
        assert again.status_code == 401 and "/static/embed_again.js" in again.text
        late = seal(
            server_key(tmp_path), "wenju:embed-code", {"sub": "li", "jti": "x", "until": time.time() + 99}, -1
        )
        assert frame.get("/chat/", params={"embed": "1", "code": late}, headers=PAGE).status_code == 401
        renewed = frame.post("/embed/code", headers=session).json()["code"]
        second = entered(frame, f"/chat/?embed=1&code={renewed}")
        ends = [
            unseal(server_key(tmp_path), "wenju:embed-session", s["x-wenju-embed"]) for s in (session, second)
        ]
        assert ends[0] is not None and ends[1] is not None and abs(ends[0]["exp"] - ends[1]["exp"]) <= 1
        assert frame.post("/embed/code").status_code == 401


def test_an_embedded_page_never_gives_more_than_asking(tmp_path: Path) -> None:
    app, _ = guarded(BEHIND_A_PROXY, tmp_path)
    with client(app, base_url="http://ask") as frame:
        sent = {"x-remote-user": "chen"}
        assert frame.get("/chat/?embed=1", headers=sent).json() == {
            "name": "chen",
            "role": "administrator",
            "may_only_ask": True,
            "groups": [],
        }
        inside = sent | {"referer": "http://ask/chat/?embed=1"}
        assert frame.get("/api/documents", headers=inside).status_code == 403
        assert frame.get("/metrics", headers=inside).status_code == 403


def test_anonymous_visitors_are_apart_but_share_a_limit(tmp_path: Path) -> None:
    settings = BEHIND_A_PROXY.model_copy(update={"embed_anonymous": True, "visitor_per_minute": 2})
    app, _ = guarded(settings, tmp_path)
    with client(app, "203.0.113.9", base_url="http://ask") as frame:
        pages = [frame.get("/chat/?embed=1").headers["location"] for _ in range(2)]
        sessions = [entered(frame, page) for page in pages]
        names = [frame.post("/chat/change", headers=session).json()["name"] for session in sessions]
        assert names[0] != names[1] and names[0].split("#")[0] == names[1].split("#")[0]
        statuses = [
            frame.post("/api/ask", json={"question": "年休假怎么申请？"}, headers=session).status_code
            for session in (*sessions, sessions[0])
        ]
        assert statuses == [200, 200, 429]
        assert frame.get("/chat/", headers=PAGE).status_code == 401

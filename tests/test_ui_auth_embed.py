"""Who asks in a widget: a host's signed token, once; anonymous visitors; never more than asking."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from ui_fakes import BEHIND_A_PROXY, PAGE, guarded
from ui_fakes import client_at as client

from ui.auth_signing import seal
from ui.storage_tokens import TokenTable

SECRET = "s" * 40


def test_a_hosts_token_becomes_a_session_once_and_lets_its_holder_ask(tmp_path: Path, table: TokenTable) -> None:
    settings = BEHIND_A_PROXY.model_copy(update={"embed_secret": SECRET})
    app, sign_on = guarded(settings, tmp_path, table)

    def signed(seconds: float = 60, purpose: str = "wenju:embed", key: str = SECRET, **claims: str) -> str:
        return seal(key, purpose, {"sub": "li", "jti": "one"} | claims, seconds)

    with client(app, "203.0.113.9", base_url="http://ask") as frame:
        moved = frame.get("/chat/", params={"embed": "1", "theme": "dark", "token": signed()})
        location = moved.headers["location"]
        query = dict(parse_qsl(urlsplit(location).query))
        assert moved.status_code == 303 and "token" not in query and query["theme"] == "dark"
        visitor = {"name": "embed:li", "role": "reader", "may_only_ask": True}
        assert frame.get(location).json() == visitor
        assert frame.post("/chat/change", headers={"referer": f"http://ask{location}"}).json() == visitor
        assert frame.post("/chat/change", headers={"referer": f"http://evil{location}"}).json() == {}
        assert frame.get("/api/documents", headers={"referer": f"http://ask{location}"}).status_code == 403
        for bad in (
            signed(), signed(3600, jti="two"), signed(-5, jti="three"), signed(purpose="wenju:session", jti="four"),
            signed(key="x" * 40, jti="five"), signed(jti=""), signed(sub="", jti="six"), "garbage",
        ):  # fmt: skip
            assert frame.get("/chat/", params={"embed": "1", "token": bad}, headers=PAGE).status_code == 401
    assert sign_on.embedding.visitor({"s": signed(jti="seven")}) is None


def test_an_embedded_page_never_gives_more_than_asking(tmp_path: Path) -> None:
    app, _ = guarded(BEHIND_A_PROXY, tmp_path)
    with client(app, base_url="http://ask") as frame:
        sent = {"x-remote-user": "chen"}
        assert frame.get("/chat/?embed=1", headers=sent).json() == {"name": "chen", "role": "administrator", "may_only_ask": True}
        inside = sent | {"referer": "http://ask/chat/?embed=1"}
        assert frame.get("/api/documents", headers=inside).status_code == 403
        assert frame.get("/metrics", headers=inside).status_code == 403


def test_anonymous_visitors_are_apart_but_share_a_limit(tmp_path: Path) -> None:
    settings = BEHIND_A_PROXY.model_copy(update={"embed_anonymous": True, "visitor_per_minute": 2})
    app, _ = guarded(settings, tmp_path)
    with client(app, "203.0.113.9", base_url="http://ask") as frame:
        pages = [frame.get("/chat/?embed=1").headers["location"] for _ in range(2)]
        names = [frame.get(page).json()["name"] for page in pages]
        assert names[0] != names[1] and names[0].split("#")[0] == names[1].split("#")[0]
        statuses = [
            frame.post("/api/ask", json={"question": "年休假怎么申请？"}, headers={"referer": f"http://ask{page}"}).status_code
            for page in (*pages, pages[0])
        ]
        assert statuses == [200, 200, 429]
        assert frame.get("/chat/", headers=PAGE).status_code == 401

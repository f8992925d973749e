"""Who may ask: refusals at the start, headers from proxies alone, tokens, sessions, requests from
elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect
from ui_fakes import BEHIND_A_PROXY, PAGE, guarded
from ui_fakes import client_at as client

from errors import SettingsError
from ui.auth import mode_of
from ui.auth_signing import seal, server_key
from ui.settings import UiSettings
from ui.storage_tokens import TokenTable


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.20", "::", "wenju.example.org"])
@pytest.mark.parametrize("auth", ["auto", "off"])
def test_a_network_address_without_sign_on_is_refused_with_the_ways_out(host: str, auth: str) -> None:
    with pytest.raises(SettingsError, match="reached from the network") as refused:
        mode_of(UiSettings(host=host, auth=auth))  # type: ignore[arg-type]
    for way in ("header", "oidc", "token", "127.0.0.1"):
        assert way in refused.value.hint


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.1.1"])
def test_on_this_machine_nobody_signs_on(host: str) -> None:
    assert mode_of(UiSettings(host=host)) == "off"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"auth": "header"}, "sso_proxies"),
        ({"auth": "header", "sso_proxies": ("proxy.example.org",)}, "sso_proxies"),
        ({"auth": "oidc"}, "oidc_issuer"),
        ({"auth": "token", "database": "none"}, "database"),
        ({"embed_secret": "short"}, "embed_secret"),
        ({"allowed_origins": ("portal.example.org",)}, "not an origin"),
        ({"allowed_origins": ("https://a.example.org/path",)}, "not an origin"),
        ({"allowed_origins": ("*",)}, "not an origin"),
    ],
)
def test_half_a_sign_on_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        mode_of(UiSettings(**settings))


def test_the_header_counts_from_named_proxies_alone(tmp_path: Path) -> None:
    app, _ = guarded(BEHIND_A_PROXY, tmp_path)
    sent = {"x-remote-user": "chen"}
    assert client(app).get("/chat/", headers=sent).json() == {
        "name": "chen",
        "role": "administrator",
        "may_only_ask": False,
        "groups": [],
    }
    assert (
        client(app, "10.1.2.3").get("/chat/", headers={"x-remote-user": "王芳".encode()}).json()["name"]
        == "王芳"
    )
    for foreign in ("10.0.0.6", "192.168.1.9", "testclient"):
        forged = client(app, foreign)
        assert forged.get("/chat/", headers=sent | {"x-forwarded-for": "10.0.0.5"}).json() == {}
        assert forged.get("/chat/", headers=sent | PAGE).status_code == 401
        assert forged.post("/api/ask", json={"question": "年休假怎么申请？"}, headers=sent).status_code == 401
    assert (
        client(app).get("/chat/", headers=[("x-remote-user", "li"), ("x-remote-user", "chen")]).json() == {}
    )
    assert client(app).get("/chat/", headers={"x-remote-user": " "}).json() == {}


def test_groups_are_taken_from_the_header_that_is_named_and_from_proxies_alone(tmp_path: Path) -> None:
    def groups(settings: UiSettings, address: str, *headers: tuple[str, bytes]) -> set[str]:
        app, _ = guarded(settings, tmp_path)
        sent = [("x-remote-user", b"li"), *headers]
        return set(client(app, address).get("/chat/", headers=sent).json().get("groups", ("nobody",)))

    told = ("x-remote-groups", "hr, 财务处 ,,leaders".encode())
    named = BEHIND_A_PROXY.model_copy(update={"sso_groups_header": "X-Remote-Groups"})
    assert groups(named, "10.0.0.5", told) == {"hr", "财务处", "leaders"}
    assert groups(named, "10.0.0.5") == set() == groups(BEHIND_A_PROXY, "10.0.0.5", told)
    assert groups(named, "10.0.0.5", told, ("x-remote-groups", b"hr")) == set(), (
        "one of them is the browser's"
    )
    assert groups(named, "10.0.0.6", told) == {"nobody"}


def test_tokens_sign_programs_and_browsers_on_and_end_when_revoked(tmp_path: Path, table: TokenTable) -> None:
    app, _ = guarded(UiSettings(host="0.0.0.0", auth="token"), tmp_path, table.database)
    token = table.create("archive", "administrator")
    with client(app, base_url="http://ask.example.org") as program:
        assert program.get("/api/documents").status_code == 401
        assert program.get("/api/documents", headers={"authorization": f"Bearer {token}x"}).status_code == 401
        assert program.get("/api/documents", headers={"authorization": f"bearer {token}"}).status_code == 200
    with client(app, base_url="http://ask.example.org") as browser:
        away = browser.get("/chat/?c=12", headers=PAGE)
        assert away.status_code == 303 and away.headers["location"] == "/sign-in?next=%2Fchat%2F%3Fc%3D12"
        assert browser.post("/sign-in", data={"token": "wj1.wrong", "next": "/chat/"}).status_code == 401
        entered = browser.post("/sign-in", data={"token": token, "next": "/chat/?c=12"})
        assert entered.headers["location"] == "/chat/?c=12"
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie and token not in cookie
        assert browser.get("/chat/").json()["name"] == "archive"
        table.revoke(table.list()[0].id)
        assert browser.get("/chat/").json() == {}


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb"]
)
def test_signing_in_never_leads_elsewhere(target: str, tmp_path: Path, table: TokenTable) -> None:
    app, _ = guarded(UiSettings(auth="token"), tmp_path, table.database)
    reply = client(app, base_url="http://127.0.0.1").post(
        "/sign-in", data={"token": table.create("a"), "next": target}
    )
    assert reply.headers["location"] == "/chat/"


def test_a_session_cannot_be_made_or_used_for_something_else(tmp_path: Path, table: TokenTable) -> None:
    app, sign_on = guarded(UiSettings(auth="token", session_hours=1), tmp_path, table.database)
    claims = {"sub": "chen", "role": "administrator", "token": ""}
    for forged in (
        seal("0" * 64, "wenju:session", claims, 900),
        seal(server_key(tmp_path), "wenju:embed-session", claims, 900),
        seal(server_key(tmp_path), "wenju:session", claims, -5),
        "garbage",
    ):
        with client(app, base_url="http://127.0.0.1", cookies={"wenju_session": forged}) as browser:
            assert browser.get("/chat/").json() == {}
    table.create("li", groups=["hr", "财务"])
    good = sign_on.session(table.list()[0].id)
    with client(app, base_url="http://127.0.0.1", cookies={"wenju_session": good}) as browser:
        told = browser.get("/chat/").json()
        assert told["name"] == "li" and set(told["groups"]) == {"hr", "财务"} and told["role"] == "reader"
        assert 'wenju_session=""' in browser.post("/sign-out").headers["set-cookie"]


def test_requests_from_another_sites_page_change_nothing(tmp_path: Path) -> None:
    settings = BEHIND_A_PROXY.model_copy(
        update={"allowed_origins": ("https://portal.example.org",), "public_url": "https://ask.example.org"}
    )
    app, _ = guarded(settings, tmp_path)
    with client(app, base_url="http://inner:7860") as browser:
        signed = {"x-remote-user": "li"}

        def post(**headers: str) -> int:
            return browser.post("/chat/change", headers=signed | headers).status_code

        assert post() == 200
        assert post(origin="http://inner:7860") == 200 and post(origin="https://ask.example.org") == 200
        assert post(**{"sec-fetch-site": "same-origin", "origin": "https://other.name"}) == 200
        for foreign in (
            "https://evil.example",
            "null",
            "https://portal.example.org",
            "https://ask.example.org.evil.example",
        ):
            assert post(origin=foreign) == 403
        assert post(**{"sec-fetch-site": "cross-site"}) == 403
        assert browser.get("/chat/", headers=signed | {"origin": "https://evil.example"}).status_code == 200


def test_with_sign_on_off_only_this_machines_names_are_answered(tmp_path: Path) -> None:
    app, _ = guarded(
        UiSettings(allowed_hosts=("pc7.example.org",), allowed_origins=("http://127.0.0.1:9000",)), tmp_path
    )
    with client(app, "127.0.0.1") as browser:
        for host in ("127.0.0.1:7860", "localhost", "[::1]:7860", "pc7.example.org:7860"):
            assert browser.get("/chat/", headers={"host": host}).json()["role"] == "administrator"
        for host in ("evil.example", "127.0.0.1.evil.example", ""):
            assert browser.get("/chat/", headers={"host": host}).status_code == 421
        assert (
            browser.get("/healthz", headers={"host": "10.2.3.4"}).status_code == 404
        )  # the page's own route, not here
        asked = {
            "headers": {"host": "localhost", "origin": "http://127.0.0.1:9000"},
            "json": {"question": "年休假怎么申请？"},
        }
        assert browser.post("/api/ask", **asked).status_code == 200
        assert browser.post("/chat/change", **asked).status_code == 403


def test_websockets_are_not_opened(tmp_path: Path) -> None:
    app, _ = guarded(UiSettings(), tmp_path)
    with (
        pytest.raises(WebSocketDisconnect),
        client(app, "127.0.0.1").websocket_connect("/chat/gradio_api/anything"),
    ):
        pass  # pragma: no cover


def test_figures_are_for_this_machine_and_administrators(tmp_path: Path) -> None:
    app, _ = guarded(BEHIND_A_PROXY, tmp_path)
    assert client(app, "127.0.0.1").get("/metrics").status_code == 200
    assert client(app, "127.0.0.1").get("/metrics", headers={"x-forwarded-for": "8.8.8.8"}).status_code == 403
    assert client(app).get("/metrics", headers={"x-remote-user": "li"}).status_code == 403
    assert client(app).get("/metrics", headers={"x-remote-user": "chen"}).text.count("wenju_queue") > 1


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = server_key(tmp_path / "data")
    assert server_key(tmp_path / "data") == first and len(first) == 64
    assert (tmp_path / "data" / "server.key").stat().st_mode & 0o077 == 0
    (tmp_path / "data" / "server.key").write_text("short")
    with pytest.raises(SettingsError, match="damaged"):
        server_key(tmp_path / "data")

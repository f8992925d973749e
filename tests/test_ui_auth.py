"""Who may ask: refusals at the start, headers from proxies alone, OIDC, tokens, embedded pages, requests from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from fastapi import FastAPI, Form, Request
from fastapi.testclient import TestClient
from ui_fakes import guarded, running

from errors import SettingsError
from ui.auth import mode_of
from ui.auth_signing import seal, server_key
from ui.settings import UiSettings
from ui.storage import SqlStore
from ui.storage_tokens import TokenTable

PAGE = {"accept": "text/html"}
SECRET = "s" * 40


def client(app: Any, address: str = "10.0.0.5", **options: Any) -> TestClient:
    return TestClient(app, client=(address, 50000), follow_redirects=False, **options)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[TokenTable]:
    store = SqlStore.open("", tmp_path)
    yield TokenTable(store.database, server_key(tmp_path))
    store.close()


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


HEADER = UiSettings(host="0.0.0.0", auth="header", sso_proxies=("10.0.0.5", "10.1.0.0/16"), admins=("chen",))


def test_the_header_counts_from_named_proxies_alone(tmp_path: Path) -> None:
    app, _ = guarded(HEADER, tmp_path)
    sent = {"x-remote-user": "chen"}
    assert client(app).get("/chat/", headers=sent).json() == {"name": "chen", "role": "administrator", "may_only_ask": False}
    assert client(app, "10.1.2.3").get("/chat/", headers={"x-remote-user": "王芳".encode()}).json()["name"] == "王芳"
    for foreign in ("10.0.0.6", "192.168.1.9", "testclient"):
        forged = client(app, foreign)
        assert forged.get("/chat/", headers=sent | {"x-forwarded-for": "10.0.0.5"}).json() == {}
        assert forged.get("/chat/", headers=sent | PAGE).status_code == 401
        assert forged.post("/api/ask", json={"question": "年休假怎么申请？"}, headers=sent).status_code == 401
    assert client(app).get("/chat/", headers=[("x-remote-user", "li"), ("x-remote-user", "chen")]).json() == {}
    assert client(app).get("/chat/", headers={"x-remote-user": " "}).json() == {}


def test_tokens_sign_programs_and_browsers_on_and_end_when_revoked(tmp_path: Path, table: TokenTable) -> None:
    app, _ = guarded(UiSettings(host="0.0.0.0", auth="token"), tmp_path, table)
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


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb"])
def test_signing_in_never_leads_elsewhere(target: str, tmp_path: Path, table: TokenTable) -> None:
    app, _ = guarded(UiSettings(auth="token"), tmp_path, table)
    reply = client(app, base_url="http://127.0.0.1").post("/sign-in", data={"token": table.create("a"), "next": target})
    assert reply.headers["location"] == "/chat/"


def test_a_session_cannot_be_made_or_used_for_something_else(tmp_path: Path, table: TokenTable) -> None:
    app, sign_on = guarded(UiSettings(auth="token", session_hours=1), tmp_path, table)
    claims = {"sub": "chen", "role": "administrator", "token": ""}
    for forged in (
        seal("0" * 64, "wenju:session", claims, 900),
        seal(server_key(tmp_path), "wenju:embed-session", claims, 900),
        seal(server_key(tmp_path), "wenju:session", claims, -5),
        "garbage",
    ):
        with client(app, base_url="http://127.0.0.1", cookies={"wenju_session": forged}) as browser:
            assert browser.get("/chat/").json() == {}
    good = sign_on.session(sign_on.named("li"))
    with client(app, base_url="http://127.0.0.1", cookies={"wenju_session": good}) as browser:
        assert browser.get("/chat/").json()["name"] == "li"
        assert "wenju_session=\"\"" in browser.post("/sign-out").headers["set-cookie"]


def test_requests_from_another_sites_page_change_nothing(tmp_path: Path) -> None:
    settings = HEADER.model_copy(update={"allowed_origins": ("https://portal.example.org",), "public_url": "https://ask.example.org"})
    app, _ = guarded(settings, tmp_path)
    with client(app, base_url="http://inner:7860") as browser:
        signed = {"x-remote-user": "li"}

        def post(**headers: str) -> int:
            return browser.post("/chat/change", headers=signed | headers).status_code

        assert post() == 200
        assert post(origin="http://inner:7860") == 200 and post(origin="https://ask.example.org") == 200
        assert post(**{"sec-fetch-site": "same-origin", "origin": "https://other.name"}) == 200
        for foreign in ("https://evil.example", "null", "https://portal.example.org", "https://ask.example.org.evil.example"):
            assert post(origin=foreign) == 403
        assert post(**{"sec-fetch-site": "cross-site"}) == 403
        assert browser.get("/chat/", headers=signed | {"origin": "https://evil.example"}).status_code == 200


def test_with_sign_on_off_only_this_machines_names_are_answered(tmp_path: Path) -> None:
    app, _ = guarded(UiSettings(allowed_hosts=("pc7.example.org",), allowed_origins=("http://127.0.0.1:9000",)), tmp_path)
    with client(app, "127.0.0.1") as browser:
        for host in ("127.0.0.1:7860", "localhost", "[::1]:7860", "pc7.example.org:7860"):
            assert browser.get("/chat/", headers={"host": host}).json()["role"] == "administrator"
        for host in ("evil.example", "127.0.0.1.evil.example", ""):
            assert browser.get("/chat/", headers={"host": host}).status_code == 421
        assert browser.get("/healthz", headers={"host": "10.2.3.4"}).status_code == 404  # the page's own route, not here
        asked = {"headers": {"host": "localhost", "origin": "http://127.0.0.1:9000"}, "json": {"question": "年休假怎么申请？"}}
        assert browser.post("/api/ask", **asked).status_code == 200
        assert browser.post("/chat/change", **asked).status_code == 403


def test_a_hosts_token_becomes_a_session_once_and_lets_its_holder_ask(tmp_path: Path, table: TokenTable) -> None:
    settings = HEADER.model_copy(update={"embed_secret": SECRET})
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
    app, _ = guarded(HEADER, tmp_path)
    with client(app, base_url="http://ask") as frame:
        sent = {"x-remote-user": "chen"}
        assert frame.get("/chat/?embed=1", headers=sent).json() == {"name": "chen", "role": "administrator", "may_only_ask": True}
        inside = sent | {"referer": "http://ask/chat/?embed=1"}
        assert frame.get("/api/documents", headers=inside).status_code == 403
        assert frame.get("/metrics", headers=inside).status_code == 403


def test_anonymous_visitors_are_apart_but_share_a_limit(tmp_path: Path) -> None:
    settings = HEADER.model_copy(update={"embed_anonymous": True, "visitor_per_minute": 2})
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


def test_figures_are_for_this_machine_and_administrators(tmp_path: Path) -> None:
    app, _ = guarded(HEADER, tmp_path)
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


class FakeProvider:
    """An OpenID provider that signs everybody in as ``claims`` say, and checks what is sent to it."""

    def __init__(self) -> None:
        from joserfc.jwk import RSAKey

        self.key = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"})
        self.claims: dict[str, Any] = {"sub": "u1", "preferred_username": "chen", "groups": ["wenju-admins"]}
        self.override: dict[str, Any] = {}
        self.issuer = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self._meta)
        self.app.get("/keys")(self._keys)
        self.app.post("/token")(self._token)

    def _meta(self) -> dict[str, str]:
        at = self.issuer
        return {"issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token", "jwks_uri": f"{at}/keys"}

    def _keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, address: str, code: str) -> dict[str, str]:
        """What the browser would bring back."""
        sent = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert sent["response_type"] == "code" and sent["code_challenge_method"] == "S256"
        self.codes[code] = sent
        return {"code": code, "state": sent["state"]}

    def _token(self, request: Request, code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()) -> dict[str, Any]:
        from joserfc import jwt

        sent = self.codes.pop(code)
        digest = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        assert digest == sent["code_challenge"] and redirect_uri == sent["redirect_uri"]
        assert request.headers["authorization"] == "Basic " + base64.b64encode(b"wenju:geheim").decode()
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "wenju", "iat": now, "exp": now + 300, "nonce": sent["nonce"]} | self.claims | self.override
        return {"token_type": "Bearer", "access_token": "a", "id_token": jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)}


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    fake = FakeProvider()
    with running(fake.app) as address:
        fake.issuer = address
        yield fake


def test_oidc_signs_on_with_pkce_state_and_nonce(provider: FakeProvider, tmp_path: Path) -> None:
    settings = UiSettings(
        host="0.0.0.0", auth="oidc", oidc_issuer=provider.issuer + "/", oidc_client_id="wenju", oidc_client_secret="geheim",
        oidc_admin_group="wenju-admins", public_url="https://ask.example.org",
    )  # fmt: skip
    app, _ = guarded(settings, tmp_path)
    with client(app, base_url="https://ask.example.org") as browser:
        away = browser.get("/chat/", headers=PAGE)
        leaving = browser.get(away.headers["location"])
        address = leaving.headers["location"]
        assert address.startswith(f"{provider.issuer}/authorize?") and "ask.example.org%2Fauth%2Fcallback" in address
        assert "secure" in leaving.headers["set-cookie"].lower()
        back = browser.get("/auth/callback", params=provider.authorize(address, "c1"))
        assert back.status_code == 303 and back.headers["location"] == "/chat/"
        assert browser.get("/chat/").json() == {"name": "chen", "role": "administrator", "may_only_ask": False}
        assert browser.get("/auth/callback", params={"code": "c1", "state": "x"}).status_code == 401  # state is spent


@pytest.mark.parametrize(
    "override",
    [{"aud": "another"}, {"iss": "https://evil.example"}, {"nonce": "replayed"}, {"exp": 1000}, {"sub": "", "preferred_username": ""}],
)
def test_a_providers_token_that_does_not_check_out_signs_nobody_on(override: dict[str, Any], provider: FakeProvider, tmp_path: Path) -> None:
    settings = UiSettings(auth="oidc", oidc_issuer=provider.issuer, oidc_client_id="wenju", oidc_client_secret="geheim")
    app, _ = guarded(settings, tmp_path)
    provider.override = override
    try:
        with client(app, base_url="http://127.0.0.1") as browser:
            address = browser.get("/sign-in").headers["location"]
            assert browser.get("/auth/callback", params=provider.authorize(address, "c2")).status_code == 401
            assert browser.get("/chat/").json() == {}
    finally:
        provider.override = {}


def test_a_sign_in_that_was_not_started_here_is_refused(provider: FakeProvider, tmp_path: Path) -> None:
    settings = UiSettings(auth="oidc", oidc_issuer=provider.issuer, oidc_client_id="wenju", oidc_client_secret="geheim")
    app, _ = guarded(settings, tmp_path)
    with client(app, base_url="http://127.0.0.1") as attacker, client(app, base_url="http://127.0.0.1") as victim:
        brought = provider.authorize(attacker.get("/sign-in").headers["location"], "c3")
        assert victim.get("/auth/callback", params=brought).status_code == 401
        assert attacker.get("/auth/callback", params=brought | {"error": "access_denied"}).status_code == 401


def test_a_provider_that_is_away_is_named(tmp_path: Path) -> None:
    settings = UiSettings(auth="oidc", oidc_issuer="http://127.0.0.1:9", oidc_client_id="wenju")
    app, _ = guarded(settings, tmp_path)
    reply = client(app, base_url="http://127.0.0.1").get("/sign-in")
    assert reply.status_code == 503 and "127.0.0.1:9" in reply.text

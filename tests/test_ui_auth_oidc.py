"""OpenID Connect against a provider of our own: PKCE, state, nonce, and tokens that do not check out."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from ui_fakes import PAGE, guarded, running
from ui_fakes import client_at as client

from ui.settings import UiSettings
from ui.storage import Store


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
        self.app.get("/userinfo")(self._userinfo)
        self.refresh = True
        self.gone = False
        self.down = False
        self.asked = 0

    def _meta(self) -> dict[str, str]:
        at = self.issuer
        return {
            "issuer": at,
            "userinfo_endpoint": f"{at}/userinfo",
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
        }

    def _keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, address: str, code: str) -> dict[str, str]:
        """What the browser would bring back."""
        sent = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert sent["response_type"] == "code" and sent["code_challenge_method"] == "S256"
        self.codes[code] = sent
        return {"code": code, "state": sent["state"]}

    def _userinfo(self, request: Request) -> Any:
        self.asked += 1
        assert request.headers["authorization"] == "Bearer a"
        return JSONResponse({}, 401) if self.gone else self.claims

    def _token(
        self,
        request: Request,
        grant_type: str = Form(),
        code: str = Form(""),
        code_verifier: str = Form(""),
        redirect_uri: str = Form(""),
        refresh_token: str = Form(""),
    ) -> Any:
        assert request.headers["authorization"] == "Basic " + base64.b64encode(b"wenju:geheim").decode()
        if self.down:
            return JSONResponse({}, 503)
        if grant_type == "refresh_token":
            self.asked += 1
            assert refresh_token == "r"
            return JSONResponse({"error": "invalid_grant"}, 400) if self.gone else self._given({})
        sent = self.codes.pop(code)
        digest = (
            base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        )
        assert digest == sent["code_challenge"] and redirect_uri == sent["redirect_uri"]
        return self._given({"nonce": sent["nonce"]})

    def _given(self, more: dict[str, Any]) -> dict[str, Any]:
        from joserfc import jwt

        now = int(time.time())
        claims = (
            {"iss": self.issuer, "aud": "wenju", "iat": now, "exp": now + 300}
            | more
            | self.claims
            | self.override
        )
        given = {
            "token_type": "Bearer",
            "access_token": "a",
            "id_token": jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key),
        }
        return given | ({"refresh_token": "r"} if self.refresh else {})


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    fake = FakeProvider()
    with running(fake.app) as address:
        fake.issuer = address
        yield fake


def test_oidc_signs_on_with_pkce_state_and_nonce(provider: FakeProvider, tmp_path: Path) -> None:
    settings = UiSettings(
        host="0.0.0.0",
        auth="oidc",
        oidc_issuer=provider.issuer + "/",
        oidc_client_id="wenju",
        oidc_client_secret="geheim",
        oidc_admin_group="wenju-admins",
        public_url="https://ask.example.org",
    )
    app, _ = guarded(settings, tmp_path)
    with client(app, base_url="https://ask.example.org") as browser:
        away = browser.get("/chat/", headers=PAGE)
        leaving = browser.get(away.headers["location"])
        address = leaving.headers["location"]
        assert (
            address.startswith(f"{provider.issuer}/authorize?")
            and "ask.example.org%2Fauth%2Fcallback" in address
        )
        assert "secure" in leaving.headers["set-cookie"].lower()
        back = browser.get("/auth/callback", params=provider.authorize(address, "c1"))
        assert back.status_code == 303 and back.headers["location"] == "/chat/"
        assert browser.get("/chat/").json() == {
            "name": "chen",
            "role": "administrator",
            "may_only_ask": False,
            "groups": ["wenju-admins"],
        }
        assert (
            browser.get("/auth/callback", params={"code": "c1", "state": "x"}).status_code == 401
        )  # state is spent


@pytest.mark.parametrize(
    "override",
    [
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"nonce": "replayed"},
        {"exp": 1000},
        {"sub": "", "preferred_username": ""},
    ],
)
def test_a_providers_token_that_does_not_check_out_signs_nobody_on(
    override: dict[str, Any], provider: FakeProvider, tmp_path: Path
) -> None:
    settings = UiSettings(
        auth="oidc", oidc_issuer=provider.issuer, oidc_client_id="wenju", oidc_client_secret="geheim"
    )
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
    settings = UiSettings(
        auth="oidc", oidc_issuer=provider.issuer, oidc_client_id="wenju", oidc_client_secret="geheim"
    )
    app, _ = guarded(settings, tmp_path)
    with (
        client(app, base_url="http://127.0.0.1") as attacker,
        client(app, base_url="http://127.0.0.1") as victim,
    ):
        brought = provider.authorize(attacker.get("/sign-in").headers["location"], "c3")
        refused = victim.get("/auth/callback", params=brought)
        assert refused.status_code == 401 and refused.headers["content-type"].startswith("text/html")
        assert "这次登录不是从这里开始的" in refused.text and "请重新登录" in refused.text
        assert attacker.get("/auth/callback", params=brought | {"error": "access_denied"}).status_code == 401


class Clock:
    """Time for the modules that sign people on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        return time.time() + self.ahead


@contextlib.contextmanager
def signed_on(
    provider: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Any = None, **more: Any
) -> Iterator[tuple[TestClient, Clock, Any]]:
    """Somebody who came back from the provider, and a clock to let time pass for the server."""
    provider.gone = provider.down = False
    provider.refresh = more.pop("refresh", True)
    clock = Clock()
    for module in ("ui.auth", "ui.auth_sessions"):
        monkeypatch.setattr(f"{module}.time", clock)
    settings = UiSettings(
        auth="oidc",
        oidc_issuer=provider.issuer,
        oidc_client_id="wenju",
        oidc_client_secret="geheim",
        oidc_admin_group="wenju-admins",
    )
    app, sign_on = guarded(settings, tmp_path, database, **more)
    claims = dict(provider.claims)
    try:
        with client(app, base_url="http://127.0.0.1") as browser:
            address = browser.get("/sign-in").headers["location"]
            assert browser.get("/auth/callback", params=provider.authorize(address, "c9")).status_code == 303
            assert browser.get("/chat/").json()["role"] == "administrator"
            provider.asked = 0
            yield browser, clock, sign_on
    finally:
        provider.claims, provider.gone, provider.down, provider.refresh = claims, False, False, True


@pytest.mark.parametrize("refresh", [True, False])
def test_rights_are_looked_up_again_within_minutes(
    provider: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refresh: bool
) -> None:
    store = Store.open("", tmp_path)
    with signed_on(provider, tmp_path, monkeypatch, store.database, refresh=refresh) as (browser, clock, _):
        provider.claims = provider.claims | {"groups": ["hr", 7, ""]}
        assert browser.get("/chat/").json()["groups"] == ["wenju-admins"]
        assert browser.get("/chat/").json()["role"] == "administrator" and provider.asked == 0
        clock.ahead = 301
        assert browser.get("/chat/").json()["role"] == "reader" and provider.asked == 1
        assert browser.get("/chat/").json()["groups"] == ["hr"]
        assert browser.get("/chat/").json()["role"] == "reader" and provider.asked == 1
        provider.gone = True
        clock.ahead = 700
        assert browser.get("/chat/").json() == {}
        provider.gone = False
        assert browser.get("/chat/").json() == {}, "it is over"
    with store.database.connect() as c:
        assert not c.exec_driver_sql("select * from wenju_groups").all(), "groups go with the sign-on"
    store.close()


def test_a_provider_that_does_not_answer_keeps_people_in_for_half_an_hour(
    provider: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with signed_on(provider, tmp_path, monkeypatch) as (browser, clock, _):
        provider.down = True
        clock.ahead = 400
        assert browser.get("/chat/").json()["name"] == "chen"
        clock.ahead = 300 + 1801
        assert browser.get("/chat/").json() == {}
        provider.down = False
        clock.ahead += 30
        assert browser.get("/chat/").json()["name"] == "chen"


def test_a_sign_on_can_be_ended_by_the_server(
    provider: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with signed_on(provider, tmp_path, monkeypatch) as (browser, _, sign_on):
        cookie = browser.cookies["wenju_session"]
        row = sign_on._row(
            Request({"type": "http", "headers": [(b"cookie", f"wenju_session={cookie}".encode())]})
        )
        assert row.owner == "chen" and "refresh" not in row.grant and row.grant.count(".") == 4, (
            "what it was given is encrypted"
        )
        assert sign_on.sessions.end_all("li") == 0 and sign_on.sessions.end_all("chen") == 1
        assert browser.get("/chat/").json() == {}
    with signed_on(provider, tmp_path, monkeypatch) as (browser, _, _):
        cookie = browser.cookies["wenju_session"]
        browser.post("/sign-out")
        browser.cookies.set("wenju_session", cookie)
        assert browser.get("/chat/").json() == {}, "signing out ends the sign-on, not the cookie alone"


def test_a_provider_that_is_away_is_named(tmp_path: Path) -> None:
    settings = UiSettings(auth="oidc", oidc_issuer="http://127.0.0.1:9", oidc_client_id="wenju")
    app, _ = guarded(settings, tmp_path)
    reply = client(app, base_url="http://127.0.0.1").get("/sign-in")
    assert reply.status_code == 503 and "127.0.0.1:9" in reply.text

"""OpenID Connect against a provider of our own: PKCE, state, nonce, and tokens that do not check out."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI, Form, Request
from ui_fakes import PAGE, guarded, running
from ui_fakes import client_at as client

from ui.settings import UiSettings


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

"""Signing on at an OpenID provider: authorization code flow with PKCE (RFC 7636), state and nonce.

What has to be remembered between leaving and coming back is in a signed cookie of ten minutes; the server keeps none.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from errors import WenjuError
from ui.viewer import Viewer

if TYPE_CHECKING:
    from ui.auth import SignOn

STATE_COOKIE = "wenju_signing_on"
STATE_SECONDS = 600
_PURPOSE = "wenju:signing-on"
_KEYS_SECONDS = 3600
_TIMEOUT = 10.0


class SignOnFailed(WenjuError):
    """The provider could not be reached, refused, or sent what cannot be trusted."""


class Provider:
    """The organisation's OpenID provider, found through its discovery document."""

    def __init__(self, sign_on: SignOn) -> None:
        self._sign_on = sign_on
        self._settings = sign_on.settings
        self._found: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._read_at = 0.0

    async def start(self, request: Request, target: str) -> tuple[str, str]:
        """The provider's address to go to, and the value of the state cookie.

        Raises:
            SignOnFailed: the provider does not answer.
        """
        meta, _ = await self._discover()
        kept = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24), "verifier": secrets.token_urlsafe(48), "next": target}  # fmt: skip
        async with self._client(self._callback(request)) as client:
            address, _ = client.create_authorization_url(
                meta["authorization_endpoint"], state=kept["state"], nonce=kept["nonce"], code_verifier=kept["verifier"]
            )
        return str(address), self._sign_on.seal(_PURPOSE, kept, STATE_SECONDS)

    async def finish(self, request: Request) -> tuple[Viewer, str]:
        """Who came back, and where they wanted to go.

        Raises:
            SignOnFailed: the sign-in is not ours, too old, refused, or its token does not check out.
        """
        kept = self._sign_on.unseal(_PURPOSE, request.cookies.get(STATE_COOKIE, ""))
        given = request.query_params
        if kept is None or not secrets.compare_digest(kept["state"].encode(), given.get("state", "").encode()):
            raise SignOnFailed("This sign-in was not started here, or took longer than ten minutes", "Start again")
        if given.get("error") or not given.get("code"):
            raise SignOnFailed(f"The provider refused: {given.get('error', 'no code')[:100]}")
        meta, keys = await self._discover()
        token = await self._fetch(meta["token_endpoint"], given["code"], kept["verifier"], self._callback(request))
        claims = self._verified(str(token.get("id_token", "")), meta["issuer"], keys, kept["nonce"])
        name = next((str(claims[n]) for n in (self._settings.oidc_name_claim, "email", "sub") if claims.get(n)), "")
        if not name:
            raise SignOnFailed("The provider named nobody")
        return self._sign_on.named(name[:200], claims.get("groups", ())), str(kept.get("next", ""))

    def _callback(self, request: Request) -> str:
        base = self._settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
        return f"{base}/auth/callback"

    def _client(self, callback: str) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        s = self._settings
        return AsyncOAuth2Client(
            s.oidc_client_id, s.oidc_client_secret.get_secret_value() or None, scope=s.oidc_scope, redirect_uri=callback, timeout=_TIMEOUT,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if s.oidc_client_secret.get_secret_value() else "none",
        )  # fmt: skip

    async def _fetch(self, endpoint: str, code: str, verifier: str, callback: str) -> dict[str, Any]:
        import httpx
        from authlib.common.errors import AuthlibBaseError

        try:
            async with self._client(callback) as client:
                token: dict[str, Any] = await client.fetch_token(endpoint, code=code, code_verifier=verifier)
        except (httpx.HTTPError, AuthlibBaseError, ValueError) as error:
            raise SignOnFailed(f"The provider gave no token: {type(error).__name__}") from None
        return token

    async def _discover(self) -> tuple[dict[str, Any], dict[str, Any]]:
        import httpx

        if self._found and time.monotonic() < self._read_at + _KEYS_SECONDS:
            return self._found, self._keys
        issuer = self._settings.oidc_issuer.rstrip("/")
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
                found = (await client.get(f"{issuer}/.well-known/openid-configuration")).raise_for_status().json()
                keys = (await client.get(found["jwks_uri"])).raise_for_status().json()
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise SignOnFailed(f"The OpenID provider {issuer} does not answer: {type(error).__name__}") from None
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise SignOnFailed(f"The provider calls itself {found.get('issuer')!r}, not {issuer!r}")
        self._found, self._keys, self._read_at = found, keys, time.monotonic()
        return found, keys

    def _verified(self, text: str, issuer: str, keys: dict[str, Any], nonce: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        algorithms = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"]
        try:
            token = jwt.decode(text, KeySet.import_key_set(keys), algorithms=algorithms)  # type: ignore[arg-type]
            jwt.JWTClaimsRegistry(
                leeway=60, exp={"essential": True}, iss={"essential": True, "value": issuer},
                aud={"essential": True, "value": self._settings.oidc_client_id}, nonce={"essential": True, "value": nonce},
            ).validate(token.claims)  # fmt: skip
        except (JoseError, ValueError) as error:
            self._read_at = 0.0  # the provider may have changed its keys
            raise SignOnFailed(f"The provider's token does not check out: {type(error).__name__}") from None
        return dict(token.claims)

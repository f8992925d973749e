"""Signing on at an OpenID provider with Authlib's client: authorization code, PKCE (RFC 7636), state and
nonce.

What has to be remembered between leaving and coming back is in a signed cookie of ten minutes. What the
provider gave is kept encrypted with the sign-on, so that who somebody is, and in which groups, can be asked
again.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from errors import WenjuError
from ui.auth_signing import seal, unseal
from ui.viewer import groups_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ui.settings import UiSettings

STATE_COOKIE = "wenju_signing_on"
STATE_SECONDS = 600
_PURPOSE = "wenju:signing-on"
_TIMEOUT = 10.0


class SignOnFailed(WenjuError):
    """The provider could not be reached, or sent what cannot be trusted."""


class SignOnEnded(WenjuError):
    """The provider says that this sign-on is over, or this person is not to be let in."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What the provider says of somebody; ``member``: of the administrators' group. ``grant``: what it is
    asked with the next time, encrypted."""

    name: str
    member: bool
    grant: str
    groups: frozenset[str] = frozenset()


class Provider:
    """The organisation's OpenID provider, found through its discovery document."""

    def __init__(self, settings: UiSettings, key: str) -> None:
        self._settings = settings
        self._signing = key
        self._key = hashlib.sha256(f"{key}wenju:grant".encode()).digest()
        self._registered: Any = None

    async def start(self, request: Request, target: str) -> tuple[str, str]:
        """The provider's address to go to, and the value of the state cookie.

        Raises:
            SignOnFailed: the provider does not answer.
        """
        request.scope["session"] = {}
        with self._trouble():
            client = await self._client()
            reply = await client.authorize_redirect(request, self._callback(request))
        kept = {"session": request.session, "next": target}
        return str(reply.headers["location"]), seal(self._signing, _PURPOSE, kept, STATE_SECONDS)

    async def finish(self, request: Request) -> tuple[Granted, str]:
        """Who came back, and where they wanted to go.

        Raises:
            SignOnFailed, SignOnEnded: the sign-in is not ours, too old, refused, or its token does not check
                out.
        """
        kept = unseal(self._signing, _PURPOSE, request.cookies.get(STATE_COOKIE, ""))
        if kept is None:
            raise SignOnFailed.named("sign_on_foreign")
        request.scope["session"] = dict(kept["session"])
        with self._trouble():
            client = await self._client()
            token = await client.authorize_access_token(request)
        return self._granted(token, token.get("userinfo") or {}), str(kept.get("next", ""))

    async def look_up(self, grant: str) -> Granted:
        """Ask the provider again about somebody who is signed on.

        Raises:
            SignOnEnded: it does not vouch for them any more. SignOnFailed: it could not be asked.
        """
        held = self._opened(grant)
        with self._trouble():
            client = await self._client()
            if held.get("refresh_token"):
                token = await client.fetch_access_token(
                    grant_type="refresh_token", refresh_token=held["refresh_token"]
                )
            elif "userinfo_endpoint" in await client.load_server_metadata():
                token = held
            else:
                raise SignOnEnded.named("sign_on_nothing")
            if "id_token" in token:
                claims = await client.parse_id_token(token, nonce=None)
            else:
                claims = await client.userinfo(token={"token_type": "Bearer", **token})
        return self._granted({**held, **token}, claims)

    async def _client(self) -> Any:
        """Authlib's client, once the provider has told where things are."""
        from authlib.integrations.starlette_client import OAuth

        if self._registered is None:
            s, issuer = self._settings, self._settings.oidc_issuer.rstrip("/")
            secret = s.oidc_client_secret.get_secret_value()
            how = "client_secret_basic" if secret else "none"
            self._registered = OAuth().register(
                "wenju",
                client_id=s.oidc_client_id,
                client_secret=secret or None,
                server_metadata_url=f"{issuer}/.well-known/openid-configuration",
                client_kwargs={
                    "scope": s.oidc_scope,
                    "code_challenge_method": "S256",
                    "token_endpoint_auth_method": how,
                    "timeout": _TIMEOUT,
                },
            )
        meta = await self._registered.load_server_metadata()
        issuer = self._settings.oidc_issuer.rstrip("/")
        if str(meta.get("issuer", "")).rstrip("/") != issuer:
            self._registered = None
            raise SignOnFailed.named("sign_on_issuer", found=str(meta.get("issuer")), issuer=issuer)
        return self._registered

    def _callback(self, request: Request) -> str:
        base = self._settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
        return f"{base}/auth/callback"

    def _granted(self, token: Mapping[str, Any], claims: Mapping[str, Any]) -> Granted:
        name = next(
            (str(claims[n]) for n in (self._settings.oidc_name_claim, "email", "sub") if claims.get(n)), ""
        )
        if not name:
            raise SignOnFailed.named("sign_on_nobody")
        groups = groups_of(claims.get("groups"))
        member = self._settings.oidc_admin_group in groups
        held = {n: token[n] for n in ("refresh_token", "access_token") if token.get(n)}
        return Granted(name[:200], member, self._sealed(held), groups)

    def _sealed(self, held: dict[str, Any]) -> str:
        from joserfc import jwe
        from joserfc.jwk import OctKey

        return jwe.encrypt_compact(
            {"alg": "dir", "enc": "A256GCM"}, json.dumps(held), OctKey.import_key(self._key)
        )

    def _opened(self, grant: str) -> dict[str, Any]:
        from joserfc import jwe
        from joserfc.errors import JoseError
        from joserfc.jwk import OctKey

        try:
            held: dict[str, Any] = json.loads(
                jwe.decrypt_compact(grant, OctKey.import_key(self._key)).plaintext or b"{}"
            )
        except (JoseError, ValueError):
            raise SignOnEnded.named("sign_on_key") from None
        return held

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """What may go wrong at or on the way to the provider, as our own errors."""
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        # Authlib takes httpx's successor where it is installed.
        httpx: Any = importlib.import_module("httpx2" if importlib.util.find_spec("httpx2") else "httpx")
        issuer = self._settings.oidc_issuer
        try:
            yield
        except httpx.HTTPStatusError as error:
            if error.response.status_code in (401, 403):
                raise SignOnEnded.named("sign_on_over") from None
            raise SignOnFailed.named(
                "sign_on_status", issuer=issuer, code=error.response.status_code
            ) from None
        except (httpx.HTTPError, KeyError, TypeError, RuntimeError) as error:
            raise SignOnFailed.named("sign_on_silent", issuer=issuer, what=type(error).__name__) from None
        except AuthlibBaseError as error:
            raise SignOnEnded.named("sign_on_refused", what=str(error.error)) from None
        except (JoseError, ValueError) as error:
            self._registered = None  # the provider may have changed its keys
            raise SignOnFailed.named("sign_on_token", what=type(error).__name__) from None

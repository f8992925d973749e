"""Who sits behind an embedded page. A host's server signs a short token; it is exchanged once for a session.

    widget -> /chat/?embed=1&token=JWT -> (checked, spent)
           -> /chat/?embed=1&code=CODE -> (spent) -> the page with a session

Cookies do not reach a frame on another site, so the page's script sends the session in a header. No address
ever holds it: the code in the address is good once and for a minute. A frame that is loaded again asks for
another code with the session it has (/embed/code). A session lets its holder ask, no more.

The token (HS256 with ``ui.embed_secret``): ``aud`` "wenju:embed", ``sub`` who asks, ``jti`` unique, ``exp``
at most ten minutes ahead; ``groups``, where there are any, a list of the groups of readers that the one who
asks is in.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.requests import HTTPConnection

from ui.address import below_root, is_own
from ui.auth_signing import seal, unseal
from ui.rates import VISITOR
from ui.settings import UiSettings
from ui.viewer import Viewer, groups_of

PURPOSE = "wenju:embed"
SESSION = "wenju:embed-session"
LONGEST = 600
"""Seconds ahead that a host's token may end: it travels through a browser."""
SESSION_SECONDS = 8 * 3600
CODE = "wenju:embed-code"
CODE_SECONDS = 60
HEADER = "x-wenju-embed"
"""Carries the session; a page elsewhere cannot send it, since CORS does not allow it."""


class Embedding:
    """Identity of embedded pages.

    Args:
        key: the server's own key, for codes and sessions.
        spend: notes a token's id until its end; False when it was used before.
    """

    def __init__(self, settings: UiSettings, key: str, spend: Callable[[str, float], bool]) -> None:
        self._settings = settings
        self._key = key
        self._spend = spend

    def within(self, connection: HTTPConnection) -> bool:
        """Whether a request is for an embedded page or comes from one."""
        if connection.query_params.get("embed") == "1":
            return True
        referer = connection.headers.get("referer", "")
        if not referer or below_root(connection.scope) in ("/chat", "/chat/"):
            return False
        parts = urlsplit(referer)
        if not is_own(f"{parts.scheme}://{parts.netloc}", connection.headers, self._settings.public_url):
            return False
        return parse_qs(parts.query).get("embed", [""])[-1] == "1"

    def visitor(self, connection: HTTPConnection) -> Viewer | None:
        """The holder of the session that a request carries."""
        claims = unseal(self._key, SESSION, connection.headers.get(HEADER, ""))
        return _viewer(claims) if claims is not None else None

    def enter(self, code: str) -> tuple[Viewer, str] | None:
        """Who comes with a code, and the session for the page; None for one that is wrong, old or spent."""
        claims = unseal(self._key, CODE, code)
        if claims is None or not self._spend(str(claims["jti"]), float(claims["exp"])):
            return None
        viewer, left = _viewer(claims), float(claims["until"]) - time.time()
        return viewer, seal(self._key, SESSION, _claims(viewer), left)

    def renewed(self, connection: HTTPConnection) -> str | None:
        """A code for the session that a request carries; what comes of it ends when the session does."""
        claims = unseal(self._key, SESSION, connection.headers.get(HEADER, ""))
        return self._code(_viewer(claims), float(claims["exp"])) if claims is not None else None

    def exchange(self, query: str, address: str, known: bool) -> str | None:
        """The query with a code in place of the token (or without one, for an anonymous visitor).

        Args:
            query: of the page that was asked for.
            address: of the one who asks; anonymous visitors of one address share a limit.
            known: whether sign-on already tells who it is.

        Returns:
            None when nothing is to be exchanged: not embedded, a bad token, or not allowed.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        named = dict(pairs)
        if named.get("embed") != "1":
            return None
        kept = [(name, value) for name, value in pairs if name not in ("token", "code")]
        if "token" in named:
            viewer = self._named(named["token"])
        elif known or not self._settings.embed_anonymous:
            return None
        else:
            viewer = self._anonymous(address)
        if viewer is None:
            return None
        return urlencode([*kept, ("code", self._code(viewer, time.time() + SESSION_SECONDS))])

    def _code(self, viewer: Viewer, until: float) -> str:
        claims = _claims(viewer) | {"jti": secrets.token_hex(16), "until": until}
        return seal(self._key, CODE, claims, min(CODE_SECONDS, until - time.time()))

    def _named(self, token: str) -> Viewer | None:
        secret = self._settings.embed_secret.get_secret_value()
        claims = unseal(secret, PURPOSE, token) if secret else None
        if claims is None or not claims.get("sub") or not claims.get("jti"):
            return None
        end = float(claims["exp"])
        if end > time.time() + LONGEST or not self._spend(str(claims["jti"])[:200], end):
            return None
        name = f"embed:{str(claims['sub'])[:100]}"
        return Viewer(name, may_only_ask=True, groups=groups_of(claims.get("groups")))

    def _anonymous(self, address: str) -> Viewer:
        digest = hashlib.sha256(f"{self._key}{address}".encode()).hexdigest()[:12]
        return Viewer(f"{VISITOR}{digest}#{secrets.token_hex(6)}", may_only_ask=True)


def _viewer(claims: Mapping[str, Any]) -> Viewer:
    return Viewer(str(claims["sub"]), may_only_ask=True, groups=groups_of(claims.get("groups")))


def _claims(viewer: Viewer) -> dict[str, Any]:
    return {"sub": viewer.name, "groups": sorted(viewer.groups)}

"""Who sits behind an embedded page. A host's server signs a short token; it is exchanged once for a session.

    widget -> /chat/?embed=1&token=JWT -> (checked, spent) -> /chat/?embed=1&s=SESSION

The session is part of the frame's address, because cookies do not reach a frame on another site; the requests of the
frame carry it in their Referer, which the referrer policy keeps inside this origin. It lets its holder ask, no more.

The token (HS256 with ``ui.embed_secret``): ``aud`` "wenju:embed", ``sub`` who asks, ``jti`` unique, ``exp`` at most ten
minutes ahead.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.requests import HTTPConnection

from ui.address import below_root, is_own
from ui.admission import VISITOR
from ui.auth_signing import seal, unseal
from ui.settings import UiSettings
from ui.viewer import Viewer

PURPOSE = "wenju:embed"
SESSION = "wenju:embed-session"
LONGEST = 600
"""Seconds ahead that a host's token may end: it travels through a browser."""
SESSION_SECONDS = 8 * 3600


class Embedding:
    """Identity of embedded pages.

    Args:
        key: the server's own key, for sessions.
        spend: notes a token's id until its end; False when it was used before.
    """

    def __init__(self, settings: UiSettings, key: str, spend: Callable[[str, float], bool]) -> None:
        self._settings = settings
        self._key = key
        self._spend = spend

    def asked_for(self, connection: HTTPConnection) -> dict[str, str] | None:
        """The parameters of the embedded page that this request belongs to; None when it belongs to none."""
        own = dict(connection.query_params)
        if own.get("embed") == "1":
            return own
        referer = connection.headers.get("referer", "")
        if not referer or below_root(connection.scope) in ("/chat", "/chat/"):
            return None
        parts = urlsplit(referer)
        if not is_own(f"{parts.scheme}://{parts.netloc}", connection.headers, self._settings.public_url):
            return None
        named = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return named if named.get("embed") == "1" else None

    def visitor(self, parameters: dict[str, str]) -> Viewer | None:
        """The holder of a session."""
        claims = unseal(self._key, SESSION, parameters.get("s", ""))
        return Viewer(str(claims["sub"]), may_only_ask=True) if claims is not None else None

    def exchange(self, query: str, address: str, known: bool) -> str | None:
        """The query with a session in place of the token (or without one, for an anonymous visitor).

        Args:
            query: of the page that was asked for.
            address: of the one who asks; anonymous visitors of one address share a limit.
            known: whether sign-on already tells who it is.

        Returns:
            None when nothing is to be exchanged: not embedded, a session already, a bad token, or not allowed.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        named = dict(pairs)
        if named.get("embed") != "1":
            return None
        kept = [(name, value) for name, value in pairs if name not in ("token", "s")]
        if "token" in named:
            name = self._named(named["token"])
        elif known or not self._settings.embed_anonymous or self.visitor(named) is not None:
            return None
        else:
            name = self._anonymous(address)
        if name is None:
            return None
        return urlencode([*kept, ("s", seal(self._key, SESSION, {"sub": name}, SESSION_SECONDS))])

    def _named(self, token: str) -> str | None:
        secret = self._settings.embed_secret
        claims = unseal(secret, PURPOSE, token) if secret else None
        if claims is None or not claims.get("sub") or not claims.get("jti"):
            return None
        end = float(claims["exp"])
        if end > time.time() + LONGEST or not self._spend(str(claims["jti"])[:200], end):
            return None
        return f"embed:{str(claims['sub'])[:100]}"

    def _anonymous(self, address: str) -> str:
        digest = hashlib.sha256(f"{self._key}{address}".encode()).hexdigest()[:12]
        return f"{VISITOR}{digest}#{secrets.token_hex(6)}"

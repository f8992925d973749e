"""Signed values with a purpose and an end: sessions, tokens, the state of a sign-in. JWTs (RFC 7519) with
HMAC-SHA256.

A value signed for one purpose is worth nothing for another: the purpose is its audience.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Any

from errors import SettingsError

KEY_BYTES = 32

COOKIE = "wenju_session"
"""What holds a signed session in the browser."""


def server_key(data: Path) -> str:
    """This server's own key, made on first use and readable by its owner alone; deleting the file ends all
    sign-ons."""
    path = data / "server.key"
    try:
        if not path.exists():
            data.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass  # another process was faster
            else:
                with os.fdopen(handle, "w") as out:
                    out.write(secrets.token_hex(KEY_BYTES))
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError.named("server_key", path=str(path), what=str(error)) from None
    if len(key) < 2 * KEY_BYTES:
        raise SettingsError.named("server_key_damaged", path=str(path))
    return key


def seal(key: str, purpose: str, claims: dict[str, Any], seconds: float) -> str:
    """Sign ``claims`` for a purpose; worthless after ``seconds``."""
    from joserfc import jwt
    from joserfc.jwk import OctKey

    now = int(time.time())
    body = {**claims, "aud": purpose, "iat": now, "exp": int(now + seconds)}
    return jwt.encode({"alg": "HS256"}, body, OctKey.import_key(key))


def unseal(key: str, purpose: str, text: str) -> dict[str, Any] | None:
    """The claims, or None: not signed with this key, for another purpose, or past its end."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import OctKey

    if not text or len(text) > 8000:
        return None
    try:
        token = jwt.decode(text, OctKey.import_key(key), algorithms=["HS256"])
        rules = jwt.JWTClaimsRegistry(exp={"essential": True}, aud={"essential": True, "value": purpose})
        rules.validate(token.claims)
    except (JoseError, ValueError):
        return None
    return dict(token.claims)

"""Who may ask: nobody signs on (loopback), a proxy's header, OpenID Connect, or tokens. One of them for a
network.

    off     127.0.0.1 only: whoever reaches the page owns the machine
    header  a reverse proxy with single sign-on names the user; believed from the named proxies alone
    oidc    the browser signs on at the organisation's provider (ui.auth_oidc)
    token   an administrator hands out tokens (`wenju token create`), typed in once a browser (ui.auth_pages)

In all but ``off``, programs send a token as ``Authorization: Bearer``; embedded pages bring a session of
their own.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from errors import SettingsError, WenjuError
from ui.address import check_origin, client, is_loopback, networks, peer, within
from ui.auth_embed import Embedding
from ui.auth_oidc import Granted, Provider, SignOnEnded
from ui.auth_sessions import Session, Sessions
from ui.auth_signing import COOKIE, seal, server_key, unseal
from ui.settings import UiSettings
from ui.storage_database import in_memory
from ui.storage_tokens import TokenTable
from ui.viewer import LOCAL, Viewer, groups_of

log = logging.getLogger("wenju.auth")

Mode = Literal["off", "header", "oidc", "token"]
SESSION = "wenju:session"
OUTAGE_SECONDS = 1800.0
"""How long a sign-on outlives a provider that does not answer."""
RETRY_SECONDS = 20.0
SECRET_MIN = 32
"""Characters that a shared secret must have: 32 random ones are out of reach of guessing."""


def mode_of(settings: UiSettings) -> Mode:
    """The sign-on in force.

    Raises:
        SettingsError: a network address without sign-on, or a sign-on without what it needs; says how.
    """
    for origin in settings.allowed_origins:
        check_origin(origin)
    if 0 < len(settings.embed_secret.get_secret_value()) < SECRET_MIN:
        raise SettingsError.named("secret_short", least=SECRET_MIN)
    local = is_loopback(settings.host)
    if settings.auth in ("auto", "off"):
        if not local:
            raise SettingsError.named("nobody_signs_on", host=settings.host)
        return "off"
    if settings.auth == "header" and not settings.sso_proxies:
        raise SettingsError.named("header_needs")
    if settings.auth == "oidc" and not (settings.oidc_issuer and settings.oidc_client_id):
        raise SettingsError.named("oidc_needs")
    if settings.auth == "token" and settings.database == "none":
        raise SettingsError.named("tokens_need")
    networks(settings.sso_proxies)
    mode: Mode = settings.auth if settings.auth in ("header", "oidc") else "token"
    return mode


class SignOn:
    """Tells who makes a request (the routes of signing on and off: ui.auth_pages).

    Args:
        settings: checked here; see ``mode_of``.
        data: folder of the server's own key.
        database: where tokens and sign-ons at the OpenID provider are kept; None: in memory.
    """

    def __init__(self, settings: UiSettings, data: Path, database: Engine | None = None) -> None:
        self.mode = mode_of(settings)
        self.settings = settings
        self._key = server_key(data)
        kept = database if database is not None else in_memory()
        self.tokens = TokenTable(kept, self._key)
        self.sessions = Sessions(kept)
        self.provider = Provider(settings, self._key)
        self._asked: dict[str, float] = {}
        self._proxies = networks(settings.sso_proxies)
        self.embedding = Embedding(settings, self._key, self.tokens.spend)

    def who(self, connection: HTTPConnection) -> Viewer | None:
        """The viewer of a request, None when nobody is signed on. Found once per request."""
        scope = connection.scope
        if "wenju.viewer" not in scope:
            scope["wenju.viewer"] = self._who(connection)
        found: Viewer | None = scope["wenju.viewer"]
        return found

    def is_local(self, connection: HTTPConnection) -> bool:
        """Whether a request comes from this machine itself, through no proxy."""
        forwarded = any(name in connection.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))
        return is_loopback(peer(connection)) and not forwarded

    def address(self, connection: HTTPConnection) -> str:
        """The address of the one who asks, behind named proxies too."""
        return client(connection, self._proxies)

    @property
    def secure(self) -> bool:
        """Whether people come by https: cookies are then kept off http."""
        return self.settings.public_url.startswith("https://")

    @property
    def path(self) -> str:
        """The public prefix, where cookies belong."""
        return self.settings.root_path.rstrip("/") or "/"

    def session(self, token_id: str) -> str:
        """A signed session for the cookie: of the holder of a token, as long as that is good."""
        claims = {"token": token_id}
        return seal(self._key, SESSION, claims, self.settings.session_hours * 3600)

    def admit(self, granted: Granted) -> str:
        """Start a sign-on of somebody whom the provider vouches for; the cookie's value."""
        now = time.time()
        seconds = self.settings.session_hours * 3600
        row = Session(
            secrets.token_hex(16),
            granted.name,
            granted.member,
            now + seconds,
            now,
            granted.grant,
            granted.groups,
        )
        self.sessions.add(row)
        return seal(self._key, SESSION, {"sub": granted.name, "sid": row.id}, seconds)

    def leave(self, connection: HTTPConnection) -> None:
        """End the sign-on that a request comes with."""
        if (row := self._row(connection)) is not None:
            self.sessions.end(row.id)

    async def look_up(self, connection: HTTPConnection) -> None:
        """Ask the provider again about the one who asks, when that is due; a sign-on that it has ended ends
        here.

        While the provider cannot be asked, rights stay as they were for ``OUTAGE_SECONDS``, no longer.
        """
        row = self._row(connection) if self.mode == "oidc" else None
        now = time.time()
        if row is None or now < max(row.looked_up, self._asked.get(row.id, 0.0)) + self._lookup_seconds(
            row, now
        ):
            return
        self._asked = {name: at for name, at in self._asked.items() if at > now - OUTAGE_SECONDS} | {
            row.id: now
        }
        try:
            granted = await self.provider.look_up(row.grant)
        except SignOnEnded as error:
            log.info("a sign-on has ended", extra={"fields": {"reason": error.message}})
            self.sessions.end(row.id)
        except WenjuError as error:
            log.warning("the provider could not be asked", extra={"fields": {"reason": error.message}})
        else:
            if granted.name == row.owner:
                self.sessions.confirm(row.id, granted.member, granted.grant, granted.groups)
            else:
                self.sessions.end(row.id)

    def _lookup_seconds(self, row: Session, now: float) -> float:
        """Seconds between two look-ups; fewer after one that failed."""
        regular = self.settings.oidc_lookup_minutes * 60
        return min(RETRY_SECONDS, regular) if now > row.looked_up + regular else regular

    def _row(self, connection: HTTPConnection) -> Session | None:
        claims = unseal(self._key, SESSION, connection.cookies.get(COOKIE, ""))
        return self.sessions.get(str(claims["sid"])) if claims is not None and claims.get("sid") else None

    def named(self, name: str, groups: frozenset[str], member: bool = False) -> Viewer:
        """A viewer by name; the settings say who administers, and at the provider the members of a group."""
        administers = member or name in self.settings.admins
        return Viewer(name, "administrator" if administers else "reader", groups=groups)

    def _who(self, connection: HTTPConnection) -> Viewer | None:
        visitor = self.embedding.visitor(connection)
        if visitor is not None:
            return visitor
        viewer = self._signed_on(connection)
        return (
            replace(viewer, may_only_ask=True)
            if viewer is not None and self.embedding.within(connection)
            else viewer
        )

    def _signed_on(self, connection: HTTPConnection) -> Viewer | None:
        if self.mode == "off":
            return LOCAL
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.settings.database != "none":
            found = self.tokens.viewer(token.strip())
            return found[0] if found is not None else None
        if self.mode == "header":
            return self._by_header(connection)
        return self._by_cookie(connection)

    def _by_header(self, connection: HTTPConnection) -> Viewer | None:
        names = connection.headers.getlist(self.settings.sso_header)
        if not names:
            return None
        if not within(peer(connection), self._proxies):
            log.warning(
                "sign-on header from an address that is no proxy",
                extra={"fields": {"peer": peer(connection)}},
            )
            return None
        name = _utf8(names[0]).strip()
        if len(names) != 1 or not 0 < len(name) <= 200 or not name.isprintable():
            return None
        header = self.settings.sso_groups_header
        told = connection.headers.getlist(header) if header else []
        return self.named(name, groups_of(_utf8(told[0]).split(",")) if len(told) == 1 else frozenset())

    def _by_cookie(self, connection: HTTPConnection) -> Viewer | None:
        if self.mode == "oidc":
            row = self._row(connection)
            late = self.settings.oidc_lookup_minutes * 60 + OUTAGE_SECONDS
            return (
                self.named(row.owner, row.groups, row.member)
                if row is not None and time.time() < row.looked_up + late
                else None
            )
        claims = unseal(self._key, SESSION, connection.cookies.get(COOKIE, ""))
        if claims is None or claims.get("sid"):
            return None
        return self.tokens.holder(str(claims.get("token", "")))


def _utf8(header: str) -> str:
    """A header's value as text: names in Chinese arrive as UTF-8, which HTTP libraries read as Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header

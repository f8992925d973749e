"""Access tokens: signed with the server's key, stored as a hash, shown once. Embed tokens that were used are
noted here.

    wj1.<signed: id, name, role, end>   ->   a row (id, hash, name, role, end, revoked)

The signature turns away guesses before the database is asked; the row is what can be revoked and what counts.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from errors import SettingsError
from ui.auth_sessions import keep_groups, kept_groups
from ui.auth_signing import seal, unseal
from ui.storage_rows import clean, hashed
from ui.storage_tables import spent, tokens
from ui.storage_types import now
from ui.viewer import Viewer, groups_of

PREFIX = "wj1."
Role = Literal["reader", "administrator"]
_PURPOSE = "wenju:token"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as it is listed: everything but the token."""

    id: str
    name: str
    role: str
    created_at: str
    expires_at: str
    revoked: bool
    groups: tuple[str, ...] = ()


class TokenTable:
    """Tokens in the database."""

    def __init__(self, database: Engine, key: str) -> None:
        self.database = database
        self._key = key

    def create(
        self,
        name: str,
        role: Role = "reader",
        days: float = 365,
        groups: Sequence[str] = (),
    ) -> str:
        """A new token; the one moment at which it can be read. ``groups``: of readers, that its holder is in.

        Raises:
            SettingsError: no name, or no days.
        """
        name = clean(name).strip()
        if not name or len(name) > 200 or not name.isprintable():
            raise SettingsError.named("token_name")
        if not 0 < days <= 3660:
            raise SettingsError.named("token_days", days=f"{days:g}")
        identity = secrets.token_hex(8)
        text = PREFIX + seal(self._key, _PURPOSE, {"jti": identity, "sub": name, "role": role}, days * 86400)
        end = datetime.now(UTC) + timedelta(days=days)
        with self.database.begin() as c:
            c.execute(
                insert(tokens).values(
                    id=identity,
                    hash=hashed(text),
                    name=name,
                    role=role,
                    created_at=now(),
                    expires_at=end.isoformat(timespec="seconds"),
                    revoked=0,
                )
            )
            keep_groups(c, identity, groups_of(groups))
        return text

    def list(self) -> tuple[TokenRow, ...]:
        """All tokens, newest first, revoked ones too."""
        t = tokens.c
        query = select(t.id, t.name, t.role, t.created_at, t.expires_at, t.revoked)
        with self.database.connect() as c:
            rows = c.execute(query.order_by(t.created_at.desc(), t.id)).all()
            told = {r.id: tuple(sorted(kept_groups(c, r.id))) for r in rows}
        return tuple(
            TokenRow(r.id, r.name, r.role, r.created_at, r.expires_at, bool(r.revoked), told[r.id])
            for r in rows
        )

    def revoke(self, token_id: str) -> bool:
        """End a token and every sign-on made with it; False when there is none with this id."""
        with self.database.begin() as c:
            return bool(c.execute(update(tokens).where(tokens.c.id == token_id).values(revoked=1)).rowcount)

    def viewer(self, token: str) -> tuple[Viewer, str] | None:
        """Whose token it is, and its id; None for a wrong, ended or revoked one."""
        claims = unseal(self._key, _PURPOSE, token.removeprefix(PREFIX)) if token.startswith(PREFIX) else None
        if claims is None:
            return None
        identity = str(claims.get("jti", ""))
        found = self.holder(identity, token)
        return (found, identity) if found is not None else None

    def holder(self, token_id: str, token: str | None = None) -> Viewer | None:
        """Whose token an id is of; None for one that is revoked, past its end, or another than ``token``."""
        t = tokens.c
        query = select(tokens).where(t.id == token_id, t.revoked == 0, t.expires_at > now())
        with self.database.connect() as c:
            row = c.execute(query).first()
            if row is None or (token is not None and not hmac.compare_digest(row.hash, hashed(token))):
                return None
            role: Role = "administrator" if row.role == "administrator" else "reader"
            return Viewer(row.name, role, groups=kept_groups(c, token_id))

    def spend(self, identity: str, end: float) -> bool:
        """Note a single-use id until its end (Unix seconds); False when it was used before."""
        try:
            with self.database.begin() as c:
                c.execute(delete(spent).where(spent.c.until < time.time()))
                c.execute(insert(spent).values(id=hashed(identity), until=end))
        except IntegrityError:
            return False
        return True

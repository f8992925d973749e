"""Sign-ons in browsers that the server can end: one row each in the database.

The cookie names the row; the row tells who, whether the provider counts them among the administrators, when
that was last looked up, and holds (encrypted) what the provider is asked with.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select, update

from ui.storage_tables import groups, sessions
from ui.viewer import groups_of


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-on. Times are Unix seconds; ``member`` (of the administrators' group) and ``groups`` are as of
    ``looked_up``."""

    id: str
    owner: str
    member: bool
    until: float
    looked_up: float
    grant: str = ""
    groups: frozenset[str] = frozenset()


class Sessions:
    """Where sign-ons are kept: they outlive a restart, and ``wenju token sign-out`` ends them in a running
    server."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def add(self, session: Session) -> None:
        row = {column.name: getattr(session, column.name) for column in sessions.c}
        row["member"] = int(session.member)
        with self._database.begin() as c:
            old = select(sessions.c.id).where(sessions.c.until < time.time())
            c.execute(delete(groups).where(groups.c.id.in_(old)))
            c.execute(delete(sessions).where(sessions.c.until < time.time()))
            c.execute(insert(sessions).values(**row))
            keep_groups(c, session.id, session.groups)

    def get(self, session_id: str) -> Session | None:
        """The sign-on, None when it has ended or there is none."""
        t = sessions.c
        with self._database.connect() as c:
            row = c.execute(select(sessions).where(t.id == session_id, t.until > time.time())).first()
            told = kept_groups(c, session_id)
        return (
            Session(row.id, row.owner, bool(row.member), row.until, row.looked_up, row.grant, told)
            if row is not None
            else None
        )

    def confirm(self, session_id: str, member: bool, grant: str, told: frozenset[str]) -> None:
        """Rights were looked up just now."""
        values = {"member": int(member), "grant": grant, "looked_up": time.time()}
        with self._database.begin() as c:
            c.execute(update(sessions).where(sessions.c.id == session_id).values(**values))
            keep_groups(c, session_id, told)

    def end(self, session_id: str) -> None:
        with self._database.begin() as c:
            c.execute(delete(sessions).where(sessions.c.id == session_id))
            c.execute(delete(groups).where(groups.c.id == session_id))

    def end_all(self, owner: str) -> int:
        """End all sign-ons of a person; how many there were."""
        with self._database.begin() as c:
            theirs = select(sessions.c.id).where(sessions.c.owner == owner)
            c.execute(delete(groups).where(groups.c.id.in_(theirs)))
            return c.execute(delete(sessions).where(sessions.c.owner == owner)).rowcount


def keep_groups(c: Connection, of: str, names: frozenset[str]) -> None:
    """The groups of a sign-on or a token, in place of those kept before."""
    c.execute(delete(groups).where(groups.c.id == of))
    if names:
        c.execute(insert(groups).values(id=of, names=json.dumps(sorted(names), ensure_ascii=False)))


def kept_groups(c: Connection, of: str) -> frozenset[str]:
    """The groups of a sign-on or a token."""
    names = c.execute(select(groups.c.names).where(groups.c.id == of)).scalar()
    return groups_of(json.loads(names)) if names is not None else frozenset()

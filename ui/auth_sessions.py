"""Sign-ons in browsers that the server can end: one row each, in the database or, where nothing is kept, in
memory.

The cookie names the row; the row tells who, whether the provider counts them among the administrators, when
that was last looked up, and holds (encrypted) what the provider is asked with.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Engine, delete, insert, select, update

from ui.storage_tables import sessions


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-on. Times are Unix seconds; ``member``: of the administrators' group, at ``looked_up``."""

    id: str
    owner: str
    member: bool
    until: float
    looked_up: float
    grant: str = ""


class Sessions(Protocol):
    """Where sign-ons are kept. Thread-safe."""

    def add(self, session: Session) -> None: ...

    def get(self, session_id: str) -> Session | None:
        """The sign-on, None when it has ended or there is none."""
        ...

    def confirm(self, session_id: str, member: bool, grant: str) -> None:
        """Rights were looked up just now."""
        ...

    def end(self, session_id: str) -> None: ...

    def end_all(self, owner: str) -> int:
        """End all sign-ons of a person; how many there were."""
        ...


class MemorySessions:
    """Lost at a restart: people sign on again."""

    def __init__(self) -> None:
        self._rows: dict[str, Session] = {}
        self._lock = threading.Lock()

    def add(self, session: Session) -> None:
        with self._lock:
            self._rows = {k: s for k, s in self._rows.items() if s.until > time.time()} | {
                session.id: session
            }

    def get(self, session_id: str) -> Session | None:
        found = self._rows.get(session_id)
        return found if found is not None and found.until > time.time() else None

    def confirm(self, session_id: str, member: bool, grant: str) -> None:
        with self._lock:
            if session_id in self._rows:
                self._rows[session_id] = replace(
                    self._rows[session_id], member=member, grant=grant, looked_up=time.time()
                )

    def end(self, session_id: str) -> None:
        with self._lock:
            self._rows.pop(session_id, None)

    def end_all(self, owner: str) -> int:
        with self._lock:
            before = len(self._rows)
            self._rows = {k: s for k, s in self._rows.items() if s.owner != owner}
            return before - len(self._rows)


class SqlSessions:
    """In the database: they outlive a restart, and ``wenju token sign-out`` ends them in a running server."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def add(self, session: Session) -> None:
        s = session
        row = {
            "id": s.id,
            "owner": s.owner,
            "member": int(s.member),
            "until": s.until,
            "looked_up": s.looked_up,
            "grant": s.grant,
        }
        with self._database.begin() as c:
            c.execute(delete(sessions).where(sessions.c.until < time.time()))
            c.execute(insert(sessions).values(**row))

    def get(self, session_id: str) -> Session | None:
        t = sessions.c
        with self._database.connect() as c:
            row = c.execute(select(sessions).where(t.id == session_id, t.until > time.time())).first()
        return (
            Session(row.id, row.owner, bool(row.member), row.until, row.looked_up, row.grant)
            if row is not None
            else None
        )

    def confirm(self, session_id: str, member: bool, grant: str) -> None:
        values = {"member": int(member), "grant": grant, "looked_up": time.time()}
        with self._database.begin() as c:
            c.execute(update(sessions).where(sessions.c.id == session_id).values(**values))

    def end(self, session_id: str) -> None:
        with self._database.begin() as c:
            c.execute(delete(sessions).where(sessions.c.id == session_id))

    def end_all(self, owner: str) -> int:
        with self._database.begin() as c:
            return c.execute(delete(sessions).where(sessions.c.owner == owner)).rowcount

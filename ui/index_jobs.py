"""Files to be indexed, as jobs in PostgreSQL that several workers take: none is lost with a worker, none is
done by two.

    waiting -> reading -> read -> writing -> done
                  failed: it cannot be read, or took TRIES workers with it

Who takes a job holds it for LEASE seconds and says again and again that it is still there (``renew``). Where
that stops, the job goes to the next worker, and what the first one says of it later counts nothing. One
worker at a time writes (``writing``); reading and encoding go on beside it. Times are the database's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, delete, extract, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from errors import SettingsError
from ui.storage_servers import shared
from ui.storage_tables import jobs
from ui.storage_types import new_id

LEASE = 30.0
TRIES = 3
KEPT = 7 * 24 * 3600.0
"""Seconds that jobs which have ended are remembered."""
STATES = ("waiting", "reading", "read", "writing", "done", "failed")
OPEN = STATES[:4]
LOCK = 0x77656E6A75
"""Of PostgreSQL's advisory locks, the writer's."""
_NOW = extract("epoch", func.clock_timestamp())
_LOST = f"{TRIES} workers ended while they had it"


@dataclass(frozen=True, slots=True)
class IndexJob:
    """A file: where it is, the folder that was named, its name in the index, the collection it goes to."""

    id: int
    path: str
    below: str
    source: str
    collection: str
    state: str = "waiting"
    tries: int = 0
    message: str = ""


class IndexJobs:
    """The jobs of one index; every worker has its own object.

    Args:
        lease: seconds that a job is held without a sign of life.

    Raises:
        SettingsError: the database is not PostgreSQL.
    """

    def __init__(self, database: Engine, lease: float = LEASE) -> None:
        if not shared(database):
            raise SettingsError.named("jobs_database")
        self.database, self.lease, self.worker = database, lease, new_id()

    def queue(self, files: Iterable[IndexJob]) -> int:
        """Add files, but for those that wait already; how many were added."""
        names = ("path", "below", "source", "collection")
        with self.database.begin() as c:
            c.execute(select(func.pg_advisory_xact_lock(LOCK + 1)))  # two who queue the same file
            c.execute(delete(jobs).where(jobs.c.state.not_in(OPEN), jobs.c.at < _NOW - KEPT))
            waiting = select(jobs.c.path, jobs.c.collection).where(jobs.c.state == "waiting")
            known = {tuple(row) for row in c.execute(waiting)}
            new = {(one.path, one.collection): one for one in files}
            rows = [{n: getattr(one, n) for n in names} for key, one in new.items() if key not in known]
            if rows:
                c.execute(insert(jobs).values(**_NEW, at=_NOW), rows)
            return len(rows)

    def take(self, count: int) -> list[IndexJob]:
        """Jobs to be read: those that wait, and those whose worker is gone."""
        with self.database.begin() as c:
            gone = and_(jobs.c.state == "reading", jobs.c.lease < _NOW)
            c.execute(update(jobs).where(gone, jobs.c.tries >= TRIES).values(state="failed", message=_LOST))
        return self._taken(or_(jobs.c.state == "waiting", gone), count, "reading", tries=jobs.c.tries + 1)

    def to_write(self, count: int) -> list[IndexJob]:
        """Jobs to be written, by whoever is ``writing``."""
        gone = and_(jobs.c.state == "writing", jobs.c.lease < _NOW)
        return self._taken(or_(jobs.c.state == "read", gone), count, "writing")

    def _taken(self, which: ColumnElement[bool], count: int, state: str, **more: Any) -> list[IndexJob]:
        wanted = select(jobs.c.id).where(which).order_by(jobs.c.id).limit(count)
        wanted = wanted.with_for_update(skip_locked=True)
        held = {"state": state, "worker": self.worker, "lease": _NOW + self.lease} | more
        with self.database.begin() as c:
            rows = c.execute(update(jobs).where(jobs.c.id.in_(wanted)).values(**held).returning(jobs))
            return sorted((_job(row._mapping) for row in rows), key=lambda one: one.id)

    def renew(self) -> None:
        """This worker is still there."""
        with self.database.begin() as c:
            c.execute(update(jobs).where(self._mine()).values(lease=_NOW + self.lease))

    def becomes(self, job: IndexJob, state: str, message: str = "") -> bool:
        """Say what became of a job; False where another worker has it by now."""
        mine = and_(jobs.c.id == job.id, self._mine())
        with self.database.begin() as c:
            values = {"state": state, "message": message, "lease": 0.0}
            return bool(c.execute(update(jobs).where(mine).values(**values)).rowcount)

    def give_back(self) -> None:
        """Whatever this worker holds goes back to the others at once."""
        with self.database.begin() as c:
            for state, before, tries in (("reading", "waiting", 1), ("writing", "read", 0)):
                mine = and_(self._mine(), jobs.c.state == state)
                values = {"state": before, "lease": 0.0, "tries": jobs.c.tries - tries}
                c.execute(update(jobs).where(mine).values(**values))

    def _mine(self) -> ColumnElement[bool]:
        return and_(jobs.c.worker == self.worker, jobs.c.state.in_(("reading", "writing")))

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Be the one who writes, or not (False); a process that was killed holds nothing."""
        with self.database.connect() as c:
            mine = bool(c.execute(select(func.pg_try_advisory_lock(LOCK))).scalar())
            c.commit()
            try:
                yield mine
            finally:
                if mine:
                    _unlocked(c)

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self.database.connect() as c:
            rows = c.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
            found = {str(state): int(count) for state, count in rows}
        return {state: found.get(state, 0) for state in STATES}

    def of(self, *states: str) -> list[IndexJob]:
        """The jobs in some states, oldest first."""
        with self.database.connect() as c:
            rows = c.execute(select(jobs).where(jobs.c.state.in_(states)).order_by(jobs.c.id))
            return [_job(row._mapping) for row in rows]

    def again(self) -> int:
        """Jobs that failed wait again; how many."""
        with self.database.begin() as c:
            return c.execute(update(jobs).where(jobs.c.state == "failed").values(**_NEW)).rowcount


_NEW: dict[str, Any] = {"state": "waiting", "worker": "", "lease": 0.0, "tries": 0, "message": ""}


def _unlocked(c: Any) -> None:
    try:
        c.execute(select(func.pg_advisory_unlock(LOCK)))
        c.commit()
    except SQLAlchemyError:
        c.invalidate()  # the connection goes, and the lock with it


def _job(row: Any) -> IndexJob:
    return IndexJob(*(row[name] for name in IndexJob.__dataclass_fields__))

"""Several servers on one PostgreSQL: which are alive, what those that are not left unfinished, and who asked
how often anywhere.

A server tells every ``BEAT`` seconds that it is there, by the database's clock. A SQLite database has one
server at a time, so that none of this is needed there.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

from sqlalchemy import Engine, and_, delete, extract, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from ui.rates import WINDOW, too_often
from ui.storage_rows import put
from ui.storage_tables import exchanges, rates, servers, under_way

BEAT, SILENT = 5.0, 20.0
"""Seconds between two signs of life, and without one after which a server counts as gone."""

log = logging.getLogger("wenju.ui")
_NOW = extract("epoch", func.clock_timestamp())


def shared(database: Engine) -> bool:
    """May several servers use this database at a time?"""
    return database.dialect.name == "postgresql"


def beat(database: Engine, server: str) -> None:
    """This server is there."""
    with database.begin() as c:
        put(c, servers, {"id": server}, {"beat": _NOW})


def leave(database: Engine, server: str) -> None:
    """This server stops; the others need not wait to see it, but will where the database does not answer."""
    with suppress(SQLAlchemyError), database.begin() as c:
        c.execute(delete(servers).where(servers.c.id == server))


def recover(database: Engine, message: str) -> int:
    """Mark answers that were under way on servers that are gone; returns how many. On SQLite, which one
    server uses at a
    time, that is all of them: run it at the start, before anybody asks."""
    unfinished = update(exchanges).where(exchanges.c.status == "running")
    with database.begin() as c:
        if shared(database):
            c.execute(delete(servers).where(servers.c.beat < _NOW - SILENT))
            gone = under_way.c.server.not_in(select(servers.c.id))
            here = and_(
                under_way.c.owner == exchanges.c.owner,
                under_way.c.conversation_id == exchanges.c.conversation_id,
                under_way.c.id == exchanges.c.id,
            )
            unfinished = unfinished.where(~select(under_way.c.id).where(here, ~gone).exists())
            found = c.execute(unfinished.values(status="failed", message=message)).rowcount
            c.execute(delete(under_way).where(gone))
            return found
        c.execute(delete(under_way))
        return c.execute(unfinished.values(status="failed", message=message)).rowcount


def keep_alive(database: Engine, server: str, message: str, stopping: threading.Event) -> None:
    """Tell that this server is there, and look after what others left, until ``stopping``."""
    while not stopping.wait(BEAT):
        try:
            beat(database, server)
            if cut := recover(database, message):
                log.warning("another server is gone", extra={"fields": {"answers_cut": cut}})
        except Exception as error:  # a thread's border: the database may be back in a moment
            log.error("the database does not answer", exc_info=error)


class SharedRate:
    """See ``ui.rates.Rate``: counts what is asked at all servers. Asked at two at the same moment, it may let
    one more through."""

    def __init__(self, database: Engine, kind: str, per_minute: int) -> None:
        self.per_minute = per_minute
        self._database, self._kind = database, kind

    def check(self, name: str) -> None:
        if not self.per_minute:
            return
        mine = and_(rates.c.name == f"{self._kind} {name}"[:200], rates.c.at > _NOW - WINDOW)
        with self._database.connect() as c:
            count, first = c.execute(
                select(func.count(), func.min(rates.c.at) + WINDOW - _NOW).where(mine)
            ).one()
        if count >= self.per_minute:
            raise too_often(float(first))

    def count(self, name: str) -> None:
        if self.per_minute:
            with self._database.begin() as c:
                c.execute(delete(rates).where(rates.c.at < _NOW - WINDOW))
                c.execute(insert(rates).values(name=f"{self._kind} {name}"[:200], at=_NOW))

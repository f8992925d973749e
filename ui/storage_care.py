"""Care of what is stored: what is older than it may be, one person's data,
the audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, Table, and_, delete, func, select

from ui.actions import Action
from ui.storage_rows import since
from ui.storage_tables import (
    actions,
    asked,
    conversations,
    exchanges,
    feedback,
    groups,
    outcomes,
    sessions,
    shares,
)


def purge(database: Engine, days: int) -> int:
    """Delete conversations, share links, feedback, records and administrators' actions older than ``days``
    days; 0 deletes nothing.

    A conversation's age counts from its last question. Returns the number of rows that went.
    """
    if not days:
        return 0
    end = since(days)
    c = conversations.c
    old = and_(c.owner == exchanges.c.owner, c.id == exchanges.c.conversation_id, c.updated_at < end)
    with database.begin() as connection:
        gone = connection.execute(delete(exchanges).where(select(c.id).where(old).exists())).rowcount
        connection.execute(delete(outcomes).where(outcomes.c.at < end))
        dates = (c.updated_at, shares.c.shared_at, feedback.c.at, asked.c.at, actions.c.at)
        return gone + sum(connection.execute(delete(at.table).where(at < end)).rowcount for at in dates)


def delete_user(database: Engine, user: str) -> dict[str, int]:
    """Delete everything that is kept under a name; returns the rows deleted, by table. Sign-ons at the
    provider end with it; tokens are revoked apart, and the record of what an administrator did stays."""
    kept: dict[str, Table] = {
        "exchanges": exchanges,
        "conversations": conversations,
        "shares": shares,
        "feedback": feedback,
        "asked": asked,
    }
    with database.begin() as c:
        signed_on = select(sessions.c.id).where(sessions.c.owner == user)
        c.execute(delete(groups).where(groups.c.id.in_(signed_on)))
        c.execute(delete(sessions).where(sessions.c.owner == user))
        theirs = select(asked.c.exchange_id).where(asked.c.owner == user)
        c.execute(delete(outcomes).where(outcomes.c.exchange_id.in_(theirs)))
        return {
            name: c.execute(delete(table).where(table.c.owner == user)).rowcount
            for name, table in kept.items()
        }


def users(database: Engine) -> list[str]:
    """Names under which something is kept, sorted."""
    found: set[str] = set()
    with database.connect() as c:
        for table in (conversations, feedback, asked, shares):
            found.update(c.execute(select(table.c.owner).distinct()).scalars())
    return sorted(found - {""})


def audit(database: Engine, days: int = 28, user: str = "") -> Iterator[dict[str, Any]]:
    """Who asked what, what was cited, model and index; oldest first."""
    a = asked.c
    told = (a.channel, a.status, a.question, a.query, a.reason, a.cited, a.model, a["index"])
    query = select(a.at, a.owner.label("user"), *told, a.exchange_id.label("id"))
    query = query.where(a.at >= since(days)).order_by(a.at, a.exchange_id)
    if user:
        query = query.where(a.owner == user)
    with database.connect() as c:
        for row in c.execute(query).mappings():
            yield {**row, "cited": json.loads(row["cited"])}


def acted(database: Engine, days: int = 365) -> list[Action]:
    """What administrators did, oldest first."""
    a = actions.c
    query = select(a.at, a.owner, a.address, a.name, a.target).where(a.at >= since(days)).order_by(a.at, a.id)
    with database.connect() as c:
        return [Action(*row) for row in c.execute(query)]


def counts(database: Engine) -> dict[str, int]:
    """Rows by table, for `wenju doctor` and tests."""
    with database.connect() as c:
        tables = (conversations, exchanges, shares, feedback, asked)
        return {
            table.name: c.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        }

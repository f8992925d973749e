"""The Store: conversations, share links, feedback, and the record of what was asked, in a database.
Thread-safe.

Every question leaves one row in ``asked`` once it has ended, also one that came through the API: who asked
what, what was cited, model and index. With ``audit`` off the row has no name and no citations; the questions
that found nothing are counted from it either way.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from qa.types import Answer
from ui.storage_database import in_memory, open_database
from ui.storage_rows import (
    answer_of,
    answer_text,
    asked_row,
    at,
    clean,
    exchange_from_dict,
    exchange_row,
    exchange_to_dict,
    hashed,
    outcome_row,
    put,
    since,
)
from ui.storage_tables import (
    actions,
    asked,
    conversations,
    exchanges,
    outcomes,
    shares,
    under_way,
)
from ui.storage_tables import feedback as feedback_table
from ui.storage_tables import seen as seen_table
from ui.storage_types import Asked, ConversationRow, Exchange, Feedback, Shared, new_id, now, title_of


class Store:
    """Everything that is kept. Every method that takes ``user`` sees that user's rows alone; another's id
    behaves as if it did not exist.

    Args:
        database: an open database, see ``open_database``.
        audit: keep names and citations with the record of questions.
    """

    def __init__(self, database: Engine, audit: bool = True) -> None:
        self.database = database
        self.server = new_id()
        self._audit = audit

    @classmethod
    def open(cls, url: str, data: Path, audit: bool = True) -> Store:
        """Open or make the database. Raises SettingsError when it cannot be used."""
        return cls(open_database(url, data), audit)

    @classmethod
    def in_memory(cls) -> Store:
        """One that is lost at a restart, and keeps no names beside what was asked."""
        return cls(in_memory(), audit=False)

    def close(self) -> None:
        self.database.dispose()

    def save(self, user: str, conversation_id: str, exchange: Exchange) -> None:
        """Add or replace an exchange; the first one creates the conversation, titled by its question."""
        place = {"owner": user, "conversation_id": conversation_id}

        def write(c: Connection) -> None:
            if self._replace(c, user, conversation_id, exchange):
                return
            if not _touch(c, user, conversation_id):
                title = clean(title_of(exchange.question))
                new = {"owner": user, "id": conversation_id, "title": title, "folded": title.casefold()}
                c.execute(insert(conversations).values(**new, **_moment()))
            last = c.execute(select(func.max(exchanges.c.position)).where(at(exchanges, **place))).scalar()
            row = exchange_row(exchange) | {"position": 0 if last is None else last + 1}
            c.execute(insert(exchanges).values(**place, id=exchange.id, **row))
            if exchange.status == "running":
                c.execute(insert(under_way).values(**place, id=exchange.id, server=self.server))
            else:
                self._note(c, user, exchange, "page", keep=False)

        self._write(write)

    def update(self, user: str, conversation_id: str, exchange: Exchange) -> None:
        """Replace an exchange where it is still there: one that was dropped meanwhile, perhaps through
        another server, does not come back."""

        def write(c: Connection) -> None:
            if not self._replace(c, user, conversation_id, exchange):
                self._note(c, user, exchange, "page", keep=False)

        self._write(write)

    def _replace(self, c: Connection, user: str, conversation_id: str, exchange: Exchange) -> bool:
        """Replace an exchange, and note it once it has ended; False where there is none of this id."""
        place = {"owner": user, "conversation_id": conversation_id, "id": exchange.id}
        if exchange.status != "running":
            c.execute(delete(under_way).where(at(under_way, **place)))
        here = at(exchanges, **place)
        if not c.execute(update(exchanges).where(here).values(**exchange_row(exchange))).rowcount:
            return False
        _touch(c, user, conversation_id)
        if exchange.status != "running":
            self._note(c, user, exchange, "page", keep=False)
        return True

    def truncate(self, user: str, conversation_id: str, keep: int) -> None:
        """Drop all exchanges after the first ``keep``; none left drops the conversation."""
        here = at(exchanges, owner=user, conversation_id=conversation_id)
        with self.database.begin() as c:
            ids = c.execute(select(exchanges.c.id).where(here).order_by(*_ORDER)).scalars().all()
            if keep > 0:
                c.execute(delete(exchanges).where(here, exchanges.c.id.in_(ids[keep:])))
            else:
                _drop(c, user, conversation_id)

    def conversations(self, user: str, search: str = "") -> Sequence[ConversationRow]:
        """The user's conversations, newest first; ``search`` looks into titles, questions and answers."""
        needle = clean(search).strip().casefold()
        t, e = conversations.c, exchanges.c
        same = and_(e.owner == t.owner, e.conversation_id == t.id)
        turns = (
            select(func.count()).select_from(exchanges).where(same).correlate(conversations).scalar_subquery()
        )
        query = select(t.id, t.title, t.updated_at, turns).where(t.owner == user).order_by(t.sequence.desc())
        if needle:
            inside = (
                select(e.id)
                .where(same, e.folded.contains(needle, autoescape=True))
                .correlate(conversations)
                .exists()
            )
            query = query.where(or_(t.folded.contains(needle, autoescape=True), inside))
        with self.database.connect() as c:
            return [ConversationRow(*row) for row in c.execute(query)]

    def exchanges(self, user: str, conversation_id: str) -> tuple[Exchange, ...] | None:
        """The conversation's exchanges in order, or None when the user has no such conversation."""
        with self.database.connect() as c:
            return _exchanges(c, user, conversation_id)

    def rename(self, user: str, conversation_id: str, title: str) -> bool:
        if not title.strip():
            return False
        new = clean(title_of(title))
        renamed = update(conversations).values(title=new, folded=new.casefold())
        with self.database.begin() as c:
            return bool(c.execute(renamed.where(at(conversations, owner=user, id=conversation_id))).rowcount)

    def delete(self, user: str, conversation_id: str) -> bool:
        """Delete the conversation and end its share links; False when the user has no such conversation."""
        with self.database.begin() as c:
            c.execute(delete(shares).where(at(shares, owner=user, conversation_id=conversation_id)))
            return _drop(c, user, conversation_id)

    def share(self, user: str, conversation_id: str) -> str | None:
        """A token under which anyone inside may read the conversation as it is now."""
        with self.database.begin() as c:
            found = _exchanges(c, user, conversation_id)
            if found is None:
                return None
            mine = at(conversations, owner=user, id=conversation_id)
            title = c.execute(select(conversations.c.title).where(mine)).scalar_one()
            token = secrets.token_urlsafe(18)
            text = json.dumps([exchange_to_dict(exchange) for exchange in found], ensure_ascii=False)
            c.execute(
                insert(shares).values(
                    token_hash=hashed(token),
                    owner=user,
                    conversation_id=conversation_id,
                    title=title,
                    shared_at=now(),
                    exchanges=text,
                )
            )
            return token

    def shared(self, token: str) -> Shared | None:
        with self.database.connect() as c:
            row = c.execute(select(shares).where(shares.c.token_hash == hashed(token))).first()
        if row is None:
            return None
        return Shared(row.title, row.shared_at, tuple(map(exchange_from_dict, json.loads(row.exchanges))))

    def add_feedback(self, feedback: Feedback) -> None:
        """Store it; a later one by the same user on the same exchange replaces it."""
        f = feedback
        values = {
            "conversation_id": f.conversation_id,
            "verdict": f.verdict,
            "comment": clean(f.comment),
            "at": f.at,
            "reasons": json.dumps(f.reasons),
            "answer": answer_text(f.answer),
            "settings": json.dumps(f.settings, ensure_ascii=False),
        }
        key = {"owner": f.user, "exchange_id": f.exchange_id}
        self._write(lambda c: put(c, feedback_table, key, values))

    def feedback(self, days: int = 28) -> Sequence[Feedback]:
        """The last days' feedback, newest first."""
        t = feedback_table.c
        query = select(feedback_table).where(t.at >= since(days)).order_by(t.at.desc(), t.exchange_id)
        with self.database.connect() as c:
            rows = c.execute(query).all()
        return [
            Feedback(
                r.conversation_id,
                r.exchange_id,
                r.owner,
                r.verdict,
                r.at,
                tuple(json.loads(r.reasons)),
                r.comment,
                answer_of(r.answer),
                json.loads(r.settings),
            )
            for r in rows
        ]

    def asked(self, days: int = 28) -> Sequence[Asked]:
        """What was asked in the last days and has ended, oldest first, small talk too."""
        a, o = asked.c, outcomes.c
        both = asked.outerjoin(outcomes, a.exchange_id == o.exchange_id)
        query = select(a.at, a.question, a.status, a.reason, o.kind, o.seconds, o.documents).select_from(both)
        with self.database.connect() as c:
            rows = c.execute(query.where(a.at >= since(days)).order_by(a.at, a.exchange_id)).all()
        return [
            Asked(*row[:4], row.kind or "", row.seconds, tuple(json.loads(row.documents or "[]")))
            for row in rows
        ]

    def mark_seen(self, marks: Sequence[str], seen: bool = True) -> None:
        """Note that warnings (ui.document_warnings) were seen, or that they are to be listed again."""
        rows = [{"mark": mark, "at": now()} for mark in dict.fromkeys(map(clean, marks))]
        with self.database.begin() as c:
            for start in range(0, len(rows), 500):
                some = rows[start : start + 500]
                c.execute(delete(seen_table).where(seen_table.c.mark.in_([row["mark"] for row in some])))
                if seen:
                    c.execute(insert(seen_table), some)

    def seen(self) -> frozenset[str]:
        """Marks of the warnings that were seen."""
        with self.database.connect() as c:
            return frozenset(c.execute(select(seen_table.c.mark)).scalars())

    def answered(self, limit: int = 20) -> Sequence[str]:
        """Questions that got a supported answer, most often asked first: what suggestions are drawn from."""
        e = exchanges.c
        query = (
            select(e.question, func.count().label("n"))
            .where(e.supported == 1)
            .group_by(e.question)
            .order_by(func.count().desc(), e.question)
            .limit(limit)
        )
        with self.database.connect() as c:
            return [row.question for row in c.execute(query)]

    def record(self, user: str, exchange: Exchange, channel: str) -> None:
        """Note a question that belongs to no conversation, with its whole answer."""
        self._write(lambda c: self._note(c, user, exchange, channel, keep=True))

    def recorded(self, user: str, answer_id: str) -> Answer | None:
        """The answer of this id that this user got through the API."""
        t = asked.c
        query = select(t.answer).where(t.owner == user, t.answer_id == answer_id, t.answer.is_not(None))
        with self.database.connect() as c:
            return answer_of(c.execute(query.order_by(t.at.desc())).scalars().first()) if answer_id else None

    def act(self, user: str, address: str, name: str, target: str) -> None:
        """Note what an administrator did, see ui.actions."""
        row = {
            "at": now(),
            "owner": user,
            "address": address[:64],
            "name": name,
            "target": clean(target)[:500],
        }
        with self.database.begin() as c:
            c.execute(insert(actions).values(**row))

    def _write(self, work: Callable[[Connection], object]) -> None:
        """Update-or-insert; once more when another thread inserted the same row in between."""
        try:
            with self.database.begin() as c:
                work(c)
        except IntegrityError:
            with self.database.begin() as c:
                work(c)

    def _note(self, c: Connection, user: str, exchange: Exchange, channel: str, *, keep: bool) -> None:
        values = asked_row(user, exchange, channel, audit=self._audit, keep=keep)
        put(c, asked, {"exchange_id": exchange.id}, values)
        put(c, outcomes, {"exchange_id": exchange.id}, outcome_row(exchange))


_ORDER = (exchanges.c.position, exchanges.c.asked_at, exchanges.c.id)
"""Two servers may give the same position."""


def _moment() -> dict[str, Any]:
    return {"updated_at": now(), "sequence": time.time_ns() // 1000}


def _touch(c: Connection, user: str, conversation_id: str) -> bool:
    """Something was asked in the conversation just now; False where there is none of this id."""
    mine = at(conversations, owner=user, id=conversation_id)
    return bool(c.execute(update(conversations).where(mine).values(**_moment())).rowcount)


def _drop(c: Connection, user: str, conversation_id: str) -> bool:
    c.execute(delete(exchanges).where(at(exchanges, owner=user, conversation_id=conversation_id)))
    return bool(
        c.execute(delete(conversations).where(at(conversations, owner=user, id=conversation_id))).rowcount
    )


def _exchanges(c: Connection, user: str, conversation_id: str) -> tuple[Exchange, ...] | None:
    here = at(exchanges, owner=user, conversation_id=conversation_id)
    rows = c.execute(select(exchanges).where(here).order_by(*_ORDER)).all()
    found = tuple(
        Exchange(r.id, r.question, r.asked_at, r.status, answer_of(r.answer), r.message) for r in rows
    )
    return found or None

"""The tables of what is kept.

Times are ISO 8601 in UTC, answers the stable JSON of qa.serialize, both as text: the same bytes in either
database.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

about = Table(
    "wenju_about",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

conversations = Table(
    "wenju_conversations",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("updated_at", String(40), nullable=False, index=True),
    Column("sequence", BigInteger, nullable=False),
)

exchanges = Table(
    "wenju_exchanges",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("conversation_id", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("asked_at", String(40), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("message", Text, nullable=False),
    Column("answer", Text),
    Column("supported", Integer, nullable=False),
)

shares = Table(
    "wenju_shares",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("owner", String(200), nullable=False, index=True),
    Column("conversation_id", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("shared_at", String(40), nullable=False),
    Column("exchanges", Text, nullable=False),
)

feedback = Table(
    "wenju_feedback",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("exchange_id", String(64), primary_key=True),
    Column("conversation_id", String(64), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", String(40), nullable=False, index=True),
    Column("answer", Text),
    Column("settings", Text, nullable=False),
)

asked = Table(
    "wenju_asked",
    metadata,
    Column("exchange_id", String(64), primary_key=True),
    Column("answer_id", String(64), nullable=False, index=True),
    Column("owner", String(200), nullable=False, index=True),
    Column("at", String(40), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("question", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("cited", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("index", Text, nullable=False),
    Column("answer", Text),
)

outcomes = Table(  # beside ``asked``, and without any name whatever the audit keeps
    "wenju_outcomes",
    metadata,
    Column("exchange_id", String(64), primary_key=True),
    Column("at", String(40), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("seconds", Float),
    Column("documents", Text, nullable=False),
)

seen = Table(  # warnings about documents that an administrator has seen (ui.document_warnings)
    "wenju_seen",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("at", String(40), nullable=False),
)

tokens = Table(
    "wenju_tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("expires_at", String(40), nullable=False),
    Column("revoked", Integer, nullable=False),
)

actions = Table(
    "wenju_actions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False, index=True),
    Column("owner", String(200), nullable=False),
    Column("address", String(64), nullable=False),
    Column("name", String(32), nullable=False),
    Column("target", Text, nullable=False),
)

sessions = Table(
    "wenju_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(200), nullable=False, index=True),
    Column("member", Integer, nullable=False),
    Column("until", Float, nullable=False),
    Column("looked_up", Float, nullable=False),
    Column("grant", Text, nullable=False),
)

groups = Table(  # of readers, by the id of the sign-on or the token that names them
    "wenju_groups",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("names", Text, nullable=False),
)

spent = Table(
    "wenju_spent",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("until", Float, nullable=False),
)

servers = Table(  # those that use this database, see ui.storage_servers; so are the next two
    "wenju_servers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("beat", Float, nullable=False),
)

under_way = Table(  # which server answers what at the moment
    "wenju_under_way",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("conversation_id", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("server", String(32), nullable=False, index=True),
)

rates = Table(
    "wenju_rates",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("name", String(200), nullable=False, index=True),
    Column("at", Float, nullable=False, index=True),
)

jobs = Table(  # files that workers index, see ui.index_jobs
    "wenju_jobs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("path", Text, nullable=False),
    Column("below", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("collection", String(200), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("worker", String(32), nullable=False),
    Column("lease", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("message", Text, nullable=False),
)

Index("wenju_exchanges_order", exchanges.c.owner, exchanges.c.conversation_id, exchanges.c.position)

"""The tables behind ui.storage, and how a database is opened: SQLite by default, PostgreSQL by URL.

Times are ISO 8601 in UTC, answers the stable JSON of qa.serialize, both as text: the same bytes in either
database.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from errors import SettingsError

SCHEMA = 1
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


def open_database(url: str, data: Path) -> Engine:
    """Connect, and make the tables where they are missing.

    Args:
        url: SQLAlchemy URL; "" is ``wenju.db`` in the data folder.

    Raises:
        SettingsError: a bad URL, no driver, no connection, or tables of another version.
    """
    address = _address(url, data)
    shown = address.render_as_string(hide_password=True)
    try:
        engine = create_engine(address, pool_pre_ping=address.get_backend_name() != "sqlite")
        if address.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _sqlite)
        metadata.create_all(engine)
        _check_schema(engine, shown)
        if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
            Path(str(address.database)).chmod(0o600)
    except ModuleNotFoundError as error:
        hint = (
            "pip install 'psycopg[binary]'"
            if error.name == "psycopg"
            else f"Install the package {error.name}."
        )
        raise SettingsError(
            f"ui.database {shown} needs a driver that is not installed ({error.name}).", hint
        ) from None
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SettingsError(
            f"Cannot open the database {shown}: {reason}", "Check ui.database and that it runs."
        ) from None
    return engine


def in_memory() -> Engine:
    """An empty database that goes with its last user. Its one connection is every thread's in turn."""
    engine = create_engine(
        "sqlite://",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"check_same_thread": False},
    )
    metadata.create_all(engine)
    return engine


def _address(url: str, data: Path) -> URL:
    if not url:
        data.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=str(data / "wenju.db"))
    try:
        address = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "ui.database is not a database URL.", "postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError(
            f"ui.database: {address.drivername} is not known.", "Use sqlite:///FILE or postgresql://..."
        )
    return address


def _sqlite(connection: object, record: object) -> None:
    """Readers do not wait for a writer, and a writer waits for another one instead of failing."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check_schema(engine: Engine, shown: str) -> None:
    with engine.begin() as connection:
        found = connection.execute(select(about.c.value).where(about.c.key == "schema")).scalar()
        if found is None:
            connection.execute(insert(about).values(key="schema", value=str(SCHEMA)))
        elif found != str(SCHEMA):
            raise SettingsError(
                f"{shown} holds tables of version {found}; this program needs {SCHEMA}.",
                "Use the program's version that made them, or another database.",
            )
    assert inspect(engine).has_table("wenju_asked")

"""How a database is opened: SQLite by default, PostgreSQL by URL, or one in memory."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from errors import SettingsError
from ui.storage_tables import about, metadata

SCHEMA = 1


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
        name = str(error.name)
        package = "'psycopg[binary]'" if name == "psycopg" else name
        raise SettingsError.named("database_driver", shown=shown, name=name, package=package) from None
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SettingsError.named("database_failed", shown=shown, what=reason) from None
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
        raise SettingsError.named("database_url") from None
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError.named("database_kind", name=address.drivername)
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
            raise SettingsError.named("database_version", shown=shown, found=str(found), wanted=SCHEMA)
    assert inspect(engine).has_table("wenju_asked")

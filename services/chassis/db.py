"""A service's own database, on SQLite and PostgreSQL: transactions, instants, ids. The databases are the truth."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

Tx = Session
"""A transaction: the first argument of every function in a store."""

DATABASE_DOWN = (OperationalError, InterfaceError)
"""Faults of the database itself: whoever meets one waits and tries again; it is no attempt."""

TOLD = "told"
"""Key of ``tx.info``: set when the transaction holds an outbox row, so that the relay wakes on commit."""

BUSY_TIMEOUT_MS = 30_000


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, always UTC: ``timestamptz`` on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant: it would mean another moment elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> str:
    """Give a new opaque id: 32 hexadecimal digits, unguessable."""
    return uuid.uuid4().hex


class Database:
    """One service's database. ``begin`` for what writes, ``read`` for what only looks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        more: dict[str, Any] = {} if self.is_sqlite else {"pool_pre_ping": True}
        self.engine = create_engine(url, pool_size=10, max_overflow=30, **more)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writing = self.engine.execution_options(portal_writes=True)
        self.told = threading.Event()
        """Set when a transaction that tells something has committed in this process."""

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """Give a transaction that commits at the end, or rolls back when something is raised."""
        with Session(self._writing, expire_on_commit=False) as tx:
            with tx.begin():
                yield tx
            if tx.info.pop(TOLD, False):
                self.told.set()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Give a transaction that sees one state and writes nothing."""
        with Session(self.engine, expire_on_commit=False) as tx:
            yield tx

    def check(self) -> None:
        """Raise one of DATABASE_DOWN when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def database_now(tx: Tx) -> datetime:
    """Give the database's own time, UTC: what leases are measured by, so that skewed clocks cannot hurt."""
    if tx.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    value: datetime = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
    return value.astimezone(UTC)


def insert_new(tx: Tx, table: type[Any], values: dict[str, Any], key: list[str]) -> bool:
    """Insert a row unless one with the same *key* columns is there; whether it was inserted."""
    make = sqlite_insert if tx.get_bind().dialect.name == "sqlite" else postgresql_insert
    columns = [getattr(table, name) for name in key]
    # RETURNING says it on every driver; rowcount does not (psycopg's is not told for an ORM insert)
    query = make(table).values(**values).on_conflict_do_nothing(index_elements=key).returning(*columns)
    return tx.execute(query).first() is not None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours (see _begin_sqlite)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    """Take the write lock at once where a transaction writes: an upgrade in its midst fails without waiting."""
    writes = connection.get_execution_options().get("portal_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

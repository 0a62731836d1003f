"""A service that stands for a whole run: made once a process, put back to how it was before each test.

What it costs to make one (its doors, its SQL compiled, its database) is paid once, not by each of a thousand tests.
"""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from services.chassis.db import Database
from services.chassis.passwords import SecretHasher
from services.chassis.service import Service
from tests.migrated import connect

KEPT = "kept"
"""The schema in which PostgreSQL keeps what the tables held."""
LOCK_TIMEOUT = "10s"
"""A test that leaves a transaction open shall fail the next one, not hold up the run."""


KINDS = ("sqlite", "postgresql")
QUICK_FIGURES = (8, 1)
"""KiB and passes of an argon2id that takes no time to speak of, for tests of other things."""
QUICK = SecretHasher(*QUICK_FIGURES)


class House(Protocol):
    """A service as tests have it."""

    @property
    def service(self) -> Service:
        """It."""


Made = TypeVar("Made", bound=House)


class Standing:
    """What stands in this process, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, tuple[Any, Callable[[], None]]] = {}

    def get(self, name: str, make: Callable[[Path], Made]) -> Made:
        """Give what *make* made in a folder of its own the first time, with its database as it was then."""
        if name not in self._made:
            folder = self._folder / name
            folder.mkdir()
            house = make(folder)
            self._made[name] = (house, keep(house.service.db))
        made, put_back = self._made[name]
        put_back()
        return cast("Made", made)

    def close(self) -> None:
        """Close all their databases."""
        for made, _ in self._made.values():
            made.service.db.close()


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """The services that stand for this run."""
    found = Standing(tmp_path_factory.mktemp("standing"))
    yield found
    found.close()


def stand(request: pytest.FixtureRequest, name: str, kind: str, make: Callable[[str, Path], Made]) -> Made:
    """Give the house that stands under *name* on that kind of database; *make* it of an empty one and a folder."""

    def make_it(folder: Path) -> Made:
        if kind == "sqlite":
            return make(f"sqlite:///{folder / 'test.db'}", folder)
        return make(request.getfixturevalue("postgres").create_database(f"s{secrets.token_hex(8)}"), folder)

    standing: Standing = request.getfixturevalue("standing")
    return standing.get(f"{name}-{kind}", make_it)


def keep(db: Database) -> Callable[[], None]:
    """Keep what *db* holds now; give what puts it back."""
    return _keep_file(db) if db.is_sqlite else _keep_rows(db)


def _keep_file(db: Database) -> Callable[[], None]:
    db.close()
    path = Path(make_url(db.url).database or "")
    content = path.read_bytes()

    def put_back() -> None:
        db.close()
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        path.write_bytes(content)

    return put_back


def _keep_rows(db: Database) -> Callable[[], None]:
    url = make_url(db.url)
    with connect(url, url.database) as connection:
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(KEPT)))
        for table in tables:
            copy = sql.SQL("CREATE TABLE {} AS TABLE {}")
            connection.execute(copy.format(sql.Identifier(KEPT, table), sql.Identifier("public", table)))
        steps = [_step("DELETE FROM {}", "public", table) for table in tables]
        steps += [_fill(table) for table in tables if _holds_rows(connection, table)]
        steps += [_turn_back(connection, name) for (name,) in connection.execute(_SEQUENCES).fetchall()]
        script = sql.SQL("; ").join(steps).as_string(connection)

    def put_back() -> None:
        db.close()
        with connect(url, url.database) as connection, connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            connection.execute("SET LOCAL session_replication_role = replica")  # in whatever order they refer
            connection.execute(script.encode())

    return put_back


_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"


def _step(command: str, *name: str) -> sql.Composed:
    return sql.SQL(command).format(sql.Identifier(*name))


def _holds_rows(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute(_step("SELECT 1 FROM {} LIMIT 1", KEPT, table)).fetchone() is not None


def _fill(table: str) -> sql.Composed:
    command = sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM {}")
    return command.format(sql.Identifier("public", table), sql.Identifier(KEPT, table))


def _turn_back(connection: psycopg.Connection, sequence: str) -> sql.Composed:
    row = connection.execute(_step("SELECT last_value, is_called FROM {}", "public", sequence)).fetchone()
    at, was_called = row or (1, False)
    command = sql.SQL("SELECT setval({}, {}, {})")
    return command.format(sql.Literal(f'public."{sequence}"'), sql.Literal(at), sql.Literal(was_called))

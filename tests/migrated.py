"""A service's empty database, brought to its newest step once a process; every further one is a copy of that."""

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from services.chassis.migrate import upgrade
from services.chassis.service import Service

_files: dict[Path, bytes] = {}
"""SQLite's files, by the folder of the steps."""
_models: dict[tuple[Path, int | None], str] = {}
"""PostgreSQL's databases to copy, by the folder of the steps and the server's port."""


def migrate(service: Service) -> None:
    """Do what ``Service.migrate`` does."""
    url = make_url(service.db.url)
    if service.db.is_sqlite:
        _make_file(service, Path(url.database or ""))
    else:
        _make_database(service, url)
    service.on_start()


def _make_file(service: Service, path: Path) -> None:
    is_new = not path.exists()
    if is_new and service.migrations in _files:
        path.write_bytes(_files[service.migrations])
        return
    upgrade(service.db, service.migrations)
    if is_new:
        with closing(sqlite3.connect(path)) as connection:
            _files[service.migrations] = connection.serialize()


def _make_database(service: Service, url: URL) -> None:
    of = (service.migrations, url.port)
    with connect(url, url.database) as connection:
        is_new = connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)
    if is_new and of in _models:
        with connect(url, "postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(url.database or "")))
            _copy(connection, _models[of], url.database or "")
        return
    upgrade(service.db, service.migrations)
    if is_new:
        service.db.engine.dispose()  # a database is copied while nobody is connected to it
        with connect(url, "postgres") as connection:
            _models[of] = f"model{secrets.token_hex(8)}"
            _copy(connection, url.database or "", _models[of])


def connect(url: URL, database: str | None) -> psycopg.Connection:
    """Reach the server of *url*."""
    return psycopg.connect(host=url.host, port=url.port, user=url.username, dbname=database, autocommit=True)


def _copy(connection: psycopg.Connection, model: str, name: str) -> None:
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(model))
    connection.execute(command)

"""Alembic, one set of steps a service, each forward-compatible with the version that still runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from services.chassis.db import Database
from services.chassis.tables import ChassisBase

_LOCK_NUMBER = 7_421_002


def upgrade(db: Database, folder: Path) -> None:
    """Bring *db* to the newest step in *folder* (``0001_….py`` and on); harmless when it is there."""
    script = ScriptDirectory(str(folder), version_locations=[str(folder)])
    with db.engine.connect().execution_options(portal_writes=True) as connection, _alone(connection, db):
        with EnvironmentContext(
            Config(), script, fn=lambda revision, _context: script._upgrade_revs("head", revision)
        ) as environment:
            environment.configure(connection=connection, render_as_batch=db.is_sqlite)
            with environment.begin_transaction():
                environment.run_migrations()
        connection.commit()


@contextmanager
def _alone(connection: Connection, db: Database) -> Iterator[None]:
    """Let one process migrate at a time; on SQLite the write lock does."""
    if not db.is_sqlite:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
    yield


def create_chassis_tables(op: Operations | Any) -> None:
    """Create the chassis's tables as they were at first; every service's ``0001`` calls it, later changes are steps."""
    ChassisBase.metadata.create_all(op.get_bind())

"""Looks into the services' own databases: what was told and how often, what is being made."""

from typing import TypeVar

from sqlalchemy import select

from contracts.envelope import Envelope, unwrap
from contracts.wire import Event
from services.archiver.store.tables import BuildRow
from services.chassis.db import Database
from services.chassis.tables import OutboxRow

E = TypeVar("E", bound=Event)


def find_told(url: str, kind: type[E]) -> list[E]:
    """Give what the service with the database at *url* has told of *kind*, oldest first."""
    query = select(OutboxRow.body).where(OutboxRow.type == kind.type_name()).order_by(OutboxRow.seq)
    return [unwrap(Envelope.from_bytes(body), kind) for body in _all(url, query)]


def find_bodies(url: str, exchange: str) -> list[str]:
    """Give the envelopes that a service has told on *exchange*."""
    return _all(url, select(OutboxRow.body).where(OutboxRow.exchange == exchange))


def find_builds(url: str) -> list[BuildRow]:
    """Give all builds in the archiver's database at *url*."""
    return _all(url, select(BuildRow).order_by(BuildRow.made_at))


def _all(url, query):
    db = Database(url)
    try:
        with db.read() as tx:
            return list(tx.scalars(query))
    finally:
        db.close()

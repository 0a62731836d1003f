"""Sharing as it runs: its service on a migrated database, its door, tokens of an identity, events by its inbox."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import select

from contracts.envelope import Envelope, unwrap, wrap
from contracts.exams import ExamCompleted, ExamState
from contracts.tokens import AccountGrants, Grants, ICodeGrants
from contracts.topology import EVENT_TYPES
from contracts.wire import Event
from services.chassis import log
from services.chassis.auth import note_key
from services.chassis.db import new_id
from services.chassis.service import Service
from services.chassis.signing import Minter, load_or_make_key
from services.chassis.tables import OutboxRow
from services.sharing.app import make, make_web
from services.sharing.settings import SharingSettings
from tests.servers import NOON, SetClock

PASSWORD = "correct horse"
ANNA = AccountGrants(patients=["anna"])
ANNAS_VISIT = ICodeGrants(visit="visit-1")


def an_exam(exam_id: str, kind: type[ExamState] = ExamCompleted, **more: Any) -> Any:
    state = {
        "id": exam_id, "version": 1, "at": NOON, "patient_id": "anna", "visit_id": "visit-1",
        "location_id": "TX-HOU-01", "state": "TX", "time_zone": "America/Chicago", "modality": "MR",
        "status": "completed", "starts_at": NOON, "completed_at": NOON, "studies": [], "images_available": True,
    }  # fmt: skip
    return kind(**(state | more))


def enveloped(event: Event, message_id: str | None = None) -> bytes:
    return wrap(event, message_id=message_id or new_id(), owner="exams", now=NOON, subject=event.id).to_bytes()


@dataclass
class House:
    """The service with what tests do to it."""

    service: Service
    clock: SetClock
    client: FlaskClient
    identity: Minter

    def hear(self, *events: Event) -> None:
        for event in events:
            assert self.service.inbox.deliver(enveloped(event), 1).kind == "settled"

    def token(self, holder: str, grants: Grants, version: int = 1) -> dict[str, str]:
        """Give the headers of a caller whom identity knows."""
        now = self.clock.now()
        token, _ = self.identity.mint(holder=holder, session="s", version=version, grants=grants, now=now)
        return {"Authorization": f"Bearer {token}"}

    def anna(self) -> dict[str, str]:
        return self.token("account:anna", ANNA)

    def share(self, headers: dict[str, str] | None = None, status: int = 201, **more: Any) -> Any:
        body = {
            "examIds": ["mri"], "nickname": "Dr. Shah", "password": PASSWORD, "phiAcknowledged": True,
            "expiresAt": (self.clock.now() + timedelta(days=7)).isoformat(), "mayDownload": True,
        }  # fmt: skip
        answer = self.client.post("/shares", json=body | more, headers=headers or self.anna())
        assert answer.status_code == status, answer.text
        return answer.json

    def open(self, share_or_token: Any, password: str = PASSWORD, status: int = 201, **more: Any) -> Any:
        token = share_or_token if isinstance(share_or_token, str) else share_or_token["url"].split("#")[1]
        answer = self.client.post("/share-sessions", json={"token": token, "password": password, **more})
        assert answer.status_code == status, answer.text
        return answer.json

    def told(self, *kinds: type[Event]) -> list[Any]:
        """Give what was told, in order; only *kinds* when some are named."""
        with self.service.db.read() as tx:
            rows = list(tx.scalars(select(OutboxRow).order_by(OutboxRow.seq)))
        events = [unwrap(Envelope.from_bytes(row.body), EVENT_TYPES[row.type]) for row in rows]
        return [event for event in events if not kinds or type(event) in kinds]

    def everything_stored(self) -> str:
        """Give every value in every table, as text."""
        with self.service.db.engine.connect() as connection:
            from sqlalchemy import MetaData

            metadata = MetaData()
            metadata.reflect(connection)
            rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
        return "\n".join(rows)


def a_house(url: str, folder: Path, clock: SetClock) -> House:
    settings = SharingSettings(database_url=url, keys_dir=folder / "keys", PORTAL_PUBLIC_URL="https://portal.example")
    load_or_make_key(folder / "keys" / "signing", NOON)  # made at the test's time, not at today's
    service = make(settings)
    service = replace(service, clock=clock, parts=replace(service.parts, clock=clock))
    service.migrate()
    identity = load_or_make_key(folder / "identity", NOON)
    with service.db.begin() as tx:
        note_key(tx, identity.published("identity"))
    client = make_web(service.parts).test_client()
    return House(service, clock, client, Minter("identity", identity))


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path, clock: SetClock) -> Any:
    """The service on SQLite, with two exams of Anna's that it heard of."""
    house = a_house(sqlite_url, tmp_path, clock)
    house.hear(an_exam("mri"), an_exam("ct"))
    yield house
    house.service.db.close()


@pytest.fixture
def any_house(database_url: str, tmp_path: Path, clock: SetClock) -> Any:
    """The same, once on SQLite and once on PostgreSQL."""
    house = a_house(database_url, tmp_path, clock)
    house.hear(an_exam("mri"), an_exam("ct"))
    yield house
    house.service.db.close()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Any:
    """Give a function that begins to log as a running service does, and gives one that reads what was logged."""

    def begin() -> Any:
        log.set_up("sharing", "test")
        return lambda: "".join(capsys.readouterr())

    yield begin
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()

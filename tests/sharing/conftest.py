"""Sharing as it runs: its service on a migrated database, its door, tokens of an identity, events by its inbox."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from contracts.exams import ExamCompleted, ExamState
from contracts.tokens import AccountGrants, Grants, ICodeGrants
from services.chassis.auth import note_key
from services.chassis.passwords import SecretHasher
from services.chassis.signing import Minter, load_or_make_key
from services.sharing.app import make, make_web
from services.sharing.settings import SharingSettings
from tests.migrated import migrate
from tests.servers import NOON, SetClock
from tests.service_twin import Twin, logging_as
from tests.standing import KINDS, QUICK, stand

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


@dataclass
class House(Twin):
    """The service with what tests do to it."""

    client: FlaskClient
    identity: Minter

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


def a_house(url: str, folder: Path, clock: SetClock, hasher: SecretHasher = QUICK) -> House:
    settings = SharingSettings(database_url=url, keys_dir=folder / "keys", PORTAL_PUBLIC_URL="https://portal.example")
    load_or_make_key(folder / "keys" / "signing", NOON)  # made at the test's time, not at today's
    service = make(settings)
    service = replace(service, clock=clock, parts=replace(service.parts, clock=clock, hasher=hasher))
    migrate(service)
    identity = load_or_make_key(folder / "identity", NOON)
    with service.db.begin() as tx:
        note_key(tx, identity.published("identity"))
    client = make_web(service.parts).test_client()
    return House(service, clock, client, Minter("identity", identity))


def standing_house(request: pytest.FixtureRequest, clock: SetClock, kind: str = "sqlite") -> House:
    """Give the run's sharing on that kind of database, as it was when it had heard of two exams of Anna's."""

    def make_it(url: str, folder: Path) -> House:
        house = a_house(url, folder, clock)
        house.hear(an_exam("mri"), an_exam("ct"))
        return house

    made = stand(request, "sharing", kind, make_it)
    return House(made.service, made.clock, made.client.application.test_client(), made.identity)


@pytest.fixture
def house(request: pytest.FixtureRequest, clock: SetClock) -> House:
    """The service on SQLite, with two exams of Anna's that it heard of."""
    return standing_house(request, clock)


@pytest.fixture(params=KINDS)
def any_house(request: pytest.FixtureRequest, clock: SetClock) -> House:
    """The same, once on SQLite and once on PostgreSQL."""
    return standing_house(request, clock, request.param)


@pytest.fixture
def any_own_house(database_url: str, tmp_path: Path, clock: SetClock) -> Iterator[House]:
    """The same for this test alone, whose keys may be changed."""
    house = a_house(database_url, tmp_path, clock)
    house.hear(an_exam("mri"), an_exam("ct"))
    yield house
    house.service.db.close()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Any:
    """Give a function that begins to log as a running service does, and gives one that reads what was logged."""

    with logging_as("sharing", capsys) as begin:
        yield begin

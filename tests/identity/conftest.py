"""identity as it runs: its service on a migrated database, its doors, what exams tells, by its inbox."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import MetaData, select

from contracts.envelope import Envelope, unwrap, wrap
from contracts.exams import (
    ExamCompleted,
    ExamState,
    PatientDemographicsChanged,
    PatientIdentifier,
    PersonName,
    VisitDetailsChanged,
    VisitExam,
    VisitRegistered,
)
from contracts.tokens import Claims, StaffRole
from contracts.topology import EVENT_TYPES
from contracts.wire import Event
from services.chassis.auth import Verifier
from services.chassis.db import new_id
from services.chassis.inbox import Outcome
from services.chassis.passwords import SecretHasher
from services.chassis.service import Service
from services.chassis.signing import load_or_make_key
from services.chassis.tables import OutboxRow
from services.identity.app import make, make_web
from services.identity.parts import Parts
from services.identity.settings import IdentitySettings
from services.identity.usecases.accounts import NewAccount, open_account
from services.identity.usecases.staff import NewMember, add_staff
from tests.migrated import migrate
from tests.servers import NOON, SetClock
from tests.standing import KINDS, QUICK, stand

PASSWORD = "a long and quiet password"


def a_patient(patient_id: str = "anna", **more: Any) -> PatientDemographicsChanged:
    state = {
        "id": patient_id, "version": 1, "at": NOON, "name": PersonName(family="Doe", given=patient_id.capitalize()),
        "identifiers": [PatientIdentifier(authority="RIS", mrn=f"MRN-{patient_id}")], "birth_date": date(1980, 5, 17),
        "sex": "F", "postal_code": "77002", "phones": ["+17135550000"], "emails": [f"{patient_id}@example.org"],
        "language": "en", "is_deceased": False, "is_protected": False,
    }  # fmt: skip
    return PatientDemographicsChanged(**(state | more))


def a_visit(visit_id: str = "visit-1", kind: Any = VisitRegistered, **more: Any) -> Any:
    state = {
        "id": visit_id, "version": 1, "at": NOON, "patient_id": "anna", "location_id": "TX-HOU-01", "state": "TX",
        "starts_at": NOON,
    }  # fmt: skip
    return kind(**(state | more))


def details(visit_id: str = "visit-1", exams: tuple[str, ...] = ("mri", "ct"), **more: Any) -> VisitDetailsChanged:
    state = {
        "id": visit_id, "version": 1, "at": NOON, "patient_id": "anna", "location_id": "TX-HOU-01", "starts_at": NOON,
        "visit_number": f"V-{visit_id}", "referring_physician": "Ruth Shah", "language": "en", "is_protected": False,
        "exams": [VisitExam(exam_id=one, accession=f"ACC-{one}", procedure=one.upper()) for one in exams],
    }  # fmt: skip
    return VisitDetailsChanged(**(state | more))


def an_exam(exam_id: str, kind: type[ExamState] = ExamCompleted, **more: Any) -> Any:
    state = {
        "id": exam_id, "version": 1, "at": NOON, "patient_id": "anna", "visit_id": "visit-1",
        "location_id": "TX-HOU-01", "state": "TX", "time_zone": "America/Chicago", "modality": "MR",
        "status": "completed", "starts_at": NOON, "completed_at": NOON, "studies": [], "images_available": True,
    }  # fmt: skip
    return kind(**(state | more))


ANNAS_DAY = (a_patient(), a_visit(), details(), an_exam("mri"), an_exam("ct"))
"""A visit of Anna's with two exams."""


@dataclass
class House:
    """The service with what tests do to it."""

    service: Service
    clock: SetClock
    client: FlaskClient

    @property
    def parts(self) -> Parts:
        return self.service.parts

    def deliver(self, event: Event, message_id: str | None = None) -> Outcome:
        message = wrap(event, message_id=message_id or new_id(), owner="exams", now=NOON, subject=event.id)
        return self.service.inbox.deliver(message.to_bytes(), 1)

    def hear(self, *events: Event) -> None:
        for event in events:
            assert self.deliver(event).kind == "settled"

    def call(self, method: str, path: str, status: int, token: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.client.open(path, method=method, headers=headers | more.pop("headers", {}), **more)
        assert answer.status_code == status, answer.text
        return answer.json

    def add_staff(self, user_id: str, *roles: StaffRole, locations: list[str] | None = None) -> str:
        """Add a member of staff; give an access token of theirs."""
        ask = NewMember(user_id, self.parts.hasher.hash(PASSWORD), list(roles), locations)
        with self.parts.db.begin() as tx:
            add_staff(tx, ask, self.clock.now())
        return self.call("POST", "/staff/sessions", 201, json={"userId": user_id, "password": PASSWORD})["accessToken"]

    def open_account(self, user_id: str = "anna80", patients: tuple[str, ...] = ("anna",)) -> str:
        ask = NewAccount(user_id, f"{user_id}@example.org", self.parts.hasher.hash(PASSWORD))
        with self.parts.db.begin() as tx:
            return open_account(tx, ask, patients, self.clock.now())

    def log_in(self, user_id: str = "anna80", password: str = PASSWORD, status: int = 201, **more: Any) -> Any:
        return self.call("POST", "/sessions", status, json={"userId": user_id, "password": password}, **more)

    def issue(self, visit: str = "visit-1", status: int = 201, **more: Any) -> Any:
        """Issue an I-Code as the front desk, whose session is a fresh one."""
        desk = self.desk()
        return self.call("POST", f"/staff/visits/{visit}/icodes", status, desk, json=more)

    def desk(self) -> str:
        return self.add_staff(f"desk-{new_id()}", "front-desk")

    def enter(self, icode: str, status: int = 201, **more: Any) -> Any:
        return self.call("POST", "/icode-sessions", status, json={"icode": icode} | more)

    def claims(self, token: str) -> Claims:
        """Give what a token says, verified as exams would."""
        verifier = Verifier("exams", self.parts.db, self.clock)
        verifier.verify(token)
        return verifier._claims(token)[0]

    def told(self, *kinds: type[Event]) -> list[Any]:
        """Give what was told, in order; only *kinds* when some are named."""
        with self.parts.db.read() as tx:
            rows = list(tx.scalars(select(OutboxRow).order_by(OutboxRow.seq)))
        events = [unwrap(Envelope.from_bytes(row.body), EVENT_TYPES[row.type]) for row in rows]
        return [event for event in events if not kinds or type(event) in kinds]

    def everything_stored(self) -> str:
        """Give every value in every table, as text."""
        with self.parts.db.engine.connect() as connection:
            metadata = MetaData()
            metadata.reflect(connection)
            rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
        return "\n".join(rows)


def a_house(url: str, folder: Path, clock: SetClock, hasher: SecretHasher = QUICK, **more: Any) -> House:
    load_or_make_key(folder / "keys" / "signing", NOON - timedelta(days=1))  # made in the test's days, not today
    service = make(IdentitySettings(database_url=url, keys_dir=folder / "keys", **more))
    service = replace(service, clock=clock, parts=replace(service.parts, clock=clock, hasher=hasher))
    migrate(service)
    return House(service, clock, make_web(service.parts).test_client())


def standing_house(request: pytest.FixtureRequest, clock: SetClock, kind: str = "sqlite") -> House:
    """Give the run's identity on that kind of database, as it was after Anna's day."""

    def make_it(url: str, folder: Path) -> House:
        house = a_house(url, folder, clock)
        house.hear(*ANNAS_DAY)
        return house

    made = stand(request, "identity", kind, make_it)
    return House(made.service, made.clock, made.client.application.test_client())


@pytest.fixture
def house(request: pytest.FixtureRequest, clock: SetClock) -> House:
    """The service on SQLite, with a visit of Anna's."""
    return standing_house(request, clock)


@pytest.fixture(params=KINDS)
def any_house(request: pytest.FixtureRequest, clock: SetClock) -> House:
    """The same, once on SQLite and once on PostgreSQL."""
    return standing_house(request, clock, request.param)


def _own(url: str, folder: Path, clock: SetClock) -> Iterator[House]:
    house = a_house(url, folder, clock)
    house.hear(*ANNAS_DAY)
    yield house
    house.parts.db.close()


@pytest.fixture
def own_house(sqlite_url: str, tmp_path: Path, clock: SetClock) -> Iterator[House]:
    """The service on SQLite for this test alone, whose keys and folders may be changed."""
    yield from _own(sqlite_url, tmp_path, clock)


@pytest.fixture
def any_own_house(database_url: str, tmp_path: Path, clock: SetClock) -> Iterator[House]:
    """The same, once on SQLite and once on PostgreSQL."""
    yield from _own(database_url, tmp_path, clock)

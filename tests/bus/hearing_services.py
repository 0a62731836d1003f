"""Two real ends for the bus's tests: services with the chassis's tables and one table of what they heard."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from contracts import topology
from contracts.exams import Beat, ExamCompleted, ExamMoved, ExamState, ReportReleased
from contracts.refusal import Refusal
from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.inbox import Handlers, newest
from services.chassis.local_bus import LocalBus
from services.chassis.service import CHASSIS_HANDLERS, Service, start_background
from services.chassis.settings import Settings
from services.chassis.supervisor import Supervisor
from services.chassis.tables import ChassisBase

DEADLINE_S = 40


class Base(DeclarativeBase):
    """The test services' own table."""


class Heard(Base):
    """One effect."""

    __tablename__ = "heard"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    what: Mapped[str] = mapped_column(String(200))


class Refused(Refusal):
    """Raised by the test handler for an id that it refuses."""

    slug = "refused-in-test"


class Faults:
    """Foreign faults that handlers meet, as many as were ordered for an id."""

    def __init__(self):
        self.left = {}
        self.met = []

    def meet(self, noun_id):
        if self.left.get(noun_id, 0):
            self.left[noun_id] -= 1
            self.met.append(noun_id)
            raise ConnectionError("outside")


def _note(faults, tx, event):
    if event.id == "refused":
        raise Refused
    faults.meet(event.id)
    tx.add(Heard(what=f"{event.NAME} {event.id} {event.version}"))


def handlers_of(name) -> Handlers:
    """Every event that *name* hears is noted; exam states only when newer."""
    noted = {kind: (newest(_note) if issubclass(kind, ExamState) else _note) for kind in topology.HEARS[name]}
    return {**noted, **CHASSIS_HANDLERS}


def a_service(name, url, amqp_url=None) -> Service:
    db = Database(url)
    ChassisBase.metadata.create_all(db.engine)
    Base.metadata.create_all(db.engine)
    settings = Settings(database_url=url, amqp_url=amqp_url)
    return Service(
        name=name,
        settings=settings,
        db=db,
        clock=Clock(),
        migrations=Path(),
        handlers=handlers_of(name),
        parts=Faults(),
        make_app=lambda: Flask(name),
    )


class Bus:
    """Services running on one of the two buses."""

    def __init__(self, services):
        self.services = {service.name: service for service in services}
        self.stop = threading.Event()
        self._supervisors = []

    def start(self, names=None):
        local = LocalBus({name: service.inbox for name, service in self.services.items()}, self.stop)
        for service in self.services.values():
            if names is None or service.name in names:
                supervisor = Supervisor(service.name, self.stop)
                start_background(service, supervisor, None if service.settings.amqp_url else local)
                self._supervisors.append(supervisor)

    def end(self):
        self.stop.set()
        for supervisor in self._supervisors:
            supervisor.end()
        for service in self.services.values():
            service.db.close()

    def heard(self, name):
        with self.services[name].db.read() as tx:
            return list(tx.scalars(select(Heard.what).order_by(Heard.seq)))


def eventually(is_so: Callable[[], object]):
    """Wait until *is_so* is true, for what other threads do; fails after DEADLINE_S."""
    pause = threading.Event()
    end = time.monotonic() + DEADLINE_S
    while not (result := is_so()):
        assert time.monotonic() < end, "it did not come to be so"
        pause.wait(0.02)
    return result


@contextmanager
def telling(service):
    """A transaction of *service*, for putting events into its outbox."""
    with service.db.begin() as tx:
        yield tx


def exam_completed(exam_id, version, now):
    return ExamCompleted(**_exam(exam_id, version, now))


def exam_moved(exam_id, version, now):
    return ExamMoved(**_exam(exam_id, version, now), from_patient_id="p1", to_patient_id="p2", reason="corrected")


def report_released(exam_id, version, now):
    return ReportReleased(
        id=exam_id, version=version, at=now, exam_id=exam_id, patient_id="p1", report_version=1, released_at=now
    )


def beat(version, now):
    return Beat(id="exams", version=version, at=now)


def _exam(exam_id, version, now):
    return {
        "id": exam_id,
        "version": version,
        "at": now,
        "patient_id": "p1",
        "visit_id": "v1",
        "location_id": "NY-NYC-01",
        "state": "NY",
        "time_zone": "America/New_York",
        "modality": "CT",
        "status": "completed",
        "starts_at": now,
        "completed_at": now,
        "studies": [],
        "images_available": True,
    }

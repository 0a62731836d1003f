"""What exams hears, and what it tells again when asked."""

import json

from contracts.access import AccessEnded
from contracts.envelope import wrap
from contracts.topology import HEARS, events_queue
from services.chassis.tables import OutboxRow
from services.exams.handlers import HANDLERS
from services.exams.usecases import living, retelling
from tests.exams.conftest import Desk, Ris, study_files


def test_exams_hears_exactly_what_the_topology_says():
    assert set(HANDLERS) == set(HEARS["exams"])


def test_access_that_ended_is_refused_once_heard_twice(desk: Desk, clock):
    who = desk.account("p1")
    assert desk.get("/exams", who).status_code == 200
    event = AccessEnded(id="account:a1", version=2, at=clock.now(), reason="frozen")
    body = wrap(event, message_id="m1", owner="identity", now=clock.now(), subject=event.id).to_bytes()
    assert [desk.service.inbox.deliver(body, 1).kind for _ in range(2)] == ["settled", "settled"]
    assert desk.get("/exams", who).status_code == 401


def test_a_beat_is_told(desk: Desk):
    living.beat(desk.parts)
    assert desk.names() == ["beat"]
    living.forget(desk.parts)


def retold(desk: Desk, queue: str, since=None) -> list[dict]:
    with desk.service.db.begin() as tx:
        tx.query(OutboxRow).delete()
        retelling.retell(tx, desk.parts, queue, since)
    with desk.service.db.read() as tx:
        rows = tx.query(OutboxRow).all()
    assert {row.to_queue for row in rows} <= {queue}
    return [json.loads(row.body) for row in rows]


def test_all_that_is_so_is_told_again_to_one_queue_at_the_same_version(desk: Desk, ris: Ris, clock):
    for message in (ris.registered(), ris.completed(), ris.reported(clock.now())):
        desk.hl7(message)
    desk.stow(*study_files("mr-ge-fmri")[:1])
    desk.settle()
    versions = {one["type"]: one["version"] for one in desk.told()}
    told = retold(desk, events_queue("identity"))
    kinds = [one["type"].removeprefix("com.radnet.portal.") for one in told]
    assert kinds == [
        "patient.demographics-changed.v1", "visit.changed.v1", "visit.details-changed.v1", "exam.changed.v1",
    ]  # fmt: skip
    assert told[-1]["data"]["version"] == versions["exam.completed"]
    archivers = retold(desk, events_queue("archiver"))
    assert "com.radnet.portal.report.stored.v1" in {one["type"] for one in archivers}
    openly = retold(desk, "other-system")
    assert {one["data"].get("name") for one in openly} == {None}
    assert retold(desk, "other-system", clock.now().replace(year=2030)) == []


def test_a_merge_is_told_again_as_the_newest_of_its_patient(desk: Desk, clock):
    desk.hl7(Ris(clock, mrn="M1").ordered())
    desk.hl7(Ris(clock, mrn="M2", visit="V2", accession="A2").merged("M1"))
    versions = {one["id"]: one["version"] for one in desk.told("patient.merged")}
    told = [one["data"] for one in retold(desk, events_queue("identity")) if ".patient." in one["type"]]
    (merged,) = [one for one in told if "intoPatientId" in one]
    assert {merged["id"]: merged["version"]} == versions
    assert [one["version"] for one in told if one["id"] == merged["id"]] == [merged["version"] - 1, merged["version"]]

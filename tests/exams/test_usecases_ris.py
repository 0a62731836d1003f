"""What the RIS tells has its effect once, in whatever order it comes."""

from datetime import timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from services.exams.store.tables import ExamRow, ExamStudyRow, PatientRow, ReportRow, VisitRow
from services.exams.usecases import manifests
from tests.exams.conftest import Desk, Ris, a_desk, study_files
from tests.servers import NOON, SetClock

MINUTE = timedelta(minutes=1)
FILES = study_files("mr-ge-fmri")[:2]
HEAD = dcmread(BytesIO(FILES[0]))


def a_ris(clock: SetClock, **more) -> Ris:
    return Ris(clock, **({"mrn": HEAD.PatientID, "location": "TX-HOU-01"} | more))


def test_a_visit_and_its_order_are_told_once_each(any_desk: Desk, ris: Ris):
    desk, order = any_desk, ris.ordered()
    assert [desk.hl7(ris.registered()), desk.hl7(order), desk.hl7(order)] == ["AA"] * 3
    assert desk.names() == [
        "patient.demographics-changed",
        "visit.registered",
        "visit.details-changed",
        "visit.details-changed",
        "exam.ordered",
    ]


def test_an_order_of_an_unknown_visit_brings_its_visit_and_patient(desk: Desk, ris: Ris):
    assert desk.hl7(ris.ordered()) == "AA"
    told = {one["type"]: one for one in desk.told()}
    assert told["patient.demographics-changed"]["name"]["family"] == "DOE"
    assert told["visit.registered"]["state"] == "NY"
    assert told["exam.ordered"]["status"] == "scheduled"
    assert told["visit.details-changed"]["exams"][0]["accession"] == "A1"


def test_open_events_carry_no_name_number_or_birth_date(desk: Desk, ris: Ris, clock: SetClock):
    for message in (ris.registered(), ris.ordered(), ris.completed(), ris.reported(clock.now())):
        assert desk.hl7(message) == "AA"
    desk.settle()
    openly = [one for one in desk.told() if one["type"] in {"visit.registered", "exam.ordered", "report.released"}]
    assert len(openly) == 3
    for secret in ("DOE", "M1", "V1", '"A1"', "1980"):
        assert secret not in str(openly)


def test_a_patient_protected_later_is_told_with_their_visits(desk: Desk, ris: Ris, clock: SetClock):
    desk.hl7(ris.registered())
    desk.told()
    message = ris.changed(at=clock.now()).split("\r")
    desk.hl7("\r".join([*message[:2], "PD1|" + "|" * 11 + "Y"]))
    told = desk.told()
    assert [(one["type"], one["isProtected"]) for one in told] == [
        ("patient.demographics-changed", True),
        ("visit.details-changed", True),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"location": "XX-XXX-99"}, "PV1^1^3"), ({"visit": ""}, "PV1^1^19"), ({"location": ""}, "PV1^1^3")],
)
def test_a_message_that_cannot_be_placed_is_answered_with_its_field(desk: Desk, clock: SetClock, change, field):
    ris = Ris(clock, **change)
    answer = desk.client.post("/hl7v2", data=ris.registered(), headers=desk.system("hl7.send"))
    assert answer.status_code == 200
    assert "MSA|AE|" in answer.text
    assert f"ERR||{field}" in answer.text
    assert desk.told() == []


def test_an_older_message_changes_nothing(desk: Desk, ris: Ris, clock: SetClock):
    now = clock.now()
    desk.hl7(ris.completed(at=now))
    desk.told()
    desk.hl7(ris.ordered("SC", at=now - MINUTE))
    desk.hl7(ris.ordered("CA", at=now - MINUTE, control="CA"))
    assert desk.told("exam.changed", "exam.cancelled") == []


def test_an_exam_is_arrived_once_its_patient_is_registered(desk: Desk, ris: Ris):
    desk.hl7(ris.ordered())
    assert desk.told("exam.ordered")[0]["status"] == "scheduled"
    desk.hl7(ris.registered())
    assert desk.told("exam.changed")[0]["status"] == "arrived"


def test_a_cancelled_order_is_told_and_its_images_go(desk: Desk, clock: SetClock):
    ris = a_ris(clock)
    desk.stow(*FILES)
    for message in (ris.ordered(study=HEAD.StudyInstanceUID), ris.completed()):
        desk.hl7(message)
    assert "exam.images-available" in desk.names()
    desk.hl7(ris.ordered("CA", control="CA"))
    told = desk.told("exam.cancelled", "exam.removed")
    assert [(one["type"], one["imagesAvailable"]) for one in told] == [
        ("exam.cancelled", False),
        ("exam.removed", False),
    ]


def test_a_merged_patients_exams_move_and_an_undone_merge_brings_them_back(any_desk: Desk, clock: SetClock):
    desk, old, new = any_desk, Ris(clock, mrn="M1"), Ris(clock, mrn="M2", visit="V2", accession="A2")
    desk.hl7(old.ordered())
    desk.hl7(new.ordered())
    ids = {one["type"]: one["id"] for one in desk.told("exam.ordered")}
    with desk.service.db.read() as tx:
        patients = {row.family + row.id: row.id for row in tx.query(PatientRow)}
        exam = tx.query(ExamRow).filter_by(accession="A1").one()
        gone, exam_id = exam.patient_id, exam.id
    assert desk.hl7(new.merged("M1", at=clock.now())) == "AA"
    merged, moved = desk.told("patient.merged", "exam.moved")
    assert (merged["fromPatientId"], merged["id"]) == (gone, gone)
    assert (moved["id"], moved["fromPatientId"], moved["toPatientId"]) == (exam_id, gone, merged["intoPatientId"])
    assert moved["reason"] == "merged"
    assert moved["patientId"] == merged["intoPatientId"]
    desk.hl7(old.ordered(at=clock.now() + MINUTE))
    assert desk.told("exam.moved") == []
    assert desk.hl7(new.merged("M1", at=clock.now() + 2 * MINUTE, kind="A37")) == "AA"
    unmerged, back = desk.told("patient.unmerged", "exam.moved")
    assert (unmerged["id"], back["toPatientId"], back["reason"]) == (gone, gone, "unmerged")
    assert len(patients) == 2
    assert len(ids) == 1


def test_a_wrong_patient_is_corrected_and_the_exam_leaves_them(desk: Desk, clock: SetClock):
    wrong, right = Ris(clock, mrn="M1"), Ris(clock, mrn="M2", visit="V2", family="ROE")
    desk.hl7(wrong.completed())
    desk.hl7(wrong.reported(clock.now()))
    desk.settle()
    assert desk.names("report.released") == ["report.released"]
    desk.hl7(right.completed(at=clock.now() + MINUTE))
    told = desk.told("exam.moved", "report.withdrawn")
    assert {one["type"] for one in told} == {"exam.moved", "report.withdrawn"}
    moved = next(one for one in told if one["type"] == "exam.moved")
    assert moved["reason"] == "corrected"
    assert desk.get(f"/exams/{moved['id']}", desk.account(moved["fromPatientId"])).status_code == 404
    seen = desk.get(f"/exams/{moved['id']}", desk.account(moved["toPatientId"])).json
    assert seen["report"]["status"] == "awaited"


def test_a_report_of_another_patient_than_its_exams_is_refused(desk: Desk, ris: Ris, clock: SetClock):
    desk.hl7(ris.completed())
    other = Ris(clock, mrn="M9", visit="V9")
    answer = desk.client.post("/hl7v2", data=other.reported(clock.now()), headers=desk.system("hl7.send"))
    assert "MSA|AE|" in answer.text
    assert "ERR||PID^1^3" in answer.text


def test_a_study_whose_patient_id_is_another_waits_whatever_its_uid_says(desk: Desk, clock: SetClock):
    ris = Ris(clock, mrn="SOMEBODY-ELSE")
    desk.hl7(ris.completed(study=HEAD.StudyInstanceUID))
    desk.stow(*FILES)
    assert desk.told("exam.images-available") == []
    waiting = desk.get("/staff/unmatched-studies", desk.staff("support")).json["studies"]
    assert [(one["studyUid"], one["reason"]) for one in waiting] == [(HEAD.StudyInstanceUID, "other-patient")]


def test_a_study_of_a_number_merged_into_the_patients_is_theirs(desk: Desk, clock: SetClock):
    ris = Ris(clock, mrn="NEW-NUMBER")
    desk.hl7(ris.completed(study=HEAD.StudyInstanceUID))
    desk.stow(*FILES)
    assert desk.told("exam.images-available") == []
    desk.hl7(ris.merged(HEAD.PatientID, at=clock.now()))
    desk.hl7(ris.completed(study=HEAD.StudyInstanceUID, at=clock.now()))
    assert desk.names("exam.images-available") == ["exam.images-available"]


def test_one_study_of_two_orders_is_both_exams_S65(desk: Desk, clock: SetClock):
    upper = a_ris(clock, accession="A1", procedure="MR T SPINE")
    lower = a_ris(clock, accession="A2", procedure="MR L SPINE")
    desk.stow(*FILES)
    desk.hl7(upper.completed(study=HEAD.StudyInstanceUID))
    desk.hl7(lower.completed(study=HEAD.StudyInstanceUID))
    told = desk.told("exam.images-available")
    assert len({one["id"] for one in told}) == 2
    assert len({study["studyId"] for one in told for study in one["studies"]}) == 1


# --- any order, any duplicates -------------------------------------------------------------------------------------

RUNS = count()
STEPS = ("register", "order", "study", "complete", "report", "corrected", "sent")


def play(desk: Desk, steps: list[str]) -> None:
    """Let each step happen; what is told has its own fixed time, whenever it comes."""
    ris, at = a_ris(desk.clock, accession="A7"), {name: NOON + number * MINUTE for number, name in enumerate(STEPS)}
    signed = NOON + timedelta(hours=1)
    acts = {
        "register": lambda: desk.hl7(ris.registered(at["register"])),
        "order": lambda: desk.hl7(ris.ordered(at=at["order"], study=HEAD.StudyInstanceUID)),
        "complete": lambda: desk.hl7(ris.completed(at["complete"])),
        "report": lambda: desk.hl7(ris.reported(signed, at=at["report"], text="FIRST")),
        "corrected": lambda: desk.hl7(ris.reported(signed + MINUTE, at=at["corrected"], code="C", text="SECOND")),
        "sent": lambda: desk.hl7(
            ris.reported(signed + MINUTE, at=at["sent"], code="C", text=None, line="C", sent=signed + 2 * MINUTE)
        ),
        "study": lambda: desk.stow(*FILES),
    }
    for step in steps:
        acts[step]()


def state_of(desk: Desk) -> dict:
    """Give what is so in the end, without ids and versions."""
    desk.clock.advance(timedelta(seconds=6))
    manifests.make_due(desk.parts)
    with desk.service.db.read() as tx:
        exam, visit, report = tx.query(ExamRow).one(), tx.query(VisitRow).one(), tx.query(ReportRow).one()
        told = {name: value for name, value in exam.told.items() if not name.endswith("Id")}
        told["studies"] = [(one["instances"], one["bytes"]) for one in told["studies"]]
        return {
            "exam": (told, exam.procedure_text, exam.reason, exam.ordered_at, exam.completed_at),
            "visit": (visit.arrived_at, visit.starts_at, visit.allergies, visit.reasons, visit.referring_physician),
            "report": (report.status, report.text, report.signed_at, report.told_sent_at, report.due_at),
            "is_attached": report.exam_id == exam.id,
            "links": tx.query(ExamStudyRow).count(),
            "patients": tx.query(PatientRow).count(),
        }


@pytest.fixture(scope="module")
def in_order() -> dict:
    with TemporaryDirectory() as folder:
        desk = a_desk(Path(folder), f"sqlite:///{folder}/t.db", SetClock())
        play(desk, list(STEPS))
        found = state_of(desk)
        desk.service.db.close()
        return found


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.permutations(STEPS), again=st.lists(st.sampled_from(STEPS), max_size=4))
def test_whatever_the_order_and_however_often_the_state_is_the_same(in_order: dict, steps, again):
    with TemporaryDirectory() as folder:
        desk = a_desk(Path(folder), f"sqlite:///{folder}/t.db", SetClock())
        play(desk, steps + again)
        assert state_of(desk) == in_order
        desk.service.db.close()


def test_the_state_in_the_end_is_the_right_one_S3_S5(in_order: dict):
    told, *_ = in_order["exam"]
    signed = NOON + timedelta(hours=1)
    assert (told["status"], told["imagesAvailable"], in_order["links"]) == ("completed", True, 1)
    assert in_order["report"][1:] == (
        "SECOND",
        signed + MINUTE,
        signed + 2 * MINUTE,
        signed + 2 * MINUTE + timedelta(hours=96),
    )

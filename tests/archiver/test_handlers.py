"""What the archiver hears, in whatever order and however often."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from contracts.archiver import PackageExpired
from contracts.exams import ExamCompleted, ExamImagesAvailable, ExamImagesChanged, StoredStudy, StudyRef
from contracts.topology import HEARS
from services.archiver.handlers import HANDLERS
from services.archiver.store import exams
from services.archiver.store.tables import ExamFileRow, ExamRow, ExamStudyRow, ReportRow
from services.chassis.db import new_id
from tests.archiver.exams_world import CT_WITH_FINDINGS
from tests.archiver.house import an_account, an_icode

OWNER = an_account()


def test_exactly_what_the_topology_says_is_heard():
    assert set(HANDLERS) == set(HEARS["archiver"])


def copies(house, exam_id):
    """Give all local copies that tell of an exam, with its id left out."""
    found = []
    with house.parts.db.read() as tx:
        for table, key in (
            (ExamRow, "id"),
            (ExamFileRow, "exam_id"),
            (ExamStudyRow, "exam_id"),
            (ReportRow, "exam_id"),
        ):
            for row in tx.scalars(select(table).filter_by(**{key: exam_id})):
                values = {one.name: getattr(row, one.name) for one in table.__table__.columns}
                found.append(str(sorted(values.items())).replace(exam_id, "EXAM"))
    return sorted(found)


def history(house, exam_id):
    """Give what exams tells of one exam in its life, in order."""
    refs = [StudyRef(study_id="study-1", manifest_version=1, instances=1, bytes=100)]
    stored = [
        [StoredStudy(study_id="study-1", manifest_version=version, manifest_key=f"m/{version}", sha256="0")]
        for version in (1, 2)
    ]
    events = [
        house.exam_state(ExamCompleted, exam_id),
        house.exam_state(ExamImagesAvailable, exam_id, refs),
        house.manifest_stored(exam_id, stored[0]),
        house.report_stored(exam_id, 1),
        house.taken_back(exam_id, 1),
        house.exam_state(ExamImagesChanged, exam_id, refs, patient_id="patient-2"),
        house.manifest_stored(exam_id, stored[1]),
        house.report_stored(exam_id, 2),
    ]
    return [house.envelope(event) for event in events]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_in_any_order_and_twice_the_copies_end_alike(house, data):
    in_order, shuffled = new_id(), new_id()
    for envelope in history(house, in_order):
        house.service.inbox.deliver(envelope, 1)
    for envelope in data.draw(st.permutations(history(house, shuffled) * 2)):
        assert house.service.inbox.deliver(envelope, 1).kind == "settled"
    assert copies(house, shuffled) == copies(house, in_order) != []


def test_a_report_withdrawn_before_it_was_told_stays_unseen(each_house):
    house = each_house
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    house.withdraw_report("exam-1", 1)
    house.release_report("exam-1", 1)
    with house.parts.db.begin() as tx:
        assert exams.find_released_reports(tx, ["exam-1"]) == {}
    package_id = house.ready_package(OWNER, "exam-1", include_report=True)
    assert not any(name.startswith("REPORT/") for name in house.names_in(package_id))


def test_the_corrected_report_comes_with_its_own_release(house):
    house.add_exam("exam-1")
    house.release_report("exam-1", 1)
    house.correct_report("exam-1", 1)
    house.release_report("exam-1", 2, b"%PDF-1.4 the corrected report")
    with house.parts.db.begin() as tx:
        assert exams.find_released_reports(tx, ["exam-1"])["exam-1"].report_version == 2


@pytest.mark.parametrize("reason", ["corrected", "unmerged"])
def test_an_exam_of_another_patient_ends_its_packages_at_once(each_house, reason):
    house = each_house
    house.add_exam("exam-1")
    house.add_exam("exam-2")
    with_it, without = house.ready_package(OWNER, "exam-1", "exam-2"), house.ready_package(OWNER, "exam-2")
    waiting = house.ask(an_icode(), "exam-1")
    house.move_exam("exam-1", reason)
    assert house.look(OWNER, with_it).state == "expired"
    assert house.look(OWNER, with_it).reason == "exam-moved"
    assert house.look(an_icode(), waiting.id).state == "expired"
    assert house.look(OWNER, without).state == "ready"
    assert {one.id for one in house.told(PackageExpired)} == {with_it, waiting.id}
    assert house.build_of(waiting.id).state == "ended"


def test_a_merged_patients_packages_go_on(house):
    house.add_exam("exam-1")
    package_id = house.ready_package(OWNER, "exam-1")
    house.move_exam("exam-1", "merged")
    assert house.look(OWNER, package_id).state == "ready"
    with house.parts.db.read() as tx:
        assert exams.count_seen_exams(tx, an_account("patient-2"), ["exam-1"]) == 1


def test_a_move_that_was_overtaken_ends_only_what_was_asked_for_before_it(house):
    house.add_exam("exam-1")
    before = house.ready_package(OWNER, "exam-1")
    late = house.envelope(house.moved("exam-1", "corrected"))
    house.tell(house.exam_state(ExamImagesChanged, "exam-1", patient_id="patient-2"))
    house.clock.advance(timedelta(minutes=5))
    after = house.ready_package(an_account("patient-2", holder="account:2"), "exam-1")
    house.service.inbox.deliver(late, 1)
    assert house.look(OWNER, before).state == "expired"
    assert house.look(an_account("patient-2", holder="account:2"), after).state == "ready"


def test_a_study_that_leaves_the_exam_ends_its_packages(house):
    house.add_exam("exam-1")
    package_id = house.ready_package(OWNER, "exam-1")
    house.tell(house.manifest_stored("exam-1", []))
    assert house.look(OWNER, package_id).reason == "images-withdrawn"


def test_a_removed_exam_is_asked_for_in_vain(house):
    house.add_exam("exam-1")
    house.remove_exam("exam-1")
    with house.parts.db.read() as tx:
        assert exams.find_seen_exams(tx, OWNER, ["exam-1"]) == []


def test_an_old_beat_is_no_sign_of_life(house):
    seen = house.clock.now()
    old = house.envelope(house.beat())
    house.clock.advance(timedelta(minutes=5))
    house.service.inbox.deliver(old, 1)
    with house.parts.db.read() as tx:
        assert exams.find_beat(tx) == seen

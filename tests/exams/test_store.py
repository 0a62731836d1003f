"""What the store must hold under both databases: grants in the query, locks, claims, one object a UID."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from threading import Barrier

import pytest
from pydicom import dcmread

from services.chassis.settings import SettingsRefused, load
from services.exams.app import chores
from services.exams.settings import ExamsSettings
from services.exams.store import feed, locks, studies
from services.exams.store.tables import Base, ExamStudyRow, FeedMessageRow, InstanceRow
from tests.exams.conftest import Desk, Ris, study_files

MR = study_files("mr-ge-fmri")
HEAD = dcmread(BytesIO(MR[0]))
LEASE = timedelta(minutes=10)


def test_the_migration_makes_exactly_the_tables_of_the_models(any_desk: Desk):
    from sqlalchemy import inspect

    found = inspect(any_desk.service.db.engine)
    for table in Base.metadata.sorted_tables:
        columns = {one["name"]: one["nullable"] for one in found.get_columns(table.name)}
        assert columns == {one.name: one.nullable for one in table.columns}
        assert {one["name"] for one in found.get_indexes(table.name) if one["name"].startswith("ix_")} == {
            one.name for one in table.indexes if not one.unique
        }


def test_a_study_and_its_order_at_the_same_instant_find_each_other(any_desk: Desk, clock):
    desk, start = any_desk, Barrier(2)
    ris = Ris(clock, mrn=HEAD.PatientID)
    message = ris.completed(study=str(HEAD.StudyInstanceUID))

    def send():
        start.wait()
        return desk.hl7(message)

    def post():
        start.wait()
        return desk.stow(*MR).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(send), pool.submit(post)]
        assert [one.result() for one in answers] == ["AA", 200]
    with desk.service.db.read() as tx:
        assert tx.query(ExamStudyRow).count() == 1
    assert "exam.images-available" in desk.names()


def test_the_same_study_sent_twice_at_once_is_kept_once(any_desk: Desk):
    start = Barrier(2)

    def post():
        start.wait()
        return any_desk.stow(*MR).status_code

    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in [pool.submit(post), pool.submit(post)]] == [200, 200]
    with any_desk.service.db.read() as tx:
        assert tx.query(InstanceRow).count() == len(MR)
    assert len(list(any_desk.parts.objects.list("objects"))) == len(MR)


def test_a_renderer_takes_what_no_other_has_and_again_what_one_left(any_desk: Desk):
    any_desk.stow(*MR)
    with any_desk.service.db.begin() as tx:
        first = {row.id for row in studies.claim_to_render(tx, 2, LEASE)}
    with any_desk.service.db.begin() as tx:
        rest = {row.id for row in studies.claim_to_render(tx, 100, -LEASE)}
    assert (len(first), len(rest)) == (2, len(MR) - 2)
    with any_desk.service.db.begin() as tx:
        assert {row.id for row in studies.claim_to_render(tx, 100, LEASE)} == rest
    with any_desk.service.db.read() as tx:
        assert not studies.has_to_render(tx)


def test_locks_may_be_taken_in_any_order_and_twice(any_desk: Desk):
    with any_desk.service.db.begin() as tx:
        locks.lock(tx, [locks.accession_key("A"), locks.study_key("1.2"), locks.study_key("1.2")])


@pytest.mark.parametrize(("age", "is_kept"), [(feed.KEEP, True), (feed.KEEP + timedelta(seconds=1), False)])
def test_messages_are_remembered_for_thirty_days(desk: Desk, clock, age, is_kept):
    with desk.service.db.begin() as tx:
        assert feed.is_first(tx, "C1", "0" * 64, clock.now())
        assert not feed.is_first(tx, "C1", "0" * 64, clock.now())
        feed.delete_old(tx, clock.now() + age)
        assert (tx.query(FeedMessageRow).count() == 1) is is_kept


def test_whether_a_signed_report_counts_as_sent_has_no_default_S7(monkeypatch):
    monkeypatch.setenv("PORTAL_EXAMS_DATABASE_URL", "sqlite://")
    monkeypatch.setenv("PORTAL_OBJECTS_URL", "file:///nowhere")
    monkeypatch.delenv("PORTAL_EXAMS_SENT_WHEN_SIGNED", raising=False)
    with pytest.raises(SettingsRefused, match="PORTAL_EXAMS_SENT_WHEN_SIGNED"):
        load(ExamsSettings)
    monkeypatch.setenv("PORTAL_EXAMS_SENT_WHEN_SIGNED", "true")
    assert load(ExamsSettings).sent_when_signed is True


def test_a_release_is_looked_for_more_than_once_a_second(desk: Desk):
    every = {chore.name: chore.every_s for chore in chores(desk.parts)}
    assert every["release-sweep"] < 0.5
    assert every["beat"] == 5.0

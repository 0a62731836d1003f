from datetime import UTC, datetime

import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select

from contracts.tokens import AccountGrants, ICodeGrants, ShareGrants, StaffGrants, SystemGrants
from services.chassis.access import is_ended, note_ended, on_access_ended, seen_by, session_ended
from services.chassis.caller import Caller
from services.chassis.db import Database
from services.chassis.tables import ChassisBase

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
METADATA = MetaData()
EXAMS = Table(
    "exam", METADATA, Column("id", String, primary_key=True), Column("patient", String), Column("visit", String)
)
ROWS = [("e1", "p1", "v1"), ("e2", "p1", "v1"), ("e3", "p1", "v2"), ("e4", "p2", "v3")]


@pytest.fixture
def db(database_url):
    db = Database(database_url)
    ChassisBase.metadata.create_all(db.engine)
    METADATA.create_all(db.engine)
    with db.begin() as tx:
        tx.execute(insert(EXAMS), [dict(zip(("id", "patient", "visit"), row, strict=True)) for row in ROWS])
    yield db
    db.close()


def seen(db, grants):
    caller = Caller(grants.kind, f"{grants.kind}:h", "s", 1, grants)
    with db.read() as tx:
        condition = seen_by(caller, patient_id=EXAMS.c.patient, visit_id=EXAMS.c.visit, exam_id=EXAMS.c.id)
        return sorted(tx.scalars(select(EXAMS.c.id).where(condition)))


def share_of(*exams):
    return ShareGrants(exams=list(exams), may_download=True, include_report=False, include_visit_summary=False)


@pytest.mark.parametrize(
    ("grants", "exams"),
    [
        (AccountGrants(patients=["p1"]), ["e1", "e2", "e3"]),
        (AccountGrants(patients=["p1", "p2"]), ["e1", "e2", "e3", "e4"]),
        (AccountGrants(patients=[]), []),
        (ICodeGrants(visit="v1"), ["e1", "e2"]),
        (ICodeGrants(visit="v1", exams=["e2"]), ["e2"]),
        (ICodeGrants(visit="v1", exams=["e4"]), []),
        (ICodeGrants(visit="v1", exams=[]), []),
        (share_of("e1", "e4"), ["e1", "e4"]),
        (share_of(), []),
        (StaffGrants(roles=["operator", "support", "front-desk"]), []),
        (SystemGrants(scopes=["images.read"]), []),
    ],
)
def test_a_caller_sees_the_exams_of_its_grants_and_no_other_S11_S13_S67(db, grants, exams):
    assert seen(db, grants) == exams


def test_a_token_older_than_the_holders_version_is_refused(db):
    with db.begin() as tx:
        note_ended(tx, "share:h", 3, NOW)
    with db.read() as tx:
        assert is_ended(tx, "share:h", "s1", 2)
        assert not is_ended(tx, "share:h", "s1", 3)
        assert not is_ended(tx, "share:other", "s1", 2)


def test_an_older_note_never_takes_a_newer_one_back(db):
    for version in (5, 4):
        with db.begin() as tx:
            note_ended(tx, "share:h", version, NOW)
    with db.read() as tx:
        assert is_ended(tx, "share:h", "s1", 4)


def test_an_ended_session_ends_for_every_version(db):
    with db.begin() as tx:
        on_access_ended(None, tx, session_ended("s1", "log-out", NOW))
    with db.read() as tx:
        assert is_ended(tx, "account:a", "s1", 10**6)
        assert not is_ended(tx, "account:a", "s2", 1)

"""What identity hears: copies that duplicates and disorder cannot hurt, accounts that follow merges, the audit."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from contracts.access import AccessEnded, SigningKeyPublished
from contracts.audit import ActRecorded
from contracts.exams import (
    ExamChanged,
    ExamMoved,
    ExamOrdered,
    ExamRemoved,
    PatientMerged,
    PatientUnmerged,
    VisitChanged,
)
from contracts.messages import ContactChanged
from contracts.topology import HEARS
from services.chassis.tables import EndedAccess, HeardVersion, InboxRow, OutboxRow
from services.identity.handlers import HANDLERS
from services.identity.store.accounts import AccountPatientRow
from services.identity.store.audit import AuditEntryRow
from services.identity.store.base import Base
from services.identity.usecases.audit import find_break, find_breaks
from tests.identity.conftest import a_house, a_patient, a_visit, an_exam, details
from tests.servers import NOON, SetClock

LATER = NOON + timedelta(minutes=5)


def test_identity_handles_exactly_what_it_hears():
    assert set(HANDLERS) == set(HEARS["identity"])


def merged(from_id="anna", into_id="anna2", version=3):
    return PatientMerged(id=from_id, version=version, at=LATER, from_patient_id=from_id, into_patient_id=into_id)


def unmerged(from_id="anna", into_id="anna2", version=5):
    return PatientUnmerged(id=from_id, version=version, at=LATER, from_patient_id=from_id, into_patient_id=into_id)


LIFE = [
    a_patient(version=1),
    a_patient(version=2, emails=["new@example.org"]),
    merged(version=3),
    unmerged(version=4),
    merged(version=5),
    a_patient(version=6, postal_code="10017"),
    a_patient("anna2"),
    a_visit(version=1),
    a_visit(kind=VisitChanged, version=2, starts_at=LATER),
    details(version=1, exams=("mri",)),
    details(version=2, exams=("mri", "ct")),
    an_exam("mri", ExamOrdered, version=1, status="scheduled"),
    an_exam("mri", version=2),
    an_exam(
        "mri", ExamMoved, version=3, patient_id="anna2", from_patient_id="anna", to_patient_id="anna2", reason="merged"
    ),
    an_exam("ct", ExamOrdered, version=1, status="scheduled"),
    an_exam("ct", ExamRemoved, version=2, from_patient_id="anna", reason="corrected"),
]
"""A patient's life as it may be told, each thing once and in order."""


def state(house):
    """Give identity's own tables, without what counts how often something was told or taken back."""
    kept = {}
    with house.parts.db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name == "holder":
                continue
            columns = [column for column in table.columns if column.name != "contact_version"]
            rows = connection.execute(select(*columns)).all()
            kept[table.name] = sorted(repr(tuple(row)) for row in rows)
    return kept


def forget(house):
    with house.parts.db.begin() as tx:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in {"account", "holder"}:
                tx.execute(delete(table))
        tx.add(AccountPatientRow(account_id=house.account, patient_id="anna", by="matched"))
        for row in (InboxRow, HeardVersion, OutboxRow, EndedAccess):
            tx.execute(delete(row))


@pytest.fixture
def empty_house(sqlite_url, tmp_path):
    house = a_house(sqlite_url, tmp_path, SetClock())
    house.account = house.open_account(patients=("anna",))
    house.hear(*LIFE)
    house.wanted = state(house)
    yield house
    house.parts.db.close()


@given(st.permutations(range(len(LIFE))), st.lists(st.integers(0, len(LIFE) - 1), max_size=5))
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_told_in_any_order_and_twice_it_comes_to_the_same(empty_house, order, again):
    forget(empty_house)
    empty_house.hear(*(LIFE[number] for number in order), *(LIFE[number] for number in again))
    assert state(empty_house) == empty_house.wanted


def test_the_same_message_twice_is_done_once(any_house):
    event = a_patient(version=2)
    for _ in range(2):
        assert any_house.deliver(event, message_id="m1").kind == "settled"
    assert len([one for one in any_house.told(ContactChanged) if one.id == "patient:anna"]) == 2


# --- contacts -------------------------------------------------------------------------------------------------------


def test_a_patients_contact_is_told_to_the_notifier(house):
    (contact,) = house.told(ContactChanged)
    assert (contact.id, contact.emails, contact.phone, contact.language) == (
        "patient:anna", ["anna@example.org"], "+17135550000", "en",
    )  # fmt: skip


@pytest.mark.parametrize("silent", ["is_deceased", "is_protected"])
def test_a_deceased_or_protected_patient_gets_no_message(house, silent):
    house.hear(a_patient(version=2, **{silent: True}))
    contact = house.told(ContactChanged)[-1]
    assert (contact.version, contact.emails, contact.phone, contact.wants) == (2, [], None, [])


# --- merges ---------------------------------------------------------------------------------------------------------


def held(house):
    return house.claims(house.log_in()["accessToken"]).grants.patients


def test_an_account_follows_a_merge_and_its_undoing(any_house):
    account = any_house.open_account()
    token = any_house.log_in()["accessToken"]
    any_house.hear(a_patient("anna2"), merged())
    assert held(any_house) == ["anna", "anna2"]
    any_house.claims(token)
    before = any_house.log_in()["accessToken"]
    any_house.hear(unmerged())
    assert held(any_house) == ["anna"]
    any_house.call("GET", "/me", 401, before)
    (ended,) = any_house.told(AccessEnded)
    assert (ended.id, ended.reason) == (f"account:{account}", "patient-unmerged")


def test_undoing_a_merge_leaves_sessions_with_what_is_left(house):
    house.open_account()
    house.hear(merged())
    token = house.log_in()["refreshToken"]
    house.hear(unmerged())
    answer = house.call("POST", "/sessions/refresh", 200, json={"refreshToken": token})
    assert house.claims(answer["accessToken"]).grants.patients == ["anna"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_account_follows_merges_of_merges_in_any_order(house, order):
    house.open_account()
    events = [merged("anna", "anna2"), merged("anna2", "anna3"), merged("anna3", "anna4")]
    house.hear(*(events[number] for number in order))
    assert held(house) == ["anna", "anna2", "anna3", "anna4"]
    house.hear(unmerged("anna2", "anna3"))
    assert held(house) == ["anna", "anna2"]


def test_an_undoing_that_is_told_before_its_merge_is_the_last_word(house):
    house.open_account()
    house.hear(unmerged(version=5), merged(version=3))
    assert held(house) == ["anna"]


def test_an_account_opened_after_a_merge_holds_both_records(house):
    house.hear(merged())
    house.open_account()
    assert held(house) == ["anna", "anna2"]


def test_other_accounts_are_not_touched_by_a_merge(house):
    house.open_account()
    house.open_account("bert50", patients=("bert",))
    house.hear(merged())
    assert house.claims(house.log_in("bert50")["accessToken"]).grants.patients == ["bert"]


# --- exams that move ------------------------------------------------------------------------------------------------


def corrected(**more):
    return an_exam(
        "mri", ExamMoved, patient_id="bert", from_patient_id="anna", to_patient_id="bert", reason="corrected",
        **({"version": 2, "at": LATER} | more),
    )  # fmt: skip


def test_a_correction_heard_late_still_ends_the_codes_printed_before_it(house):
    issued = house.issue()
    house.hear(an_exam("mri", ExamChanged, version=3, patient_id="bert", at=LATER), corrected())
    house.enter(issued["icode"], 401)


def test_a_code_printed_after_the_correction_stays_when_it_is_told_again(house, clock):
    clock.move_to(LATER + timedelta(seconds=1))
    issued = house.issue()
    house.hear(corrected())
    house.enter(issued["icode"])


def test_an_exam_that_moved_to_another_visit_leaves_the_codes_of_both(house):
    issued = house.issue()
    house.hear(corrected(visit_id="visit-9"))
    came_in = house.enter(issued["icode"])
    assert house.call("GET", "/me", 200, came_in["accessToken"])["exams"] == 1


# --- the merged audit -----------------------------------------------------------------------------------------------


@pytest.fixture
def acts(house):
    """What identity itself did, as the bus brings it back."""
    house.enter(house.issue()["icode"])
    return house.told(ActRecorded)


@pytest.mark.parametrize("turn", [list, lambda acts: acts[::-1], lambda acts: acts + acts])
def test_acts_heard_in_any_order_and_twice_make_one_chain(house, acts, turn):
    house.hear(*turn(acts))
    with house.parts.db.read() as tx:
        assert find_breaks(tx) == {}
        assert len(tx.scalars(select(AuditEntryRow)).all()) == len(acts)


def test_a_missing_act_shows(house, acts):
    house.hear(*(act for act in acts if act.position != 2))
    with house.parts.db.read() as tx:
        assert find_break(tx, "identity") == 2


@pytest.mark.parametrize("change", [{"actor": "staff:other"}, {"outcome": "refused"}, {"reason": "none"}])
def test_an_altered_act_shows(house, acts, change):
    house.hear(*(act.model_copy(update=change) if act.position == 2 else act for act in acts))
    with house.parts.db.read() as tx:
        assert find_break(tx, "identity") == 2


def test_a_second_other_act_at_the_same_place_is_not_believed(house, acts):
    house.hear(*acts, acts[1].model_copy(update={"actor": "staff:other", "hash": "f" * 64}))
    with house.parts.db.read() as tx:
        assert find_break(tx, "identity") is None


# --- retelling ------------------------------------------------------------------------------------------------------


def test_a_service_that_lost_its_copy_is_told_keys_contacts_and_who_lost_access(house):
    account = house.open_account()
    house.call("DELETE", "/sessions", 204, house.log_in()["accessToken"])
    before = len(house.told())
    with house.parts.db.begin() as tx:
        house.service.retell(tx, "notifier.events", None)
    with house.parts.db.read() as tx:
        rows = tx.scalars(select(OutboxRow).order_by(OutboxRow.seq)).all()[before:]
    assert {row.to_queue for row in rows} == {"notifier.events"}
    told = house.told()[before:]
    assert [type(event) for event in told] == [SigningKeyPublished, AccessEnded, ContactChanged, ContactChanged]
    assert (told[1].id, told[1].version) == (f"account:{account}", 2)
    assert told[2:] == [one.model_copy(update={"at": told[2].at}) for one in house.told(ContactChanged)[:2]]

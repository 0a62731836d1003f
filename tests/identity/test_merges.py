"""Two records of one person (ADT^A40), and a merge taken back (A37): codes, accounts, grants, front desk, staff."""

from datetime import timedelta
from itertools import permutations

import pytest

from contracts.access import AccessEnded
from contracts.exams import ExamMoved, VisitChanged
from contracts.identity import ICodeEnded
from tests.identity.conftest import a_patient, a_visit, an_exam
from tests.identity.test_handlers import held, merged, unmerged
from tests.identity.test_staff_accounts import act, find
from tests.servers import NOON

AT = NOON + timedelta(hours=1)
"""When both records were merged; they are taken apart an hour later."""
UNDONE_AT = AT + timedelta(hours=1)


def moved(exam, reason, version, to, at, visit="visit-1"):
    from_patient = {"anna": "anna2", "anna2": "anna"}[to]
    return an_exam(
        exam, ExamMoved, version=version, patient_id=to, visit_id=visit, at=at, from_patient_id=from_patient,
        to_patient_id=to, reason=reason,
    )  # fmt: skip


def a_merge(version=3):
    """Give what exams tells when Anna's record becomes her other one's, with her visit."""
    return [
        merged(version=version),
        a_visit(kind=VisitChanged, version=version, patient_id="anna2", at=AT),
        moved("mri", "merged", version, "anna2", AT),
        moved("ct", "merged", version, "anna2", AT),
    ]


def its_undoing(version=5):
    return [
        unmerged(version=version),
        a_visit(kind=VisitChanged, version=version, at=UNDONE_AT),
        moved("mri", "unmerged", version, "anna", UNDONE_AT),
        moved("ct", "unmerged", version, "anna", UNDONE_AT),
    ]


def exams_of(house, tokens):
    return house.call("GET", "/me", 200, tokens["accessToken"])["exams"]


@pytest.fixture
def two(any_house):
    """Anna's two records; the second has a visit of its own."""
    any_house.hear(
        a_patient("anna2"),
        a_visit("visit-2", patient_id="anna2"),
        an_exam("us", patient_id="anna2", visit_id="visit-2"),
    )
    return any_house


# --- codes ----------------------------------------------------------------------------------------------------------


def test_a_code_printed_before_a_merge_opens_its_visit_after_it(two):
    code = two.issue()["icode"]
    tokens = two.enter(code)
    two.hear(*a_merge(), *a_merge())
    assert exams_of(two, tokens) == exams_of(two, two.enter(code)) == 2
    assert two.told(ICodeEnded, AccessEnded) == []


def test_taking_a_merge_back_ends_the_codes_of_the_visits_that_go_back_at_once(two):
    before, others = two.issue(), two.issue("visit-2")
    two.hear(*a_merge())
    two.clock.move_to(AT + timedelta(minutes=5))
    part = two.issue(examIds=["ct"])
    opened = two.enter(part["icode"])
    two.clock.move_to(UNDONE_AT)
    two.hear(*its_undoing(), *its_undoing())
    two.call("GET", "/me", 401, opened["accessToken"])
    for gone in (before, part):
        two.enter(gone["icode"], 401)
    assert exams_of(two, two.enter(others["icode"])) == 1
    assert {(one.id, one.reason) for one in two.told(ICodeEnded)} == {
        (before["id"], "unmerged"), (part["id"], "unmerged"),
    }  # fmt: skip


def test_a_code_printed_after_the_undoing_stays_however_often_it_is_told(two):
    two.hear(*a_merge(), *its_undoing())
    two.clock.move_to(UNDONE_AT + timedelta(seconds=1))
    code = two.issue()["icode"]
    two.hear(*reversed(its_undoing()), *a_merge())
    assert exams_of(two, two.enter(code)) == 2


def test_an_undoing_told_before_its_merge_ends_the_codes_as_well(two):
    code = two.issue()["icode"]
    two.clock.move_to(UNDONE_AT)
    two.hear(*its_undoing(), *a_merge())
    two.enter(code, 401)
    two.open_account()
    assert held(two) == ["anna"]


# --- accounts and grants --------------------------------------------------------------------------------------------


def test_an_account_of_either_record_sees_all_visits_of_the_person_while_they_are_one(two):
    two.open_account("anna80", ("anna",))
    two.open_account("anna-too", ("anna2",))
    assert [exams_of(two, two.log_in(one)) for one in ("anna80", "anna-too")] == [2, 1]
    two.hear(*a_merge())
    assert [exams_of(two, two.log_in(one)) for one in ("anna80", "anna-too")] == [3, 3]
    two.hear(*its_undoing())
    assert [exams_of(two, two.log_in(one)) for one in ("anna80", "anna-too")] == [2, 1]


def test_a_token_minted_while_they_were_one_shows_nothing_of_the_other_after(two):
    two.open_account()
    two.open_account("anna-too", ("anna2",))
    two.hear(*a_merge())
    first, second = two.log_in(), two.log_in("anna-too")
    two.hear(*its_undoing())
    two.call("GET", "/me", 401, first["accessToken"])
    assert exams_of(two, second) == 1


EVENTS = [merged(version=3), unmerged(version=4), merged(version=5), merged("anna2", "anna3", version=2)]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::3])
def test_merged_again_after_an_undoing_is_merged_in_any_order_and_twice(house, order):
    house.open_account()
    house.hear(*(EVENTS[number] for number in order), *(EVENTS[number] for number in order[:2]))
    assert held(house) == ["anna", "anna2", "anna3"]


def test_a_merge_turned_round_leaves_both_records_with_each_account(any_house):
    any_house.open_account("anna80", ("anna",))
    any_house.open_account("anna-too", ("anna2",))
    any_house.hear(merged(version=3), unmerged(version=4), merged("anna2", "anna", version=3))
    held_by = [any_house.claims(any_house.log_in(one)["accessToken"]).grants.patients for one in ("anna80", "anna-too")]
    assert held_by == [["anna"], ["anna", "anna2"]]


def test_a_frozen_accounts_records_follow_merges_and_give_it_nothing(any_house):
    account = any_house.open_account()
    act(any_house, "freeze", account)
    any_house.hear(merged())
    any_house.log_in(status=401)
    act(any_house, "unfreeze", account)
    assert held(any_house) == ["anna", "anna2"]


# --- staff ----------------------------------------------------------------------------------------------------------


def test_support_finds_the_account_by_either_record_while_they_are_one(two):
    account = two.open_account()
    assert find(two, patient="anna2") == []
    two.hear(*a_merge())
    assert [one["id"] for one in find(two, patient="anna2")] == [account]
    two.hear(*its_undoing())
    assert find(two, patient="anna2") == []


def test_the_front_desk_sees_a_merged_visit_under_the_record_that_lives_on(two):
    def patient_of():
        found = two.call("GET", "/staff/visits?visitNumber=V-visit-1", 200, two.desk())["visits"]
        return [one["patient"]["id"] for one in found]

    two.hear(*a_merge())
    assert patient_of() == ["anna2"]
    two.hear(*its_undoing())
    assert patient_of() == ["anna"]

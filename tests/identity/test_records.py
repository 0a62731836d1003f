"""Records that the RIS marks: of the deceased, whose log-in rests, and the protected, by whom nothing is told."""

from itertools import permutations

import pytest

from contracts.access import AccessEnded
from contracts.messages import ContactChanged, MessageRequested
from tests.identity.conftest import a_patient
from tests.identity.test_handlers import held, merged, unmerged
from tests.identity.test_invitations import invite, slug
from tests.identity.test_staff_accounts import find


def contact(house, about="patient:anna"):
    """Give where the notifier writes to somebody by what it was told last."""
    told = [one for one in house.told(ContactChanged) if one.id == about]
    newest = max(told, key=lambda one: one.version)
    return newest.emails, newest.phone, newest.wants


SILENT: tuple[list[str], None, list[str]] = ([], None, [])


def test_the_account_of_a_deceased_patient_rests(any_house):
    account = any_house.open_account()
    tokens = any_house.log_in()
    any_house.hear(a_patient(version=2, is_deceased=True))
    any_house.call("GET", "/me", 401, tokens["accessToken"])
    any_house.call("POST", "/sessions/refresh", 401, json={"refreshToken": tokens["refreshToken"]})
    any_house.log_in(status=401)
    (ended,) = any_house.told(AccessEnded)
    assert (ended.id, ended.reason) == (f"account:{account}", "at-rest")
    assert find(any_house, userId="anna80")[0]["state"] == "resting"


def test_nothing_is_written_to_a_deceased_patient_nor_to_their_account(any_house):
    account = any_house.open_account()
    any_house.hear(a_patient(version=2, is_deceased=True))
    assert contact(any_house) == SILENT
    assert contact(any_house, f"holder:account:{account}") == SILENT
    any_house.call("POST", "/password-resets", 202, json={"userId": "anna80"})
    any_house.call("POST", "/password-resets", 202, json={"email": "anna80@example.org"})
    any_house.call("POST", "/user-id-reminders", 202, json={"email": "anna80@example.org"})
    assert any_house.told(MessageRequested) == []


def test_an_account_wakes_when_the_ris_takes_the_mark_back(any_house):
    account = any_house.open_account()
    any_house.hear(a_patient(version=2, is_deceased=True), a_patient(version=3))
    assert held(any_house) == ["anna"]
    assert contact(any_house)[0] == ["anna@example.org"]
    assert contact(any_house, f"holder:account:{account}")[0] == ["anna80@example.org"]


def test_a_mark_told_again_ends_access_once(house):
    house.open_account()
    house.hear(a_patient(version=2, is_deceased=True), a_patient(version=3, is_deceased=True, language="es"))
    assert len(house.told(AccessEnded)) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize(("marked", "other"), [("anna", "anna2"), ("anna2", "anna")])
def test_a_merge_with_a_deceased_persons_record_rests_the_account_and_its_undoing_wakes_it(house, order, marked, other):
    house.open_account(patients=("anna",))
    told = [a_patient(marked, version=2, is_deceased=True), a_patient(other, version=2), merged()]
    house.hear(*(told[number] for number in order))
    house.log_in(status=401)
    assert contact(house, "patient:anna") == contact(house, "patient:anna2") == SILENT
    house.hear(unmerged())
    house.log_in(status=201 if marked == "anna2" else 401)
    assert contact(house, f"patient:{marked}") == SILENT
    assert contact(house, f"patient:{other}")[0] == [f"{other}@example.org"]


def test_a_record_merged_into_ones_own_rests_the_account_too(any_house):
    any_house.open_account()
    any_house.hear(a_patient("anna0", is_deceased=True), merged("anna0", "anna"))
    any_house.log_in(status=401)
    assert slug(invite(any_house, 409)) == "invitation-not-possible"
    any_house.hear(unmerged("anna0", "anna"))
    assert held(any_house) == ["anna"]


def test_an_account_opened_for_a_record_that_is_marked_rests_from_the_start(house):
    house.hear(a_patient(version=2, is_deceased=True))
    house.open_account()
    house.log_in(status=401)


# --- protected ------------------------------------------------------------------------------------------------------


def test_of_a_protected_record_nobody_is_told_until_it_is_protected_no_more(any_house):
    any_house.hear(a_patient(version=2, is_protected=True))
    assert contact(any_house) == SILENT
    any_house.hear(a_patient(version=3))
    assert contact(any_house)[0] == ["anna@example.org"]


def test_the_owner_of_a_protected_record_still_logs_in(house):
    house.open_account()
    house.hear(a_patient(version=2, is_protected=True))
    assert held(house) == ["anna"]


@pytest.mark.parametrize("protected", ["anna", "anna2"])
def test_a_merge_protects_both_records_of_the_person_until_it_is_undone(any_house, protected):
    other = "anna2" if protected == "anna" else "anna"
    any_house.hear(a_patient("anna2"), a_patient(protected, version=2, is_protected=True), merged())
    assert contact(any_house, f"patient:{other}") == SILENT
    any_house.issue(status=422)
    any_house.issue(reason="photo ID seen at the desk")
    any_house.hear(unmerged())
    assert contact(any_house, f"patient:{other}")[0] == [f"{other}@example.org"]
    any_house.issue(status=201 if other == "anna" else 422)


def test_whoever_is_protected_by_a_merge_is_invited_for_a_reason_alone(house):
    house.hear(a_patient("anna0", is_protected=True), merged("anna0", "anna"))
    assert slug(invite(house, 422)) == "reason-needed"
    invite(house, note="asked for it in person")

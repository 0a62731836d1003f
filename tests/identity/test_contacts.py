"""Contacts after the 18th birthday: what a guardian left is neither written to nor matched on until confirmed."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from contracts.audit import ActRecorded
from contracts.exams import VisitChanged
from contracts.messages import ContactChanged
from services.identity.store.demographics import find_born_on
from services.identity.usecases.coming_of_age import tell_of_age
from tests.identity.conftest import a_patient, a_visit
from tests.identity.test_invitations import slug
from tests.servers import NOON

BIRTHDAY = datetime(2026, 3, 10, 5, tzinfo=UTC)
"""Midnight in Houston, in summer time by then; NOON is of the 2nd."""
BORN = date(2008, 3, 10)
PHONE, EMAIL = "+17135550000", "anna@example.org"


def of_anna(version=2, **more):
    return a_patient(version=version, **({"birth_date": BORN} | more))


def contact(house):
    """Give where the notifier writes to Anna by what it was told last."""
    newest = max((one for one in house.told(ContactChanged) if one.id == "patient:anna"), key=lambda one: one.version)
    return newest.emails, newest.phone


def sweep(house):
    with house.parts.db.begin() as tx:
        return tell_of_age(tx, house.clock.now())


def matched_phones(house):
    with house.parts.db.read() as tx:
        return [list(one.phones) for one in find_born_on(tx, BORN)]


def test_a_minors_guardian_is_written_to_until_the_18th_birthday_begins_at_the_site_S64_S68(any_house, clock):
    any_house.hear(of_anna())
    clock.move_to(BIRTHDAY - timedelta(seconds=1))
    assert sweep(any_house) == 0
    assert contact(any_house) == ([EMAIL], PHONE)
    clock.move_to(BIRTHDAY)
    assert sweep(any_house) == 1
    assert contact(any_house) == ([], None)
    assert sweep(any_house) == 0


def test_of_two_sites_the_first_to_see_the_birthday_counts_S64(house, clock):
    house.hear(of_anna(), a_visit("visit-2", location_id="NY-NYC-01", state="NY"))
    clock.move_to(BIRTHDAY - timedelta(hours=1))
    assert sweep(house) == 1
    assert contact(house) == ([], None)


def test_born_on_a_leap_day_one_is_of_age_on_the_first_of_march_S64(house, clock):
    house.hear(of_anna(birth_date=date(2012, 2, 29)))
    clock.move_to(datetime(2030, 3, 1, 6, tzinfo=UTC) - timedelta(seconds=1))
    assert sweep(house) == 0
    clock.advance(timedelta(seconds=1))
    assert sweep(house) == 1


def test_what_the_ris_records_after_the_birthday_is_written_to_and_what_it_repeats_is_not_S64(any_house, clock):
    any_house.hear(of_anna())
    clock.move_to(BIRTHDAY)
    sweep(any_house)
    any_house.hear(of_anna(3, at=BIRTHDAY, emails=["own@example.org", EMAIL], phones=[PHONE, "+17135551111"]))
    assert contact(any_house) == (["own@example.org"], "+17135551111")
    any_house.hear(of_anna(4, at=BIRTHDAY + timedelta(days=1), language="es"))
    assert contact(any_house) == ([], None)


def test_a_guardians_phone_matches_nobody_who_registers_S64(any_house, clock):
    any_house.hear(of_anna())
    clock.move_to(BIRTHDAY)
    assert matched_phones(any_house) == [[]]
    any_house.hear(of_anna(3, at=BIRTHDAY, phones=[PHONE, "+17135551111"]))
    assert matched_phones(any_house) == [["+17135551111"]]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_it_is_told_a_guardians_contact_stays_one_S64(house, clock, order):
    clock.move_to(BIRTHDAY + timedelta(days=2))
    told = [of_anna(2, at=NOON), of_anna(3, at=BIRTHDAY, sex="U"), a_visit(kind=VisitChanged, version=2)]
    house.hear(*(told[number] for number in order))
    assert contact(house) == ([], None)
    assert matched_phones(house) == [[]]


def test_contacts_recorded_of_an_adult_are_theirs(house):
    assert contact(house) == ([EMAIL], PHONE)
    house.hear(a_patient(version=2, birth_date=None))
    assert contact(house) == ([EMAIL], PHONE)


def confirm(house, status=200, token=None, patient="anna", **more):
    token = token or house.add_staff(f"s{len(house.told())}", "support")
    body = {"verifiedBy": "photo-id", "note": "her own number"} | more
    return house.call("POST", f"/staff/patients/{patient}/contacts-confirmation", status, token, json=body)


def test_support_confirms_contacts_after_a_photo_id_S64(any_house, clock):
    any_house.hear(of_anna())
    clock.move_to(BIRTHDAY)
    sweep(any_house)
    confirm(any_house)
    assert contact(any_house) == ([EMAIL], PHONE)
    assert matched_phones(any_house) == [[PHONE]]
    act = [one for one in any_house.told(ActRecorded) if one.action == "contact.confirm"][-1]
    assert (act.patient_id, act.reason) == ("anna", "photo-id: her own number")
    any_house.hear(of_anna(3, at=BIRTHDAY, language="es"))
    assert contact(any_house) == ([EMAIL], PHONE)


def test_what_was_confirmed_of_a_minor_is_a_guardians_still_S64(house, clock):
    house.hear(of_anna())
    confirm(house)
    clock.move_to(BIRTHDAY)
    sweep(house)
    assert contact(house) == ([], None)


def test_a_confirmation_needs_a_photo_id_a_note_a_patient_and_support(house):
    confirm(house, 422, verifiedBy="callback-on-file")
    assert slug(confirm(house, 422, note=" ")) == "reason-needed"
    assert slug(confirm(house, 404, patient="nobody")) == "patient-not-found"
    confirm(house, 403, house.add_staff("desk", "front-desk"))
    confirm(house, 403, house.add_staff("op", "operator"))

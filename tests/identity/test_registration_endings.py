"""What the last step of a registration opens, and whom it tells (S21, S22, S62; rules: Accounts)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from contracts.audit import ActRecorded
from contracts.exams import PatientMerged
from contracts.identity import AccountOpened
from contracts.messages import MessageRequested
from services.identity.store.accounts import AccountPatientRow, find_account
from services.identity.store.registrations import RegistrationRow
from services.identity.usecases.tidying import tidy
from tests.identity.conftest import a_patient, a_visit, an_exam, details
from tests.identity.registering import (
    CREDENTIALS,
    accounts,
    answer,
    begin,
    choose,
    code_mailed,
    enter_code,
    register,
    slug,
    until,
)
from tests.servers import NOON

SECOND = timedelta(seconds=1)


def letters(house, *templates):
    return [one for one in house.told(MessageRequested) if one.template in templates]


def freeze(house):
    with house.parts.db.begin() as tx:
        find_account(tx, accounts(house)[0].id).frozen_at = house.clock.now()


def test_a_second_registration_looks_the_same_opens_nothing_and_mails_the_first_S22(any_house):
    first = register(any_house)
    second = register(any_house, user_id="anna81")
    assert second == first | {"account": {"userId": "anna81"}}
    any_house.log_in("anna81", status=401)
    (account,) = accounts(any_house)
    (letter,) = letters(any_house, "account-exists")
    assert (letter.about.id, letter.email, letter.facts) == (f"account:{account.id}", None, {})
    assert len(letters(any_house, "account-opened")) == 1
    assert len(any_house.told(AccountOpened)) == 1
    act = [one for one in any_house.told(ActRecorded) if one.action == "account.open"][-1]
    assert (act.outcome, act.slug, act.patient_id) == ("refused", "account-exists", "anna")


def test_nothing_told_at_any_step_tells_that_there_is_an_account_S21_S22(house):
    def walk(user_id):
        path = begin(house)
        steps = [answer(house, path), choose(house, path, userId=user_id)]
        return [*steps, house.client.post(f"{path}/validation", json={"code": code_mailed(house)}).status_code]

    assert walk("anna80") == walk("anna81")


def test_a_frozen_account_stands_in_the_way_and_its_owner_is_not_told(house):
    register(house)
    freeze(house)
    register(house, user_id="anna81")
    assert len(accounts(house)) == 1
    assert letters(house, "account-exists") == []


def test_a_closed_account_leaves_room_for_another_S22(house):
    register(house)
    with house.parts.db.begin() as tx:
        find_account(tx, accounts(house)[0].id).closed_at = house.clock.now()
    register(house, user_id="anna81")
    house.log_in("anna81")


@pytest.mark.parametrize("when", ["before", "during"])
def test_an_account_that_holds_the_record_by_a_merge_is_the_one_account(any_house, when):
    """Anna's record was merged into that of annie, who has an account."""
    any_house.hear(a_patient("annie"))
    any_house.open_account("annie80", ("annie",))
    path = until(any_house, "validation") if when == "during" else None
    any_house.hear(PatientMerged(id="anna", version=1, at=NOON, from_patient_id="anna", into_patient_id="annie"))
    if path is None:
        answer(any_house, begin(any_house), 403)  # a merged record is no longer asked about
    else:
        enter_code(any_house, path)
    assert len(accounts(any_house)) == 1


def test_a_record_merged_meanwhile_into_one_without_an_account_brings_that_along(house):
    path = until(house, "validation")
    house.hear(a_patient("annie"))
    house.hear(PatientMerged(id="anna", version=1, at=NOON, from_patient_id="anna", into_patient_id="annie"))
    enter_code(house, path)
    assert house.told(AccountOpened)[-1].patient_ids == ["anna", "annie"]


@pytest.mark.parametrize("more", [{"is_protected": True}, {"is_deceased": True}, {"birth_date": date(2015, 5, 17)}])
@pytest.mark.parametrize("step", ["questions", "credentials", "validation"])
def test_a_record_that_may_have_no_account_meanwhile_opens_none_and_mails_nobody_S62(house, step, more):
    path = until(house, step)
    house.hear(a_patient(version=2, **more))
    if step == "questions":
        answer(house, path)
    if step != "validation":
        choose(house, path)
    enter_code(house, path)
    house.log_in(status=401)
    assert accounts(house) == []
    assert letters(house, "account-opened", "account-exists") == []


@pytest.mark.parametrize("more", [{"is_protected": True}, {"is_deceased": True}])
def test_the_protected_and_the_deceased_are_as_unknown_S19(house, more):
    house.hear(a_patient(version=2, **more))
    answer(house, begin(house), 403)


@pytest.mark.parametrize(("before_birthday", "opens"), [(SECOND, 0), (timedelta(), 1)])
def test_who_was_born_later_than_typed_is_held_to_the_record_at_the_sites_date_S62(
    house, clock, before_birthday, opens
):
    """The record is corrected between the steps; by it the 18th birthday begins at Houston's midnight."""
    path = until(house, "validation")
    house.hear(a_patient(version=2, birth_date=date(2008, 3, 3)))
    clock.move_to(datetime(2026, 3, 3, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC) - before_birthday)
    house.call("POST", f"{path}/validation-codes", 202, json={})
    enter_code(house, path)
    assert len(accounts(house)) == opens


@pytest.mark.parametrize(("after", "status"), [(timedelta(hours=24) - SECOND, 200), (timedelta(hours=24), 410)])
def test_a_registration_is_open_for_24_hours(any_house, clock, after, status):
    path = until(any_house, "credentials")
    clock.advance(after)
    with any_house.parts.db.begin() as tx:
        tidy(tx, clock.now())
    choose(any_house, path, status)


def test_of_a_registration_that_is_over_nothing_is_kept(any_house, clock):
    until(any_house, "validation")
    clock.advance(timedelta(hours=24) + SECOND)
    with any_house.parts.db.begin() as tx:
        tidy(tx, clock.now())
        assert tx.scalars(select(RegistrationRow)).all() == []


def test_of_a_registration_that_is_done_neither_address_nor_password_is_kept(house):
    register(house)
    with house.parts.db.read() as tx:
        (row,) = tx.scalars(select(RegistrationRow))
    assert (row.step, row.user_id, row.email, row.password_hash) == ("done", None, None, None)


def test_nothing_typed_in_step_1_is_kept_but_under_a_key_S18(house):
    before = house.everything_stored()
    begin(house, lastName="Quillfeather", phone="+1 999-888-7766", zip="98765")
    new = house.everything_stored().replace(before, "")
    for typed in ("Quillfeather", "quillfeather", "9998887766", "98765"):
        assert typed not in new


def test_two_accounts_may_share_an_address_and_never_a_user_id_S20(any_house):
    """Ben and Anna, of one household, at the same instant."""
    any_house.hear(a_patient("ben"), a_visit("visit-b", patient_id="ben"), details("visit-b", patient_id="ben"))
    any_house.hear(an_exam("bens", patient_id="ben", visit_id="visit-b"))
    paths = []
    for name in ("Anna", "Ben"):
        path = begin(any_house, firstName=name)
        answer(any_house, path)
        choose(any_house, path, userId="thedoes")
        paths.append((path, code_mailed(any_house)))
    start, app = Barrier(2), any_house.client.application

    def enter(one):
        start.wait()
        return app.test_client().post(f"{one[0]}/validation", json={"code": one[1]})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(enter, paths))
    assert sorted(one.status_code for one in answers) == [201, 409]
    loser = next(path for (path, _), one in zip(paths, answers, strict=True) if one.status_code == 409)
    assert choose(any_house, loser, userId="theotherdoe") == {"next": "validation"}
    enter_code(any_house, loser)
    opened = accounts(any_house)
    assert {one.email for one in opened} == {CREDENTIALS["email"]}
    assert sorted(one.user_id for one in opened) == ["thedoes", "theotherdoe"]


def test_of_two_records_that_agree_the_one_asked_about_is_held_and_the_other_is_not_S18_S19(house):
    """One person in two RISes; whoever came last is asked about, an I-Code brings the other."""
    earlier = NOON - timedelta(days=40)
    house.hear(a_patient("anna-2", name=a_patient().name), a_visit("v2", patient_id="anna-2", starts_at=earlier))
    house.hear(details("v2", patient_id="anna-2", starts_at=earlier), an_exam("e2", patient_id="anna-2", visit_id="v2"))
    register(house)
    with house.parts.db.read() as tx:
        assert tx.scalars(select(AccountPatientRow.patient_id)).all() == ["anna"]


@pytest.mark.parametrize("forged", ["0" * 32, "x", "..%2F..%2Fme", "%00", "A" * 4096])
@pytest.mark.parametrize(
    ("method", "ending", "body"),
    [
        ("GET", "questions", None), ("POST", "answers", {"answers": []}), ("POST", "credentials", CREDENTIALS),
        ("POST", "validation-codes", {}), ("POST", "validation", {"code": "123456"}),
    ],
)  # fmt: skip
def test_a_forged_registration_id_opens_nothing(house, method, ending, body, forged):
    until(house, "validation")
    answer_ = house.client.open(f"/registrations/{forged}/{ending}", method=method, json=body)
    assert answer_.status_code in {404, 410, 414}
    assert accounts(house) == []


def test_what_a_dump_of_the_database_holds_of_a_registration_does_not_go_on_with_it(house):
    until(house, "validation")
    with house.parts.db.read() as tx:
        (row,) = tx.scalars(select(RegistrationRow))
    assert slug(enter_code(house, f"/registrations/{row.id}", 410)) == "registration-over"

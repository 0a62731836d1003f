"""Registering with an invitation: staff saw a photo ID, so no question is asked (rules: Accounts; S18-S22, S62)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from contracts.audit import ActRecorded
from contracts.identity import AccountOpened
from contracts.messages import MessageRequested
from services.identity.store.accounts import AccountPatientRow
from tests.identity.conftest import a_patient
from tests.identity.registering import (
    ANNA,
    accounts,
    answer_wrong,
    begin,
    choose,
    enter_code,
    register,
    slug,
    until,
)
from tests.identity.test_invitations import invite

DAY = timedelta(hours=24)


def invited(house, code, status=201, **more):
    """Do step 1 with an invitation's *code*."""
    answer = house.call("POST", "/registrations", status, json=ANNA | {"invitationCode": code} | more)
    return f"/registrations/{answer['registrationId']}" if status == 201 else answer


def mistyped(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def test_an_invitation_stands_in_for_the_questions_and_for_no_other_step_S19_S20_S22(any_house):
    answer = any_house.call(
        "POST", "/registrations", 201, json=ANNA | {"invitationCode": invite(any_house)["invitationCode"]}
    )
    assert answer["next"] == "credentials"
    path = f"/registrations/{answer['registrationId']}"
    assert slug(any_house.call("GET", f"{path}/questions", 409)) == "registration-step"
    assert slug(enter_code(any_house, path, 409, "000000")) == "registration-step"
    choose(any_house, path)
    enter_code(any_house, path)
    assert any_house.claims(any_house.log_in()["accessToken"]).grants.patients == ["anna"]
    with any_house.parts.db.read() as tx:
        assert tx.scalars(select(AccountPatientRow.by)).all() == ["staff"]
    assert [one.template for one in any_house.told(MessageRequested)] == ["validation-code", "account-opened"]


@pytest.mark.parametrize(
    "more",
    [
        {"firstName": "Ann"}, {"lastName": "Roe"}, {"dateOfBirth": "1980-05-18"}, {"sex": "M"}, {"zip": "77003"},
        {"phone": "+1 713-555-0001"},
    ],
)  # fmt: skip
def test_the_demographics_must_still_be_those_on_record_S18(house, more):
    code = invite(house)["invitationCode"]
    refused = invited(house, code, 422, **more)
    assert [one["field"] for one in refused["errors"]] == ["invitationCode"]
    assert refused == invited(house, mistyped(code), 422) == invited(house, "ZZZZZ-ZZZZ-ZZZZ", 422)
    act = house.told(ActRecorded)[-1]
    assert (act.action, act.outcome, act.slug) == ("registration.begin", "refused", "invitation-refused")
    invited(house, code)


def test_a_code_opens_one_registration_S22(house):
    code = invite(house)["invitationCode"]
    invited(house, code)
    assert slug(invited(house, code, 422)) == "invitation-refused"


def test_a_code_used_20_times_at_once_opens_one_registration_S22(any_house):
    code = invite(any_house)["invitationCode"]
    with ThreadPoolExecutor(10) as pool:
        tries = list(
            pool.map(
                lambda _: (
                    any_house.client.application.test_client()
                    .post("/registrations", json=ANNA | {"invitationCode": code})
                    .status_code
                ),
                range(20),
            )
        )
    assert sorted(set(tries)) in ([201, 422], [201, 422, 429])
    assert tries.count(201) == 1


def test_three_wrong_codes_a_day_and_ten_in_all_close_an_invitation_S19(house, clock):
    made = invite(house)["invitationCode"]
    for day in range(4):
        for _ in range(3 if day < 3 else 1):
            invited(house, mistyped(made), 422)
        if day < 3:
            assert slug(invited(house, made, 429)) == "too-many-tries"
            clock.advance(DAY)
    for _ in range(3):
        assert slug(invited(house, made, 429)) == "too-many-tries"
        clock.advance(DAY)
    invited(house, invite(house)["invitationCode"])


def test_wrong_codes_are_counted_alike_where_there_is_no_invitation_S19(house):
    for _ in range(3):
        invited(house, "ZZZZZ-ZZZZ-ZZZZ", 422)
    assert slug(invited(house, "ZZZZZ-ZZZZ-ZZZZ", 429)) == "too-many-tries"


def test_200_parallel_wrong_codes_are_never_looked_at_beyond_the_third_S19(any_house):
    code = invite(any_house)["invitationCode"]

    def ask(_):
        client = any_house.client.application.test_client()
        return client.post("/registrations", json=ANNA | {"invitationCode": mistyped(code)}).status_code

    with ThreadPoolExecutor(20) as pool:
        tries = list(pool.map(ask, range(200)))
    assert (tries.count(422), tries.count(429)) == (3, 197)
    invited(any_house, code, 429)


def test_an_invitation_is_the_way_where_ten_wrong_answers_closed_the_other_S19(house, clock):
    for _ in range(4):
        for _ in range(3):
            answer_wrong(house, begin(house))
        clock.advance(DAY)
    path = invited(house, invite(house)["invitationCode"])
    choose(house, path)
    enter_code(house, path)
    house.log_in()


def test_an_invitation_is_the_way_where_a_record_says_too_little_to_be_asked_about_S19(house):
    house.hear(a_patient("eve"))
    register_path = invited(house, invite(house, patient="eve")["invitationCode"], firstName="Eve")
    choose(house, register_path)
    enter_code(house, register_path)
    assert house.told(AccountOpened)[-1].patient_ids == ["eve"]


def test_minors_are_refused_with_an_invitation_too_which_stays_good_S62(house):
    code = invite(house)["invitationCode"]
    assert slug(invited(house, code, 403, dateOfBirth="2010-01-01")) == "minor-no-account"
    invited(house, code)


def test_a_record_corrected_to_a_minors_opens_no_account_S62(house):
    path = invited(house, invite(house)["invitationCode"])
    choose(house, path)
    house.hear(a_patient(version=2, birth_date=date(2015, 5, 17)))
    enter_code(house, path)
    assert accounts(house) == []


def test_a_protected_patient_invited_for_a_reason_registers(house):
    house.hear(a_patient(version=2, is_protected=True))
    path = invited(house, invite(house, note="asked for it in person")["invitationCode"])
    choose(house, path)
    enter_code(house, path)
    house.log_in()


def test_a_record_protected_after_its_invitation_takes_a_new_one_with_a_reason(house):
    code = invite(house)["invitationCode"]
    house.hear(a_patient(version=2, is_protected=True))
    invited(house, code, 422)


@pytest.mark.parametrize("more", [{"is_protected": True}, {"is_deceased": True}])
def test_a_record_protected_or_closed_before_the_last_step_opens_no_account(house, more):
    path = invited(house, invite(house)["invitationCode"])
    choose(house, path)
    house.hear(a_patient(version=2, **more))
    enter_code(house, path)
    house.log_in(status=401)
    assert accounts(house) == []


@pytest.mark.parametrize("step", ["questions", "credentials", "validation"])
def test_an_invitation_ends_the_registrations_of_whoever_did_not_show_an_id_S21(house, step):
    path = until(house, step)
    invite(house)
    assert slug(house.call("POST", f"{path}/validation", 410, json={"code": "000000"})) == "registration-over"


def test_whoever_got_an_account_meanwhile_is_told_of_the_second_try(house):
    code = invite(house)["invitationCode"]
    register(house)
    path = invited(house, code)
    choose(house, path, userId="anna81")
    assert enter_code(house, path) == {"account": {"userId": "anna81"}}
    assert len(accounts(house)) == 1
    letter = house.told(MessageRequested)[-1]
    assert (letter.template, letter.about.id) == ("account-exists", f"account:{accounts(house)[0].id}")

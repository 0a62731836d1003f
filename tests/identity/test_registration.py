"""Creating an account in four steps, as the patient guide says (S18-S22, S62)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.audit import ActRecorded
from contracts.identity import AccountOpened
from contracts.messages import ContactChanged, MessageRequested
from tests.identity.conftest import PASSWORD, a_house, a_patient
from tests.identity.registering import (
    ANNA,
    CREDENTIALS,
    STRANGER,
    accounts,
    answer,
    answer_wrong,
    asked,
    begin,
    choose,
    chosen,
    code_mailed,
    enter_code,
    register,
    slug,
    until,
)


def test_four_steps_make_an_account_that_can_be_logged_in_with_S18_S19_S20_S21_S22(any_house):
    path = begin(any_house)
    assert answer(any_house, path) == {"next": "credentials"}
    assert choose(any_house, path) == {"next": "validation"}
    any_house.log_in(status=401)  # not before the code
    assert enter_code(any_house, path) == {"account": {"userId": "anna80"}}
    tokens = any_house.log_in()
    assert tokens["viewer"]["userId"] == "anna80"
    assert any_house.claims(tokens["accessToken"]).grants.patients == ["anna"]
    (opened,) = any_house.told(AccountOpened)
    assert opened.patient_ids == ["anna"]


def test_the_code_goes_to_the_new_address_and_the_news_to_the_contact_on_file_S21(house):
    register(house)
    code, news = house.told(MessageRequested)
    assert (code.template, code.email, code.about) == ("validation-code", "anna.doe@example.net", None)
    assert (news.template, news.email, news.about.id) == ("account-opened", None, "anna")
    contact = next(one for one in house.told(ContactChanged) if one.about.kind == "holder")
    assert contact.emails == ["anna.doe@example.net"]


@pytest.mark.parametrize("field", sorted(ANNA))
def test_a_missing_field_is_named_and_there_is_no_step_forward_S18(house, field):
    refused = house.call("POST", "/registrations", 422, json={k: v for k, v in ANNA.items() if k != field})
    assert [one["field"] for one in refused["errors"]] == [field]


def test_all_missing_fields_are_named_at_once_S18(house):
    refused = house.call("POST", "/registrations", 422, json={})
    assert {one["field"] for one in refused["errors"]} == set(ANNA)


@pytest.mark.parametrize(
    "more",
    [
        {"firstName": "  "}, {"lastName": "Doe\r\nBcc: eve@example.org"}, {"firstName": "Anna\x00"},
        {"firstName": "x" * 101}, {"dateOfBirth": "17.5.1980"}, {"dateOfBirth": "2027-01-01"}, {"sex": "female"},
        {"zip": "7700"}, {"zip": "ABCDE"}, {"phone": "555-0000"}, {"phone": "call me"}, {"locationId": "MARS-01"},
        {"email": "anna@example.org\r\nBcc: eve@example.org"}, {"email": "anna"},
    ],
)  # fmt: skip
def test_a_malformed_field_is_named_S18(house, more):
    refused = begin(house, 422, **more)
    assert [one["field"] for one in refused["errors"]] == list(more)
    assert "eve" not in str(refused)


@pytest.mark.parametrize("part", [0, 1, 3])
def test_partial_answers_are_refused_and_not_counted_S19(house, part):
    path = begin(house)
    answers = chosen(asked(house, path))
    for _ in range(4):
        refused = house.call("POST", f"{path}/answers", 422, json={"answers": answers[:part]})
        assert slug(refused) == "answers-incomplete"
    assert answer(house, path) == {"next": "credentials"}


@pytest.mark.parametrize("spoil", [{"questionId": "shoe-size"}, {"choice": "7"}, {"choice": "none"}])
def test_answers_that_were_not_offered_and_double_ones_are_refused_S19(house, spoil):
    path = begin(house)
    answers = chosen(asked(house, path))
    for spoilt in ([*answers[:3], answers[3] | spoil], [*answers, answers[0]]):
        house.call("POST", f"{path}/answers", 422, json={"answers": spoilt})


def test_after_three_wrong_tries_the_right_answers_are_refused_like_a_strangers_for_a_day_S19(any_house, clock):
    path, strange = begin(any_house), begin(any_house, **STRANGER)
    refusals = [answer_wrong(any_house, path) for _ in range(3)]
    refusals.append(answer(any_house, path, 403))
    refusals += [answer(any_house, strange, 403) for _ in range(4)]
    assert len({str(one) for one in refusals}) == 1
    clock.advance(timedelta(hours=24, seconds=-1))
    answer(any_house, path, 403)  # the registration of yesterday is still open
    clock.advance(timedelta(seconds=1))
    answer(any_house, begin(any_house))


def test_a_new_registration_is_no_way_around_three_tries_a_day_S19(house):
    for _ in range(3):
        answer_wrong(house, begin(house))
    answer(house, begin(house, firstName="ANNA", phone="713.555.0000"), 403)


def test_after_ten_wrong_tries_the_online_way_is_closed_for_good_S19(house, clock):
    for day in range(4):
        for _ in range(3 if day < 3 else 1):
            answer_wrong(house, begin(house))
        clock.advance(timedelta(hours=25))
    for _ in range(2):
        answer(house, begin(house), 403)
        clock.advance(timedelta(days=400))


def test_nine_wrong_tries_leave_one_S19(house, clock):
    for _ in range(3):
        for _ in range(3):
            answer_wrong(house, begin(house))
        clock.advance(timedelta(hours=25))
    answer(house, begin(house))


def test_a_taken_user_id_is_refused_without_telling_whose_S20(any_house):
    any_house.open_account("Straße", ("ben",))
    path = until(any_house, "credentials")
    for typed in ("Straße", "STRASSE", "straße ", "ｓｔｒａｓｓｅ"):
        refused = choose(any_house, path, 409, userId=typed)
        assert slug(refused) == "user-id-taken"
        assert "ben" not in str(refused)
    assert choose(any_house, path) == {"next": "validation"}


@pytest.mark.parametrize(
    "more",
    [{"userId": ""}, {"userId": "x" * 65}, {"userId": "a\nb"}, {"email": "x@y"}, {"email": "a@b.org\nBcc: c@d.org"},
     {"password": "x" * 14}, {"password": "x" * 129}, {"password": "y" * 60_000}, {"password": "x" * 15},
     {"password": "passwordpassword"}, {"password": "anna80anna80anna80!"}, {"password": "abcdefghijklmnop"}],
)  # fmt: skip
def test_malformed_credentials_are_refused_by_field_S20(house, more):
    path = until(house, "credentials")
    assert [one["field"] for one in choose(house, path, 422, **more)["errors"]] == list(more)
    assert choose(house, path) == {"next": "validation"}


def test_a_password_of_a_megabyte_is_refused_before_anything_is_hashed_S20(house):
    path = until(house, "credentials")
    assert slug(choose(house, path, 413, password="y" * 1_000_000)) == "too-large"
    assert choose(house, path) == {"next": "validation"}


@pytest.mark.parametrize(
    "more", [{"userId": "x" * 64}, {"password": "fifteen letters"}, {"password": ("una mañana, señor " * 8)[:128]}]
)
def test_credentials_at_the_edge_pass_S20(house, more):
    choose(house, until(house, "credentials"), **more)


def test_a_user_id_taken_meanwhile_leads_back_to_step_3_S20_S22(any_house):
    path = until(any_house, "validation")
    any_house.open_account("ANNA80", ("ben",))
    assert slug(enter_code(any_house, path, 409)) == "user-id-taken"
    choose(any_house, path, userId="anna1980")
    assert enter_code(any_house, path) == {"account": {"userId": "anna1980"}}


def test_a_wrong_or_old_code_is_refused_and_the_right_one_passes_once_S22(any_house, clock):
    path = until(any_house, "validation")
    wrong = f"{(int(code_mailed(any_house)) + 1) % 1_000_000:06}"
    assert slug(enter_code(any_house, path, 403, wrong)) == "validation-code-refused"
    clock.advance(timedelta(minutes=30))
    enter_code(any_house, path, 403)
    any_house.call("POST", f"{path}/validation-codes", 202, json={})
    enter_code(any_house, path)
    assert slug(enter_code(any_house, path, 410)) == "registration-over"
    assert len(accounts(any_house)) == 1


def test_five_wrong_codes_ask_for_a_new_mail_of_which_an_hour_brings_three_S21_S22(house, clock):
    path = until(house, "validation")
    for _ in range(5):
        enter_code(house, path, 403, "000000" if code_mailed(house) != "000000" else "000001")
    enter_code(house, path, 403)
    for _ in range(2):
        house.call("POST", f"{path}/validation-codes", 202, json={})
    refused = house.client.post(f"{path}/validation-codes", json={})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    clock.advance(timedelta(hours=1))
    house.call("POST", f"{path}/validation-codes", 202, json={})
    enter_code(house, path)


@pytest.mark.parametrize(
    ("born", "adult_on", "zone", "location"),
    [
        ("2008-03-03", date(2026, 3, 3), "America/New_York", "NJ-EDI-01"),
        ("2008-03-03", date(2026, 3, 3), "America/Los_Angeles", "CA-LA-01"),
        ("2008-02-29", date(2026, 3, 1), "America/Chicago", "TX-HOU-01"),
        ("2008-02-29", date(2026, 3, 1), "America/Phoenix", "AZ-PHX-01"),
        ("2008-02-28", date(2026, 2, 28), "America/Denver", "TX-ELP-01"),
    ],
)
def test_minors_are_refused_until_their_18th_birthday_begins_at_the_site_S62(
    house, clock, born, adult_on, zone, location
):
    birthday = datetime.combine(adult_on, time(), ZoneInfo(zone)).astimezone(UTC)
    clock.move_to(birthday - timedelta(seconds=1))
    refused = begin(house, 403, dateOfBirth=born, locationId=location)
    assert slug(refused) == "minor-no-account"
    assert "I-Code" in refused["title"]
    clock.move_to(birthday)
    begin(house, dateOfBirth=born, locationId=location)


def test_a_minors_record_is_refused_before_anything_is_compared_or_kept_S62(house):
    house.hear(a_patient("mia", version=1, birth_date=date(2015, 6, 1)))
    before = house.everything_stored()
    begin(house, 403, firstName="Mia", dateOfBirth="2015-06-01")
    acts = house.told(ActRecorded)
    assert (acts[-1].action, acts[-1].outcome, acts[-1].slug) == ("registration.begin", "refused", "minor-no-account")
    assert "2015-06-01" not in house.everything_stored().replace(before, "") or "2015-06-01" in before


def test_a_registration_outlives_a_restart_and_ends_after_24_hours(sqlite_url, tmp_path, clock, own_house):
    path = until(own_house, "validation")
    own_house.parts.db.close()
    again = a_house(sqlite_url, tmp_path, clock)
    clock.advance(timedelta(minutes=29))
    assert enter_code(again, path) == {"account": {"userId": CREDENTIALS["userId"]}}
    again.log_in(password=PASSWORD)
    again.parts.db.close()

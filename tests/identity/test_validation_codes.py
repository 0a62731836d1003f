"""Codes by mail: six digits, 30 minutes, 5 tries, 3 mails an hour (S21, S22)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from contracts.messages import MessageRequested
from services.identity.domain.validation_codes import TooManyCodeMails
from services.identity.store.validation_codes import CodeMailsRow, ValidationCodeRow
from services.identity.usecases.tidying import tidy
from services.identity.usecases.validation_codes import end_code, send_code, use_code

SUBJECT = "registration:one"
MINUTE = timedelta(minutes=1)


def mailed(house, subject=SUBJECT, email="anna@example.org", **more):
    """Mail a code; give it as the mail has it."""
    with house.parts.db.begin() as tx:
        send_code(tx, house.parts, "registration", subject, email, "es", house.clock.now(), **more)
    return house.told(MessageRequested)[-1].facts["code"]


def passes(house, code, subject=SUBJECT, purpose="registration"):
    with house.parts.db.begin() as tx:
        return use_code(tx, house.parts, purpose, subject, code, house.clock.now())


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize(("after", "is_open"), [(30 * MINUTE - timedelta(seconds=1), True), (30 * MINUTE, False)])
def test_a_code_passes_for_30_minutes_and_once_S21_S22(any_house, clock, after, is_open):
    code = mailed(any_house)
    clock.advance(after)
    assert [passes(any_house, code), passes(any_house, code)] == [is_open, False]


def test_the_mail_holds_six_digits_and_lives_as_long_as_they_do_S21(house):
    code = mailed(house, template="password-reset")
    (letter,) = house.told(MessageRequested)
    assert len(code) == 6 and code.isdigit()
    assert (letter.template, letter.email, letter.language) == ("password-reset", "anna@example.org", "es")
    assert letter.expires_at == house.clock.now() + 30 * MINUTE
    assert letter.facts == {"code": code}


@pytest.mark.parametrize(("wrong_tries", "is_open"), [(4, True), (5, False)])
def test_the_fifth_try_is_the_last_S22(any_house, wrong_tries, is_open):
    code = mailed(any_house)
    assert not any(passes(any_house, wrong(code)) for _ in range(wrong_tries))
    assert passes(any_house, code) is is_open


@pytest.mark.parametrize("shown", ["{0} {1}", " {0}{1}\n"])
def test_blanks_that_come_with_a_pasted_code_do_not_count(house, shown):
    code = mailed(house)
    assert passes(house, shown.format(code[:3], code[3:]))


def test_a_code_is_good_for_its_subject_and_purpose_alone(house):
    code = mailed(house)
    assert not passes(house, code, subject="registration:two")
    assert not passes(house, code, purpose="password-reset")
    assert passes(house, code)


def test_a_new_code_ends_the_one_before_and_has_tries_of_its_own_S21(house):
    old = mailed(house)
    for _ in range(5):
        passes(house, wrong(old))
    new = mailed(house)
    assert new == old or not passes(house, old)
    assert passes(house, new)


def test_an_ended_code_passes_no_more(house):
    code = mailed(house)
    with house.parts.db.begin() as tx:
        end_code(tx, "registration", SUBJECT)
    assert not passes(house, code)


def test_200_parallel_tries_are_never_looked_at_beyond_the_fifth_S22(any_house):
    code = mailed(any_house)
    with ThreadPoolExecutor(20) as pool:
        tries = list(pool.map(lambda _: passes(any_house, wrong(code)), range(200)))
    assert not any(tries)
    with any_house.parts.db.read() as tx:
        assert tx.scalars(select(ValidationCodeRow.wrong_tries)).one() == 5
    assert not passes(any_house, code)


def test_the_right_code_tried_20_times_at_once_passes_once_S22(any_house):
    code = mailed(any_house)
    with ThreadPoolExecutor(20) as pool:
        tries = list(pool.map(lambda _: passes(any_house, code), range(20)))
    assert sum(tries) == 1


def test_three_mails_an_hour_go_to_an_address_whatever_its_case(any_house, clock):
    for minute in range(3):
        mailed(any_house, email=["anna@example.org", "Anna@Example.ORG", " anna@example.org"][minute])
        clock.advance(MINUTE)
    code = any_house.told(MessageRequested)[-1].facts["code"]
    with pytest.raises(TooManyCodeMails) as refused:
        mailed(any_house)
    assert refused.value.retry_after_s == 57 * 60
    assert passes(any_house, code)  # what was mailed last still passes
    mailed(any_house, email="ben@example.org")
    clock.advance(57 * MINUTE - timedelta(seconds=1))
    with pytest.raises(TooManyCodeMails):
        mailed(any_house)
    clock.advance(timedelta(seconds=1))
    mailed(any_house)


def test_parallel_asks_never_mail_more_than_three(any_house):
    def ask(number):
        try:
            mailed(any_house, subject=f"registration:{number}")
        except TooManyCodeMails:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(ask, range(20))) == 3
    assert len(any_house.told(MessageRequested)) == 3


def test_neither_code_nor_address_stands_in_a_table_of_ours_in_clear(house):
    code = mailed(house)
    with house.parts.db.read() as tx:
        kept = [*tx.scalars(select(ValidationCodeRow)), *tx.scalars(select(CodeMailsRow))]
    stored = str([[getattr(row, column.name) for column in row.__table__.columns] for row in kept])
    assert code not in stored
    assert "example.org" not in stored


def test_codes_that_are_over_and_counts_of_an_hour_ago_are_deleted(any_house, clock):
    mailed(any_house)
    for after, left in ((30 * MINUTE, (1, 1)), (31 * MINUTE, (0, 1)), (61 * MINUTE, (0, 0))):
        with any_house.parts.db.begin() as tx:
            tidy(tx, clock.now() + after)
        with any_house.parts.db.read() as tx:
            counts = tuple(
                tx.scalar(select(func.count()).select_from(one)) for one in (ValidationCodeRow, CodeMailsRow)
            )
        assert counts == left

"""identity's rules, both sides of every edge."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.locations import load_locations
from services.identity.domain.accounts import (
    PasswordRefused,
    UserIdMalformed,
    check_password,
    fold_user_id,
    joined_records,
)
from services.identity.domain.ages import adult_at, adult_on
from services.identity.domain.icodes import (
    ALPHABET,
    ICODE_LIFETIME,
    ExamsNotOfVisit,
    ICodeExpired,
    ICodeUnknown,
    check_opens,
    covered_exams,
    new_icode,
    parse_icode,
)
from services.identity.domain.sessions import Lasting, lasting
from services.identity.domain.staff import ReasonNeeded, SearchTooWide, VisitSearch, check_reason
from services.identity.domain.tries import (
    ICODE_LIMITS,
    PASSWORD_LIMITS,
    TooManyTries,
    Tries,
    count_try,
    forgive_right_try,
)
from tests.servers import NOON

SECOND = timedelta(seconds=1)
HOURS, DAYS = timedelta(hours=1), timedelta(days=1)


# --- I-Codes --------------------------------------------------------------------------------------------------------


def test_a_code_is_shown_in_three_groups_and_read_back():
    icode = new_icode()
    groups = icode.shown().split("-")
    assert [len(group) for group in groups] == [5, 4, 4]
    assert set("".join(groups)) <= set(ALPHABET)
    assert parse_icode(icode.shown()) == icode


@pytest.mark.parametrize(
    "typed",
    [
        "7K0Q1-M4T1-9B0X", "7k0q1-m4t1-9b0x", "7K0Q1M4T19B0X", " 7K0Q1 M4T1 9B0X ", "7KOQI-M4TL-9BoX",
        "7koqi m4tl 9box", "7K0Q1–M4T1—9B0X", "7K0Q1.M4T1_9B0X", "7 K 0 Q 1 M 4 T 1 9 B 0 X", "7K0Q1\tM4T1\n9B0X",
    ],
)  # fmt: skip
def test_a_code_is_read_in_any_case_with_dashes_and_spaces_anywhere_and_look_alikes_folded(typed):
    icode = parse_icode(typed)
    assert (icode.locator, icode.secret) == ("7K0Q1", "M4T19B0X")


@pytest.mark.parametrize("typed", ["", "7K0Q1-M4T1-9B0", "7K0Q1-M4T1-9B0XX", "7K0Q1-M4T1-9BUX", "é" * 13, "-" * 99])
def test_what_is_no_code_is_not_read_as_one(typed):
    assert parse_icode(typed) is None


@given(st.text(max_size=300))
def test_whatever_is_typed_is_read_or_not_and_never_breaks(typed):
    icode = parse_icode(typed)
    assert icode is None or parse_icode(icode.shown()) == icode


def test_a_code_does_not_show_itself_in_a_trace():
    icode = new_icode()
    assert icode.secret not in repr(icode)
    assert icode.locator not in repr(icode)


@pytest.mark.parametrize(("after", "refusal"), [(90 * 24 * HOURS - SECOND, None), (90 * 24 * HOURS, ICodeExpired)])
def test_a_code_opens_for_90_times_24_hours_S69(after, refusal):
    expires_at = NOON + ICODE_LIFETIME
    if refusal is None:
        check_opens(expires_at, None, NOON + after)
        return
    with pytest.raises(refusal) as refused:
        check_opens(expires_at, None, NOON + after)
    assert refused.value.facts == {"getHelp": "/get-help"}


def test_an_ended_code_is_as_unknown_even_after_its_90_days():
    for now in (NOON, NOON + 200 * DAYS):
        with pytest.raises(ICodeUnknown):
            check_opens(NOON + ICODE_LIFETIME, NOON, now)


@pytest.mark.parametrize(
    ("asked", "covered"),
    [(None, None), (["a"], ["a"]), (["b", "a"], ["a", "b"]), (["c", "b", "a"], None), (["a", "a"], ["a"])],
)
def test_one_visit_has_one_code_or_several_S65(asked, covered):
    assert covered_exams(asked, ["a", "b", "c"]) == covered


@pytest.mark.parametrize("asked", [[], ["d"], ["a", "d"]])
def test_a_code_opens_exams_of_its_own_visit_alone_S65_S67(asked):
    with pytest.raises(ExamsNotOfVisit):
        covered_exams(asked, ["a", "b", "c"])


# --- tries ----------------------------------------------------------------------------------------------------------


def wrong(count: int, limits=ICODE_LIMITS, begin=NOON) -> tuple[Tries, datetime]:
    """Give the tries after *count* wrong ones, each as early as may be, and the instant of the last."""
    tries, now = Tries(), begin
    for _ in range(count):
        now = max(now, tries.wait_until or now)
        tries = count_try(tries, limits, now)
    return tries, now


@pytest.mark.parametrize(("count", "wait_s"), [(1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (6, 8), (9, 64)])
def test_after_the_third_wrong_try_the_next_waits_and_the_wait_doubles(count, wait_s):
    tries, now = wrong(count)
    if wait_s:
        with pytest.raises(TooManyTries) as refused:
            count_try(tries, ICODE_LIMITS, now + wait_s * SECOND - timedelta(microseconds=1))
        assert refused.value.retry_after_s == 1
    count_try(tries, ICODE_LIMITS, now + wait_s * SECOND)


def test_a_days_ten_wrong_tries_are_all_there_are_however_one_waits():
    tries, now = wrong(10)
    with pytest.raises(TooManyTries):
        count_try(tries, ICODE_LIMITS, NOON + 24 * HOURS - SECOND)
    assert count_try(tries, ICODE_LIMITS, NOON + 24 * HOURS).in_day == 1
    assert now < NOON + HOURS


def test_a_right_try_ends_the_row_and_gives_the_day_one_back():
    tries, now = wrong(4)
    forgiven = forgive_right_try(tries)
    assert (forgiven.in_row, forgiven.in_day, forgiven.wait_until) == (0, 3, None)
    assert count_try(forgiven, ICODE_LIMITS, now).in_day == 4


def test_a_password_waits_after_five_and_is_closed_after_twenty_wrong_tries():
    tries, now = wrong(4, PASSWORD_LIMITS)
    assert tries.wait_until is None
    assert wrong(5, PASSWORD_LIMITS)[0].wait_until == NOON + SECOND
    tries, now = wrong(20, PASSWORD_LIMITS)
    with pytest.raises(TooManyTries):
        count_try(tries, PASSWORD_LIMITS, now + 400 * DAYS)


def test_no_wait_is_longer_than_an_hour():
    tries, now = wrong(19, PASSWORD_LIMITS)
    assert tries.wait_until - now == HOURS


# --- ages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "adult"),
    [
        (date(2008, 3, 2), date(2026, 3, 2)),
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2006, 2, 28), date(2024, 2, 28)),
        (date(1906, 2, 28), date(1924, 2, 28)),
    ],
)
def test_one_comes_of_age_on_the_18th_birthday_S62(born, adult):
    assert adult_on(born) == adult


@pytest.mark.parametrize(
    ("zone", "midnight_utc"),
    [
        ("America/New_York", datetime(2026, 3, 2, 5, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("America/Phoenix", datetime(2026, 3, 2, 7, tzinfo=UTC)),
    ],
)
def test_the_birthday_begins_at_the_sites_midnight_S62(zone, midnight_utc):
    born = date(2008, 3, 2)
    assert adult_at(born, zone, midnight_utc - SECOND) == midnight_utc
    assert adult_at(born, zone, midnight_utc) is None


def test_every_sites_time_zone_is_known():
    for location in load_locations(Path("deploy/locations.yaml")):
        assert adult_at(date(2020, 2, 29), location.time_zone, NOON) is not None


# --- sessions, accounts, staff --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "is_web", "lasts"),
    [
        ("icode", True, Lasting(12 * HOURS, 12 * HOURS)),
        ("icode", False, Lasting(12 * HOURS, 12 * HOURS)),
        ("account", True, Lasting(HOURS / 3, 12 * HOURS)),
        ("account", False, Lasting(24 * HOURS, 30 * DAYS)),
        ("staff", True, Lasting(HOURS / 3, 12 * HOURS)),
        ("staff", False, Lasting(HOURS, 12 * HOURS)),
    ],
)
def test_how_long_a_session_lasts(kind, is_web, lasts):
    assert lasting(kind, is_web=is_web) == lasts


@pytest.mark.parametrize("user_id", ["Anna", "anna", " anna ", "ＡＮＮＡ", "ａnna"])
def test_user_ids_that_look_alike_are_one(user_id):
    assert fold_user_id(user_id) == "anna"


def test_user_ids_that_differ_only_by_unicode_form_are_one():
    assert fold_user_id("Zoe\u0301") == fold_user_id("zo\u00e9")
    assert fold_user_id("straße") == fold_user_id("STRASSE")


@pytest.mark.parametrize("user_id", ["", " ", "a" * 65, "an\r\nna", "an\x00na", "an\u200bna"])
def test_a_user_id_has_1_to_64_visible_characters(user_id):
    with pytest.raises(UserIdMalformed):
        fold_user_id(user_id)


@given(st.text(max_size=80))
def test_folding_a_user_id_twice_changes_nothing(user_id):
    try:
        folded = fold_user_id(user_id)
    except UserIdMalformed:
        return
    assert fold_user_id(folded) == folded


@pytest.mark.parametrize(("length", "is_taken"), [(14, False), (15, True), (128, True), (129, False)])
def test_a_password_that_stands_alone_has_15_to_128_characters(length, is_taken):
    if is_taken:
        check_password("é" * length)
        return
    with pytest.raises(PasswordRefused):
        check_password("é" * length)


@pytest.mark.parametrize(
    ("merged", "joined"),
    [
        ({}, set()),
        ({"a": "b"}, {("b", "a")}),
        ({"a": "b", "b": "c"}, {("b", "a"), ("c", "b")}),
        ({"a": "b", "b": "a"}, {("b", "a")}),
        ({"x": "y"}, set()),
    ],
)
def test_an_account_follows_the_merges_of_what_it_has_proven(merged, joined):
    assert joined_records(["a"], merged) == joined


@pytest.mark.parametrize(
    ("reason", "is_own", "is_protected", "is_needed"),
    [
        (None, True, False, False), (None, False, False, True), (None, True, True, True), ("  ", True, True, True),
        ("call", False, True, False),
    ],
)  # fmt: skip
def test_a_reason_is_asked_outside_ones_locations_and_for_protected_records(reason, is_own, is_protected, is_needed):
    if not is_needed:
        check_reason(reason=reason, is_own_location=is_own, is_protected=is_protected)
        return
    with pytest.raises(ReasonNeeded):
        check_reason(reason=reason, is_own_location=is_own, is_protected=is_protected)


def test_a_search_needs_more_than_a_location():
    VisitSearch(day=date(2026, 3, 2), location_id="TX-HOU-01").check_narrow()
    with pytest.raises(SearchTooWide):
        VisitSearch(location_id="TX-HOU-01").check_narrow()

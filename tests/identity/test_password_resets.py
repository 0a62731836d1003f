"""A forgotten password or User ID: what is mailed, what is answered, and what a reset ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from contracts.access import AccessEnded
from contracts.messages import MessageRequested
from services.identity.store.accounts import find_account
from tests.identity.conftest import PASSWORD, a_patient
from tests.identity.registering import slug
from tests.servers import NOON

NEW = "another quiet and long password"
WRONG = "a wrong but long password"


def begin(house, status=202, **asked):
    return house.call("POST", "/password-resets", status, json=asked or {"userId": "anna80"})


def letters(house, template):
    return [one for one in house.told(MessageRequested) if one.template == template]


def mailed(house):
    return letters(house, "password-reset")[-1].facts["code"]


def finish(house, reset, status=200, code=None, password=NEW):
    body = {"code": code or mailed(house), "password": password}
    return house.call("POST", f"/password-resets/{reset['id']}", status, json=body)


def other_than(code):
    return f"{(int(code) + 1) % 10**6:06}"


def remind(house, email, status=202):
    return house.call("POST", "/user-id-reminders", status, json={"email": email})


@pytest.mark.parametrize("asked", [{"userId": "ANNA80"}, {"email": "Anna80@Example.org"}], ids=["user-id", "email"])
def test_a_code_by_mail_gives_a_new_password_and_ends_every_session(any_house, asked):
    account = any_house.open_account()
    before = any_house.log_in()
    reset = begin(any_house, **asked)
    (letter,) = letters(any_house, "password-reset")
    assert (letter.email, letter.about, set(letter.facts)) == ("anna80@example.org", None, {"code"})
    finish(any_house, reset)
    any_house.call("GET", "/me", 401, before["accessToken"])
    any_house.call("POST", "/sessions/refresh", 401, json={"refreshToken": before["refreshToken"]})
    any_house.log_in(status=401)
    any_house.log_in(password=NEW)
    assert any_house.told(AccessEnded)[-1].id == f"account:{account}"
    assert letters(any_house, "password-changed")[-1].about.id == f"account:{account}"


def test_a_code_passes_once(house):
    house.open_account()
    reset = begin(house)
    finish(house, reset)
    refused = finish(house, reset, 403, password="a third password, quiet too")
    assert slug(refused) == "validation-code-refused"
    house.log_in(password=NEW)


@pytest.mark.parametrize(
    ("after", "status"), [(timedelta(minutes=30, microseconds=-1), 200), (timedelta(minutes=30), 403)]
)
def test_a_code_passes_for_30_minutes(any_house, clock, after, status):
    any_house.open_account()
    reset = begin(any_house)
    clock.advance(after)
    finish(any_house, reset, status)


@pytest.mark.parametrize(("wrong", "status"), [(4, 200), (5, 403)])
def test_a_code_is_looked_at_until_the_fifth_wrong_try(any_house, wrong, status):
    any_house.open_account()
    reset = begin(any_house)
    for _ in range(wrong):
        finish(any_house, reset, 403, other_than(mailed(any_house)))
    finish(any_house, reset, status)


def test_ten_wrong_codes_a_day_are_all_over_every_reset_until_staff_unlock_the_account(house):
    account = house.open_account()
    for _ in range(2):
        reset = begin(house)
        for _ in range(5):
            finish(house, reset, 403, other_than(mailed(house)))
    reset = begin(house)
    assert slug(finish(house, reset, 429)) == "too-many-tries"
    check = {"verifiedBy": "photo-id", "note": "came in person"}
    house.call("POST", f"/staff/accounts/{account}/unlock", 200, house.add_staff("help", "support"), json=check)
    finish(house, reset)


def test_parallel_codes_are_never_looked_at_beyond_the_limit(any_house):
    any_house.open_account()
    path, wrong = f"/password-resets/{begin(any_house)['id']}", other_than(mailed(any_house))
    app = any_house.client.application

    def guess(_: int) -> int:
        return app.test_client().post(path, json={"code": wrong, "password": NEW}).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(guess, range(20)))
    assert statuses == [403] * 10 + [429] * 10
    any_house.log_in()


def test_a_password_that_is_closed_by_wrong_tries_is_opened_by_a_reset(house, clock):
    house.open_account()
    for _ in range(20):
        house.log_in(password=WRONG, status=401)
        clock.advance(timedelta(hours=1))
    house.log_in(status=429)
    finish(house, begin(house))
    house.log_in(password=NEW)


def test_a_refused_password_leaves_the_code_as_it_was(any_house):
    any_house.open_account()
    reset = begin(any_house)
    refusals = [(one, "password-refused") for one in ("x" * 7, "short of 15", "y" * 129)]
    refusals += [(one, "password-too-common") for one in ("qwertyuiopasdfghjklzxcvbnm", "anna80 radnet portal")]
    for password, why in refusals:
        refused = finish(any_house, reset, 422, password=password)
        assert (slug(refused), refused["errors"][0]["field"]) == (why, "password")
    finish(any_house, reset)


def test_what_the_account_asks_of_a_password_is_told_to_whoever_has_the_code_alone(house):
    house.open_account()
    for reset in (begin(house), begin(house, userId="nobody")):
        assert slug(finish(house, reset, 403, "000000" if mailed(house) != "000000" else "1", "short of 15")) == (
            "validation-code-refused"
        )


def everything_alike(house, asked, code):
    """Walk a reset that nobody's code can finish; give all answers but the reset's id."""
    answers = [begin(house, **asked) for _ in range(3)]
    ids = [one.pop("id") for one in answers]
    answers.append(begin(house, 429, **asked))
    statuses = []
    for reset in ids:
        for _ in range(5):
            body = {"code": code, "password": NEW}
            answer = house.client.post(f"/password-resets/{reset}", json=body)
            statuses.append((answer.status_code, answer.json, answer.headers.get("Retry-After")))
    return answers, [len(one) for one in ids], statuses


@pytest.mark.parametrize("kind", ["userId", "email"])
def test_known_unknown_frozen_and_closed_accounts_are_answered_alike_and_only_live_ones_written_to(any_house, kind):
    any_house.hear(a_patient("bert"), a_patient("cora"))
    for user_id, patient, mark in (
        ("anna80", "anna", None),
        ("bert", "bert", "frozen_at"),
        ("cora", "cora", "closed_at"),
    ):
        account = any_house.open_account(user_id, (patient,))
        if mark:
            with any_house.parts.db.begin() as tx:
                setattr(find_account(tx, account), mark, NOON)
    seen = []
    for name in ("anna80", "bert", "cora", "nobody"):
        asked = {kind: name if kind == "userId" else f"{name}@example.org"}
        seen.append(everything_alike(any_house, asked, "not-it"))
    assert seen == [seen[0]] * 4
    assert seen[0][2][10][0] == 429
    assert {one.email for one in letters(any_house, "password-reset")} == {"anna80@example.org"}


def test_an_unknown_reset_is_refused_as_a_wrong_code(house):
    refused = finish(house, {"id": "f" * 32}, 403, "123456")
    house.open_account()
    assert refused == finish(house, begin(house), 403, other_than(mailed(house)))


def test_an_address_gets_three_codes_an_hour_by_whatever_name_they_are_asked_for(house, clock):
    house.open_account()
    for _ in range(3):
        begin(house)
    begin(house, email="anna80@example.org")
    assert len(letters(house, "password-reset")) == 3
    assert slug(begin(house, 429)) == "too-many-code-mails"
    clock.advance(timedelta(hours=1))
    begin(house)
    assert len(letters(house, "password-reset")) == 4


def test_an_address_of_two_accounts_is_mailed_both_user_ids_and_no_code(any_house):
    any_house.hear(a_patient("bert"))
    for user_id, patient in (("anna80", "anna"), ("bert-the-first", "bert")):
        account = any_house.open_account(user_id, (patient,))
        with any_house.parts.db.begin() as tx:
            find_account(tx, account).email = "both@example.org"
    begin(any_house, email="both@example.org")
    assert letters(any_house, "password-reset") == []
    told = {(one.email, one.facts["maskedUserId"]) for one in letters(any_house, "user-id-reminder")}
    assert told == {("both@example.org", "an•••80"), ("both@example.org", "be•••st")}
    finish(any_house, begin(any_house, userId="bert-the-first"))
    any_house.log_in("bert-the-first", NEW)


def test_a_user_id_that_is_an_address_is_found_by_it(house):
    house.open_account("anna@home.example")
    finish(house, begin(house, email="anna@home.example"))
    house.log_in("anna@home.example", NEW)


def test_an_account_frozen_after_the_mail_is_not_entered_by_its_code(house):
    account = house.open_account()
    reset = begin(house)
    with house.parts.db.begin() as tx:
        find_account(tx, account).frozen_at = NOON
    finish(house, reset, 403)
    assert letters(house, "password-changed") == []


def test_the_account_of_somebody_deceased_is_written_nothing(house):
    house.open_account()
    house.hear(a_patient(version=2, is_deceased=True))
    begin(house)
    remind(house, "anna80@example.org")
    assert letters(house, "password-reset") == letters(house, "user-id-reminder") == []


@pytest.mark.parametrize(
    "asked", [{}, {"userId": "anna80", "email": "anna80@example.org"}, {"email": "nonsense"}, {"userId": "x" * 201}]
)
def test_one_name_is_asked_for(house, asked):
    house.call("POST", "/password-resets", 422, json=asked)


def test_the_user_id_is_mailed_masked_and_the_answer_is_the_same_for_every_address(any_house):
    any_house.open_account()
    account = any_house.open_account("frozen", ("bert",))
    with any_house.parts.db.begin() as tx:
        find_account(tx, account).frozen_at = NOON
    addresses = ("ANNA80@example.org", "frozen@example.org", "nobody@example.org")
    answers = [remind(any_house, email) for email in addresses]
    assert answers == [answers[0]] * 3
    (letter,) = letters(any_house, "user-id-reminder")
    assert (letter.email, letter.facts) == ("anna80@example.org", {"maskedUserId": "an•••80"})


def test_three_reminders_an_hour_go_to_an_address_whether_it_is_known_or_not(house, clock):
    house.open_account()
    for email in ("anna80@example.org", "nobody@example.org"):
        for _ in range(3):
            remind(house, email)
        assert slug(remind(house, email, 429)) == "too-many-code-mails"
    clock.advance(timedelta(hours=1))
    remind(house, "anna80@example.org")
    assert len(letters(house, "user-id-reminder")) == 4


def test_neither_code_nor_password_is_kept_in_clear(house):
    house.open_account()
    reset = begin(house)
    code = mailed(house)
    finish(house, reset)
    with house.parts.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM outbox")
    stored = house.everything_stored()
    assert NEW not in stored
    assert PASSWORD not in stored
    assert f"'{code}'" not in stored

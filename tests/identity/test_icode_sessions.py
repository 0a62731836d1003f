"""Coming in by an I-Code, through the doors."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from contracts.exams import ExamMoved
from contracts.identity import ICodeEnded
from contracts.tokens import ICodeGrants
from services.chassis.auth import Unauthenticated
from services.chassis.passwords import SecretHasher
from services.identity.app import make_web
from services.identity.domain.icodes import ALPHABET
from services.identity.store.tries import TriesRow
from services.identity.usecases.icodes import tell_expired
from tests.identity.conftest import ANNAS_DAY, a_house, a_patient, a_visit, an_exam, details
from tests.servers import NOON

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def mistyped(icode: str, count: int = 1) -> list[str]:
    """Give *count* codes with the locator of *icode* and a wrong secret."""
    others = [symbol for symbol in ALPHABET if symbol != icode[-1]]
    return [icode[:-1] + symbol for symbol in others[:count]]


def test_a_code_opens_the_exams_of_its_visit_without_an_account_S10(any_house):
    issued = any_house.issue()
    came_in = any_house.enter(issued["icode"])
    assert came_in["viewer"]["kind"] == "icode"
    assert came_in["viewer"]["visits"] == [{"id": "visit-1", "date": "2026-03-02", "locationId": "TX-HOU-01"}]
    assert came_in["refreshToken"].startswith("ri_")
    assert came_in["expiresIn"] == 300
    claims = any_house.claims(came_in["accessToken"])
    assert claims.grants == ICodeGrants(visit="visit-1", exams=None, adult_at=None)
    assert claims.sub.startswith("icode:")
    me = any_house.call("GET", "/me", 200, came_in["accessToken"])
    assert (me["kind"], me["name"], me["language"], me["exams"]) == ("icode", "Anna Doe", "en", 2)


def test_a_code_opens_its_own_visit_and_another_visit_has_another_code_S11_S12_S66_S67(house):
    house.hear(a_visit("visit-2"), details("visit-2", exams=("us",)), an_exam("us", visit_id="visit-2"))
    first, second = house.issue("visit-1"), house.issue("visit-2")
    opened = [house.claims(house.enter(one["icode"])["accessToken"]) for one in (first, second)]
    assert [claims.grants.visit for claims in opened] == ["visit-1", "visit-2"]
    assert opened[0].sub != opened[1].sub


def test_each_of_several_codes_of_a_visit_opens_its_part_S65(any_house):
    parts = [any_house.issue(examIds=[exam]) for exam in ("mri", "ct")]
    grants = [any_house.claims(any_house.enter(one["icode"])["accessToken"]).grants for one in parts]
    assert [one.exams for one in grants] == [["mri"], ["ct"]]
    whole = any_house.issue(examIds=["ct", "mri"])
    assert any_house.claims(any_house.enter(whole["icode"])["accessToken"]).grants.exams is None
    assert any_house.enter(parts[0]["icode"])["viewer"]["kind"] == "icode"


def test_an_exam_added_to_the_visit_later_joins_the_whole_visits_code(house):
    came_in = house.enter(house.issue()["icode"])
    house.hear(an_exam("late"))
    assert house.call("GET", "/me", 200, came_in["accessToken"])["exams"] == 3


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f"  {code} "])
def test_a_code_is_taken_however_it_is_typed(house, typed):
    house.enter(typed(house.issue()["icode"]))


@pytest.mark.parametrize("after", [timedelta(), 91 * DAY])
def test_wrong_unknown_and_malformed_codes_are_refused_alike(house, clock, after):
    icode = house.issue()["icode"]
    clock.advance(after)
    unknown = "00000-0000-0000" if not icode.startswith("00000") else "11111-0000-0000"
    answers = [house.enter(one, 401) for one in (mistyped(icode)[0], unknown, "nonsense")]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["type"].endswith("icode-unknown")


class CountingHasher(SecretHasher):
    """Counts the argon2 work done."""

    def __init__(self):
        super().__init__()
        self.verified = 0

    def is_right(self, kept, secret):
        self.verified += 1
        return super().is_right(kept, secret)


def test_wrong_unknown_and_malformed_codes_cost_the_same_work(house):
    icode = house.issue()["icode"]
    hasher = CountingHasher()
    client = make_web(replace(house.parts, hasher=hasher)).test_client()
    for count, one in enumerate((mistyped(icode)[0], "ZZZZZ-0000-0000", "nonsense"), start=1):
        assert client.post("/icode-sessions", json={"icode": one}).status_code == 401
        assert hasher.verified == count


# --- the 90 days ----------------------------------------------------------------------------------------------------


def test_a_code_works_until_90_days_after_its_issue_S69(any_house, clock):
    issued = any_house.issue()
    assert datetime.fromisoformat(issued["expiresAt"]) == NOON + 90 * DAY
    clock.move_to(NOON + 90 * DAY - SECOND)
    assert any_house.enter(issued["icode"])["expiresIn"] == 1
    clock.move_to(NOON + 90 * DAY)
    refused = any_house.enter(issued["icode"], 410)
    assert refused["type"].endswith("icode-expired")
    assert refused["getHelp"] == "/get-help"


def test_that_a_code_expired_is_said_to_the_right_secret_alone_S69(house, clock):
    issued = house.issue()
    clock.move_to(NOON + 90 * DAY)
    assert house.enter(mistyped(issued["icode"])[0], 401)["type"].endswith("icode-unknown")


def test_no_access_token_outlives_its_code_S69(house, clock):
    issued = house.issue()
    clock.move_to(NOON + 90 * DAY - 60 * SECOND)
    came_in = house.enter(issued["icode"])
    assert came_in["expiresIn"] == 60
    clock.advance(60 * SECOND)
    house.call("POST", "/sessions/refresh", 401, json={"refreshToken": came_in["refreshToken"]})


def test_the_end_of_the_90_days_is_told_once_S69(house, clock):
    issued = house.issue()
    for moment, told in [(90 * DAY - SECOND, 0), (90 * DAY, 1), (90 * DAY, 0)]:
        clock.move_to(NOON + moment)
        with house.parts.db.begin() as tx:
            assert tell_expired(tx, clock.now()) == told
    (ended,) = house.told(ICodeEnded)
    assert (ended.id, ended.version, ended.reason) == (issued["id"], 2, "expired")


# --- guessing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_known", [True, False])
def test_after_three_wrong_tries_the_next_waits_whether_the_code_exists_or_not(house, clock, is_known):
    icode = house.issue()["icode"] if is_known else "ZZZZZ-0000-0000"
    for one in mistyped(icode, 3):
        house.enter(one, 401)
    answer = house.client.post("/icode-sessions", json={"icode": icode})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    clock.advance(SECOND)
    house.enter(icode, 201 if is_known else 401)


def test_ten_wrong_tries_use_up_the_day_for_the_right_code_too(any_house, clock):
    icode = any_house.issue()["icode"]
    for one in mistyped(icode, 10):
        any_house.enter(one, 401)
        clock.advance(timedelta(minutes=2))
    refused = any_house.client.post("/icode-sessions", json={"icode": icode})
    assert refused.status_code == 429
    assert 23 * 3600 < int(refused.headers["Retry-After"]) < 24 * 3600
    clock.move_to(NOON + DAY)
    any_house.enter(icode)


@pytest.mark.parametrize("is_known", [True, False])
def test_parallel_wrong_tries_are_never_looked_at_beyond_the_limit(any_house, is_known):
    icode = any_house.issue()["icode"] if is_known else "ZZZZZ-0000-0000"
    app = any_house.client.application

    def enter(one: str) -> int:
        return app.test_client().post("/icode-sessions", json={"icode": one}).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(enter, [one for one in mistyped(icode, 10) for _ in range(5)]))
    assert sorted(statuses) == [401] * 3 + [429] * 47
    with any_house.parts.db.read() as tx:
        (row,) = tx.scalars(select(TriesRow).where(TriesRow.subject.startswith("icode:")))
    assert (row.in_row, row.in_day) == (3, 3)


def test_a_right_try_forgives_the_row_but_not_the_day(house, clock):
    icode = house.issue()["icode"]
    for _ in range(3):
        for one in mistyped(icode, 2):
            house.enter(one, 401)
        house.enter(icode)
    with house.parts.db.read() as tx:
        (row,) = tx.scalars(select(TriesRow).where(TriesRow.subject.startswith("icode:")))
    assert (row.in_row, row.in_day) == (0, 6)


def test_a_dump_of_the_database_opens_nothing(any_house):
    issued = any_house.issue()
    came_in = any_house.enter(issued["icode"])
    any_house.enter(mistyped(issued["icode"])[0], 401)
    stored = any_house.everything_stored()
    assert "$argon2id$" in stored
    secret = issued["icode"][6:]
    for one in (issued["icode"], secret, secret.replace("-", ""), came_in["accessToken"], came_in["refreshToken"]):
        assert one not in stored


# --- what else its session is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_web", [True, False])
def test_an_icodes_session_ends_after_12_hours_however_busy(house, clock, is_web):
    headers = {"X-Portal-Web": "1"} if is_web else {}
    icode = house.issue()["icode"]
    refresh_token = house.call("POST", "/icode-sessions", 201, json={"icode": icode}, headers=headers)["refreshToken"]
    for _ in range(11):
        clock.advance(timedelta(hours=1))
        answer = house.call("POST", "/sessions/refresh", 200, json={"refreshToken": refresh_token})
        refresh_token = answer["refreshToken"]
    clock.move_to(NOON + timedelta(hours=12) - SECOND)
    answer = house.call("POST", "/sessions/refresh", 200, json={"refreshToken": refresh_token})
    assert answer["expiresIn"] == 1
    clock.advance(SECOND)
    house.call("POST", "/sessions/refresh", 401, json={"refreshToken": answer["refreshToken"]})


def test_a_minors_code_says_when_they_come_of_age_S64(house):
    house.hear(a_patient(version=2, birth_date=date(2010, 6, 1)))
    claims = house.claims(house.enter(house.issue()["icode"])["accessToken"])
    assert claims.grants.adult_at == datetime.fromisoformat("2028-06-01T00:00:00-05:00")


def test_a_correction_that_gives_the_exam_to_another_patient_ends_the_visits_codes(house):
    came_in = house.enter(house.issue()["icode"])
    moved = an_exam(
        "mri", ExamMoved, version=2, at=NOON + SECOND, patient_id="bert", from_patient_id="anna", to_patient_id="bert",
        reason="corrected",
    )  # fmt: skip
    house.hear(moved)
    with pytest.raises(Unauthenticated):
        house.claims(came_in["accessToken"])


def test_a_merge_of_records_leaves_the_visits_codes_alone(house):
    issued = house.issue()
    moved = an_exam(
        "mri", ExamMoved, version=2, at=NOON + SECOND, patient_id="anna2", from_patient_id="anna",
        to_patient_id="anna2", reason="merged",
    )  # fmt: skip
    house.hear(moved)
    house.enter(issued["icode"])


def test_where_the_portal_asks_for_the_date_of_birth_a_code_needs_it(sqlite_url, tmp_path, clock):
    house = a_house(sqlite_url, tmp_path, clock, asks_birth_date=True)
    house.hear(*ANNAS_DAY)
    icode = house.issue()["icode"]
    needed = house.enter(icode, 422)
    assert (needed["type"].rsplit("/")[-1], needed["errors"][0]["field"]) == ("date-of-birth-needed", "dateOfBirth")
    assert house.enter(icode, 401, dateOfBirth="1980-05-18")["type"].endswith("icode-unknown")
    house.enter(icode, dateOfBirth="1980-05-17")
    house.parts.db.close()


def test_the_same_idempotency_key_gives_the_same_session(house):
    icode = house.issue()["icode"]
    headers = {"Idempotency-Key": "once"}
    first, again = (house.call("POST", "/icode-sessions", 201, json={"icode": icode}, headers=headers) for _ in "ab")
    assert first == again


@pytest.mark.parametrize("body", [{}, {"icode": None}, {"icode": 7}, {"icode": "x" * 201}, []])
def test_a_malformed_request_is_named_and_not_echoed(house, body):
    answer = house.client.post("/icode-sessions", json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert "x" * 50 not in answer.text

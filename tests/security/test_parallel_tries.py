"""Many tries at once, 200 at each secret, by the real WSGI app on real databases: no more are looked at than may be.

*Looked at* means compared with what somebody has; the rest are refused before that, the right one among them too.
"""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from contracts.access import AccessEnded
from contracts.identity import AccountOpened
from services.identity.domain.icodes import ALPHABET
from services.identity.store.identity_questions import IdentityQuestionsRow
from services.identity.store.tries import TriesRow
from services.identity.store.validation_codes import ValidationCodeRow
from tests.identity.conftest import PASSWORD, standing_house
from tests.identity.registering import accounts, answer, asked, begin, choose, chosen, code_mailed, enter_code, until
from tests.security.watching import watched
from tests.standing import KINDS, QUICK_FIGURES

AT_ONCE = 200
FEWER = 50
"""Where it is not the secret itself that is tried."""
ASKED = {"reason": "other", "name": "Anna Doe", "contact": "a@example.org", "message": "?", "language": "en"}


@pytest.fixture(params=KINDS)
def house(request, clock):
    house = standing_house(request, clock, request.param)
    watched(house, *QUICK_FIGURES)
    house.parts.db.engine.pool._timeout = 300  # on a busy machine the last of 200 waits long for a connection
    return house


def at_once(house, asks: Iterable[tuple[str, dict]]) -> Counter:
    """Post all of *asks*, ``(path, body)``, at the same instant; give how often each status was answered."""
    asks = list(asks)
    app, start = house.client.application, Barrier(len(asks))

    def post(one):
        start.wait()
        return app.test_client().post(one[0], json=one[1]).status_code

    with ThreadPoolExecutor(len(asks)) as pool:
        return Counter(pool.map(post, asks))


def wrong_codes(icode: str, count: int = AT_ONCE) -> list[str]:
    """Give *count* different codes with the locator of *icode*, all wrong."""
    ends = (f"{one}{other}" for one in ALPHABET for other in ALPHABET if f"{one}{other}" != icode[-2:])
    return [icode[:-2] + end for end, _ in zip(ends, range(count), strict=False)]


def tries_at(house, way: str) -> TriesRow:
    with house.parts.db.read() as tx:
        return tx.scalars(select(TriesRow).where(TriesRow.subject.startswith(f"{way}:"))).one()


def looked_at(house) -> int:
    return house.parts.hasher.looked_at


# --- I-Codes --------------------------------------------------------------------------------------------------------


def test_of_200_wrong_i_codes_at_once_three_are_looked_at_S10(house):
    icode = house.issue()["icode"]
    before = looked_at(house)
    assert at_once(house, (("/icode-sessions", {"icode": one}) for one in wrong_codes(icode))) == {401: 3, 429: 197}
    assert looked_at(house) - before == 3
    assert (tries_at(house, "icode").in_row, tries_at(house, "icode").in_day) == (3, 3)


def test_a_day_of_bursts_looks_at_ten_wrong_i_codes_by_both_doors_together_S10_S70(house, clock):
    icode = house.issue()["icode"]
    before, asks = looked_at(house), [("/icode-sessions", {"icode": one}) for one in wrong_codes(icode, 6)]
    asks += [("/help-requests", ASKED | {"icode": one}) for one in wrong_codes(icode, 6)]
    for _ in range(12):
        at_once(house, asks)
        clock.advance(timedelta(hours=1))
    assert looked_at(house) - before == 10
    house.enter(icode, 429)
    clock.advance(timedelta(hours=12))
    house.enter(icode)


def test_the_right_i_code_among_200_opens_at_most_one_session_and_frees_few_tries_S10(house):
    icode = house.issue()["icode"]
    before, codes = looked_at(house), wrong_codes(icode, AT_ONCE - 1)
    answers = at_once(house, (("/icode-sessions", {"icode": one}) for one in [*codes[:100], icode, *codes[100:]]))
    assert set(answers) <= {201, 401, 429}
    assert answers[201] <= 1
    # three in a row close it; the right one, if it was among them, frees three more
    assert looked_at(house) - before <= (3 if not answers[201] else 6)
    assert answers[401] == looked_at(house) - before - answers[201]
    assert tries_at(house, "icode").in_day == answers[401]


# --- accounts -------------------------------------------------------------------------------------------------------


def log_ins(passwords: Iterable[str], user_id: str = "anna80", path: str = "/sessions"):
    return [(path, {"userId": user_id, "password": one}) for one in passwords]


def wrong_passwords(count: int) -> list[str]:
    return [f"wrong but long enough {number}" for number in range(count)]


@pytest.mark.parametrize("path", ["/sessions", "/staff/sessions"])
def test_of_200_wrong_passwords_at_once_five_are_looked_at(house, path):
    if path == "/sessions":
        house.open_account()
    else:
        house.add_staff("anna80", "operator")
    before = looked_at(house)
    assert at_once(house, log_ins(wrong_passwords(AT_ONCE), path=path)) == {401: 5, 429: 195}
    assert looked_at(house) - before == 5


def test_200_spellings_of_one_user_id_share_its_five_tries(house):
    house.open_account()
    spelt = ("anna80", "ANNA80", " Anna80", "ａｎｎａ８０", "\uff21nna80")
    before = looked_at(house)
    asks = [log_ins([one], spelt[number % 5])[0] for number, one in enumerate(wrong_passwords(AT_ONCE))]
    assert at_once(house, asks) == {401: 5, 429: 195}
    assert looked_at(house) - before == 5


def test_bursts_over_days_look_at_twenty_wrong_passwords_and_then_not_at_the_right_one(house, clock):
    house.open_account()
    before = looked_at(house)
    for _ in range(18):
        at_once(house, log_ins(wrong_passwords(10)))
        clock.advance(timedelta(hours=2))
    assert looked_at(house) - before == 20
    house.log_in(status=429)


def test_the_right_password_among_200_lets_in_at_most_one(house):
    house.open_account()
    before, wrong = looked_at(house), wrong_passwords(AT_ONCE - 1)
    answers = at_once(house, log_ins([*wrong[:100], PASSWORD, *wrong[100:]]))
    assert set(answers) <= {201, 401, 429}
    assert answers[201] <= 1
    assert looked_at(house) - before <= (5 if not answers[201] else 10)


# --- registration ---------------------------------------------------------------------------------------------------


def test_of_200_wrong_registration_codes_at_once_five_are_looked_at_S22(house):
    path = until(house, "validation")
    right = int(code_mailed(house))
    wrong = [f"{(right + number) % 1_000_000:06}" for number in range(1, AT_ONCE + 1)]
    assert at_once(house, ((f"{path}/validation", {"code": one}) for one in wrong)) == {403: AT_ONCE}
    with house.parts.db.read() as tx:
        assert tx.scalars(select(ValidationCodeRow.wrong_tries)).one() == 5
    enter_code(house, path, 403)
    assert accounts(house) == []


def test_the_right_registration_code_among_wrong_ones_opens_at_most_one_account_S22(house):
    path = until(house, "validation")
    right = code_mailed(house)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    codes = [right if number % 10 == 0 else wrong for number in range(FEWER)]
    answers = at_once(house, ((f"{path}/validation", {"code": one}) for one in codes))
    assert set(answers) <= {201, 403, 410}
    assert answers[201] == len(accounts(house)) == len(house.told(AccountOpened)) <= 1
    assert answers[403] <= 5 if answers[201] else answers[403] == FEWER


def test_of_wrong_answers_at_once_three_are_looked_at_whatever_the_registration_S19(house):
    paths = [begin(house) for _ in range(10)]
    wrong = {"answers": chosen(asked(house, paths[0]), {})}
    right = {"answers": chosen(asked(house, paths[0]))}
    asks = [(f"{paths[number % 10]}/answers", wrong) for number in range(FEWER)]
    assert at_once(house, asks) == {403: FEWER}
    with house.parts.db.read() as tx:
        assert tx.scalars(select(IdentityQuestionsRow.in_day)).one() == 3
    assert at_once(house, ((f"{path}/answers", right) for path in paths)) == {403: 10}


def test_a_step_sent_often_at_once_is_taken_once_S19_S20(house):
    path = begin(house)
    right = {"answers": chosen(asked(house, path))}
    answers = at_once(house, ((f"{path}/answers", right) for _ in range(FEWER)))
    assert answers == {200: 1, 409: FEWER - 1}


def test_one_person_registering_twice_at_once_gets_one_account_S22(house):
    paths = []
    for number in range(4):
        path = begin(house)
        answer(house, path)
        choose(house, path, userId=f"anna{number}", email=f"anna{number}@example.net")
        paths.append((f"{path}/validation", {"code": code_mailed(house)}))
    assert at_once(house, paths) == {201: 4}  # it looks the same to whoever does it
    assert len(accounts(house)) == 1


# --- sessions -------------------------------------------------------------------------------------------------------


def test_a_stolen_refresh_token_used_often_at_once_ends_the_session_once(house, clock):
    house.open_account()
    first = house.log_in()["refreshToken"]
    second = house.call("POST", "/sessions/refresh", 200, json={"refreshToken": first})["refreshToken"]
    clock.advance(timedelta(seconds=30))
    answers = at_once(house, (("/sessions/refresh", {"refreshToken": first}) for _ in range(FEWER)))
    assert answers == {401: FEWER}
    assert [event.reason for event in house.told(AccessEnded)] == ["refresh-token-reused"]
    house.call("POST", "/sessions/refresh", 401, json={"refreshToken": second})

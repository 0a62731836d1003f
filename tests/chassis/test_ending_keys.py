"""A stolen signing key ends within a second wherever it is believed, in whatever order its end is heard."""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import event

from services.chassis.auth import LOOK_AGAIN_S, Verifier, find_jwks, is_key_ended, note_key
from services.chassis.key_folder import find_published
from services.chassis.signing import BELIEVED_FOR, Minter, load_or_make_key
from services.chassis.tables import VerificationKey
from tests.chassis.test_auth import ANNA, SHARED, Gate
from tests.servers import NOON

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def gate(database_url, tmp_path):
    gate = Gate(database_url, tmp_path)
    yield gate
    gate.db.close()


def ended(key, at, version=2):
    return key.published("identity").model_copy(update={"version": version, "at": at, "not_after": at})


def hear(gate, *events):
    for one in events:
        with gate.db.begin() as tx:
            note_key(tx, one)


def a_second_later(gate):
    gate.verifier._looked_at -= LOOK_AGAIN_S


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_earliest_end_of_a_key_holds_in_any_order_and_twice(gate, tmp_path, order):
    key = load_or_make_key(tmp_path / "next", NOON)
    told = [key.published("identity"), ended(key, NOON + MINUTE), ended(key, NOON + 2 * MINUTE, version=3)]
    hear(gate, *(told[number] for number in order), *(told[number] for number in order))
    for at, is_over in ((NOON + MINUTE - SECOND, False), (NOON + MINUTE, True)):
        with gate.db.read() as tx:
            assert is_key_ended(tx, key.kid, at) == is_over
            assert (key.kid in {jwk["kid"] for jwk in find_jwks(tx, "identity", at)}) != is_over


@pytest.mark.parametrize("change", [{"public_key": "A" * 43}, {"issuer": "sharing"}])
def test_an_end_that_is_told_of_another_key_or_by_another_issuer_ends_nothing(gate, change):
    hear(gate, ended(gate.identity, NOON - MINUTE).model_copy(update=change))
    assert gate.verifier.verify(gate.mint()).holder == "account:a"


def test_a_running_verifier_refuses_an_ended_key_within_a_second_whatever_its_tokens_say(gate):
    old = gate.mint(now=NOON - 4 * MINUTE)
    token = gate.mint()
    gate.verifier.verify(old)
    hear(gate, ended(gate.identity, NOON))
    a_second_later(gate)
    for one in (old, token, gate.sign(gate.payload(iat=int((NOON - 300 * MINUTE).timestamp()), exp=2**33))):
        assert gate.refuses(one)
    asked = {"holder": "share:a", "session": "s", "version": 1, "grants": SHARED, "now": NOON}
    assert gate.verifier.verify(Minter("sharing", gate.sharing).mint(**asked)[0]).kind == "share"


def test_keys_are_read_once_a_second_however_many_tokens_come(gate):
    asked = []
    event.listen(gate.db.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    token = gate.mint()
    for number in range(20):
        gate.verifier.verify(token)
        assert gate.refuses(gate.sign(kid=f"unknown-{number}"))
    assert sum("verification_key" in statement for statement in asked) == 1
    a_second_later(gate)
    gate.verifier.verify(token)
    assert sum("verification_key" in statement for statement in asked) == 2


def test_a_token_says_by_which_key_it_was_signed(gate):
    assert gate.verifier.verify(gate.mint()).kid == gate.identity.kid


def test_what_is_retold_of_an_ended_key_ends_it_where_it_was_forgotten(gate, tmp_path):
    hear(gate, ended(gate.identity, NOON))
    token = gate.mint()
    with gate.db.read() as tx:
        told = find_published(tx, "identity", NOON + MINUTE)
    restored = Gate(f"sqlite:///{tmp_path}/restored.db", tmp_path)
    restored.verifier.verify(token)
    hear(restored, *told)
    a_second_later(restored)
    assert restored.refuses(token)
    restored.db.close()
    assert [(one.id, one.version, one.not_after) for one in told] == [(gate.identity.kid, 2, NOON)]


def test_an_ended_key_is_retold_until_it_would_have_ended_by_itself(gate):
    hear(gate, ended(gate.identity, NOON))
    with gate.db.begin() as tx:
        begins = tx.get_one(VerificationKey, gate.identity.kid).not_before
        counts = [len(find_published(tx, "identity", begins + BELIEVED_FOR - after)) for after in (SECOND, 0 * SECOND)]
    assert counts == [1, 0]


def test_a_verifier_that_starts_after_the_end_believes_nothing_of_it(gate):
    hear(gate, ended(gate.identity, NOON))
    gate.verifier = Verifier("exams", gate.db, gate.clock)
    assert gate.refuses(gate.mint(grants=ANNA))

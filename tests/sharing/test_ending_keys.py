"""Sharing's own signing key is ended as identity's is: recipients go on with a token of the new one."""

import jwt
import pytest

from contracts.access import SigningKeyPublished
from contracts.audit import ActRecorded
from services.chassis.auth import LOOK_AGAIN_S
from services.chassis.ending_keys import end_keys
from services.sharing.usecases.retelling import retell
from tests.sharing.test_sessions import me, renew


@pytest.fixture
def any_house(any_own_house):
    return any_own_house


def end(house, kid=None):
    keys = house.service.parts.minter.keys
    end_keys(house.service.db, "sharing", keys, kid, house.clock.now, lambda _: None)
    house.client.application.extensions["verifier"]._looked_at -= LOOK_AGAIN_S


def listed(house):
    return [one["kid"] for one in house.client.get("/signing-keys").json["keys"]]


def test_a_recipient_goes_on_after_the_key_ended_and_the_owners_token_is_not_touched(any_house):
    share = any_house.share()
    opened = any_house.open(share)
    (old,) = listed(any_house)
    end(any_house, old)
    assert me(any_house, opened) == 401
    renewed = renew(any_house, opened["refreshToken"]).json
    assert me(any_house, renewed) == 200
    (new,) = listed(any_house)
    assert jwt.get_unverified_header(renewed["accessToken"])["kid"] == new != old
    assert any_house.share(nickname="another")["id"] != share["id"]
    assert "signing-key.end" in {act.action for act in any_house.told(ActRecorded)}


def test_retelling_tells_the_ended_key_with_its_end(any_house):
    (old,) = listed(any_house)
    end(any_house)
    count = len(any_house.told(SigningKeyPublished))
    with any_house.service.db.begin() as tx:
        retell(tx, any_house.service.parts, "exams.urgent", None)
    retold = any_house.told(SigningKeyPublished)[count:]
    assert {one.id: one.version for one in retold} == {old: 2, listed(any_house)[0]: 1}

"""An account that is frozen or closed: its shares end with it, whoever has them open."""

import pytest

from contracts.access import ACCOUNT_CLOSED, ACCOUNT_FROZEN, AccessEnded
from contracts.sharing import ShareEnded
from tests.servers import NOON
from tests.sharing.conftest import ANNAS_VISIT


def ended(reason, holder="account:anna"):
    return AccessEnded(id=holder, version=2, at=NOON, reason=reason)


def me(house, opened):
    return house.client.get("/me", headers={"Authorization": f"Bearer {opened['accessToken']}"}).status_code


@pytest.mark.parametrize("reason", [ACCOUNT_FROZEN, ACCOUNT_CLOSED])
def test_the_shares_of_an_account_that_ends_end_with_it(any_house, reason):
    share = any_house.share()
    opened = any_house.open(share)
    any_house.hear(ended(reason), ended(reason))
    assert me(any_house, opened) == 401
    any_house.open(share, status=410)
    (told,) = any_house.told(ShareEnded)
    assert (told.id, told.reason) == (share["id"], reason)


@pytest.mark.parametrize("event", [ended("logged-out-everywhere"), ended(ACCOUNT_FROZEN, "account:bert")])
def test_a_share_outlives_the_sessions_of_its_maker_and_the_accounts_of_others(house, event):
    opened = house.open(house.share())
    house.hear(event)
    assert me(house, opened) == 200


def test_a_share_made_under_a_code_stays_when_an_account_of_the_same_exams_ends(house):
    opened = house.open(house.share(house.token("icode:c1", ANNAS_VISIT)))
    house.hear(ended(ACCOUNT_FROZEN))
    assert me(house, opened) == 200

"""What ends by its own date ends everywhere: a download's ticket lives longer than a token, so the archiver is told."""

from datetime import timedelta

from contracts.access import AccessEnded
from services.identity.usecases.icodes import tell_expired
from services.sharing.usecases.shares import sweep
from tests.identity.conftest import ANNAS_DAY, a_house
from tests.servers import NOON
from tests.sharing.conftest import a_house as a_sharing_house
from tests.sharing.conftest import an_exam

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def test_access_by_a_code_is_taken_back_at_the_end_of_its_90_days_S69(sqlite_url, tmp_path, clock):
    house = a_house(sqlite_url, tmp_path, clock)
    house.hear(*ANNAS_DAY)
    code = house.issue()["icode"]
    clock.move_to(NOON + 90 * DAY - SECOND)
    came_in = house.enter(code)
    holder = house.claims(came_in["accessToken"]).sub
    for moment, told in ((90 * DAY - SECOND, []), (90 * DAY, [(holder, "expired")])):
        clock.move_to(NOON + moment)
        with house.parts.db.begin() as tx:
            tell_expired(tx, clock.now())
        assert [(event.id, event.reason) for event in house.told(AccessEnded)] == told
    house.call("GET", "/me", 401, came_in["accessToken"])
    house.parts.db.close()


def test_access_by_a_share_is_taken_back_at_its_own_end_S51(sqlite_url, tmp_path, clock):
    house = a_sharing_house(sqlite_url, tmp_path, clock)
    house.hear(an_exam("mri"), an_exam("ct"))
    share = house.share(expiresAt=(NOON + DAY).isoformat())
    for moment, told in ((DAY - SECOND, []), (DAY, [(f"share:{share['id']}", "expired")])):
        clock.move_to(NOON + moment)
        with house.service.db.begin() as tx:
            sweep(tx, clock.now())
        assert [(event.id, event.reason) for event in house.told(AccessEnded)] == told
    house.service.db.close()

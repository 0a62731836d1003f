"""The regional page's reference data, and that nothing private gets into a log."""

import logging

import pytest
import structlog

from services.chassis import log
from tests.identity.conftest import PASSWORD


def test_regions_and_their_locations_are_open_to_all_S14(house):
    regions = house.call("GET", "/regions", 200)["regions"]
    assert {"id": "texas", "name": "Texas"} in regions
    locations = house.call("GET", "/regions/texas/locations", 200)["locations"]
    (houston,) = [one for one in locations if one["id"] == "TX-HOU-01"]
    assert set(houston) == {"id", "name", "state", "timeZone", "address", "phone"}
    assert (houston["state"], houston["timeZone"]) == ("TX", "America/Chicago")


def test_a_region_bears_its_name_in_the_readers_language_S14(house):
    listed = [house.call("GET", "/regions", 200, headers={"Accept-Language": one})["regions"] for one in ("en", "es")]
    english, spanish = ({region["id"]: region["name"] for region in regions} for regions in listed)
    assert (english["new-york"], spanish["new-york"]) == ("New York", "Nueva York")
    assert (english["mid-atlantic"], spanish["mid-atlantic"]) == ("Maryland and Delaware", "Maryland y Delaware")
    assert english["texas"] == spanish["texas"] == "Texas"


def test_every_region_has_a_location(house):
    for region in house.call("GET", "/regions", 200)["regions"]:
        assert house.call("GET", f"/regions/{region['id']}/locations", 200)["locations"]


@pytest.mark.parametrize("region", ["atlantis", "..", "TEXAS"])
def test_an_unknown_region_is_not_found(house, region):
    house.call("GET", f"/regions/{region}/locations", 404)


def test_it_is_ready_while_its_database_answers(house):
    house.call("GET", "/readyz", 200)
    house.call("GET", "/healthz", 200)


@pytest.fixture
def as_it_logs():
    """Call it, and the service logs as it does in earnest (to the stdout of that moment)."""
    root = logging.getLogger()
    handlers, config = root.handlers[:], structlog.get_config()
    yield lambda: log.set_up("identity", "api")
    root.handlers[:] = handlers
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()


def test_no_name_code_password_token_or_number_gets_into_a_log(house, as_it_logs, capsys):
    as_it_logs()
    house.open_account()
    issued = house.issue()
    came_in = house.enter(issued["icode"])
    house.enter(issued["icode"][:-1] + "!", 401)
    logged_in = house.log_in()
    house.log_in(password="a wrong but long password", status=401)
    house.call("GET", "/staff/visits?mrn=MRN-anna&lastName=Doe", 200, house.desk())
    house.call("GET", "/me", 200, came_in["accessToken"])
    said = capsys.readouterr().out
    assert '"route": "/icode-sessions"' in said
    private = ["Doe", "MRN-anna", "anna80", PASSWORD, issued["icode"], issued["icode"][6:], "wrong but long"]
    private += [answer[name] for answer in (came_in, logged_in) for name in ("accessToken", "refreshToken")]
    assert [one for one in private if one in said] == []

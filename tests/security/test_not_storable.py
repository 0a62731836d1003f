"""A text that a database cannot hold is the sender's fault, whichever database it is."""

import pytest

from tests.identity.conftest import standing_house
from tests.standing import KINDS

NUL = "a\0b"


@pytest.fixture(params=KINDS)
def house(request, clock):
    return standing_house(request, clock, request.param)


def test_a_nul_in_a_body_a_query_or_a_path_is_refused(house):
    desk = {"Authorization": f"Bearer {house.desk()}"}
    answers = [
        house.client.post("/sessions", json={"userId": NUL, "password": NUL}),
        house.client.post("/staff/sessions", json={"userId": NUL, "password": NUL}),
        house.client.post("/icode-sessions", json={"icode": NUL}),
        house.client.post("/sessions/refresh", json={"refreshToken": NUL}),
        house.client.get("/staff/visits?lastName=a%00b", headers=desk),
        house.client.get("/staff/visits/a%00b/icodes", headers=desk),
        house.client.delete("/staff/icodes/a%00b", json={"reason": NUL}, headers=desk),
    ]
    assert [answer.status_code for answer in answers if answer.status_code not in {200, 400, 401, 404}] == []
    assert house.enter(house.issue()["icode"])

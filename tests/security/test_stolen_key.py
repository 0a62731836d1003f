"""What a thief got with a token of a stolen signing key ends with the key: a download's ticket outlives no key."""

from dataclasses import replace

import pytest

from services.archiver.domain import TicketNotFound
from services.archiver.sending import Cut
from services.chassis.auth import LOOK_AGAIN_S, note_key
from tests.archiver.house import a_share, an_account
from tests.archiver.test_deliver import an_asking_house, opened, rest, sending


@pytest.fixture
def house(tmp_path, database_url, clock):
    yield from an_asking_house(tmp_path, database_url, clock)


def end_key(house, issuer="identity"):
    now = house.clock.now()
    told = house.minters[issuer].keys.at(now).published(issuer)
    with house.parts.db.begin() as tx:
        note_key(tx, told.model_copy(update={"version": 2, "not_after": now}))
    house.client.application.extensions["verifier"]._looked_at -= LOOK_AGAIN_S


def ticket(house, caller):
    """Get a ticket as a client does; gives its secret and where it leads."""
    package_id = house.ready_package(caller, "exam-1")
    answer = house.post(caller, f"/packages/{package_id}/downloads")
    assert answer.status_code == 201, answer.text
    url = answer.json["url"].removeprefix("/api/v1")
    return url.rpartition("/")[2], url


def test_a_ticket_that_a_forged_token_got_opens_nothing_once_the_key_is_ended(house):
    forged = replace(an_account(), session="made up")
    secret, url = ticket(house, forged)
    assert house.client.get(url).status_code == 200
    end_key(house)
    assert house.client.get(url).status_code == 404
    assert house.post(forged, "/packages", examIds=["exam-1"], format="zip", phiAcknowledged=True).status_code == 401
    with pytest.raises(TicketNotFound):
        opened(house, secret)


def test_a_download_that_runs_is_cut_when_the_key_of_its_token_is_ended(house):
    secret, _ = ticket(house, an_account())
    body = sending(house, secret)
    end_key(house)
    with pytest.raises(Cut):
        rest(body)
    body.close()


def test_a_ticket_by_the_other_issuers_key_goes_on(house):
    _, url = ticket(house, a_share("exam-1"))
    end_key(house)
    assert house.client.get(url).status_code == 200
    end_key(house, "sharing")
    assert house.client.get(url).status_code == 404

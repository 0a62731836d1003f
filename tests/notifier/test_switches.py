"""What an account switches off."""

from datetime import timedelta

import pytest

from contracts.sharing import ShareLocked
from contracts.tokens import AccountGrants
from services.chassis.auth import note_key
from services.chassis.signing import Minter, load_or_make_key
from services.notifier.app import make_web
from services.notifier.domain import hash_address
from services.notifier.store import addresses
from tests.notifier.conftest import (
    a_contact,
    a_share,
    an_exam,
)
from tests.servers import NOON


@pytest.fixture
def door(post, tmp_path):
    key = load_or_make_key(tmp_path / "identity", NOON)
    with post.service.db.begin() as tx:
        note_key(tx, key.published("identity"))
    client = make_web(post.service.parts).test_client()
    grants = AccountGrants(patients=["anna"])
    token, _ = Minter("identity", key).mint(holder="account:1", session="s", version=1, grants=grants, now=NOON)
    return client, {"Authorization": f"Bearer {token}"}


def test_what_can_be_done_without_is_switched_off_for_the_account_and_its_patients(post, door):
    client, headers = door
    answer = client.patch("/me/messages", json={"unwanted": ["images-available", "share-opened"]}, headers=headers)
    assert answer.status_code == 200
    assert {
        one["template"]: one["isWanted"] for one in client.get("/me/messages", headers=headers).json["messages"]
    } == {
        "images-available": False,
        "new-login": True,
        "report-available": True,
        "share-opened": False,
    }
    people = [a_contact("patient", "anna", "anna@example.org"), a_contact("holder", "account:1", "acc@example.org")]
    locked = a_share(ShareLocked, version=3, holder="account:1")
    mails = post.sent(*people, an_exam(), a_share(holder="account:1"), locked)
    assert [mail["subject"] for mail in mails] == ["A link you shared was locked"]


def test_an_account_is_told_that_its_address_is_of_no_use_until_it_is_given_again(post, door):
    client, headers = door
    post.hear(a_contact("holder", "account:1", "acc@example.org"))
    with post.service.db.begin() as tx:
        addresses.mark_refused(tx, hash_address("ACC@example.org"), post.clock.now())
    assert client.get("/me/messages", headers=headers).json["isAddressRefused"] is True
    assert client.patch("/me/messages", json={"unwanted": []}, headers=headers).json["isAddressRefused"] is True
    again_at = post.clock.now() + timedelta(seconds=1)
    post.hear(a_contact("holder", "account:1", "acc@example.org", version=2, at=again_at))
    assert client.get("/me/messages", headers=headers).json["isAddressRefused"] is False


def test_what_protects_its_reader_cannot_be_switched_off(door):
    client, headers = door
    answer = client.patch("/me/messages", json={"unwanted": ["share-locked"]}, headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["slug"]) == (422, "message-not-switchable")
    assert client.patch("/me/messages", json={"unwanted": ["anything"]}, headers=headers).status_code == 422
    assert client.get("/me/messages").status_code == 401

"""An operator ends a stolen signing key: a new one is told first, and nobody who is logged in logs in again."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from contracts.access import SigningKeyPublished
from contracts.audit import ActRecorded
from contracts.tokens import AccountGrants, StaffGrants
from services.chassis.auth import LEEWAY_S, LOOK_AGAIN_S, Unauthenticated
from services.chassis.ending_keys import SPREADS_WITHIN_S, NoKeyToEnd, end_keys
from services.chassis.signing import Minter
from services.identity.usecases.retelling import retell
from services.identity.usecases.staff import issue_system_token
from tests.identity.test_key_rotation import keys, kid, rotate, tend
from tests.servers import NOON


@pytest.fixture
def house(own_house):
    return own_house


@pytest.fixture
def any_house(any_own_house):
    return any_own_house


def end(house, which=None, wait=lambda _: None):
    """End a key as an operator does, and let identity's own door look at its keys again."""
    said = end_keys(house.parts.db, "identity", keys(house), which, house.clock.now, wait)
    house.client.application.extensions["verifier"]._looked_at -= LOOK_AGAIN_S
    return said


def told(house):
    return [(one.id, one.version) for one in house.told(SigningKeyPublished)]


def jwks(house):
    return [one["kid"] for one in house.call("GET", "/signing-keys", 200)["keys"]]


def test_who_is_logged_in_goes_on_with_a_token_of_a_new_key_and_the_thiefs_are_refused(any_house):
    account = any_house.open_account()
    came_in = any_house.log_in()
    stolen = keys(any_house).at(NOON)
    thief = Minter("identity", stolen)
    forged = [
        thief.mint(holder=holder, session="made up", version=1, grants=grants, now=NOON - timedelta(minutes=4))[0]
        for holder, grants in (
            (f"account:{account}", AccountGrants(patients=["anna", "bert"])),
            ("staff:nobody", StaffGrants(roles=["support"])),
        )
    ]
    any_house.call("GET", "/me", 200, forged[0])
    end(any_house, stolen.kid)
    for token in (came_in["accessToken"], *forged):
        any_house.call("GET", "/me", 401, token)
    pair = any_house.call("POST", "/sessions/refresh", 200, json={"refreshToken": came_in["refreshToken"]})
    any_house.call("GET", "/me", 200, pair["accessToken"])
    assert kid(pair["accessToken"]) != stolen.kid
    assert jwks(any_house) == [kid(pair["accessToken"])]
    assert [key.kid for key in keys(any_house).find()] == jwks(any_house)


def test_a_new_key_is_told_and_known_before_the_old_one_signs_no_more(any_house):
    old, meanwhile = keys(any_house).at(NOON).kid, []

    def wait(seconds):
        meanwhile.append((seconds, told(any_house), keys(any_house).at(any_house.clock.now()).kid, jwks(any_house)))

    said = end(any_house, old, wait)
    new = keys(any_house).at(any_house.clock.now()).kid
    assert said == f"{old} is ended\n{new} signs"
    assert meanwhile == [(SPREADS_WITHIN_S, [(old, 1), (new, 1)], old, [old, new])]
    assert told(any_house) == [(old, 1), (new, 1), (old, 2)]
    first, _, last = any_house.told(SigningKeyPublished)
    assert last.not_after == NOON - timedelta(seconds=LEEWAY_S)
    assert (first.public_key, first.issuer, first.not_before) == (last.public_key, last.issuer, last.not_before)


def test_ending_a_key_is_on_record(house):
    old = keys(house).at(NOON).kid
    end(house, old)
    (act,) = [one for one in house.told(ActRecorded) if one.action == "signing-key.end"]
    assert (act.actor, act.object, act.outcome) == ("service:identity", f"signing-key:{old}", "done")


def test_all_keys_but_the_new_one_end_also_those_that_signed_before_or_do_not_yet(house):
    with house.parts.db.begin() as tx:
        _, system = issue_system_token(tx, house.parts, "pacs", ["images.store"], NOON)
    rotate(house)
    house.clock.move_to(NOON + timedelta(days=1))
    tend(house)
    rotate(house)
    before = jwks(house)
    assert len(before) == 3
    end(house)
    (new,) = jwks(house)
    assert new not in before
    assert keys(house).at(house.clock.now()).kid == new
    with pytest.raises(Unauthenticated):
        house.claims(system)
    with house.parts.db.begin() as tx:
        _, again = issue_system_token(tx, house.parts, "pacs", ["images.store"], house.clock.now())
    assert house.claims(again).grants.kind == "system"


def test_the_one_that_waits_its_turn_signs_when_only_the_signing_one_ends(house):
    rotate(house)
    house.clock.advance(timedelta(hours=1))
    old, waiting = (key.kid for key in keys(house).find())
    end(house, old)
    assert keys(house).at(house.clock.now()).kid == waiting


@pytest.mark.parametrize("which", ["unknown", "ended", ""])
def test_a_key_that_nobody_believes_is_not_ended_and_none_is_made(house, which):
    first = keys(house).at(NOON).kid
    if which == "ended":
        end(house, first)
        which = first
    before = told(house), keys(house).find()
    with pytest.raises(NoKeyToEnd):
        end(house, which)
    assert (told(house), keys(house).find()) == before


def test_what_was_cut_off_after_the_private_key_went_is_ended_by_asking_again(house):
    old = keys(house).at(NOON).kid

    def fail(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        end(house, old, fail)
    keys(house).forget({old})
    assert old in jwks(house)
    end(house, old)
    assert old not in jwks(house)


def test_a_start_after_the_end_tells_nothing_that_wakes_the_key(house):
    old = keys(house).at(NOON).kid
    end(house, old)
    house.service.on_start()
    tend(house)
    assert [version for one, version in told(house) if one == old] == [1, 2]
    with house.parts.db.begin() as tx:
        retell(tx, house.parts, "exams.urgent")
    assert (told(house)[-2], old in jwks(house)) == ((old, 2), False)


def test_by_hand_all_keys_are_ended_for_services_that_go_on_running(house, tmp_path):
    environment = os.environ | {
        "PORTAL_IDENTITY_DATABASE_URL": house.service.settings.database_url,
        "PORTAL_IDENTITY_KEYS_DIR": str(tmp_path / "keys"),
    }
    old = keys(house).at(NOON).kid

    def by_hand(*more):
        command = [sys.executable, "-m", "services.identity", "end-key", *more]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    none, unclear = by_hand("unknown"), by_hand(old, "--all")
    assert (none.returncode, none.stderr.strip()) == (1, "identity has no such key that is believed")
    assert unclear.returncode == 2
    done = by_hand("--all")
    (new,) = keys(house).find()
    assert (done.returncode, done.stdout) == (0, f"{old} is ended\n{new.kid} signs\n")
    assert told(house)[-1] == (old, 2)
    assert "PRIVATE" not in done.stdout + done.stderr

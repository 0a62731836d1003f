"""Signing keys take turns while everything runs: a new one is told, signs a day later, and old tokens go on."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from contracts.access import SigningKeyPublished
from contracts.tokens import SYSTEM_LIFETIME
from services.chassis.auth import Unauthenticated, Verifier, note_key
from services.chassis.db import Database
from services.chassis.key_folder import ROTATE_AFTER, SETTLES_AFTER, KeyFolder, rotate_keys, tend_keys
from services.chassis.migrate import upgrade
from services.identity.usecases.retelling import retell
from services.identity.usecases.staff import issue_system_token
from tests.servers import NOON

SECOND = timedelta(seconds=1)


def keys(house) -> KeyFolder:
    return house.parts.minter.keys


def kid(token):
    return jwt.get_unverified_header(token)["kid"]


def rotate(house):
    return rotate_keys(house.parts.db, "identity", keys(house), house.clock.now())


def tend(house):
    tend_keys(house.parts.db, "identity", keys(house), house.clock.now())


@pytest.fixture
def house(own_house):
    return own_house


@pytest.fixture
def exams(tmp_path, house, clock):
    """Another service as it runs: its verifier, its database, and what it has heard of keys."""
    db = Database(f"sqlite:///{tmp_path}/exams.db")
    upgrade(db, house.service.migrations)  # the chassis's tables are in every service's
    verifier = Verifier("exams", db, clock)

    def hear():
        with db.begin() as tx:
            for event in house.told(SigningKeyPublished):
                note_key(tx, event)
        verifier._looked_at = 0.0  # as if a second had passed
        return verifier

    yield hear
    db.close()


def test_a_new_key_signs_a_day_later_and_nobody_restarts(house, exams, clock):
    house.open_account()
    verifier = exams()
    first = house.log_in()["accessToken"]
    verifier.verify(first)
    said = rotate(house)
    assert said.endswith(f"signs from {NOON + SETTLES_AFTER:%Y-%m-%dT%H:%M:%SZ} on")
    told = house.told(SigningKeyPublished)[-1].id
    assert said.startswith(told)
    exams()
    clock.move_to(NOON + SETTLES_AFTER - SECOND)
    before = house.log_in()["accessToken"]
    assert kid(before) == kid(first)
    clock.advance(SECOND)
    after = house.log_in()["accessToken"]
    assert kid(after) == told
    for token in (before, after):
        verifier.verify(token)
        house.call("GET", "/me", 200, token)


def test_what_an_old_key_signed_is_believed_until_it_ends(house, exams, clock):
    with house.parts.db.begin() as tx:
        _, token = issue_system_token(tx, house.parts, "pacs", ["images.store"], NOON)
    rotate(house)
    verifier = exams()
    clock.move_to(NOON + timedelta(days=1))
    tend(house)
    assert len(keys(house).find()) == 1
    clock.move_to(NOON + SYSTEM_LIFETIME - SECOND)
    assert verifier.verify(token).kind == "system"
    clock.advance(SECOND)
    with pytest.raises(Unauthenticated):
        verifier.verify(token)


def test_a_key_that_nobody_was_told_of_is_not_believed(house, exams, clock, tmp_path):
    house.open_account()
    verifier = exams()
    rotate(house)
    clock.move_to(NOON + SETTLES_AFTER)
    token = house.log_in()["accessToken"]
    with pytest.raises(Unauthenticated):
        verifier.verify(token)
    assert exams().verify(token).kind == "account"


def test_by_hand_a_key_is_made_for_services_that_go_on_running(house, exams, clock, tmp_path):
    house.open_account()
    environment = os.environ | {
        "PORTAL_IDENTITY_DATABASE_URL": house.service.settings.database_url,
        "PORTAL_IDENTITY_KEYS_DIR": str(tmp_path / "keys"),
    }
    command = [sys.executable, "-m", "services.identity", "rotate-keys"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    new = done.stdout.partition(" signs from ")[0]
    assert house.told(SigningKeyPublished)[-1].id == new
    verifier = exams()
    clock.move_to(datetime.now(UTC) + SETTLES_AFTER + SECOND)
    token = house.log_in()["accessToken"]
    assert kid(token) == new
    verifier.verify(token)
    assert "PRIVATE" not in done.stdout + done.stderr


@pytest.mark.parametrize(("age", "count"), [(ROTATE_AFTER - SECOND, 1), (ROTATE_AFTER, 2)])
def test_a_key_of_half_a_year_is_followed_by_another_by_itself(house, clock, age, count):
    (first,) = keys(house).find()
    clock.move_to(first.made_at + age)
    tend(house)
    tend(house)
    assert len(keys(house).find()) == count
    assert len(house.told(SigningKeyPublished)) == count
    assert keys(house).at(clock.now()).kid == first.kid


def test_a_private_key_goes_when_its_successor_signs(house, clock):
    (first,) = keys(house).find()
    rotate(house)
    clock.move_to(NOON + SETTLES_AFTER - SECOND)
    tend(house)
    assert keys(house).find()[0] == first
    clock.advance(SECOND)
    tend(house)
    (second,) = keys(house).find()
    assert second == keys(house).at(clock.now()) != first
    jwks = house.call("GET", "/signing-keys", 200)["keys"]
    assert [one["kid"] for one in jwks] == [first.kid, second.kid]


def test_the_first_key_signs_at_once_and_is_readable_by_its_owner_alone(house):
    (path,) = keys(house).folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys(house).at(NOON - timedelta(days=3)) == keys(house).find()[0]


def test_two_processes_agree_on_what_signs(house):
    other = KeyFolder(keys(house).folder)
    rotate(house)
    rotate(house)
    for at in (NOON, NOON + SETTLES_AFTER):
        assert keys(house).at(at).kid == other.at(at).kid


def test_a_queue_that_lost_its_copy_is_told_every_key_that_is_believed(house, clock):
    rotate(house)
    with house.parts.db.begin() as tx:
        retell(tx, house.parts, "exams.events")
    told = [event.id for event in house.told(SigningKeyPublished)]
    assert sorted(told[2:]) == sorted(told[:2])

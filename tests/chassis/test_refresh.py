"""Refresh sessions on both databases: rotation, the lost reply, the thief, the limits."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from services.chassis import refresh
from services.chassis.db import Database
from services.chassis.secret_file import load_or_make_secret
from services.chassis.tables import ChassisBase, RefreshSession, RefreshToken

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIMITS = refresh.Limits(idle=timedelta(hours=1), absolute=timedelta(hours=12))
KEY = b"k" * 32


@pytest.fixture
def db(database_url):
    db = Database(database_url)
    ChassisBase.metadata.create_all(db.engine)
    yield db
    db.close()


def begin(db, at=NOON, limits=LIMITS):
    with db.begin() as tx:
        return refresh.begin(tx, "sharing", "share:1", limits, at)


def rotate(db, token, at, key=KEY):
    with db.begin() as tx:
        return refresh.rotate(tx, token, key, at)


def test_a_token_is_replaced_when_it_is_used_and_keeps_its_prefix(db):
    session, first = begin(db)
    second = rotate(db, first, NOON + SECOND)
    assert (second.kind, second.session, second.holder) == ("rotated", session, "share:1")
    assert second.refresh_token.startswith("rs_")
    assert second.refresh_token != first


@pytest.mark.parametrize(("after_s", "kind"), [(0, "rotated"), (29.9, "rotated"), (30, "reused"), (3000, "reused")])
def test_the_token_just_replaced_gives_the_same_successor_for_30_seconds(db, after_s, kind):
    _, first = begin(db)
    second = rotate(db, first, NOON)
    again = rotate(db, first, NOON + timedelta(seconds=after_s))
    assert again.kind == kind
    assert again.refresh_token == (second.refresh_token if kind == "rotated" else "")


def test_an_older_token_ends_the_family_at_once(db):
    _, first = begin(db)
    second = rotate(db, first, NOON).refresh_token
    third = rotate(db, second, NOON + SECOND).refresh_token
    assert rotate(db, first, NOON + 2 * SECOND).kind == "reused"
    assert rotate(db, third, NOON + 3 * SECOND).kind == "refused"


@pytest.mark.parametrize(("after", "kind"), [(timedelta(hours=1) - SECOND, "rotated"), (timedelta(hours=1), "refused")])
def test_an_idle_session_ends_at_its_limit(db, after, kind):
    _, first = begin(db)
    second = rotate(db, first, NOON + SECOND).refresh_token
    assert rotate(db, second, NOON + SECOND + after).kind == kind


@pytest.mark.parametrize(
    ("after", "kind"), [(timedelta(hours=12) - SECOND, "rotated"), (timedelta(hours=12), "refused")]
)
def test_a_busy_session_ends_at_its_absolute_limit(db, after, kind):
    _, token = begin(db)
    for half_hours in range(1, 24):
        token = rotate(db, token, NOON + half_hours * timedelta(minutes=30)).refresh_token
    assert rotate(db, token, NOON + after).kind == kind


def test_unknown_tokens_are_refused(db):
    assert rotate(db, "rs_unknown", NOON).kind == "refused"
    assert rotate(db, "no prefix", NOON).kind == "refused"


def test_ending_one_session_leaves_the_holders_others(db):
    one, of_one = begin(db)
    two, of_two = begin(db)
    with db.begin() as tx:
        refresh.end(tx, one, NOON)
        assert [row.session for row in refresh.find_open(tx, "share:1", NOON)] == [two]
    assert (rotate(db, of_one, NOON).kind, rotate(db, of_two, NOON).kind) == ("refused", "rotated")
    with db.begin() as tx:
        refresh.end_all(tx, "share:1", NOON)
        assert refresh.find_open(tx, "share:1", NOON) == []


def test_parallel_uses_of_one_token_give_one_successor(db):
    _, first = begin(db)
    with ThreadPoolExecutor(8) as pool:
        given = set(pool.map(lambda _: rotate(db, first, NOON).refresh_token, range(24)))
    assert len(given) == 1
    assert rotate(db, given.pop(), NOON + SECOND).kind == "rotated"


def test_only_hashes_are_stored(db):
    _, first = begin(db)
    second = rotate(db, first, NOON).refresh_token
    with db.read() as tx:
        stored = set(tx.scalars(select(RefreshToken.token_hash)))
    assert stored == {hashlib.sha256(token.encode()).hexdigest() for token in (first, second)}


def test_sessions_over_for_a_day_are_deleted_with_their_tokens(db):
    begin(db)
    for after, left in [(timedelta(hours=36), 1), (timedelta(hours=36, seconds=1), 0)]:
        with db.begin() as tx:
            refresh.delete_old(tx, NOON + after)
            assert len(tx.scalars(select(RefreshSession)).all()) == len(tx.scalars(select(RefreshToken)).all()) == left


def test_a_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path):
    path = tmp_path / "keys" / "refresh.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: load_or_make_secret(path), range(16)))
    assert len(made) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["refresh.key"]

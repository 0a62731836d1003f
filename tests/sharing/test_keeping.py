"""What is kept and for how long, and telling it all again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from contracts.access import AccessEnded, SigningKeyPublished
from contracts.envelope import Envelope, unwrap
from contracts.sharing import ShareChanged, ShareEnded
from contracts.topology import EVENT_TYPES
from services.chassis.tables import Act, OutboxRow
from services.sharing.store.tables import AccessRow
from services.sharing.usecases.opening import forget_accesses
from tests.servers import NOON

SIX_YEARS_ON = datetime(NOON.year + 6, NOON.month, NOON.day, tzinfo=UTC)


@pytest.mark.parametrize(("at", "count"), [(SIX_YEARS_ON, 1), (SIX_YEARS_ON + timedelta(days=3, hours=12), 0)])
def test_who_opened_a_link_is_kept_for_6_years_O8(house, at, count):
    house.open(house.share(), name="Dr. Shah")
    with house.service.db.begin() as tx:
        forget_accesses(tx, at)
    with house.service.db.read() as tx:
        assert len(list(tx.scalars(select(AccessRow)))) == count


def test_a_recipients_whole_address_stands_in_no_table_but_what_is_told_on(house):
    share = house.share()
    token = share["url"].split("#")[1]
    headers = {"X-Client-Address": "203.0.113.77"}
    house.client.post("/share-sessions", json={"token": token, "password": "correct horse"}, headers=headers)
    with house.service.db.read() as tx:
        acts = [act.body for act in tx.scalars(select(Act))]
        assert [row.address for row in tx.scalars(select(AccessRow))] == ["203.0.113.…"]
    assert any("share.open" in act for act in acts)
    assert "203.0.113.77" not in "".join(acts)


def retold(house, queue, since=None):
    with house.service.db.begin() as tx:
        house.service.retell(tx, queue, since)
    with house.service.db.read() as tx:
        rows = list(tx.scalars(select(OutboxRow).where(OutboxRow.to_queue == queue).order_by(OutboxRow.seq)))
    return [unwrap(Envelope.from_bytes(row.body), EVENT_TYPES[row.type]) for row in rows]


def test_all_shares_and_what_was_taken_back_are_told_again_under_their_versions(house):
    kept, ended = house.share(), house.share()
    house.client.delete(f"/shares/{ended['id']}", headers=house.anna())
    told = {(type(event), event.id): event for event in retold(house, "exams.urgent")}
    assert {kind for kind, _ in told} == {SigningKeyPublished, AccessEnded}
    assert told[AccessEnded, f"share:{ended['id']}"].version == 2
    states = {type(event): event for event in retold(house, "other.events")}
    assert set(states) == {ShareChanged, ShareEnded}
    assert (states[ShareChanged].id, states[ShareChanged].version) == (kept["id"], 1)
    assert states[ShareEnded].reason == "ended-by-owner"
    assert retold(house, "later.events", since=NOON + timedelta(days=1)) == []

"""What the archiver tells again when asked."""

from datetime import timedelta

from sqlalchemy import delete, select

from contracts.archiver import PackageCancelled, PackageReady
from contracts.envelope import Envelope
from contracts.messages import ContactChanged
from services.archiver.usecases.request import cancel_package
from services.chassis.tables import OutboxRow
from tests.archiver.house import an_account

OWNER = an_account()


def retold(house, queue, since=None):
    with house.parts.db.begin() as tx:
        tx.execute(delete(OutboxRow))
        house.service.retell(tx, queue, since)
    with house.parts.db.read() as tx:
        rows = list(tx.scalars(select(OutboxRow).order_by(OutboxRow.seq)))
    assert {row.to_queue for row in rows} <= {queue}
    return [Envelope.from_bytes(row.body) for row in rows]


def test_packages_are_told_again_as_they_stand_to_one_queue_at_the_same_version(each_house):
    house = each_house
    house.add_exam("exam-1")
    house.add_exam("exam-2")
    ready = house.ready_package(OWNER, "exam-1", notify_email="anna@example.org")
    before = {event.id: event.version for event in house.told(PackageReady)}
    house.clock.advance(timedelta(hours=1))
    cancelled = house.ask(OWNER, "exam-2").id
    with house.parts.db.begin() as tx:
        cancel_package(tx, OWNER, cancelled, house.clock.now())
    told = retold(house, "notifier.events")
    kinds = [kind.type_name() for kind in (ContactChanged, PackageReady, PackageCancelled)]
    assert [one.type for one in told] == kinds
    (again,) = house.told(PackageReady)
    assert (again.id, again.version) == (ready, before[ready])
    assert [one.type for one in retold(house, "notifier.events", house.clock.now())] == kinds[2:]


def test_addresses_are_told_to_nobody_but_who_hears_them(house):
    house.add_exam("exam-1")
    house.ready_package(OWNER, "exam-1", notify_email="anna@example.org")
    assert [one.type for one in retold(house, "some-warehouse")] == [PackageReady.type_name()]
    assert retold(house, "exams.events") == []

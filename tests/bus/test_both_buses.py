"""One suite on both buses: whatever a service may rely on holds on RabbitMQ and on the local bus alike."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from contracts.access import AccessEnded, SigningKeyPublished
from contracts.envelope import wrap
from services.chassis import outbox
from services.chassis.access import is_ended
from services.chassis.auth import is_key_ended
from services.chassis.relay import RabbitCarrier
from services.chassis.tables import InboxRow, OutboxRow, ParkedMessage
from tests.bus.hearing_services import (
    Bus,
    a_service,
    beat,
    eventually,
    exam_completed,
    exam_moved,
    report_released,
)

NAMES = ("exams", "sharing", "archiver", "notifier", "identity")


@pytest.fixture(params=["local", "rabbitmq"])
def bus(request, tmp_path):
    """All five services on one bus, each with its own database; not started."""
    urls = dict.fromkeys(NAMES)
    if request.param == "rabbitmq":
        node = request.getfixturevalue("rabbitmq")
        urls = {name: node.url(name) for name in NAMES}
        node.purge()
    bus = Bus([a_service(name, f"sqlite:///{tmp_path}/{name}.db", urls[name]) for name in NAMES])
    yield bus
    bus.end()


def tell(bus, owner, *events):
    service = bus.services[owner]
    with service.db.begin() as tx:
        for event in events:
            outbox.put_event(tx, owner, event, NOW)


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND, YEAR = timedelta(seconds=1), timedelta(days=365)


def test_every_hearer_hears_an_event_once(bus):
    bus.start()
    tell(bus, "exams", exam_completed("e1", 1, NOW))
    for name in ("sharing", "archiver", "notifier", "identity"):
        eventually(lambda name=name: bus.heard(name) == ["exam.completed e1 1"])
    assert bus.heard("exams") == []


def test_what_was_rolled_back_is_not_told(bus):
    bus.start()
    with pytest.raises(RuntimeError), bus.services["exams"].db.begin() as tx:
        outbox.put_event(tx, "exams", exam_completed("gone", 1, NOW), NOW)
        raise RuntimeError
    tell(bus, "exams", exam_completed("stays", 1, NOW))
    eventually(lambda: bus.heard("archiver") == ["exam.completed stays 1"])


def test_a_message_sent_twice_has_one_effect(bus):
    bus.start()
    tell(bus, "exams", report_released("e1", 1, NOW))
    eventually(lambda: bus.heard("notifier") == ["report.released e1 1"])
    with bus.services["exams"].db.begin() as tx:
        tx.execute(update(OutboxRow).values(sent_at=None))
    tell(bus, "exams", report_released("e2", 1, NOW))
    eventually(lambda: "report.released e2 1" in bus.heard("notifier"))
    assert bus.heard("notifier") == ["report.released e1 1", "report.released e2 1"]


def test_an_older_state_that_comes_late_changes_nothing(bus):
    bus.start()
    tell(bus, "exams", exam_completed("e1", 5, NOW))
    tell(bus, "exams", exam_completed("e1", 4, NOW), exam_completed("e1", 6, NOW))
    eventually(lambda: bus.heard("archiver") == ["exam.completed e1 5", "exam.completed e1 6"])


def test_a_foreign_fault_is_tried_again_later_and_others_go_on(bus):
    bus.services["archiver"].parts.left["bad"] = 1
    bus.start()
    tell(bus, "exams", exam_completed("bad", 1, NOW), exam_completed("good", 1, NOW))
    eventually(lambda: len(bus.heard("archiver")) == 2)
    assert bus.heard("archiver") == ["exam.completed good 1", "exam.completed bad 1"]
    assert bus.services["archiver"].parts.met == ["bad"]


def test_a_refusal_is_settled(bus):
    bus.start()
    tell(bus, "exams", exam_completed("refused", 1, NOW), exam_completed("e1", 1, NOW))
    eventually(lambda: bus.heard("archiver") == ["exam.completed e1 1"])
    archiver = bus.services["archiver"]

    def settled():
        with archiver.db.read() as tx:
            return tx.scalar(select(func.count()).select_from(InboxRow)) == 2

    eventually(settled)


def test_an_unreadable_message_is_dead_at_once_and_the_queue_moves_on(bus, request):
    bus.start()
    exams = bus.services["exams"]
    with exams.db.begin() as tx:
        outbox.put_event(tx, "exams", exam_completed("broken", 1, NOW), NOW)
        tx.flush()
        row = tx.scalars(select(OutboxRow)).one()
        row.body = row.body.replace('"status":"completed"', '"status":"exploded"')
    tell(bus, "exams", exam_completed("e1", 1, NOW))
    eventually(lambda: bus.heard("archiver") == ["exam.completed e1 1"])
    eventually(lambda: _dead_letters(bus, request, "archiver") == 1)


def _dead_letters(bus, request, name):
    service = bus.services[name]
    if service.settings.amqp_url:
        return request.getfixturevalue("rabbitmq").depth(f"{name}.dead")
    with service.db.read() as tx:
        return tx.scalar(select(func.count()).select_from(ParkedMessage).where(ParkedMessage.due_at.is_(None)))


def test_what_takes_access_away_is_retried_in_place_and_not_overtaken(bus):
    bus.services["archiver"].parts.left["e1"] = 2
    bus.start()
    tell(bus, "exams", exam_moved("e1", 1, NOW), beat(2, NOW))
    eventually(lambda: bus.heard("archiver") == ["exam.moved e1 1", "beat exams 2"])


def test_ended_access_reaches_every_service(bus):
    bus.start()
    tell(bus, "identity", AccessEnded(id="icode:h1", version=3, at=NOW, reason="reprint"))
    for name in ("exams", "sharing", "archiver"):
        db = bus.services[name].db

        def refused(db=db):
            with db.read() as tx:
                return is_ended(tx, "icode:h1", "s1", 2) and not is_ended(tx, "icode:h1", "s1", 3)

        eventually(refused)


def test_the_end_of_a_signing_key_reaches_every_service_though_it_overtakes_the_key(bus):
    bus.start()
    key = SigningKeyPublished(
        id="k1", version=1, at=NOW, issuer="identity", public_key="A" * 43, not_before=NOW, not_after=NOW + YEAR
    )
    ended = key.model_copy(update={"version": 2, "not_after": NOW + SECOND})
    tell(bus, "identity", ended, key, ended)
    for name in NAMES:
        db = bus.services[name].db

        def settled(db=db):
            with db.read() as tx:
                return tx.scalar(select(func.count()).select_from(InboxRow)) >= 3

        eventually(settled)
        with db.read() as tx:
            assert [is_key_ended(tx, "k1", at) for at in (NOW, NOW + SECOND)] == [False, True]


def test_events_told_while_a_hearer_is_away_are_heard_when_it_comes(bus):
    bus.start(names=["exams"])
    tell(bus, "exams", exam_completed("e1", 1, NOW))
    bus.start(names=["archiver"])
    eventually(lambda: bus.heard("archiver") == ["exam.completed e1 1"])


def test_a_relay_that_dies_after_publishing_sends_again_and_nothing_doubles(bus):
    """The crash between the broker's confirm and the mark: rows are published, not marked, and published again."""
    exams = bus.services["exams"]
    tell(bus, "exams", *[exam_completed(f"e{n}", 1, NOW) for n in range(20)])
    if exams.settings.amqp_url:
        with exams.db.read() as tx:
            rows = outbox.find_unsent(tx, 100)
        assert len(RabbitCarrier(exams.settings.amqp_url, "exams").carry(rows)) == 20
    bus.start()
    eventually(lambda: len(bus.heard("archiver")) >= 20)
    tell(bus, "exams", exam_completed("last", 1, NOW))
    eventually(lambda: "exam.completed last 1" in bus.heard("archiver"))
    assert sorted(bus.heard("archiver")) == sorted(
        [*(f"exam.completed e{n} 1" for n in range(20)), "exam.completed last 1"]
    )


def test_retelling_reaches_the_named_queue_alone(bus):
    bus.start()
    exams = bus.services["exams"]
    with exams.db.begin() as tx:
        outbox.put_event(tx, "exams", exam_completed("e1", 1, NOW), NOW, to_queue="archiver.events")
    eventually(lambda: bus.heard("archiver") == ["exam.completed e1 1"])
    tell(bus, "exams", exam_completed("e2", 1, NOW))
    eventually(lambda: bus.heard("sharing") == ["exam.completed e2 1"])


def test_an_event_that_a_service_may_not_tell_is_a_mistake_of_ours(bus):
    with pytest.raises(outbox.NotOurs), bus.services["sharing"].db.begin() as tx:
        outbox.put_event(tx, "sharing", exam_completed("e1", 1, NOW), NOW)


def test_the_envelope_is_cloudevents_and_carries_no_unknown_field():
    envelope = wrap(exam_completed("e1", 1, NOW), message_id=uuid.uuid4().hex, owner="exams", now=NOW, subject="e1")
    assert envelope.specversion == "1.0"
    assert envelope.type == "com.radnet.portal.exam.completed.v1"
    assert envelope.source == "/services/exams"

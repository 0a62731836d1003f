"""kill -9 of the relay after publishing and of the broker in mid-publish: nothing lost, nothing doubled."""

import signal
import subprocess
import sys
from datetime import UTC, datetime

from sqlalchemy import func, select

from deploy.local.places import ROOT
from services.chassis import outbox, relay
from services.chassis.relay import RabbitCarrier
from services.chassis.supervisor import Supervisor
from services.chassis.tables import OutboxRow
from tests.bus.hearing_services import Bus, a_service, eventually, exam_completed
from tests.servers import a_broker

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROWS = 600


def put_many(service, count, first=0):
    with service.db.begin() as tx:
        for number in range(first, first + count):
            outbox.put_event(tx, "exams", exam_completed(f"e{number}", 1, NOW), NOW)


def test_a_relay_killed_after_publishing_is_followed_by_one_that_sends_again(empty_rabbitmq, tmp_path):
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("exams", "archiver")}
    bus = Bus([a_service(name, urls[name], empty_rabbitmq.url(name)) for name in urls])
    put_many(bus.services["exams"], 50)
    command = [sys.executable, "-m", "tests.faults.dying_relay", urls["exams"], empty_rabbitmq.url("exams"), "exams"]
    for _ in range(2):
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert empty_rabbitmq.depth("archiver.events") == 100
    bus.start()
    eventually(lambda: len(bus.heard("archiver")) >= 50)
    put_many(bus.services["exams"], 1, first=50)
    eventually(lambda: "exam.completed e50 1" in bus.heard("archiver"))
    assert sorted(bus.heard("archiver")) == sorted(f"exam.completed e{number} 1" for number in range(51))
    bus.end()


def test_a_broker_that_dies_in_mid_publish_loses_nothing(servers_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 10)
    broker = a_broker(servers_dir / "dying-broker")
    broker.node.start()
    exams = a_service("exams", f"sqlite:///{tmp_path}/exams.db", broker.url("exams"))
    archiver = a_service("archiver", f"sqlite:///{tmp_path}/archiver.db", broker.url("archiver"))
    put_many(exams, ROWS)
    supervisor = Supervisor("exams")
    supervisor.add(
        "relay", relay.Relay("exams", exams.db, exams.clock, RabbitCarrier(broker.url("exams"), "exams")).run
    )
    for how, left in (("kill", ROWS - 100), ("stop", ROWS // 2)):
        eventually(lambda left=left: count_unsent(exams) < left)
        getattr(broker.node, how)()
        assert count_unsent(exams) > 0
        broker.node.start()
    eventually(lambda: count_unsent(exams) == 0)
    supervisor.end()
    bus = Bus([archiver])
    bus.start()
    eventually(lambda: len(bus.heard("archiver")) == ROWS)
    assert len(set(bus.heard("archiver"))) == ROWS
    bus.end()
    exams.db.close()
    broker.node.stop()


def count_unsent(service):
    with service.db.read() as tx:
        return tx.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.sent_at.is_(None)))

"""The broker that stands before anyone publishes: its layout, and who may do what on it."""

import os
import secrets
import subprocess
import sys
from contextlib import suppress

import pika
import pytest
from pika.exceptions import AMQPError, ChannelClosedByBroker, UnroutableError

from contracts.archiver import PackageReady
from contracts.exams import ExamCompleted, ExamOrdered, ReportStored
from contracts.topology import (
    COMMANDS,
    EVENTS,
    JOBS_SMALL,
    PRIVATE,
    SERVICES,
    dead_queue,
    events_queue,
    topology,
    urgent_queue,
)
from deploy.rabbitmq.definitions import definitions
from tests.servers import RIS, Broker, a_broker

KEY = ExamCompleted.routing_key()


@pytest.fixture
def channel_of(rabbitmq):
    """Opens a confirming channel of a user, and closes its connection when the test ends."""
    opened = []

    def channel_of(user, broker: Broker = rabbitmq) -> pika.channel.Channel:
        opened.append(broker.connect(user))
        channel = opened[-1].channel()
        channel.confirm_delivery()
        return channel

    yield channel_of
    for connection in opened:
        with suppress(AMQPError):  # its broker may have been killed
            connection.close()


def refusal(act) -> int:
    with pytest.raises(ChannelClosedByBroker) as caught:
        act()
    return caught.value.reply_code


def test_every_queue_of_the_topology_stands_before_anyone_declares_it(channel_of):
    channel = channel_of("operator")
    for queue in topology().queues:
        channel.queue_declare(queue.name, durable=True, arguments=queue.arguments)


def test_an_event_reaches_whoever_hears_it_and_nobody_else(channel_of, empty_rabbitmq):
    channel_of("exams").basic_publish(EVENTS, KEY, b"{}", mandatory=True)
    depths = {service: empty_rabbitmq.depth(events_queue(service)) for service in SERVICES}
    assert depths == {"identity": 1, "exams": 0, "sharing": 1, "archiver": 1, "notifier": 1}


@pytest.mark.parametrize(
    ("user", "exchange", "key"),
    [
        ("notifier", EVENTS, KEY),
        ("exams", EVENTS, PackageReady.routing_key()),
        ("archiver", PRIVATE, ReportStored.routing_key()),
        ("exams", COMMANDS, JOBS_SMALL),
        (RIS, EVENTS, KEY),
        (RIS, PRIVATE, KEY),
        (RIS, "", events_queue("identity")),
    ],
)
def test_a_user_may_not_publish_what_it_does_not_tell(channel_of, user, exchange, key):
    channel = channel_of(user)
    assert refusal(lambda: channel.basic_publish(exchange, key, b"{}")) == 403


def test_a_service_reads_its_own_queues_only(channel_of, empty_rabbitmq):
    assert channel_of("archiver").basic_get(urgent_queue("archiver")) == (None, None, None)
    channel = channel_of("archiver")
    assert refusal(lambda: channel.basic_get(events_queue("identity"))) == 403


def test_a_service_declares_and_binds_nothing(channel_of):
    channel = channel_of("sharing")
    assert refusal(lambda: channel.queue_declare("sharing.more", durable=True)) == 403
    channel = channel_of("sharing")
    assert refusal(lambda: channel.queue_bind(events_queue("sharing"), EVENTS, "#")) == 403


def test_a_service_may_look_whether_its_queue_stands(channel_of):
    declared = channel_of("sharing").queue_declare(events_queue("sharing"), passive=True)
    assert declared.method.queue == events_queue("sharing")


def test_a_command_without_a_queue_comes_back(channel_of):
    channel = channel_of("archiver")
    with pytest.raises(UnroutableError):
        channel.basic_publish(COMMANDS, "archiver.no-such-queue", b"{}", mandatory=True)


def test_an_unreadable_message_ends_in_the_dead_letter_queue(channel_of, empty_rabbitmq):
    operator = channel_of("operator")
    operator.basic_publish("", events_queue("sharing"), b"not json", mandatory=True)
    sharing = channel_of("sharing")
    for method, _, _ in sharing.consume(events_queue("sharing"), inactivity_timeout=10):
        sharing.basic_nack(method.delivery_tag, requeue=False)
        break
    sharing.cancel()
    for method, properties, body in sharing.consume(dead_queue("sharing"), inactivity_timeout=10):
        assert body == b"not json"
        assert properties.headers["x-first-death-queue"] == events_queue("sharing")
        sharing.basic_ack(method.delivery_tag)
        break


def test_another_system_hears_what_it_was_granted(channel_of, empty_rabbitmq):
    ris = channel_of(RIS)
    queue = f"ext.ris.{secrets.token_hex(4)}"
    ris.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    ris.queue_bind(queue, EVENTS, KEY)
    channel_of("exams").basic_publish(EVENTS, KEY, b'{"id": "exam-1"}', mandatory=True)
    for _, _, body in ris.consume(queue, inactivity_timeout=10):
        assert body == b'{"id": "exam-1"}'
        break
    ris.cancel()
    ris.queue_delete(queue)


@pytest.mark.parametrize(
    ("exchange", "key"), [(EVENTS, "#"), (EVENTS, ExamOrdered.routing_key()), (EVENTS, "exam.*.v1"), (PRIVATE, KEY)]
)
def test_another_system_binds_nothing_else(channel_of, exchange, key):
    ris = channel_of(RIS)
    queue = f"ext.ris.{secrets.token_hex(4)}"
    ris.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum", "x-expires": 60_000})
    assert refusal(lambda: ris.queue_bind(queue, exchange, key)) == 403


@pytest.mark.parametrize("queue", [events_queue("archiver"), dead_queue("identity"), "ext.other.events", "mine"])
def test_another_system_keeps_to_its_own_queues(channel_of, queue):
    ris = channel_of(RIS)
    assert refusal(lambda: ris.queue_declare(queue, durable=True)) == 403


def test_a_private_event_cannot_be_granted_to_another_system():
    passwords = dict.fromkeys((*SERVICES, RIS), "invented")
    with pytest.raises(ValueError, match=ReportStored.NAME):
        definitions(passwords, {RIS: [ReportStored]})


def test_definitions_hold_no_password_in_clear():
    passwords = {service: f"clear-{service}" for service in SERVICES}
    assert "clear-" not in str(definitions(passwords))


def test_a_confirmed_message_outlives_kill_9_of_the_broker(channel_of, servers_dir):
    broker = a_broker(servers_dir / "killed")
    with broker.node as node:
        channel_of("exams", broker).basic_publish(EVENTS, KEY, b"{}", mandatory=True)
        port = node.port
        node.kill()
        node.start()
        assert node.port == port
        for _, _, body in channel_of("archiver", broker).consume(events_queue("archiver"), inactivity_timeout=10):
            assert body == b"{}"
            break


def test_a_killed_owner_leaves_no_server_behind(servers_dir):
    script = (
        "import sys, pathlib; from tests.servers import a_broker\n"
        "node = a_broker(pathlib.Path(sys.argv[1])).node.start(); print(node.port, flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(servers_dir / "orphan")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": "."},
    )
    port = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    after = a_broker(servers_dir / "orphan")  # waits for the old node to go, and gets its folder, lock and port
    with after.node as node:
        assert node.port == port

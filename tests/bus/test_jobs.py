"""Long jobs on RabbitMQ: heartbeats go on under a job, a closed channel is noticed, a deaf consumer is too."""

import threading
import uuid
from datetime import UTC, datetime

import pytest

from contracts import topology
from contracts.archiver import BuildPackage
from contracts.envelope import wrap
from services.chassis import jobs
from services.chassis.jobs import DONE, LATER, JobConsumer, run_polled
from services.chassis.rabbit import BrokerDown, connect
from services.chassis.rabbit_consumer import ConsumerLost, check_same
from services.chassis.rabbit_publisher import Outgoing, Publisher
from tests.bus.hearing_services import eventually

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def order_build(broker, build_id, body=None):
    envelope = wrap(
        BuildPackage(build_id=build_id), message_id=uuid.uuid4().hex, owner="archiver", now=NOW, subject="b"
    )
    message = Outgoing(
        message_id=envelope.id,
        body=body or envelope.to_bytes(),
        exchange=topology.COMMANDS,
        routing_key=topology.JOBS_SMALL,
        is_mandatory=True,
        type=envelope.type,
        timestamp=None,
        correlation_id=None,
        app_id="archiver",
    )
    publisher = Publisher(broker.url("archiver"))
    assert publisher.publish([message]) == {envelope.id}
    publisher.close()


@pytest.fixture
def consuming(empty_rabbitmq):
    """Begin a consumer with a given work; ended after the test."""
    stop, threads = threading.Event(), []

    def begin(work):
        consumer = JobConsumer(empty_rabbitmq.url("archiver"), [topology.JOBS_SMALL, topology.JOBS_LARGE], work)
        thread = threading.Thread(target=consumer.run, args=(stop,))
        threads.append(thread)
        thread.start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(20)


def test_a_job_is_done_and_acknowledged(empty_rabbitmq, consuming):
    done = []
    consuming(lambda build_id: done.append(build_id) or DONE)
    order_build(empty_rabbitmq, "b1")
    eventually(lambda: done == ["b1"])
    eventually(lambda: empty_rabbitmq.depth(topology.JOBS_SMALL) == 0)


def test_a_job_that_another_worker_holds_comes_again_later(empty_rabbitmq, consuming):
    tries = []
    consuming(lambda build_id: tries.append(build_id) or (LATER if len(tries) == 1 else DONE))
    order_build(empty_rabbitmq, "b1")
    eventually(lambda: tries == ["b1", "b1"])


def test_a_job_may_last_longer_than_several_heartbeats(empty_rabbitmq, consuming, monkeypatch):
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 1)
    runs, release = [], threading.Event()

    def work(build_id):
        runs.append(build_id)
        release.wait(5)
        return DONE

    consuming(work)
    order_build(empty_rabbitmq, "b1")
    order_build(empty_rabbitmq, "b2")
    eventually(lambda: runs == ["b1", "b2"])
    release.set()


def test_an_unreadable_job_is_a_dead_letter(empty_rabbitmq, consuming):
    consuming(lambda _build_id: DONE)
    order_build(empty_rabbitmq, "b1", body=b"no envelope")
    eventually(lambda: empty_rabbitmq.depth(topology.dead_queue("archiver")) == 1)


def test_a_broker_that_is_away_is_named(free_port):
    with pytest.raises(BrokerDown):
        JobConsumer(f"amqp://a:b@127.0.0.1:{free_port}/%2F", [topology.JOBS_SMALL], lambda _id: DONE).run(
            threading.Event()
        )


@pytest.fixture
def free_port():
    from deploy.local.servers import free_ports

    return free_ports(["none"])["none"]


def test_a_loop_whose_connection_was_replaced_behind_its_back_is_noticed(rabbitmq):
    """The kombu zombie: after a swallowed fault the connection property reconnects, without the consumer."""
    connection = connect(rabbitmq.url("archiver"))
    channel = connection.channel()
    ours = connection.connection
    check_same(connection, channel, ours)
    ours.transport.sock.close()
    connection._connection = None  # what kombu does when it meets the broken socket
    assert connection.connection is not ours
    with pytest.raises(ConsumerLost):
        check_same(connection, channel, ours)
    connection.release()


def test_without_a_broker_claimable_rows_are_found():
    claimable, done, stop = ["b1", "b2"], [], threading.Event()

    def work(build_id):
        claimable.remove(build_id)
        done.append(build_id)
        if not claimable:
            stop.set()
        return DONE

    run_polled(lambda: list(claimable), work, stop)
    assert done == ["b1", "b2"]


def test_a_job_that_fails_does_not_end_the_worker():
    stop, tried = threading.Event(), []

    def work(build_id):
        tried.append(build_id)
        if len(tried) == 1:
            raise RuntimeError
        stop.set()
        return DONE

    run_polled(lambda: ["b1"], work, stop)
    assert tried == ["b1", "b1"]

"""Long jobs: from RabbitMQ with pika, or by looking for claimable rows where there is no broker.

A job's row is the truth and a message only wakes: a worker claims the row, so a message too many does no harm. With
pika the job runs on a thread of its own while the connection's thread serves heartbeats; the acknowledgement crosses
over by ``add_callback_threadsafe``. pika stays silent when only the channel was closed, so each turn looks.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import pika
from pika.exceptions import AMQPError

from contracts import topology
from contracts.archiver import BuildPackage
from contracts.envelope import Envelope, Unreadable, unwrap
from services.chassis import log
from services.chassis.db import DATABASE_DOWN
from services.chassis.pace import Pace
from services.chassis.rabbit import BrokerDown
from services.chassis.supervisor import Supervisor

HEARTBEAT_S = 20
LOOK_EVERY_S = 0.2
LOOK_WHEN_QUIET_S = 0.5
PAUSE_S = 2.0


@dataclass(frozen=True)
class JobOutcome:
    """What became of a job: ``done`` (or not ours to do), or ``later``: another worker holds it, or a fault outside."""

    kind: Literal["done", "later"]


DONE = JobOutcome("done")
LATER = JobOutcome("later")
Work = Callable[[str], JobOutcome]
"""Does the job with that id. Whatever it raises counts as ``later``."""


@dataclass(frozen=True)
class Jobs:
    """Long jobs of a service: where they come from, and what does one."""

    queues: list[str]
    find_claimable: Callable[[], list[str]]
    work: Work


def do_jobs(service: str, url: str | None, jobs: Jobs, stop: threading.Event) -> None:
    """Do *service*'s long jobs until *stop*: from the broker at *url*, else (None) by looking for claimable rows."""
    if url is None:
        run_polled(jobs.find_claimable, jobs.work, stop)
        return
    supervisor = Supervisor(service, stop)
    supervisor.add("jobs", JobConsumer(url, jobs.queues, jobs.work).run)
    stop.wait()
    supervisor.end(wait_s=3600)


def run_polled(find_claimable: Callable[[], list[str]], work: Work, stop: threading.Event) -> None:
    """Do jobs that *find_claimable* names (oldest first) until *stop*; the one door where there is no broker."""
    pace = Pace(LOOK_EVERY_S, LOOK_WHEN_QUIET_S)
    while not stop.is_set():
        try:
            claimable = find_claimable()
        except DATABASE_DOWN as error:
            log.get().warning("database-down", exc_info=error)
            claimable = []
        is_done = any(_do(work, job_id).kind == "done" for job_id in claimable if not stop.is_set())
        wait_s = pace.after(is_done)
        if not is_done:
            stop.wait(wait_s)


def _do(work: Work, job_id: str) -> JobOutcome:
    try:
        return work(job_id)
    except DATABASE_DOWN as error:
        log.get().warning("database-down", exc_info=error)
    except Exception as error:  # a job's fault must not end the worker; its row says what became of it
        log.get().error("job-failed", exc_info=error)
    return LATER


class JobConsumer:
    """Consumes job queues with pika, one job at a time, small ones first."""

    def __init__(self, url: str, queues: list[str], work: Work) -> None:
        self._url, self._queues, self._work = url, queues, work
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._running: Future[None] | None = None

    def run(self, stop: threading.Event) -> None:
        """Consume until *stop*, then let the job under way end. Raises BrokerDown: begin again."""
        try:
            parameters = pika.URLParameters(self._url)
            parameters.heartbeat = HEARTBEAT_S
            connection = pika.BlockingConnection(parameters)
        except (AMQPError, OSError) as error:
            raise BrokerDown(type(error).__name__) from error
        try:
            self._consume(connection, stop)
        except (AMQPError, OSError) as error:
            raise BrokerDown(type(error).__name__) from error
        finally:
            if connection.is_open:
                connection.close()

    def _consume(self, connection: Any, stop: threading.Event) -> None:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_qos(prefetch_count=1)
        for queue in self._queues:
            channel.basic_consume(
                queue, lambda ch, method, props, body: self._begin(connection, ch, method, props, body)
            )
        while not stop.is_set() or self._is_busy():
            connection.process_data_events(time_limit=0.2)
            if not channel.is_open:  # only the channel was closed: pika does not say so by itself
                raise BrokerDown("channel closed")
            if stop.is_set() and channel.consumer_tags:
                for tag in list(channel.consumer_tags):
                    channel.basic_cancel(tag)

    def _is_busy(self) -> bool:
        return self._running is not None and not self._running.done()

    def _begin(self, connection: Any, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        try:
            job_id = unwrap(Envelope.from_bytes(body), BuildPackage).build_id
        except Unreadable as error:
            log.get().error("job-unreadable", reason=str(error)[:120])
            channel.basic_reject(method.delivery_tag, requeue=False)
            return
        self._running = self._pool.submit(self._finish, connection, channel, method, properties, body, job_id)

    def _finish(self, connection: Any, channel: Any, method: Any, properties: Any, body: bytes, job_id: str) -> None:
        outcome = _do(self._work, job_id)

        def settle() -> None:
            if not channel.is_open:
                return  # the broker gives the message to another, who finds the row done
            if outcome.kind == "later":
                _publish_later(channel, method.routing_key, properties, body)
            channel.basic_ack(method.delivery_tag)

        if connection.is_open:
            connection.add_callback_threadsafe(settle)


def _publish_later(channel: Any, queue: str, properties: Any, body: bytes) -> None:
    attempt = int((properties.headers or {}).get("x-attempt", 1))
    delay_s = topology.RETRY_DELAYS_S[min(attempt, len(topology.RETRY_DELAYS_S)) - 1]
    properties.headers = {"x-attempt": attempt + 1}
    channel.basic_publish("", topology.retry_queue(queue, delay_s), body, properties, mandatory=True)

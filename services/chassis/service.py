"""A service as its parts, and the process kinds that run it: api, background, all, worker, retell, migrate."""

import argparse
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from flask import Flask

from contracts import topology
from contracts.access import AccessEnded, SigningKeyPublished
from services.chassis import idempotency, inbox, log, outbox, refresh
from services.chassis.access import on_access_ended
from services.chassis.auth import on_signing_key_published
from services.chassis.clock import Clock
from services.chassis.db import Database, Tx
from services.chassis.ending_keys import NoKeyToEnd
from services.chassis.inbox import Handlers, Inbox
from services.chassis.jobs import Jobs, do_jobs
from services.chassis.local_bus import LocalBus
from services.chassis.migrate import upgrade
from services.chassis.rabbit_consumer import QueueConsumer
from services.chassis.relay import Carrier, RabbitCarrier, Relay
from services.chassis.settings import Settings
from services.chassis.supervisor import Chore, Supervisor, stop_on_signals

CHASSIS_HANDLERS: Handlers = {AccessEnded: on_access_ended, SigningKeyPublished: on_signing_key_published}
"""What every service hears; the first lines of each one's HANDLERS."""

TIDY_EVERY_S = 600.0


@dataclass(frozen=True)
class Service:
    """One service, wired: what ``services.<name>.app.make(settings)`` gives."""

    name: str
    settings: Settings
    db: Database
    clock: Clock
    migrations: Path
    handlers: Handlers
    parts: Any
    """What handlers and doors need besides a transaction; the service's own type."""
    make_app: Callable[[], Flask]
    chores: Sequence[Chore] = ()
    jobs: Jobs | None = None
    retell: Callable[[Tx, str, datetime | None], None] | None = None
    """``(tx, queue, since)``: puts the current state of its nouns into the outbox, to that queue alone."""
    rotate_keys: Callable[[], str] | None = None
    """An issuer's: makes another signing key; says when it begins to sign."""
    end_keys: Callable[[str | None], str] | None = None
    """An issuer's: ends a stolen key, or (None) all but a new one; says which. Raises NoKeyToEnd."""
    on_start: Callable[[], None] = field(default=lambda: None)
    """Called once after the migration, such as for publishing a signing key."""

    @property
    def inbox(self) -> Inbox:
        """The service's ear."""
        return Inbox(self.name, self.db, self.handlers, self.parts, self.clock)

    def migrate(self) -> None:
        """Bring the database to the newest step, and do what a start needs."""
        upgrade(self.db, self.migrations)
        self.on_start()


def start_background(service: Service, supervisor: Supervisor, bus: LocalBus | None) -> None:
    """Begin the relay, the consumers and the chores of *service*; *bus* is the local one, None for RabbitMQ."""
    url = service.settings.amqp_url
    carrier: Carrier
    if bus is not None:
        carrier = bus
        supervisor.add("parked", lambda stop: bus.run_parked(service.name, stop))
    elif url is not None:
        carrier = RabbitCarrier(url, service.name)
        for queue, in_place in (
            (topology.urgent_queue(service.name), True),
            (topology.events_queue(service.name), False),
        ):
            supervisor.add(queue, QueueConsumer(url, queue, service.inbox, in_place=in_place).run)
    else:
        raise ValueError("without a broker all services run in one process (deploy.local)")
    supervisor.add("relay", Relay(service.name, service.db, service.clock, carrier).run)
    for chore in (*service.chores, Chore("tidy", TIDY_EVERY_S, lambda: _tidy(service))):
        supervisor.add_chore(chore)


def _tidy(service: Service) -> None:
    now = service.clock.now()
    with service.db.begin() as tx:
        outbox.delete_sent(tx, now)
        inbox.delete_old(tx, now)
        idempotency.delete_old(tx, now)
        refresh.delete_old(tx, now)


def run_jobs(service: Service, stop: threading.Event) -> None:
    """Do the service's long jobs until *stop*: from the broker, else by looking for claimable rows."""
    if service.jobs is None:
        raise ValueError(f"{service.name} has no long jobs")
    do_jobs(service.name, service.settings.amqp_url, service.jobs, stop)


def run(name: str, make: Callable[[], Service], argv: Sequence[str] | None = None) -> NoReturn:
    """Be one process of the service *name*: ``python -m services.<name> api|background|all|worker|…``."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, about in (
        ("api", "serve HTTP"),
        ("background", "relay, consume events, do chores"),
        ("all", "api and background in one process"),
        ("worker", "do long jobs"),
        ("migrate", "bring the database to the newest step"),
        ("rotate-keys", "make another signing key, which signs a day later; nothing is restarted"),
    ):
        kinds.add_parser(kind, help=about)
    ending = kinds.add_parser("end-key", help="end a stolen signing key at once; a new one is made and told first")
    which = ending.add_mutually_exclusive_group(required=True)
    which.add_argument("kid", nargs="?", help="the key's id, as /.well-known/jwks.json lists it")
    which.add_argument("--all", action="store_true", help="every key but the new one")
    retell = kinds.add_parser("retell", help="send the current state of all nouns to one queue")
    retell.add_argument("--to", required=True)
    retell.add_argument("--since", type=datetime.fromisoformat)
    asked = parser.parse_args(argv)
    log.set_up(name, asked.kind)
    _KINDS[asked.kind](make, asked)
    raise SystemExit(0)


def _api(make: Callable[[], Service], _asked: argparse.Namespace) -> None:
    from services.chassis.server import serve

    settings = make().settings
    serve(lambda: make().make_app(), binds=[settings.bind], threads=settings.threads)


def _background(make: Callable[[], Service], _asked: argparse.Namespace) -> None:
    service = make()
    service.migrate()
    supervisor = Supervisor(service.name)
    stop_on_signals(supervisor.stop)
    start_background(service, supervisor, None)
    supervisor.stop.wait()
    supervisor.end()


def _all(make: Callable[[], Service], _asked: argparse.Namespace) -> None:
    from services.chassis.server import serve

    first = make()
    settings, supervisor = first.settings, Supervisor(first.name)

    def load() -> Flask:
        service = make()
        service.migrate()
        start_background(service, supervisor, None)
        return service.make_app()

    serve(load, binds=[settings.bind], threads=settings.threads, on_exit=supervisor.end)


def _worker(make: Callable[[], Service], _asked: argparse.Namespace) -> None:
    stop = threading.Event()
    stop_on_signals(stop)
    service = make()
    service.migrate()
    run_jobs(service, stop)


def _migrate(make: Callable[[], Service], _asked: argparse.Namespace) -> None:
    make().migrate()


def _rotate_keys(make: Callable[[], Service], _asked: argparse.Namespace) -> None:
    service = make()
    if service.rotate_keys is None:
        raise SystemExit(f"{service.name} signs nothing")
    print(service.rotate_keys())  # noqa: T201 - the answer to a person at a terminal


def _end_key(make: Callable[[], Service], asked: argparse.Namespace) -> None:
    service = make()
    if service.end_keys is None:
        raise SystemExit(f"{service.name} signs nothing")
    try:
        print(service.end_keys(asked.kid))  # noqa: T201 - the answer to a person at a terminal
    except NoKeyToEnd:
        raise SystemExit(f"{service.name} has no such key that is believed") from None


def _retell(make: Callable[[], Service], asked: argparse.Namespace) -> None:
    service = make()
    if service.retell is None:
        raise SystemExit(f"{service.name} has nothing to retell")
    with service.db.begin() as tx:
        service.retell(tx, asked.to, asked.since)


_KINDS: dict[str, Callable[[Callable[[], Service], argparse.Namespace], None]] = {
    "api": _api,
    "background": _background,
    "all": _all,
    "worker": _worker,
    "migrate": _migrate,
    "rotate-keys": _rotate_keys,
    "end-key": _end_key,
    "retell": _retell,
}

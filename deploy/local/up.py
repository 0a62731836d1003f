"""``./portal up``: the whole product on this machine until Ctrl-C; started again it goes on with its data."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from contracts.topology import SERVICES
from deploy.local import demo, rabbitmq
from deploy.local.environment import environment
from deploy.local.keeper import LOOK_EVERY_S, Keeper
from deploy.local.mail_page import mail_app
from deploy.local.places import DEFAULT_PORT, ROOT, InUse, Places, take
from deploy.local.servers import ADDRESS, ServerFailed
from deploy.rabbitmq.definitions import definitions
from services.chassis.clock import parse_offset

START_WITHIN_S = 90.0


def main(argv: Sequence[str]) -> int:
    """Run it; the exit status."""
    asked = _parse(argv)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    port = int(os.environ.get("PORTAL_PORT", str(DEFAULT_PORT)))
    folder = Path(os.environ.get("PORTAL_DATA_DIR") or ROOT / "var").resolve()
    try:
        _run(take(folder, port), asked, stop)
    except (InUse, ServerFailed, demo.DemoFailed) as error:
        print(f"portal: {error}", file=sys.stderr)
        return 1
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./portal up", description=__doc__)
    parser.add_argument(
        "--clock-offset", default=os.environ.get("PORTAL_CLOCK_OFFSET", ""), help="such as 25h: s m h d"
    )
    parser.add_argument("--bus", choices=("auto", "rabbitmq", "local"), default="auto")
    parser.add_argument("--workers", type=int, default=2, help="archiver workers (2)")
    parser.add_argument("--no-demo", action="store_true", help="load no demo patients")
    asked = parser.parse_args(argv)
    if asked.clock_offset:
        try:
            parse_offset(asked.clock_offset)
        except ValueError as error:
            parser.error(f"--clock-offset: {error}")
    if asked.bus == "rabbitmq" and rabbitmq.binary() is None:
        parser.error("--bus rabbitmq: RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)")
    return asked


def _run(places: Places, asked: argparse.Namespace, stop: threading.Event) -> None:
    uses_rabbitmq = asked.bus == "rabbitmq" or (asked.bus == "auto" and rabbitmq.binary() is not None)
    with _broker(places, is_wanted=uses_rabbitmq) as amqp_urls:
        env = environment(places, amqp_urls, asked.clock_offset)
        keeper = Keeper(places.folder / "logs", env, ROOT)
        with _mail_page(places):
            try:
                _start(keeper, uses_rabbitmq, asked.workers)
                _wait_until_ready(places, keeper, stop)
                if not stop.is_set():
                    facts = demo.prepare(places, env, with_patients=not asked.no_demo)
                    print(_greeting(places, facts, uses_rabbitmq), flush=True)
                while not stop.wait(LOOK_EVERY_S):
                    keeper.look()
            finally:
                print("\nending …", flush=True)
                keeper.end()


@contextmanager
def _broker(places: Places, *, is_wanted: bool) -> Iterator[dict[str, str]]:
    """Run a private RabbitMQ node and give each service's address of it; none where none is wanted."""
    if not is_wanted:
        yield {}
        return
    passwords = {name: places.secrets[name] for name in (*SERVICES, "operator", "ris")}
    node = rabbitmq.RabbitMqNode(places.folder / "rabbitmq", definitions(passwords, {}))
    with node:
        yield {name: node.url(name, passwords[name]) for name in SERVICES}


@contextmanager
def _mail_page(places: Places) -> Iterator[None]:
    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            del format, args

    places.mails.mkdir(mode=0o700, exist_ok=True)
    server = make_server(ADDRESS, places.ports["mail"], mail_app(places.mails), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _start(keeper: Keeper, uses_rabbitmq: bool, workers: int) -> None:
    if uses_rabbitmq:
        for name in SERVICES:
            keeper.keep(name, f"services.{name}", "all")
    else:
        keeper.keep("services", "deploy.local.one_process")
    keeper.keep("gateway", "gateway", "api")
    for number in range(1, workers + 1):
        keeper.keep(f"archiver-worker-{number}", "services.archiver", "worker")


def _wait_until_ready(places: Places, keeper: Keeper, stop: threading.Event) -> None:
    waited_s = 0.0
    waiting = [*SERVICES, "gateway"]
    while waiting and not stop.wait(LOOK_EVERY_S):
        keeper.look()
        waiting = [part for part in waiting if not demo.is_ready(places.url(part))]
        waited_s += LOOK_EVERY_S
        if waited_s > START_WITHIN_S:
            raise ServerFailed(f"not ready: {', '.join(waiting)}; the logs are in {places.folder / 'logs'}")


def _greeting(places: Places, facts: demo.DemoFacts, uses_rabbitmq: bool) -> str:
    bus = "RabbitMQ, a private node" if uses_rabbitmq else "in the databases: one process, no outside subscribers"
    lines = [
        "",
        f"  Patient portal   {places.portal_url}",
        f"  I-Code           {facts.icode}",
        f"  Account          {facts.account_user}  {facts.account_password}",
        f"  Staff            {facts.staff_user}  {facts.staff_password}   {places.portal_url}/staff",
        f"  Mails            {places.url('mail')}",
        f"  System token     in {places.demo_file} (mode 0600), with all of the above",
        f"  PACS, RIS        {places.url('exams')}/dicomweb/studies, …/hl7v2",
        f"  Bus              {bus}",
        f"  Data, logs       {places.folder}",
        "",
        *[f"  {line}" for line in facts.more],
        "",
        "Ctrl-C ends it; the data stay.",
    ]
    return "\n".join(lines)

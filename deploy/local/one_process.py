"""All services in one process, on the local bus: ``python -m deploy.local.one_process``.

One gunicorn worker serves every service's own port. The gateway is a process of its own, since its threads wait for
these; so are the archiver's workers.
"""

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from contracts.topology import SERVICES
from services.chassis import log
from services.chassis.local_bus import LocalBus
from services.chassis.server import serve
from services.chassis.service import Service, start_background
from services.chassis.supervisor import Supervisor

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
THREADS = 48


def make_services() -> list[Service]:
    """Give every service, wired from the environment."""
    return [importlib.import_module(f"services.{name}.app").make() for name in SERVICES]


class ByPort:
    """Gives each request to the part whose port it came in by."""

    def __init__(self, apps: dict[str, Wsgi]) -> None:
        self._apps = apps

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """See PEP 3333."""
        return self._apps[environ["SERVER_PORT"]](environ, start_response)


def main() -> None:
    """Serve until told to stop."""
    log.set_up("portal", "all")
    binds = [service.settings.bind for service in make_services()]
    supervisor = Supervisor("portal")

    def load() -> ByPort:
        services = make_services()
        for service in services:
            service.migrate()
        bus = LocalBus({service.name: service.inbox for service in services}, supervisor.stop)
        for service in services:
            start_background(service, _named(supervisor, service.name), bus)
        return ByPort({_port(service.settings.bind): service.make_app() for service in services})

    serve(load, binds=binds, threads=THREADS, on_exit=supervisor.end)


def _named(supervisor: Supervisor, service: str) -> Supervisor:
    """Give the same supervisor under a service's name, for its logs and metrics."""
    return Supervisor(service, supervisor.stop, supervisor.threads)


def _port(bind: str) -> str:
    return bind.rpartition(":")[2]


if __name__ == "__main__":
    main()

"""All services and the gateway in one process, on the local bus: ``python -m deploy.local.one_process``.

One gunicorn worker serves every part's own port; the archiver's workers are processes of their own.
"""

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from contracts.topology import SERVICES
from gateway.app import create_app
from gateway.settings import GatewaySettings
from services.chassis import log
from services.chassis.local_bus import LocalBus
from services.chassis.server import serve
from services.chassis.service import Service, start_background
from services.chassis.settings import load_or_exit
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
    gateway_settings = load_or_exit(GatewaySettings)
    binds = [gateway_settings.bind, *(service.settings.bind for service in make_services())]
    supervisor = Supervisor("portal")

    def load() -> ByPort:
        services = make_services()
        for service in services:
            service.migrate()
        bus = LocalBus({service.name: service.inbox for service in services}, supervisor.stop)
        for service in services:
            start_background(service, _named(supervisor, service.name), bus)
        apps: dict[str, Wsgi] = {_port(service.settings.bind): service.make_app() for service in services}
        return ByPort(apps | {_port(gateway_settings.bind): create_app(gateway_settings)})

    serve(load, binds=binds, threads=THREADS, on_exit=supervisor.end)


def _named(supervisor: Supervisor, service: str) -> Supervisor:
    """Give the same supervisor under a service's name, for its logs and metrics."""
    return Supervisor(service, supervisor.stop, supervisor.threads)


def _port(bind: str) -> str:
    return bind.rpartition(":")[2]


if __name__ == "__main__":
    main()

"""``python -m gateway api``: serve the edge and the portal."""

import argparse

from gateway.app import create_app
from gateway.edge.context import NAME
from gateway.settings import GatewaySettings
from services.chassis import log
from services.chassis.server import serve
from services.chassis.settings import load_or_exit


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m gateway")
    parser.add_argument("kind", choices=["api"], help="serve HTTP")
    asked = parser.parse_args()
    log.set_up("gateway", asked.kind)
    settings = load_or_exit(GatewaySettings)
    app = create_app(settings)
    serve(lambda: app, binds=[settings.bind], threads=settings.threads, on_exit=app.extensions[NAME].progress.end)


if __name__ == "__main__":
    main()

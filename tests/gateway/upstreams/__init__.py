"""The services as the gateway sees them: small real WSGI servers that keep what the tests look at.

They speak as design/api.md says, without ``/api/v1``.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server

from tests.gateway.upstreams.archiver import archiver
from tests.gateway.upstreams.exams import exams
from tests.gateway.upstreams.identity import identity
from tests.gateway.upstreams.known import NOW, Services, exam, token
from tests.gateway.upstreams.notifier import notifier
from tests.gateway.upstreams.sharing import sharing

__all__ = ["NOW", "Services", "all_served", "exam", "served", "token"]


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[str]:
    """Serve a WSGI app by threads and give its address."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def all_served(kept: Services) -> Iterator[Services]:
    """Serve all of them and note their addresses in ``urls``."""
    with (
        served(identity(kept)) as one,
        served(exams(kept)) as two,
        served(sharing(kept)) as three,
        served(archiver(kept)) as four,
        served(notifier(kept)) as five,
    ):
        kept.urls.update(identity=one, exams=two, sharing=three, archiver=four, notifier=five)
        yield kept

"""Serving HTTP with gunicorn's gthread worker: one process, threads, any number of addresses."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

KEEP_ALIVE_S = 5
GRACEFUL_S = 20


def serve(
    load: Callable[[], Flask | Callable[..., Any]],
    *,
    binds: list[str],
    threads: int,
    on_exit: Callable[[], None] = lambda: None,
) -> None:
    """Serve what *load* gives until told to stop; *load* is called after the fork, so it may start threads.

    *on_exit* is called in the worker when it ends. A worker that dies is begun again by gunicorn's master.
    """

    class _Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {
                "bind": binds,
                "worker_class": "gthread",
                "workers": 1,
                "threads": threads,
                "timeout": 0,  # long downloads hold a thread; the worker's life is watched from outside
                "graceful_timeout": GRACEFUL_S,
                "keepalive": KEEP_ALIVE_S,
                "accesslog": None,
                "errorlog": "-",
                "loglevel": "warning",
                "worker_exit": lambda _server, _worker: on_exit(),
                "limit_request_line": 4094,
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return load()

    _Server().run()

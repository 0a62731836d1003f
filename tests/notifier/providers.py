"""A provider of text messages and push notices, as the notifier calls it over HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug import Request, Response

from tests.gateway.upstreams import served


class ProviderTwin:
    """A provider that keeps what it is sent, and answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.url = ""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.heard.append((dict(request.headers), request.get_data()))
        return Response("", self.answers.pop(0) if self.answers else 202)(environ, start_response)

    @property
    def told(self) -> list[Any]:
        """The bodies, in order."""
        return [json.loads(body) for _, body in self.heard]


@contextmanager
def a_provider() -> Iterator[ProviderTwin]:
    """Give a provider that listens."""
    twin = ProviderTwin()
    with served(twin) as twin.url:
        yield twin

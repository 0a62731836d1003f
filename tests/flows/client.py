"""A plain HTTP client for the flows: what a person's app, the front desk, the RIS and the PACS would send."""

import json
from dataclasses import dataclass, field
from typing import Any

import urllib3


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def slug(self) -> str:
        """The problem's slug."""
        return str(self.json["type"]).rpartition("/")[2]


@dataclass
class Client:
    """Whoever talks to the product; *token* goes along when set."""

    base: str
    token: str | None = None
    refresh_token: str | None = None
    refreshes: bool = True
    """Whether a 401 makes it refresh and ask again, as an app does."""
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=30))

    def ask(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Answer:
        """Send a request; a body that is not bytes goes as JSON. An access token that ran out is refreshed once."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        answer = self._send(method, path, body, sent)
        if answer.status == 401 and self.refreshes and self.refresh_token:
            fresh = Client(self.base).post("/sessions/refresh", {"refreshToken": self.refresh_token})
            if fresh.status in {200, 201}:
                self.token, self.refresh_token = fresh.json["accessToken"], fresh.json["refreshToken"]
                answer = self._send(method, path, body, sent)
        return answer

    def _send(self, method: str, path: str, body: bytes | None, sent: dict[str, str]) -> Answer:
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        url = path if path.startswith("http") else self.base + path
        response = self.pool.request(method, url, body=body, headers=sent, redirect=False)
        return Answer(response.status, response.headers, response.data)

    def get(self, path: str, **more: Any) -> Answer:
        """GET."""
        return self.ask("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        """POST."""
        return self.ask("POST", path, {} if body is None else body, **more)

    def log_in(self, path: str, body: Any) -> "Client":
        """Give a client with the tokens of a new session. Fails unless it is 201."""
        answer = self.post(path, body)
        assert answer.status == 201, (answer.status, answer.body[:300])
        return Client(self.base, answer.json["accessToken"], answer.json["refreshToken"])

    def refreshed(self) -> "Client":
        """Give a client with the next pair of tokens. Fails unless it is 200 or 201."""
        answer = Client(self.base).post("/sessions/refresh", {"refreshToken": self.refresh_token})
        assert answer.status in {200, 201}, (answer.status, answer.body[:300])
        return Client(self.base, answer.json["accessToken"], answer.json["refreshToken"])

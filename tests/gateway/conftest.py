"""The gateway over four upstream servers, with a clock that the tests set."""

import base64
from datetime import timedelta

import pytest
from jinja2 import BytecodeCache

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.gateway.upstreams import NOW, Services, all_served, served

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


class SetClock:
    """Says the time that a test set."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def forward(self, **by):
        self.now += timedelta(**by)


@pytest.fixture(scope="session")
def running():
    with all_served(Services()) as services:
        yield services


@pytest.fixture
def services(running):
    fresh = Services()
    for name, value in vars(fresh).items():
        if name != "urls":
            setattr(running, name, value)
    return running


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def settings_for(services):
    def make(**more):
        urls = {f"{name}_url": url for name, url in services.urls.items()}
        return GatewaySettings(**urls | {"cookie_key": KEY, "secrets_per_minute": 1000} | more)

    return make


class Compiled(BytecodeCache):
    """Keeps the portal's templates compiled: each app would compile them anew."""

    def __init__(self):
        self._kept = {}

    def load_bytecode(self, bucket):
        if kept := self._kept.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket):
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


@pytest.fixture
def app_with(settings_for, clock):
    def make(**more):
        app = create_app(settings_for(**more), now=clock)
        app.jinja_env.bytecode_cache = COMPILED
        return app

    return make


@pytest.fixture
def client(app_with):
    return app_with().test_client()


@pytest.fixture
def gateway(app_with):
    with served(app_with()) as url:
        yield url


@pytest.fixture
def browser(app_with):
    return Browser(app_with().test_client())


class Browser:
    """Keeps cookies, and posts a page's form with the form's own token."""

    def __init__(self, client):
        self.client = client

    def get(self, path, **more):
        return self.client.get(path, **more)

    def post(self, page, action, fields):
        return self.client.post(action, data=fields | {"csrf": self.csrf(page, action)})

    def csrf(self, page, action):
        text = self.client.get(page).text
        form = text[text.index(f'action="{action}"') :]
        return form.partition('name="csrf" value="')[2].partition('"')[0]

    def enter(self, code="7K2MQ-4XW9-P3TB"):
        answer = self.post("/enter", "/enter/icode", {"icode": code})
        assert answer.location == "/exams", answer.text
        return self

    def log_in(self, user_id="marisol"):
        self.post("/enter", "/enter/account", {"userId": user_id, "password": "right"})
        return self

    def enter_as_recipient(self):
        answer = self.post("/s", "/s", {"link": "http://portal/s#Qm7vX2kT9bRf4LwNz8HdYc", "password": "right"})
        assert answer.location == "/shared", answer.text
        return self

"""The wiring of the notifier."""

from email.headerregistry import Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from pydantic import SecretStr

from services.chassis.auth import Verifier
from services.chassis.db import Database
from services.chassis.secret_file import load_or_make_secret
from services.chassis.service import Service
from services.chassis.settings import load_or_exit
from services.chassis.supervisor import Chore
from services.chassis.web import create_app
from services.notifier.api import bp
from services.notifier.bounce_addresses import BounceAddresses
from services.notifier.handlers import HANDLERS
from services.notifier.letters import Letters
from services.notifier.mail import open_mailer
from services.notifier.parts import Parts
from services.notifier.settings import NotifierSettings
from services.notifier.unsubscribe_links import UnsubscribeLinks
from services.notifier.usecases.returning import measure_returned
from services.notifier.usecases.sending import send_due
from services.notifier.webhook import Provider, WebhookProvider

SEND_EVERY_S = 0.5
MEASURE_EVERY_S = 15.0


def make(settings: NotifierSettings | None = None) -> Service:
    """Give the service, wired by *settings* or by the environment."""
    settings = settings or load_or_exit(NotifierSettings)
    db, clock = Database(settings.database_url), settings.clock()
    key = load_or_make_secret(settings.keys_dir / "unsubscribe.key")
    parts = Parts(
        db=db,
        clock=clock,
        mailer=open_mailer(settings.mail_url),
        letters=Letters(f"{settings.public_url}/enter", settings.support_phone),
        sender=Address("RadNet Patient Portal", addr_spec=settings.mail_from),
        host=urlsplit(settings.public_url).hostname or "portal.invalid",
        unsubscribe_links=UnsubscribeLinks(key, settings.public_url),
        bounce_addresses=BounceAddresses(key, settings.bounce_address) if settings.bounce_address else None,
        texts=_provider(settings.sms_url, settings.sms_key),
        pushes=_provider(settings.push_url, settings.push_key),
    )
    return Service(
        name="notifier",
        settings=settings,
        db=db,
        clock=clock,
        migrations=Path(__file__).parent / "migrations",
        handlers=HANDLERS,
        parts=parts,
        make_app=lambda: make_web(parts),
        chores=(
            Chore("send-mails", SEND_EVERY_S, lambda: _send_all(parts)),
            Chore("measure-returned", MEASURE_EVERY_S, lambda: measure_returned(parts)),
        ),
    )


def _provider(url: str | None, key: SecretStr | None) -> Provider | None:
    return WebhookProvider(url, key.get_secret_value().encode()) if url and key else None


def _send_all(parts: Parts) -> None:
    while send_due(parts):
        pass


def make_web(parts: Parts) -> Flask:
    """Give the HTTP door."""
    verifier = Verifier("notifier", parts.db, parts.clock)
    app = create_app("notifier", "Notifier", verifier=verifier, ready=lambda: _ready(parts))
    app.extensions["parts"] = parts
    app.register_blueprint(bp)
    return app


def _ready(parts: Parts) -> dict[str, Any]:
    parts.db.check()
    return {}

"""The wiring of sharing."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask

from services.chassis.auth import Verifier
from services.chassis.db import Database, Tx
from services.chassis.ending_keys import end_keys
from services.chassis.idempotency import AnswerKeeper
from services.chassis.key_folder import KeyFolder, keys_chore, open_keys, publish_keys, rotate_keys
from services.chassis.passwords import SecretHasher
from services.chassis.secret_file import load_or_make_secret
from services.chassis.service import Service
from services.chassis.settings import load_or_exit
from services.chassis.signing import Minter
from services.chassis.supervisor import Chore
from services.chassis.web import create_app
from services.sharing.api import sessions, shares
from services.sharing.handlers import HANDLERS
from services.sharing.parts import Parts
from services.sharing.settings import SharingSettings
from services.sharing.share_links import ShareLinks
from services.sharing.usecases.opening import forget_accesses, forget_unknown
from services.sharing.usecases.retelling import retell
from services.sharing.usecases.shares import sweep

SWEEP_EVERY_S = 1.0
FORGET_EVERY_S = 3600.0


def make(settings: SharingSettings | None = None) -> Service:
    """Give the service, wired by *settings* or by the environment."""
    settings = settings or load_or_exit(SharingSettings)
    db, clock, keys = Database(settings.database_url), settings.clock(), settings.keys_dir
    signing_keys = open_keys(keys / "signing", clock.now())
    parts = Parts(
        db=db,
        clock=clock,
        minter=Minter("sharing", signing_keys),
        links=ShareLinks(load_or_make_secret(keys / "links.key"), settings.public_url),
        hasher=SecretHasher(),
        refresh_key=load_or_make_secret(keys / "refresh.key"),
    )
    return Service(
        name="sharing",
        settings=settings,
        db=db,
        clock=clock,
        migrations=Path(__file__).parent / "migrations",
        handlers=HANDLERS,
        parts=parts,
        make_app=lambda: make_web(parts),
        chores=(
            Chore("expire-shares", SWEEP_EVERY_S, lambda: _sweep(parts)),
            Chore("forget-old", FORGET_EVERY_S, lambda: _forget(parts)),
            keys_chore(db, "sharing", signing_keys, clock.now),
        ),
        retell=lambda tx, queue, since: _retell(tx, parts, queue, since),
        rotate_keys=lambda: rotate_keys(db, "sharing", signing_keys, clock.now()),
        end_keys=lambda kid: end_keys(db, "sharing", signing_keys, kid, clock.now, time.sleep),
        on_start=lambda: _publish(parts, signing_keys),
    )


def make_web(parts: Parts) -> Flask:
    """Give the HTTP door."""
    app = create_app(
        "sharing", "Sharing", verifier=Verifier("sharing", parts.db, parts.clock), ready=lambda: _ready(parts)
    )
    app.extensions["parts"] = parts
    app.extensions["answer_keeper"] = AnswerKeeper(parts.db, parts.clock)
    app.register_blueprint(shares.bp)
    app.register_blueprint(sessions.bp)
    return app


def _ready(parts: Parts) -> dict[str, Any]:
    parts.db.check()
    return {}


def _sweep(parts: Parts) -> None:
    with parts.db.begin() as tx:
        sweep(tx, parts.clock.now())


def _forget(parts: Parts) -> None:
    with parts.db.begin() as tx:
        forget_unknown(tx, parts.clock.now())
        forget_accesses(tx, parts.clock.now())


def _retell(tx: Tx, parts: Parts, queue: str, since: datetime | None) -> None:
    retell(tx, parts, queue, since)


def _publish(parts: Parts, keys: KeyFolder) -> None:
    with parts.db.begin() as tx:
        publish_keys(tx, "sharing", keys, parts.clock.now())

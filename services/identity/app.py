"""The wiring of identity."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from services.chassis.auth import Verifier
from services.chassis.db import Database, Tx
from services.chassis.ending_keys import end_keys
from services.chassis.idempotency import AnswerKeeper
from services.chassis.key_folder import KeyFolder, keys_chore, open_keys, publish_keys, rotate_keys
from services.chassis.locations import load_locations
from services.chassis.passwords import SecretHasher
from services.chassis.secret_file import load_or_make_secret
from services.chassis.service import Service
from services.chassis.settings import load_or_exit
from services.chassis.signing import Minter
from services.chassis.supervisor import Chore
from services.chassis.web import create_app
from services.identity.api import BLUEPRINTS
from services.identity.block_list import load_common_passwords
from services.identity.handlers import HANDLERS
from services.identity.parts import Parts
from services.identity.passkey_ceremony import ceremony_at
from services.identity.seal import Seal
from services.identity.settings import IdentitySettings
from services.identity.usecases.coming_of_age import tell_of_age
from services.identity.usecases.icodes import tell_expired
from services.identity.usecases.portal_passes import sweep_passes
from services.identity.usecases.retelling import retell
from services.identity.usecases.tidying import tidy

TELL_EXPIRED_EVERY_S = 1.0
TELL_OF_AGE_EVERY_S = 10.0
SWEEP_PASSES_EVERY_S = 30.0
TIDY_EVERY = timedelta(hours=1)


def make(settings: IdentitySettings | None = None) -> Service:
    """Give the service as its parts."""
    settings = settings or load_or_exit(IdentitySettings)
    db, clock = Database(settings.database_url), settings.clock()
    signing_keys = open_keys(settings.keys_dir / "signing", clock.now())
    parts = Parts(
        db=db,
        clock=clock,
        minter=Minter("identity", signing_keys),
        hasher=SecretHasher(),
        locations=load_locations(settings.locations_file),
        asks_birth_date=settings.asks_birth_date,
        refresh_key=load_or_make_secret(settings.keys_dir / "refresh.key"),
        tries_key=load_or_make_secret(settings.keys_dir / "tries.key"),
        codes_key=load_or_make_secret(settings.keys_dir / "codes.key"),
        pass_seal=Seal(load_or_make_secret(settings.keys_dir / "passes.key"), "portal-pass"),
        totp_seal=Seal(load_or_make_secret(settings.keys_dir / "second-factors.key"), "totp"),
        recovery_key=load_or_make_secret(settings.keys_dir / "second-factors.key"),
        passkeys=ceremony_at(settings.public_url),
        common_passwords=load_common_passwords(),
        public_url=settings.public_url,
        support_phone=settings.support_phone,
    )
    return Service(
        name="identity",
        settings=settings,
        db=parts.db,
        clock=clock,
        migrations=Path(__file__).parent / "migrations",
        handlers=HANDLERS,
        parts=parts,
        make_app=lambda: make_web(parts),
        chores=(
            Chore("icode-expiry", TELL_EXPIRED_EVERY_S, lambda: _tell_expired(parts)),
            Chore("coming-of-age", TELL_OF_AGE_EVERY_S, lambda: _tell_of_age(parts)),
            Chore("portal-pass-sweep", SWEEP_PASSES_EVERY_S, lambda: _sweep_passes(parts)),
            Chore("identity-tidy", TIDY_EVERY.total_seconds(), lambda: _tidy(parts)),
            keys_chore(db, "identity", signing_keys, clock.now),
        ),
        retell=lambda tx, queue, _since: _retell(tx, parts, queue),
        rotate_keys=lambda: rotate_keys(db, "identity", signing_keys, clock.now()),
        end_keys=lambda kid: end_keys(db, "identity", signing_keys, kid, clock.now, time.sleep),
        on_start=lambda: _publish_keys(parts, signing_keys),
    )


def make_web(parts: Parts) -> Flask:
    """Give the HTTP doors."""
    verifier = Verifier("identity", parts.db, parts.clock)
    app = create_app("identity", "Identity", verifier=verifier, ready=lambda: _ready(parts))
    app.extensions["parts"] = parts
    app.extensions["answer_keeper"] = AnswerKeeper(parts.db, parts.clock)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _ready(parts: Parts) -> dict[str, Any]:
    parts.db.check()
    return {}


def _publish_keys(parts: Parts, keys: KeyFolder) -> None:
    with parts.db.begin() as tx:
        publish_keys(tx, "identity", keys, parts.clock.now())


def _retell(tx: Tx, parts: Parts, queue: str) -> None:
    retell(tx, parts, queue)


def _tell_expired(parts: Parts) -> None:
    with parts.db.begin() as tx:
        tell_expired(tx, parts.clock.now())


def _tell_of_age(parts: Parts) -> None:
    with parts.db.begin() as tx:
        tell_of_age(tx, parts.clock.now())


def _sweep_passes(parts: Parts) -> None:
    with parts.db.begin() as tx:
        sweep_passes(tx, parts.clock.now())


def _tidy(parts: Parts) -> None:
    with parts.db.begin() as tx:
        tidy(tx, parts.clock.now())

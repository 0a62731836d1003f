"""The archiver, wired."""

from pathlib import Path
from typing import Any

from flask import Flask

from services.archiver.api import downloads, packages
from services.archiver.chores import chores
from services.archiver.handlers import HANDLERS
from services.archiver.parts import Parts, make_parts
from services.archiver.settings import ArchiverSettings
from services.archiver.usecases.retelling import retell
from services.archiver.worker import jobs
from services.chassis.auth import Verifier
from services.chassis.idempotency import AnswerKeeper
from services.chassis.service import Service
from services.chassis.settings import load_or_exit
from services.chassis.web import create_app


def make(settings: ArchiverSettings | None = None) -> Service:
    """Give the archiver; *settings* come from the environment when None."""
    return wire(make_parts(settings or load_or_exit(ArchiverSettings)))


def wire(parts: Parts) -> Service:
    """Give the archiver made of *parts*."""
    return Service(
        name="archiver",
        settings=parts.settings,
        db=parts.db,
        clock=parts.clock,
        migrations=Path(__file__).parent / "migrations",
        handlers=HANDLERS,
        parts=parts,
        make_app=lambda: make_web(parts),
        chores=chores(parts),
        jobs=jobs(parts),
        retell=lambda tx, queue, since: retell(tx, queue, since, parts.clock.now()),
    )


def make_web(parts: Parts) -> Flask:
    """Give the HTTP door."""

    def ready() -> dict[str, Any]:
        parts.db.check()
        parts.files.check()
        return {}

    app = create_app("archiver", "Archiver", verifier=Verifier("archiver", parts.db, parts.clock), ready=ready)
    app.extensions["parts"] = parts
    app.extensions["answer_keeper"] = AnswerKeeper(parts.db, parts.clock)
    app.register_blueprint(packages.bp)
    app.register_blueprint(downloads.bp)
    return app

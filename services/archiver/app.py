"""The archiver, wired."""

from pathlib import Path
from typing import Any

from flask import Flask

from contracts.topology import JOBS_LARGE, JOBS_SMALL
from services.archiver.api import downloads, packages
from services.archiver.chores import chores
from services.archiver.handlers import HANDLERS
from services.archiver.parts import Parts
from services.archiver.settings import ArchiverSettings
from services.archiver.worker import Worker
from services.chassis.auth import Verifier
from services.chassis.db import Database
from services.chassis.idempotency import AnswerKeeper
from services.chassis.objects import open_store
from services.chassis.service import Jobs, Service
from services.chassis.settings import load_or_exit
from services.chassis.web import create_app


def make(settings: ArchiverSettings | None = None) -> Service:
    """Give the archiver; *settings* come from the environment when None."""
    settings = settings or load_or_exit(ArchiverSettings)
    parts = Parts(
        settings=settings,
        db=Database(settings.database_url),
        clock=settings.clock(),
        objects=open_store(settings.objects_url),
        files=open_store(settings.files_url),
    )
    return wire(parts)


def wire(parts: Parts) -> Service:
    """Give the archiver made of *parts*."""
    worker = Worker(parts)
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
        jobs=Jobs([JOBS_SMALL, JOBS_LARGE], worker.find_claimable, worker.work),
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

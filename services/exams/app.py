"""The wiring of exams."""

from pathlib import Path
from typing import Any

from flask import Flask, request

from services.chassis.auth import Verifier
from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.idempotency import AnswerKeeper
from services.chassis.locations import load_locations
from services.chassis.objects import open_store
from services.chassis.service import Service
from services.chassis.settings import load_or_exit
from services.chassis.supervisor import Chore
from services.chassis.web import create_app
from services.exams.api import dicomweb, exams, hl7, images, staff
from services.exams.handlers import HANDLERS
from services.exams.parts import SERVICE, Parts
from services.exams.settings import ExamsSettings
from services.exams.usecases import living, manifests, matching, pictures, release, retelling


def make(settings: ExamsSettings | None = None, clock: Clock | None = None) -> Service:
    """Wire the service; without *settings* they come from the environment, without *clock* it is theirs."""
    settings = settings or load_or_exit(ExamsSettings)
    parts = Parts(
        db=Database(settings.database_url),
        clock=clock or settings.clock(),
        objects=open_store(settings.objects_url),
        locations=load_locations(settings.locations_file),
        sent_when_signed=settings.sent_when_signed,
        max_object_bytes=settings.max_object_bytes,
        store_threads=settings.store_threads,
        render_threads=settings.render_threads,
    )
    return Service(
        name=SERVICE,
        settings=settings,
        db=parts.db,
        clock=parts.clock,
        migrations=Path(__file__).parent / "migrations",
        handlers=HANDLERS,
        parts=parts,
        make_app=lambda: make_web(parts),
        chores=chores(parts),
        retell=lambda tx, queue, since: retelling.retell(tx, parts, queue, since),
        on_start=lambda: release.reckon_all(parts),
    )


def chores(parts: Parts) -> tuple[Chore, ...]:
    """Give what recurs: a report is told within a second of its instant, a manifest 5 s after the one before."""
    return (
        Chore("release-sweep", 0.4, lambda: release.sweep(parts)),
        Chore("report-pdfs", 1.0, lambda: release.prepare_pdfs(parts)),
        Chore("manifests", 0.5, lambda: manifests.make_due(parts)),
        Chore("pictures", 1.0, lambda: pictures.render_waiting(parts)),
        Chore("match-waiting", 60.0, lambda: matching.match_waiting(parts)),
        Chore("beat", living.BEAT_EVERY_S, lambda: living.beat(parts)),
        Chore("forget", 3600.0, lambda: living.forget(parts)),
    )


def make_web(parts: Parts) -> Flask:
    """Give the HTTP app."""

    def ready() -> dict[str, Any]:
        parts.db.check()
        parts.objects.check()
        return {}

    app = create_app(SERVICE, "Exams", verifier=Verifier(SERVICE, parts.db, parts.clock), ready=ready)
    app.extensions["parts"] = parts
    app.extensions["answer_keeper"] = AnswerKeeper(parts.db, parts.clock)

    @app.before_request
    def count() -> None:
        """Bring the gauges up to date for whoever scrapes them: what sets them otherwise is another process."""
        if request.path == "/metrics":
            release.count_never_sent(parts)
            matching.count_waiting(parts)

    for door in (dicomweb, hl7, exams, images, staff):
        app.register_blueprint(door.blueprint)
    return app

"""What the archiver's doors, worker and chores need besides a transaction."""

from dataclasses import dataclass

from services.archiver.settings import ArchiverSettings
from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.objects import ObjectStore, open_store


@dataclass(frozen=True)
class Parts:
    """The wired parts of one archiver process."""

    settings: ArchiverSettings
    db: Database
    clock: Clock
    objects: ObjectStore
    """Of ``exams``; only read."""
    files: ObjectStore
    """Finished packages."""


def make_parts(settings: ArchiverSettings) -> Parts:
    """Wire the parts as *settings* say."""
    return Parts(
        settings=settings,
        db=Database(settings.database_url),
        clock=settings.clock(),
        objects=open_store(settings.objects_url),
        files=open_store(settings.files_url),
    )

"""What the archiver's doors, worker and chores need besides a transaction."""

from dataclasses import dataclass

from services.archiver.settings import ArchiverSettings
from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.objects import ObjectStore


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

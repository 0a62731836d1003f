"""The worker's process: it has no web, no alembic and no crypto in it, so that its memory goes to packing."""

import threading

from services.archiver.parts import make_parts
from services.archiver.settings import ArchiverSettings
from services.archiver.worker import jobs
from services.chassis import log
from services.chassis.jobs import do_jobs
from services.chassis.settings import load_or_exit
from services.chassis.supervisor import stop_on_signals


def run_worker() -> None:
    """Make builds until told to stop; the build under way is finished first.

    The background process brings the database to the newest step; until then a worker finds nothing to do.
    """
    log.set_up("archiver", "worker")
    stop = threading.Event()
    stop_on_signals(stop)
    settings = load_or_exit(ArchiverSettings)
    do_jobs("archiver", settings.amqp_url, jobs(make_parts(settings)), stop)

"""``python -m services.archiver api|background|all|worker|migrate|retell``."""

import sys

if sys.argv[1:] == ["worker"]:
    from services.archiver.worker_process import run_worker

    run_worker()
else:
    from services.archiver.app import make
    from services.chassis.service import run

    run("archiver", make)

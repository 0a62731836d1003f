"""``python -m services.archiver api|background|worker|migrate``."""

from services.archiver.app import make
from services.chassis.service import run

run("archiver", make)

"""``python -m services.notifier api|background|migrate``."""

from services.chassis.service import run
from services.notifier.app import make

run("notifier", make)

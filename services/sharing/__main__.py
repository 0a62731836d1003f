"""``python -m services.sharing api|background|migrate``."""

from services.chassis.service import run
from services.sharing.app import make

run("sharing", make)

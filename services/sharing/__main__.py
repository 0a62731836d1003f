"""``python -m services.sharing api|background|migrate|rotate-keys|end-key|…``."""

from services.chassis.service import run
from services.sharing.app import make

run("sharing", make)

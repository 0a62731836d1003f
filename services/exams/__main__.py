"""``python -m services.exams api|background|migrate|retell``."""

from services.chassis.service import run
from services.exams.app import make

run("exams", make)

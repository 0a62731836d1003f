"""``python -m services.identity``: the process kinds, and what an operator does by hand."""

import sys

from services.chassis.service import run
from services.identity.api.by_hand import COMMANDS, run_by_hand
from services.identity.app import make

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
        raise SystemExit(run_by_hand(make, sys.argv[1:]))
    run("identity", make)

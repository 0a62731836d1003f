"""``python -m services.notifier``: the process kinds, and ``bounce``, to which a mail server pipes what came back."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO

from services.chassis import log
from services.chassis.service import Service, run
from services.notifier.app import make
from services.notifier.usecases.returning import ReturnOutcome, take_returned

MOST_BYTES = 1 << 20
"""A report says early what it says; behind it stands the letter that came back."""
SAID: dict[ReturnOutcome, tuple[int, str]] = {
    "bounced": (os.EX_OK, "the letter is settled as bounced"),
    "delayed": (os.EX_OK, "the letter is late; nothing changes"),
    "delivered": (os.EX_OK, "the letter was delivered; nothing changes"),
    "known": (os.EX_OK, "the letter was settled before"),
    "late": (os.EX_OK, "the letter was sent too long ago"),
    "no-report": (os.EX_OK, "not a delivery report: dropped"),  # refused, it would go to whomever its sender names
    "unsigned": (os.EX_DATAERR, "the report names no return address of ours"),
    "unreadable": (os.EX_DATAERR, "the report does not say what became of the letter"),
}
"""What a mail server is told: 0 drops the message, 65 refuses it, 75 keeps it for another try (sysexits)."""


def bounce(make_service: Callable[[], Service], argv: Sequence[str], stdin: BinaryIO) -> int:
    """Take one returned message; gives the exit status. *argv*: the addresses that it came to, or nothing."""
    content = stdin.read(MOST_BYTES)
    while stdin.read(MOST_BYTES):
        pass  # whoever pipes it wants all of it read
    try:
        parts = make_service().parts
        if parts.bounce_addresses is None:
            return _say(os.EX_TEMPFAIL, "PORTAL_NOTIFIER_BOUNCE_ADDRESS is not set")
        return _say(*SAID[take_returned(parts, content, " ".join(argv))])
    except (Exception, SystemExit) as error:  # whatever is wrong with us: the message must not be lost, nor quoted
        log.get().error("bounce-failed", exc_info=error)
        return _say(os.EX_TEMPFAIL, "not now")


def _say(status: int, words: str) -> int:
    print(words, file=sys.stderr)  # noqa: T201 - the answer to a mail server
    return status


if __name__ == "__main__":
    if sys.argv[1:2] == ["bounce"]:
        log.set_up("notifier", "bounce")
        raise SystemExit(bounce(make, sys.argv[2:], sys.stdin.buffer))
    run("notifier", make)

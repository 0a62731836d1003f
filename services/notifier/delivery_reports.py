"""Reading what mail servers send back (RFC 3464): what became of the one letter that a report is about.

A report says what its sender likes, so nothing in it is believed beyond an action and a status (RFC 3463).
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from quopri import decodestring
from typing import Literal

from services.notifier.domain import find_status, is_address_at_fault

Action = Literal["delivered", "delayed", "failed"]
REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
ACTIONS: dict[str, Action | None] = {
    **dict.fromkeys(("delivered", "relayed", "expanded", "2"), "delivered"),
    **dict.fromkeys(("delayed", "4"), "delayed"),
    **dict.fromkeys(("failed", "5"), "failed"),
    "": None,
}
"""What an action means, or the first digit of a status where no action is named."""
DECODERS: dict[str, Callable[[bytes], bytes]] = {"base64": b64decode, "quoted-printable": decodestring}
"""RFC 6533: a report in UTF-8 may come encoded."""
BETWEEN_BLOCKS = re.compile(rb"\r?\n[ \t]*\r?\n")


class NotAReport(Exception):
    """Raised for another message than a delivery report, such as somebody's answer or a notice of absence."""


class ReportUnreadable(Exception):
    """Raised for what looks like a delivery report and does not say what became of the letter."""


@dataclass(frozen=True)
class DeliveryReport:
    """What became of a letter; the mildest, where its address led to several."""

    action: Action
    status: str
    """Such as ``5.1.1``."""


def read_report(content: bytes) -> DeliveryReport:
    """Read a returned message. Raises NotAReport, ReportUnreadable."""
    try:
        found = [one for part in _report_parts(content) for one in _outcomes(part)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:  # email's, on broken MIME
        raise ReportUnreadable from error
    if not found:
        raise ReportUnreadable
    return min(found, key=_weight)


def _report_parts(content: bytes) -> list[Message]:
    message = message_from_bytes(content)
    parts = [part for part in message.walk() if part.get_content_type() in REPORTS]
    if not parts and "delivery-status" not in str(message["Content-Type"]).lower():
        raise NotAReport
    return parts


def _outcomes(part: Message) -> Iterator[DeliveryReport]:
    """Give what a report says of each recipient; the first block, about the whole message, says nothing of that."""
    for block in _blocks(part):
        status = _status(block)
        action = _action(block, status)
        if status and action:
            yield DeliveryReport(action, status)


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    blocks = [one.as_bytes() for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    decode = DECODERS.get(str(part["Content-Transfer-Encoding"]).strip().lower(), bytes)
    return [message_from_bytes(block) for block in BETWEEN_BLOCKS.split(decode(b"\n\n".join(blocks)))]


def _status(block: Message) -> str | None:
    """Give the status; the receiving server's own words are often more exact than ``5.0.0``."""
    said, heard = find_status(str(block["Status"])), find_status(str(block["Diagnostic-Code"]))
    if said is None or (said.endswith(".0.0") and heard is not None and heard[0] == said[0]):
        return heard
    return said


def _action(block: Message, status: str | None) -> Action | None:
    said = str(block["Action"] or "").lower()
    named = re.search(r"failed|delayed|delivered|relayed|expanded", said)
    if named is None and said.strip():
        return None
    return ACTIONS[named[0] if named else status[0] if status else ""]


def _weight(report: DeliveryReport) -> tuple[int, bool]:
    return ("delivered", "delayed", "failed").index(report.action), is_address_at_fault(report.status)

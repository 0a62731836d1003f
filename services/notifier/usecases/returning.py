"""What comes back: a server took a letter and reports later that it could not deliver it.

Each report is counted by what came of it; nothing else of it is kept.
"""

from datetime import datetime
from typing import Literal

from services.chassis import audit, metrics
from services.chassis.db import Tx
from services.notifier.delivery_reports import DeliveryReport, NotAReport, ReportUnreadable, read_report
from services.notifier.domain import BOUNCES_COME_WITHIN
from services.notifier.parts import Parts
from services.notifier.store import addresses, mails
from services.notifier.usecases.sending import settle

ReturnOutcome = Literal["bounced", "delayed", "delivered", "known", "late", "unsigned", "unreadable", "no-report"]


def take_returned(parts: Parts, content: bytes, recipient: str) -> ReturnOutcome:
    """Settle the letter that the returned message *content* is about; *recipient* is the address it came to, or empty.

    A failure settles its letter once, as bounced. An address that is at fault gets nothing more that can be switched
    off, until it is given again; a delay changes nothing.
    """
    written = recipient.encode(errors="replace") + b"\n" + content
    mail_id = parts.bounce_addresses.find_mail(written) if parts.bounce_addresses else None
    try:
        report = read_report(content)
    except (NotAReport, ReportUnreadable) as error:
        report = None
        outcome: ReturnOutcome = "no-report" if isinstance(error, NotAReport) else "unreadable"
    now = parts.clock.now()
    with parts.db.begin() as tx:
        if report is not None:
            outcome = _settle(tx, mail_id, report, now) if mail_id else "unsigned"
        addresses.count_return(tx, outcome)
    return outcome


def _settle(tx: Tx, mail_id: str, report: DeliveryReport, now: datetime) -> ReturnOutcome:
    mail = mails.find_mail_locked(tx, mail_id)
    if mail is None or now > (mail.settled_at or now) + BOUNCES_COME_WITHIN:
        return "late"
    if report.action != "failed":
        return report.action
    if mail.state not in {"pending", "sent"}:
        return "known"
    settle(tx, mail, "bounced", now, report.status)
    audit.record(tx, "notifier", "messages.bounce", now, object=f"mail:{mail.id}")
    return "bounced"


def measure_returned(parts: Parts) -> None:
    """Let the metrics say how many came back; whoever took them has ended since."""
    with parts.db.read() as tx:
        counts = addresses.find_return_counts(tx)
    for outcome, count in counts.items():
        metrics.RETURNED_MAILS.labels(outcome).set(count)

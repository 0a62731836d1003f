"""Sending: to whom a notice goes is decided now, each mail is handed over, and what became of it is told.

A mail is *pending* until the server has answered. Whoever sends it takes it for LEASE first; a process that dies in
between has perhaps sent it, and it is sent again under the same Message-ID: the one window in which a mail can come
twice. (A folder keeps one file for both.)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from contracts.messages import About, AboutKind, MessageBounced, MessageSent, Template
from services.chassis import log, metrics
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.notifier.domain import (
    STATE_NEEDED,
    SWITCHABLE,
    Language,
    MailState,
    find_addresses,
    hash_address,
    mail_id,
    pause_after,
    wants,
)
from services.notifier.mail import MailDown, MailRefused, make_message
from services.notifier.parts import Parts
from services.notifier.store import contacts, mails
from services.notifier.store.tables import ContactRow, MailRow, NoticeRow

LEASE = timedelta(minutes=5)
AT_ONCE = 20
OWNER = "notifier"


@dataclass(frozen=True)
class Outgoing:
    """A mail that was taken to be sent."""

    id: str
    template: Template
    address: str
    language: Language
    facts: dict[str, str]
    attempts: int
    not_after: datetime


def send_due(parts: Parts) -> int:
    """Resolve the notices that are due and send the mails that are; give how many were handed over."""
    now = parts.clock.now()
    with parts.db.begin() as tx:
        resolve_due(tx, now)
    with parts.db.begin() as tx:
        outgoing = take_due(tx, now)
    return sum(_send(parts, mail) for mail in outgoing)


def resolve_due(tx: Tx, now: datetime) -> None:
    """Make mails of the notices that are due; drop those that came too late or do not fit any more."""
    for notice in mails.find_overdue_notices(tx, now, AT_ONCE):
        _drop(notice)
    for notice in mails.find_due_notices(tx, now, AT_ONCE):
        _resolve(tx, notice, now)


def _resolve(tx: Tx, notice: NoticeRow, now: datetime) -> None:
    if not _still_fits(tx, notice):
        _drop(notice)
        return
    addresses, language = _find_recipients(tx, notice)
    if not addresses:
        notice.due_at = None  # until a contact.changed tells of one
        return
    for address in addresses:
        mails.add_mail(
            tx,
            {
                "id": mail_id(notice.key, address),
                "notice_key": notice.key,
                "to_hash": hash_address(address),
                "address": address,
                "language": language,
                "state": "pending",
                "attempts": 0,
                "due_at": now,
                "settled_at": None,
            },
        )
    notice.state, notice.due_at = "resolved", None


def _still_fits(tx: Tx, notice: NoticeRow) -> bool:
    """Whether what the notice says is still so."""
    template = cast("Template", notice.template)
    needed = STATE_NEEDED.get(template)
    if needed is not None and contacts.find_package_state(tx, notice.about_id or "") != needed:
        return False
    if notice.exam_id is None:
        return True
    if notice.report_version is not None and contacts.is_taken_back(tx, notice.exam_id, notice.report_version):
        return False
    return contacts.find_patient(tx, notice.exam_id) is not None


def _find_recipients(tx: Tx, notice: NoticeRow) -> tuple[list[str], Language]:
    """Give the addresses to write to, and the language; none when none is known, or nobody wants it."""
    if notice.email is not None:
        return find_addresses([notice.email]), _language(notice, None)
    for contact in _find_contacts(tx, notice):
        addresses, template = find_addresses(contact.emails), cast("Template", notice.template)
        is_off = template in contacts.find_unwanted(tx, contact.kind, contact.id)
        if addresses and wants(contact.wants, template) and not is_off:
            return addresses, _language(notice, contact)
    return [], "en"


def _find_contacts(tx: Tx, notice: NoticeRow) -> list[ContactRow]:
    """Give whom the notice goes to, the first that can be written to first."""
    about = [(notice.about_kind, notice.about_id)]
    if notice.exam_id is not None:
        patient_id = contacts.find_patient(tx, notice.exam_id)
        about = [("patient", notice.about_id if patient_id == "unknown" else patient_id)]
    if notice.holder is not None:
        about.append(("holder", notice.holder))
    found = [contacts.find_contact(tx, kind, one) for kind, one in about if kind and one]
    return [contact for contact in found if contact is not None]


def _language(notice: NoticeRow, contact: ContactRow | None) -> Language:
    chosen = notice.language or (contact.language if contact else None)
    return "es" if chosen == "es" else "en"


def _drop(notice: NoticeRow) -> None:
    notice.state, notice.due_at = "dropped", None
    notice.email, notice.facts = None, {}
    metrics.MAILS.labels(notice.template, "dropped").inc()


def take_due(tx: Tx, now: datetime) -> list[Outgoing]:
    """Take the mails that are due, for LEASE."""
    outgoing = []
    for mail in mails.take_due_mails(tx, now, now + LEASE, AT_ONCE):
        notice = mails.get_notice(tx, mail.notice_key)
        if mail.address is None or now >= notice.not_after or not _still_fits(tx, notice):
            settle(tx, mail, "dropped", now)
            continue
        outgoing.append(
            Outgoing(
                id=mail.id,
                template=cast("Template", notice.template),
                address=mail.address,
                language=cast("Language", mail.language),
                facts=notice.facts,
                attempts=mail.attempts,
                not_after=notice.not_after,
            )
        )
    return outgoing


def _send(parts: Parts, mail: Outgoing) -> bool:
    letter = parts.letters.write(mail.template, mail.language, mail.facts)
    message = make_message(
        message_id=f"<{mail.id}@{parts.host}>",
        at=parts.clock.now(),
        sender=parts.sender,
        to=mail.address,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=mail.language,
        headers={"List-Unsubscribe": f"<{parts.preferences_url}>"} if mail.template in SWITCHABLE else {},
    )
    outcome: MailState = "sent"
    try:
        parts.mailer.send(message)
    except MailRefused:
        outcome = "bounced"
    except MailDown as error:
        log.get().warning("mail-later", template=mail.template, attempt=mail.attempts, exc_info=error)
        metrics.MAILS.labels(mail.template, "later").inc()
        outcome = "pending"
    with parts.db.begin() as tx:
        row, now = mails.lock_mail(tx, mail.id), parts.clock.now()
        if outcome == "pending":
            row.due_at = now + pause_after(row.attempts)
        else:
            settle(tx, row, outcome, now)
    return outcome == "sent"


def settle(tx: Tx, mail: MailRow, outcome: MailState, now: datetime) -> None:
    """Note what became of a mail and forget its address; what the letter said goes with the notice's last mail."""
    if mail.state != "pending":
        return
    mail.state, mail.settled_at, mail.address = outcome, now, None
    tx.flush()
    notice = mails.get_notice(tx, mail.notice_key)
    metrics.MAILS.labels(notice.template, outcome).inc()
    if mails.count_pending(tx, notice.key) == 0:
        notice.email, notice.facts = None, {}
    if outcome in {"sent", "bounced"}:
        kind = MessageSent if outcome == "sent" else MessageBounced
        about = _about(notice)
        event = kind(id=mail.id, version=1, at=now, template=notice.template, channel="email", about=about)
        put_event(tx, OWNER, event, now)


def _about(notice: NoticeRow) -> About | None:
    if notice.about_kind is None or notice.about_id is None:
        return None
    return About(kind=cast("AboutKind", notice.about_kind), id=notice.about_id)

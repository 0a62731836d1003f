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
    HOLDER_TOO,
    NO_SUCH_DEVICE,
    PUSHED_TOO,
    STATES_NEEDED,
    SWITCHABLE,
    TEXTED_TOO,
    Channel,
    Language,
    MailState,
    find_addresses,
    find_devices,
    hash_address,
    is_address_at_fault,
    mail_id,
    pause_after,
    wants,
)
from services.notifier.mail import MailRefused
from services.notifier.parts import Parts
from services.notifier.store import addresses, contacts, mails
from services.notifier.store.tables import ContactRow, MailRow, NoticeRow
from services.notifier.usecases.handing_over import Outgoing, hand_over
from services.notifier.usecases.limiting import find_room
from services.notifier.webhook import ProviderDown, ProviderRefused

LEASE = timedelta(minutes=5)
AT_ONCE = 20
OWNER = "notifier"


@dataclass(frozen=True)
class Recipient:
    """Where a notice goes, and whose contact that is; None: it came with the request itself."""

    channel: Channel
    address: str
    contact: ContactRow | None
    language: str | None = None
    """A device's own; None: the contact's."""


def send_due(parts: Parts) -> int:
    """Resolve the notices that are due and send the mails that are; give how many were handed over."""
    now = parts.clock.now()
    with parts.db.begin() as tx:
        resolve_due(tx, now, sends_texts=parts.texts is not None, sends_pushes=parts.pushes is not None)
    with parts.db.begin() as tx:
        outgoing = take_due(tx, now)
    return sum(_send(parts, mail) for mail in outgoing)


def resolve_due(tx: Tx, now: datetime, *, sends_texts: bool = False, sends_pushes: bool = False) -> None:
    """Make mails of the notices that are due; drop those that came too late or do not fit any more."""
    for notice in mails.find_overdue_notices(tx, now, AT_ONCE):
        _drop(notice)
    for notice in mails.find_due_notices(tx, now, AT_ONCE):
        if not _still_fits(tx, notice):
            _drop(notice)
            continue
        if sends_pushes and notice.pushed_at is None:
            _push(tx, notice, now)
        _resolve(tx, notice, now, sends_texts)


def _push(tx: Tx, notice: NoticeRow, now: datetime) -> None:
    """Send it to the devices that there are now; it is no news to one that comes later."""
    notice.pushed_at, template = now, cast("Template", notice.template)
    if template not in PUSHED_TOO:
        return
    for contact in _find_contacts(tx, notice, with_holder=True):
        if _is_willing(tx, contact, template):
            for device in find_devices(contact.pushes, now):
                _add_mail(tx, notice, Recipient("push", device.address, contact, device.language), now)


def _resolve(tx: Tx, notice: NoticeRow, now: datetime, sends_texts: bool) -> None:
    recipients = _find_recipients(tx, notice, sends_texts)
    if not recipients:
        notice.due_at = None  # until a contact.changed tells of one
        return
    for recipient in recipients:
        _add_mail(tx, notice, recipient, now)
    notice.state, notice.due_at = "resolved", None


def _still_fits(tx: Tx, notice: NoticeRow) -> bool:
    """Whether what the notice says is still so."""
    template = cast("Template", notice.template)
    needed = STATES_NEEDED.get(template)
    if needed is not None and contacts.find_package_state(tx, notice.about_id or "") not in needed:
        return False
    if notice.exam_id is None:
        return True
    if notice.report_version is not None and contacts.is_taken_back(tx, notice.exam_id, notice.report_version):
        return False
    return contacts.find_patient(tx, notice.exam_id) is not None


def _add_mail(tx: Tx, notice: NoticeRow, to: Recipient, now: datetime) -> None:
    mails.add_mail(
        tx,
        {
            "id": mail_id(notice.key, to.address),
            "notice_key": notice.key,
            "to_hash": hash_address(to.address),
            "address": to.address,
            "channel": to.channel,
            "contact_kind": to.contact.kind if to.contact else None,
            "contact_id": to.contact.id if to.contact else None,
            "language": _language(notice, to),
            "state": "pending",
            "attempts": 0,
            "due_at": now,
            "taken_at": None,
            "settled_at": None,
        },
    )


def _find_recipients(tx: Tx, notice: NoticeRow, sends_texts: bool) -> list[Recipient]:
    """Give whom to write to: all addresses of one contact, and one phone number; none when nobody wants it."""
    template = cast("Template", notice.template)
    if notice.email is not None:
        return [Recipient("email", address, None) for address in _find_read(tx, template, [notice.email])]
    found = _find_contacts(tx, notice, with_holder=template in HOLDER_TOO)
    mailed = next((one for one in found if _find_read(tx, template, one.emails)), None)
    phoned = next((one for one in found if one.phone), None) if sends_texts and template in TEXTED_TOO else None
    recipients = []
    if mailed is not None and _is_willing(tx, mailed, template):
        recipients += [Recipient("email", address, mailed) for address in _find_read(tx, template, mailed.emails)]
    if phoned is not None and phoned.phone and _is_willing(tx, phoned, template):
        recipients.append(Recipient("sms", phoned.phone, phoned))
    return recipients


def _find_read(tx: Tx, template: Template, emails: list[str]) -> list[str]:
    """Give those of *emails* to write to."""
    return [one for one in find_addresses(emails) if not _is_in_vain(tx, template, hash_address(one))]


def _is_in_vain(tx: Tx, template: Template, to_hash: str) -> bool:
    """Whether nobody reads that address; what was asked for, or protects its reader, is tried all the same."""
    return template in SWITCHABLE and addresses.is_refused(tx, to_hash)


def _is_willing(tx: Tx, contact: ContactRow, template: Template) -> bool:
    return wants(contact.wants, template) and template not in contacts.find_unwanted(tx, contact.kind, contact.id)


def _find_contacts(tx: Tx, notice: NoticeRow, *, with_holder: bool) -> list[ContactRow]:
    """Give whom the notice goes to, in the order in which they are asked for an address."""
    about = [(notice.about_kind, notice.about_id)]
    if notice.exam_id is not None:
        patient_id = contacts.find_patient(tx, notice.exam_id)
        about = [("patient", notice.about_id if patient_id == "unknown" else patient_id)]
    if notice.holder is not None and with_holder:
        about.append(("holder", notice.holder))
    found = [contacts.find_contact(tx, kind, one) for kind, one in about if kind and one]
    return [contact for contact in found if contact is not None]


def _language(notice: NoticeRow, to: Recipient) -> Language:
    chosen = notice.language or to.language or (to.contact.language if to.contact else None)
    return "es" if chosen == "es" else "en"


def _drop(notice: NoticeRow) -> None:
    notice.state, notice.due_at = "dropped", None
    notice.email, notice.facts = None, {}
    metrics.MAILS.labels(notice.template, "dropped").inc()


def take_due(tx: Tx, now: datetime) -> list[Outgoing]:
    """Take the mails that are due, for LEASE; those whose address has had enough wait until there is room."""
    outgoing = []
    taken = mails.take_due_mails(tx, now, now + LEASE, AT_ONCE)
    addresses.lock_addresses(tx, {mail.to_hash for mail in taken})
    for mail in taken:
        notice = mails.get_notice(tx, mail.notice_key)
        is_late = mail.address is None or now >= notice.not_after or not _still_fits(tx, notice)
        if is_late or _is_in_vain(tx, cast("Template", notice.template), mail.to_hash) or _is_logged_out(tx, mail, now):
            settle(tx, mail, "dropped", now)
            continue
        room_at = find_room(tx, mail, notice.template, now)
        if room_at is not None:
            mail.attempts, mail.due_at = mail.attempts - 1, room_at
            metrics.MAILS.labels(notice.template, "held").inc()
            continue
        mail.taken_at = mail.taken_at or now
        tx.flush()
        outgoing.append(_outgoing(mail, notice))
    return outgoing


def _is_logged_out(tx: Tx, mail: MailRow, now: datetime) -> bool:
    """Whether the device of a push notice is not, or no more, one to tell."""
    if mail.channel != "push":
        return False
    contact = contacts.find_contact(tx, mail.contact_kind or "", mail.contact_id or "")
    devices = find_devices(contact.pushes, now) if contact else []
    return addresses.is_refused(tx, mail.to_hash) or mail.address not in {one.address for one in devices}


def _outgoing(mail: MailRow, notice: NoticeRow) -> Outgoing:
    return Outgoing(
        id=mail.id,
        template=cast("Template", notice.template),
        channel=cast("Channel", mail.channel),
        address=mail.address or "",
        language=cast("Language", mail.language),
        facts=notice.facts,
        attempts=mail.attempts,
    )


def _send(parts: Parts, mail: Outgoing) -> bool:
    outcome: MailState = "sent"
    status, why = None, ""
    try:
        hand_over(parts, mail)
    except (MailRefused, ProviderRefused) as error:
        outcome, status, why = "bounced", getattr(error, "status", None), getattr(error, "why", "")
    except Exception as error:  # a server away, or a letter that cannot be written: it must hold back no other
        log.get().warning("mail-later", template=mail.template, attempt=mail.attempts, exc_info=error)
        metrics.MAILS.labels(mail.template, "later").inc()
        outcome, status = "pending", error.status if isinstance(error, ProviderDown) else None
    with parts.db.begin() as tx:
        row, now = mails.lock_mail(tx, mail.id), parts.clock.now()
        mails.add_attempt(tx, row, now, outcome, status)
        if mail.channel == "push" and status in NO_SUCH_DEVICE:
            addresses.mark_refused(tx, row.to_hash, now)
        if outcome == "pending":
            row.due_at = now + pause_after(row.attempts)
        else:
            settle(tx, row, outcome, now, why)
    return outcome == "sent"


def settle(tx: Tx, mail: MailRow, outcome: MailState, now: datetime, why: str = "") -> None:
    """Note what became of a mail and forget its address; what the letter said goes with the notice's last mail.

    One that was sent can come back. *why* is the status with which it did, or was refused.
    """
    is_back = (mail.state, outcome) == ("sent", "bounced")
    if mail.state != "pending" and not is_back:
        return
    if is_address_at_fault(why):
        addresses.mark_refused(tx, mail.to_hash, now)
    mail.state, mail.settled_at, mail.address = outcome, now, None
    tx.flush()
    notice = mails.get_notice(tx, mail.notice_key)
    metrics.MAILS.labels(notice.template, outcome).inc()
    if mails.count_pending(tx, notice.key) == 0:
        notice.email, notice.facts = None, {}
    if outcome in {"sent", "bounced"}:
        kind = MessageSent if outcome == "sent" else MessageBounced
        about = _about(notice)
        version = 2 if is_back else 1
        event = kind(id=mail.id, version=version, at=now, template=notice.template, channel=mail.channel, about=about)
        put_event(tx, OWNER, event, now)


def _about(notice: NoticeRow) -> About | None:
    if notice.about_kind is None or notice.about_id is None:
        return None
    return About(kind=cast("AboutKind", notice.about_kind), id=notice.about_id)

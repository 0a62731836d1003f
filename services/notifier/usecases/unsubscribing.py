"""Switching one kind of message off, and on again, by the address that came with a letter."""

from datetime import datetime
from typing import cast

from contracts.messages import Template
from services.chassis import audit
from services.chassis.db import Tx
from services.notifier.domain import SWITCHABLE, UnsubscriptionUnknown
from services.notifier.store import contacts, mails
from services.notifier.store.tables import MailRow
from services.notifier.unsubscribe_links import UnsubscribeLinks


def find(tx: Tx, links: UnsubscribeLinks, token: str) -> tuple[Template, bool]:
    """Give which kind of message *token* is about and whether it is wanted. Raises UnsubscriptionUnknown."""
    mail, template = _mail_of(tx, links, token)
    return template, template not in contacts.find_unwanted(tx, *_contact(mail))


def set_wanted(tx: Tx, links: UnsubscribeLinks, token: str, is_wanted: bool, now: datetime) -> tuple[Template, bool]:
    """Switch that kind of message on or off for whom the letter was written to. Raises UnsubscriptionUnknown."""
    mail, template = _mail_of(tx, links, token)
    kind, contact_id = _contact(mail)
    unwanted = contacts.find_unwanted(tx, kind, contact_id)
    chosen = unwanted - {template} if is_wanted else unwanted | {template}
    if chosen != unwanted:
        contacts.replace_unwanted(tx, kind, contact_id, sorted(chosen))
        audit.record(tx, "notifier", "messages.unsubscribe", now, object=f"{kind}:{contact_id}")
    return template, is_wanted


def _mail_of(tx: Tx, links: UnsubscribeLinks, token: str) -> tuple[MailRow, Template]:
    mail_id = links.mail_of(token)
    mail = mails.find_mail(tx, mail_id) if mail_id else None
    if mail is None or mail.contact_kind is None:
        raise UnsubscriptionUnknown
    template = cast("Template", mails.get_notice(tx, mail.notice_key).template)
    if template not in SWITCHABLE:
        raise UnsubscriptionUnknown
    return mail, template


def _contact(mail: MailRow) -> tuple[str, str]:
    return mail.contact_kind or "", mail.contact_id or ""

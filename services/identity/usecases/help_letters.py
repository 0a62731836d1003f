"""What whoever asked for help, and the contact on file, are told of the answer."""

from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from contracts.messages import About, MailAddress, MessageRequested, Template
from services.chassis.db import Tx, new_id
from services.chassis.outbox import put_event
from services.identity.domain.languages import portal_language
from services.identity.store import help_requests as store

TELL_FOR = timedelta(days=7)
_ADDRESS: TypeAdapter[str] = TypeAdapter(MailAddress)


def tell_asker(tx: Tx, row: store.HelpRequestRow, template: Template, now: datetime) -> None:
    """Write to the request's contact, if it is an e-mail address."""
    try:
        email = _ADDRESS.validate_python(row.contact)
    except ValidationError:
        return
    letter = message(template, now, email=email, language=row.language)
    put_event(tx, "identity", letter, now)


def message(
    template: Template,
    now: datetime,
    *,
    about: About | None = None,
    email: str | None = None,
    language: str | None = None,
) -> MessageRequested:
    """Give the event that asks for a letter, to *about* or to *email*."""
    return MessageRequested(
        id=new_id(),
        version=1,
        at=now,
        template=template,
        about=about,
        email=email,
        language=portal_language(language),
        facts={},
        expires_at=now + TELL_FOR,
    )

"""What an account's owner is told of the account itself."""

from datetime import datetime
from typing import Any

from contracts.messages import About, Template
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.identity.usecases.help_letters import message


def tell_owner(tx: Tx, account_id: str, template: Template, now: datetime) -> None:
    """Write to the account's own address."""
    about = About(kind="holder", id=f"account:{account_id}")
    put_event(tx, "identity", message(template, now, about=about), now)


def write_to(
    tx: Tx, email: str, template: Template, language: str | None, now: datetime, facts: dict[str, Any] | None = None
) -> None:
    """Write to *email*, whoever's it is, with the *facts* that the template may say."""
    letter = message(template, now, email=email, language=language)
    put_event(tx, "identity", letter.model_copy(update={"facts": facts or {}}), now)

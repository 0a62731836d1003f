"""Which mails an account does without; its patients' contacts do without them too."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from contracts.messages import Template
from contracts.tokens import AccountGrants
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.notifier.domain import SWITCHABLE, NotSwitchable, find_addresses, hash_address
from services.notifier.store import addresses, contacts


def find_switchable() -> list[Template]:
    """Give what can be switched off, in order."""
    return sorted(SWITCHABLE)


def find_unwanted(tx: Tx, caller: Caller) -> set[Template]:
    """Give what *caller*, an account, has switched off, or whoever reads its patients' mail."""
    found: set[str] = set()
    for kind, one in _contacts_of(caller):
        found |= contacts.find_unwanted(tx, kind, one)
    return cast("set[Template]", found)


def _contacts_of(caller: Caller) -> list[tuple[str, str]]:
    patients = caller.grants.patients if isinstance(caller.grants, AccountGrants) else []
    return [("holder", caller.holder), *(("patient", patient) for patient in patients)]


def is_address_refused(tx: Tx, caller: Caller) -> bool:
    """Whether mail to the account of *caller* cannot be delivered."""
    contact = contacts.find_contact(tx, "holder", caller.holder)
    emails = contact.emails if contact else []
    return any(addresses.is_refused(tx, hash_address(address)) for address in find_addresses(emails))


def set_unwanted(tx: Tx, caller: Caller, unwanted: Sequence[Template], now: datetime) -> set[Template]:
    """Switch *unwanted* off and everything else on. Raises NotSwitchable."""
    chosen = set(unwanted)
    if not chosen <= SWITCHABLE:
        raise NotSwitchable(field="unwanted")
    for kind, one in _contacts_of(caller):
        contacts.replace_unwanted(tx, kind, one, sorted(chosen))
    audit.record(tx, "notifier", "messages.switch", now, caller=caller, object=caller.holder)
    return chosen

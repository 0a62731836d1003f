"""Which mails an account does without; its patients' contacts do without them too."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from contracts.messages import Template
from contracts.tokens import AccountGrants
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.notifier.domain import SWITCHABLE, NotSwitchable
from services.notifier.store import contacts


def find_switchable() -> list[Template]:
    """Give what can be switched off, in order."""
    return sorted(SWITCHABLE)


def find_unwanted(tx: Tx, caller: Caller) -> set[Template]:
    """Give what *caller*, an account, has switched off."""
    return cast("set[Template]", contacts.find_unwanted(tx, "holder", caller.holder))


def set_unwanted(tx: Tx, caller: Caller, unwanted: Sequence[Template], now: datetime) -> set[Template]:
    """Switch *unwanted* off and everything else on. Raises NotSwitchable."""
    chosen = set(unwanted)
    if not chosen <= SWITCHABLE:
        raise NotSwitchable(field="unwanted")
    patients = caller.grants.patients if isinstance(caller.grants, AccountGrants) else []
    for kind, one in [("holder", caller.holder), *(("patient", patient) for patient in patients)]:
        contacts.replace_unwanted(tx, kind, one, sorted(chosen))
    audit.record(tx, "notifier", "messages.switch", now, caller=caller, object=caller.holder)
    return chosen

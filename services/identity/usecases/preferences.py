"""The language of the portal and of the mails, and the theme, as an account's owner chooses them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.languages import portal_language
from services.identity.domain.preferences import DEFAULT_THEME, Theme
from services.identity.store import accounts
from services.identity.usecases.contacts import tell_account_contact
from services.identity.usecases.own_account import lock_own_account


@dataclass(frozen=True)
class Preferences:
    """What is chosen; of a choice: None leaves it as it is."""

    language: Literal["en", "es"] | None
    theme: Theme | None


def choose(tx: Tx, caller: Caller, asked: Preferences, now: datetime) -> Preferences:
    """Keep what the owner of *caller*'s account chose; mails speak the new language from now on. Raises SessionOver."""
    account = lock_own_account(tx, caller)
    if asked.theme is not None:
        account.theme = asked.theme
    if asked.language is not None and asked.language != account.language:
        account.language = asked.language
        tell_account_contact(tx, account, now)
    audit.record(tx, "identity", "preferences.change", now, caller=caller, object=caller.holder)
    return of_account(account)


def of_account(account: accounts.AccountRow) -> Preferences:
    """Give what an account's owner chose, the theme that nobody chose as the device has it."""
    return Preferences(portal_language(account.language), cast("Theme", account.theme or DEFAULT_THEME))

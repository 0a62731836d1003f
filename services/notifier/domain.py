"""Whom a message goes to, how often it is tried, when it is given up; pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from contracts.messages import Template
from contracts.refusal import Refusal, RefusalKind

Language = Literal["en", "es"]
NoticeState = Literal["waiting", "resolved", "dropped"]
Channel = Literal["email", "sms", "push"]
MailState = Literal["pending", "sent", "bounced", "dropped"]

SHARE_NEWS_LIVES: Final = timedelta(days=7)
"""That a link was opened or locked is worth telling for this long, should the mail server be away."""
FAILURE_NEWS_LIVES: Final = timedelta(hours=24)
EXAM_NEWS_LIVES: Final = timedelta(days=30)
"""A released report is announced even after days of standing still: once."""

HOLDER_TOO: Final[frozenset[Template]] = frozenset({"package-expiring", "share-opened", "share-locked"})
"""Where no address was left with the package (S42) or share (O5), these go to its owner's account."""
SWITCHABLE: Final[frozenset[Template]] = frozenset(
    {"images-available", "report-available", "share-opened", "new-login"}
)
"""What a person may do without; the other mails were asked for, or protect them."""
ALLOWED_FACTS: Final[dict[Template, frozenset[str]]] = {
    "validation-code": frozenset({"code"}),
    "password-reset": frozenset({"code"}),
    "user-id-reminder": frozenset({"maskedUserId"}),
}
"""What a letter may say besides its own words; no other fact reaches one."""
TEXTED_TOO: Final[frozenset[Template]] = frozenset({"share-opened", "share-locked"})
"""Told by text message too, where a phone number was left and a provider is set (O5)."""
PUSHED_TOO: Final[frozenset[Template]] = frozenset(
    {
        "images-available", "report-available", "package-ready", "package-expiring", "package-failed", "share-opened",
        "share-locked", "new-login",
    }
)  # fmt: skip
"""Told besides to the devices of the account that it is about, or that holds the patient's record."""
NO_SUCH_DEVICE: Final = frozenset({404, 410})
"""A push provider's answers for an address that is no device's any more (RFC 8030 §7.3)."""
STATES_NEEDED: Final[dict[Template, frozenset[str]]] = {
    "package-ready": frozenset({"ready", "downloaded"}),
    "package-expiring": frozenset({"ready"}),
    "package-failed": frozenset({"failed"}),
}
"""A mail about a package goes out only while the package is still so; nobody is told that a download they had ends."""


@dataclass(frozen=True)
class Limit:
    """At most *most* letters to one address *within* a time: of one template, or of all."""

    most: int
    within: timedelta
    is_per_template: bool


PER_TEMPLATE: Final = Limit(12, timedelta(hours=1), is_per_template=True)
ALTOGETHER: Final = Limit(60, timedelta(hours=24), is_per_template=False)

FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)

BOUNCES_COME_WITHIN: Final = timedelta(days=10)
"""Servers give a letter up after about 5 days (RFC 5321 §4.5.4.1); a report that comes later is not believed."""
ADDRESS_AT_FAULT: Final = frozenset(
    {
        "5.0.0", "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.0", "5.2.1", "5.4.1", "5.4.4",
        "5.4.310",
    }
)  # fmt: skip
"""Statuses (RFC 3463, and Exchange's) that say for good that nobody reads an address. The others are about a full
mailbox, the letter, or us, whom a server may distrust (5.7): they say nothing against the address."""

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


@dataclass(frozen=True)
class Device:
    """A device that push notices go to; *address* is ``<platform>:<token or subscription>``."""

    address: str
    language: str | None


def find_devices(pushes: Iterable[Mapping[str, str]], now: datetime) -> list[Device]:
    """Give the devices of a contact whose log-in goes on at *now*."""
    return [
        Device(f"{one['platform']}:{one['address']}", one.get("language"))
        for one in pushes
        if now < datetime.fromisoformat(one["endsAt"])
    ]


class FactsMissing(Refusal):
    """Raised when a letter cannot be written, since its teller left out what it must say."""

    slug = "facts-missing"


class NotSwitchable(Refusal):
    """Raised for a mail that was asked for, or that protects its reader: it is always sent."""

    slug = "message-not-switchable"
    words = "This message cannot be switched off."


class UnsubscriptionUnknown(Refusal):
    """Raised for an address to unsubscribe by that we did not make, or that is about nothing."""

    slug = "unsubscription-unknown"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "This link does not stop any messages."


def limits_of(template: Template) -> tuple[Limit, ...]:
    """Give the limits that letters of *template* keep; no flood of others holds back a code that was asked for."""
    return (PER_TEMPLATE,) if template in ALLOWED_FACTS else (PER_TEMPLATE, ALTOGETHER)


def find_addresses(emails: Iterable[str]) -> list[str]:
    """Give those of *emails* that a mail can go to, each once, in order; what a RIS holds is not always an address."""
    found: dict[str, str] = {}
    for email in emails:
        trimmed = email.strip()
        if len(trimmed) <= 254 and _ADDRESS.fullmatch(trimmed):
            found.setdefault(trimmed.casefold(), trimmed)
    return list(found.values())


def wants(wanted: Sequence[str], template: Template) -> bool:
    """Whether somebody who *wanted* these templates wants this one."""
    return "*" in wanted or template in wanted


def allowed_facts(template: Template, facts: dict[str, object]) -> dict[str, str]:
    """Give those of *facts* that a letter of *template* may say, as text of one line. Raises FactsMissing."""
    allowed = ALLOWED_FACTS.get(template, frozenset())
    if not allowed <= facts.keys():
        raise FactsMissing
    return {name: " ".join(str(facts[name]).split())[:64] for name in allowed}


def find_status(text: str) -> str | None:
    """Give the first enhanced status (RFC 3463), such as ``5.1.1``, in what a server said."""
    found = _STATUS.search(text)
    return found[0] if found else None


def is_address_at_fault(status: str) -> bool:
    """Whether *status* says that its address is of no use until whoever gave it gives it again, or another."""
    return status in ADDRESS_AT_FAULT


def pause_after(attempts: int) -> timedelta:
    """How long to wait after the *attempts*-th failure: 10 s, doubling up to an hour."""
    doublings = min(attempts - 1, 20)
    return min(timedelta(seconds=FIRST_PAUSE.total_seconds() * 2**doublings), LONGEST_PAUSE)


def hash_address(address: str) -> str:
    """Give what stays of an address when its mail is settled."""
    return hashlib.sha256(address.casefold().encode()).hexdigest()


def mail_id(notice: str, address: str) -> str:
    """Give the id of the mail by which *notice* (its key) goes to *address*: always the same."""
    return hashlib.sha256(f"{notice}\n{hash_address(address)}".encode()).hexdigest()[:32]

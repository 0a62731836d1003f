"""The access token (JWT, EdDSA): who the caller is and what it lets them see (architecture: "Who may see what").

A token says what was true when it was minted; local copies only take away.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from contracts.access import Issuer
from contracts.wire import Instant, Wire

ALGORITHM = "EdDSA"
Kind = Literal["account", "icode", "share", "staff", "system"]
Part = Literal["identity", "exams", "sharing", "archiver", "notifier"]
StaffRole = Literal["front-desk", "support", "operator"]
Scope = Literal["images.store", "images.read", "hl7.send", "identifiers.read"]

ACCESS_LIFETIME = timedelta(minutes=5)
SHARE_ACCESS_LIFETIME = timedelta(minutes=2)
SYSTEM_LIFETIME = timedelta(days=365)

AUDIENCES: dict[Kind, tuple[Part, ...]] = {
    "account": ("identity", "exams", "sharing", "archiver", "notifier"),
    "icode": ("identity", "exams", "sharing", "archiver"),
    "share": ("exams", "archiver", "sharing"),
    "staff": ("identity", "exams", "sharing", "archiver"),
    "system": ("exams",),
}
"""The parts that a token of each kind may call."""

ISSUERS: dict[Kind, Issuer] = {
    "account": "identity",
    "icode": "identity",
    "staff": "identity",
    "system": "identity",
    "share": "sharing",
}
"""Who alone may mint a token of each kind; a token of another issuer is refused."""

REFRESH_PREFIX: dict[Issuer, str] = {"identity": "ri_", "sharing": "rs_"}
"""A refresh token's prefix tells the gateway whose it is."""


class AccountGrants(Wire):
    """Every exam of these patients."""

    kind: Literal["account"] = "account"
    patients: list[str]


class ICodeGrants(Wire):
    """The exams of one visit, or some of them."""

    kind: Literal["icode"] = "icode"
    visit: str
    exams: list[str] | None = None
    adult_at: Instant | None = None
    """When a minor's 18th birthday begins at the site; None for adults."""


class ShareGrants(Wire):
    """Exactly these exams, with these permissions."""

    kind: Literal["share"] = "share"
    exams: list[str]
    may_download: bool
    include_report: bool
    include_visit_summary: bool


class StaffGrants(Wire):
    """What a member of staff may do, where. No role opens images or reports."""

    kind: Literal["staff"] = "staff"
    roles: list[StaffRole]
    locations: list[str] | None = None
    """Location codes; None: all."""


class SystemGrants(Wire):
    """What another system may do."""

    kind: Literal["system"] = "system"
    scopes: list[Scope]


Grants = Annotated[AccountGrants | ICodeGrants | ShareGrants | StaffGrants | SystemGrants, Field(discriminator="kind")]


class Claims(Wire):
    """What an access token says. ``exp`` never lies past the code's or share's own end."""

    iss: Issuer
    aud: list[Part]
    sub: str
    """The holder: ``account:…``, ``icode:…``, ``share:…``, ``staff:…``, ``system:…``."""
    sid: str
    """The session's id."""
    sv: int
    """The holder's version when minted."""
    jti: str
    iat: int
    exp: int
    grants: Grants

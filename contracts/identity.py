"""What ``identity`` tells other systems: codes, accounts, help requests; never a code, name or address."""

from typing import ClassVar, Literal

from contracts.wire import Instant, OpenEvent


class ICodeState(OpenEvent):
    """An I-Code; ``id`` is the code's id, never the code."""

    visit_id: str
    exams: list[str] | None
    """None: all exams of the visit."""
    expires_at: Instant
    reason: str | None


class ICodeIssued(ICodeState):
    """A code was printed on a Portal Pass."""

    NAME: ClassVar[str] = "icode.issued"


class ICodeEnded(ICodeState):
    """Reprinted, lost or expired: it opens nothing."""

    NAME: ClassVar[str] = "icode.ended"


class ICodeReactivated(ICodeState):
    """Granted for another 90 days (S70)."""

    NAME: ClassVar[str] = "icode.reactivated"


class AccountState(OpenEvent):
    """An account and the patients whose records it holds."""

    patient_ids: list[str]


class AccountOpened(AccountState):
    """The validation code was right: the account exists (S22)."""

    NAME: ClassVar[str] = "account.opened"


class AccountClosed(AccountState):
    """It is no more."""

    NAME: ClassVar[str] = "account.closed"


HelpKind = Literal[
    "code-expired",
    "code-locked",
    "code-lost",
    "cannot-register",
    "not-my-exam",
    "not-my-account",
    "share-misused",
    "representative",
    "other",
]
"""What somebody asks help about."""


class HelpRequestState(OpenEvent):
    """A Get Help request."""

    kind: HelpKind


class HelpRequestMade(HelpRequestState):
    """Somebody asked."""

    NAME: ClassVar[str] = "help-request.made"


class HelpRequestGranted(HelpRequestState):
    """Staff granted it."""

    NAME: ClassVar[str] = "help-request.granted"


class HelpRequestRefused(HelpRequestState):
    """Staff refused it."""

    NAME: ClassVar[str] = "help-request.refused"

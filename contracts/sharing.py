"""What ``sharing`` tells: shares and their openings; never a nickname, password or token."""

from typing import ClassVar

from contracts.wire import Instant, OpenEvent


class ShareState(OpenEvent):
    """A password-protected link to some exams of its owner."""

    holder: str
    """The owner: ``account:…`` or ``icode:…``."""
    exams: list[str]
    may_download: bool
    include_report: bool
    include_visit_summary: bool
    expires_at: Instant
    opens: int
    """How often it was opened with the right password."""
    reason: str | None


class ShareCreated(ShareState):
    """A link was made."""

    NAME: ClassVar[str] = "share.created"


class ShareChanged(ShareState):
    """Password, date or permission changed."""

    NAME: ClassVar[str] = "share.changed"


class ShareOpened(ShareState):
    """Opened with the right password (O5)."""

    NAME: ClassVar[str] = "share.opened"


class ShareLocked(ShareState):
    """Ten wrong passwords in its life."""

    NAME: ClassVar[str] = "share.locked"


class ShareEnded(ShareState):
    """Ended by its owner, by its date, or because nothing is left in it."""

    NAME: ClassVar[str] = "share.ended"

"""Get Help: what is asked, how staff check who asks, and what a grant does (S69, S70)."""

from typing import ClassVar, Literal

from contracts import identity as contract
from contracts.refusal import Refusal, RefusalKind

HelpKind = contract.HelpKind
HelpState = Literal["open", "granted", "refused"]
VerifiedBy = Literal["callback-on-file", "photo-id"]
FIRST: HelpKind = "not-my-exam"
"""Heads the queue: somebody may be seeing another's exam."""
NOT_FOR_A_CODE: frozenset[HelpKind] = frozenset({"not-my-exam", "not-my-account", "share-misused"})
"""Kinds whose asker wants something closed, not opened: granting one reactivates no code."""


class HelpRequestNotFound(Refusal):
    """Raised when there is no such request."""

    slug = "help-request-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such help request."


class HelpRequestAnswered(Refusal):
    """Raised when a request was granted or refused before."""

    slug = "help-request-answered"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "This help request was answered before."


class ICodeEndedForGood(Refusal):
    """Raised when the code was reprinted or reported lost: another is its successor, or must be issued."""

    slug = "icode-ended"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "This I-Code was replaced or reported lost. Issue a new one."


class ICodeNotProven(Refusal):
    """Raised when a code is to be reactivated and the request came with none, or with a wrong one."""

    slug = "icode-not-proven"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "The request did not come with the right I-Code. Issue a new one to the patient."


def check_open(state: HelpState) -> None:
    """Raise HelpRequestAnswered unless a request can still be answered."""
    if state != "open":
        raise HelpRequestAnswered


def reactivates(kind: HelpKind, *, is_proven: bool) -> bool:
    """Whether a grant lets the request's code open its exams again.

    Raises ICodeNotProven for an expired code that the request did not prove: its grant would do nothing.
    """
    if kind == "code-expired" and not is_proven:
        raise ICodeNotProven
    return is_proven and kind not in NOT_FOR_A_CODE

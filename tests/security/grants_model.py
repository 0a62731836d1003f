"""Who may open which exam, told in a few lines that share nothing with the product: what the machine is held against.

People have records (``anna`` and ``anna2`` are one person's in two RISes); visits are of a record; exams are of a
visit. A merge lets a record be read as another until it is undone; a correction says that a visit never was of its
record. What people have to come in by: I-Codes of a visit or some of its exams, and accounts that hold records.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

PERSON = {"anna": "Anna", "anna2": "Anna", "bert": "Bert", "bert2": "Bert", "cleo": "Cleo"}
"""Whose each record is."""


@dataclass
class Code:
    """A printed I-Code."""

    id: str
    shown: str
    visit: str
    exams: frozenset[str] | None
    expires_at: datetime
    shown_for: str
    """The record under which the visit was to be seen when the code was printed."""
    has_changed_hands: bool = False
    """Whether it was to be seen under another since."""
    is_ended: bool = False

    def end_unless_for(self, visit: str, record: str) -> None:
        """Note that an exam of *visit* came to *record* by a correction: codes stay that were printed for that one."""
        is_theirs = self.shown_for == record and not self.has_changed_hands
        self.is_ended |= self.visit == visit and not is_theirs


@dataclass
class Account:
    """An account that holds what was proven, and what that was merged into."""

    id: str
    user_id: str
    proven: set[str]
    is_over: bool = False
    is_frozen: bool = False


Holder = Code | Account


@dataclass
class Truth:
    """What is so."""

    visit_of: dict[str, str]
    """By exam."""
    record_of: dict[str, str]
    """By visit."""
    merged_into: dict[str, str] = field(default_factory=dict)

    def chain(self, record: str) -> list[str]:
        """Give *record*, what it was merged into, what that was, and so on."""
        found = [record]
        while found[-1] in self.merged_into:
            found.append(self.merged_into[found[-1]])
        return found

    def shown_as(self, visit: str) -> str:
        """Give the record under which *visit* is to be seen now."""
        return self.chain(self.record_of[visit])[-1]

    def held(self, proven: Iterable[str]) -> set[str]:
        """Give the records that an account holds which has proven these."""
        return {one for record in proven for one in self.chain(record)}

    def exams_of(self, visit: str) -> set[str]:
        """Give the exams of *visit*."""
        return {exam for exam, its in self.visit_of.items() if its == visit}

    def is_live(self, holder: Holder, now: datetime) -> bool:
        """Whether *holder* lets anybody in at *now*."""
        if isinstance(holder, Account):
            return not (holder.is_over or holder.is_frozen)
        return not (holder.is_ended or self.is_anothers(holder)) and now < holder.expires_at

    def is_anothers(self, code: Code) -> bool:
        """Whether the visit is not the person's for whom *code* was printed."""
        return self.chain(code.shown_for)[-1] != self.shown_as(code.visit)

    def allowed(self, holder: Holder, now: datetime) -> set[str]:
        """Give all exams that whoever came in by *holder* may open at *now*."""
        if not self.is_live(holder, now):
            return set()
        if isinstance(holder, Account):
            held = self.held(holder.proven)
            return {exam for exam, visit in self.visit_of.items() if self.shown_as(visit) in held}
        of_visit = self.exams_of(holder.visit)
        return of_visit if holder.exams is None else of_visit & holder.exams

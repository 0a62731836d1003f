"""Whom somebody who registers says to be: asked questions next, or invited by staff, who saw a photo ID (S18, S19)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.chassis.db import Tx
from services.identity.domain.demographics import Demographics, RecordedPerson, agrees, agrees_with_invited, find_alike
from services.identity.domain.identity_questions import is_askable
from services.identity.domain.registrations import Step
from services.identity.parts import Parts
from services.identity.store import demographics
from services.identity.usecases.identity_questions import begin_asking, find_facts
from services.identity.usecases.invitations import Redeemable, redeem


@dataclass(frozen=True)
class Beginning:
    """Where a registration begins."""

    step: Step
    person: str
    """Whose questions are asked; empty: nobody's."""
    patient_id: str | None
    proven_by: Literal["matched", "staff"]
    invitation_id: str | None = None


def begin_with_questions(tx: Tx, parts: Parts, typed: Demographics, now: datetime) -> Beginning:
    """Let whoever typed this be asked, people we do not know too, with the same work."""
    record = _find_record(tx, parts, typed, now)
    person = begin_asking(tx, parts, typed, record.patient_id if record else None, now)
    return Beginning("questions", person, record.patient_id if record and agrees(typed, record) else None, "matched")


def _find_record(tx: Tx, parts: Parts, typed: Demographics, now: datetime) -> RecordedPerson | None:
    """Give the record that is like what was typed and says enough to ask about; of several, who came last."""
    found = {one.patient_id: one for one in find_alike(typed, demographics.find_born_on(tx, typed.birth_date))}
    facts = {one: find_facts(tx, parts, one, now) for one in found or [""]}
    askable = [one for one in facts if is_askable(facts[one])]
    last = max(askable, key=lambda one: (max(facts[one]["month"], default=""), one), default=None)
    return found[last] if last else None


def begin_with_invitation(tx: Tx, parts: Parts, typed: Demographics, code: str, now: datetime) -> Beginning | None:
    """Pass the questions over for whom *code* invites, if their record is as typed; None when the code is not right.

    Commit *tx* before you refuse: wrong tries are counted. Raises TooManyTries.
    """

    def fits(invited: Redeemable) -> bool:
        lets_protected = invited.is_despite_protection
        record = demographics.lock_eligible(tx, invited.patient_id, is_despite_protection=lets_protected)
        return record is not None and agrees_with_invited(typed, record)

    invited = redeem(tx, parts, code, fits, now)
    return Beginning("credentials", "", invited.patient_id, "staff", invited.id) if invited else None

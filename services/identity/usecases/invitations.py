"""Invitations: a code in place of the identity questions, for whoever showed staff a photo ID (rules: Accounts)."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.identity.domain.ages import adult_at
from services.identity.domain.icodes import new_icode, parse_icode
from services.identity.domain.invitations import (
    INVITATION_LIFETIME,
    INVITATION_LIMITS,
    AccountExists,
    InvitationNotPossible,
    InvitedAfter,
    PatientNotFound,
    hash_invitation,
    is_valid,
)
from services.identity.domain.registrations import MinorNoAccount
from services.identity.domain.staff import check_reason
from services.identity.parts import Parts
from services.identity.store import accounts, patients, registrations
from services.identity.store import invitations as store
from services.identity.usecases.front_desk import own_locations
from services.identity.usecases.letting_go import let_go
from services.identity.usecases.tries import begin_try, forgive_try


@dataclass(frozen=True)
class Invitation:
    """An invitation as it is shown, once."""

    id: str
    shown: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Redeemable:
    """Whom a code invites."""

    id: str
    patient_id: str
    is_despite_protection: bool


def invite(
    tx: Tx, parts: Parts, caller: Caller, patient_id: str, verified_by: InvitedAfter, note: str | None, now: datetime
) -> Invitation:
    """Invite a patient to open an account, after a check that stands on record.

    Former invitations and registrations under way end, whoever's they are. A frozen account lets go of the record:
    its owner is whoever showed the photo ID. Raises PatientNotFound, InvitationNotPossible, MinorNoAccount,
    AccountExists; ReasonNeeded for a record that is protected, or of no visit at the caller's locations, when there
    is no *note*.
    """
    is_protected = _check_eligible(tx, parts, patient_id, now)
    is_near = store.has_visit_at(tx, patient_id, own_locations(caller))
    check_reason(reason=note, is_own_location=is_near, is_protected=is_protected, field="note")
    _free_record(tx, patient_id, now)
    store.delete_unused(tx, patient_id)
    registrations.delete_of_patient(tx, patient_id)
    invitation = _add(tx, parts, caller, patient_id, is_protected=is_protected, now=now)
    audit.record(
        tx,
        "identity",
        "invitation.make",
        now,
        caller=caller,
        patient_id=patient_id,
        object=f"invitation:{invitation.id}",
        reason=f"{verified_by}: {note}" if note else verified_by,
    )
    return invitation


def _check_eligible(tx: Tx, parts: Parts, patient_id: str, now: datetime) -> bool:
    """Raise unless the record may have an account; gives whether it is protected."""
    patient = patients.find_patient(tx, patient_id)
    if patient is None or not patient.version:
        raise PatientNotFound
    marks = patients.find_marks(tx, patient_id)
    if marks.is_deceased or patient.merged_into:
        raise InvitationNotPossible
    if adult_at(patient.birth_date, parts.locations.westernmost(now).key, now) is not None:
        raise MinorNoAccount
    return marks.is_protected


def _free_record(tx: Tx, patient_id: str, now: datetime) -> None:
    """Let frozen accounts hold the record no more. Raises AccountExists for one that is not frozen."""
    for account_id in accounts.find_live_holders_of(tx, [patient_id]):
        account = accounts.find_account(tx, account_id)
        if account is not None and account.frozen_at is None:
            raise AccountExists
        let_go(tx, account_id, patient_id, now)


def _add(tx: Tx, parts: Parts, caller: Caller, patient_id: str, *, is_protected: bool, now: datetime) -> Invitation:
    while True:
        code, invitation_id = new_icode(), new_id()
        is_new = store.add_invitation(
            tx,
            id=invitation_id,
            patient_id=patient_id,
            is_despite_protection=is_protected,
            locator=code.locator,
            secret_hash=hash_invitation(parts.codes_key, code),
            issued_by=caller.holder,
            issued_at=now,
            expires_at=now + INVITATION_LIFETIME,
        )
        if is_new:
            return Invitation(invitation_id, code.shown(), now + INVITATION_LIFETIME)


def redeem(tx: Tx, parts: Parts, text: str, fits: Callable[[Redeemable], bool], now: datetime) -> Redeemable | None:
    """Give the invitation whose code *text* is, and use it up; None when it is not right.

    *fits* says whether it invites the one who registers: for another the code is as wrong as an unknown one, and is
    not used up. Wrong tries are counted: commit *tx* before you refuse (InvitationRefused). Raises TooManyTries,
    counting nothing.
    """
    code = parse_icode(text)
    if code is None:
        return None
    subject = parts.tries_subject("invitation", code.locator)
    begin_try(tx, subject, INVITATION_LIMITS, now)
    row = store.lock_by_locator(tx, code.locator)
    tried = hash_invitation(parts.codes_key, code)
    is_right = hmac.compare_digest(row.secret_hash if row else "", tried)
    if row is None or not is_right or not is_valid(row.expires_at, row.used_at, now):
        return None
    invited = Redeemable(row.id, row.patient_id, row.is_despite_protection)
    if not fits(invited):
        return None
    forgive_try(tx, subject, now)
    row.used_at = now
    audit.record(
        tx,
        "identity",
        "invitation.use",
        now,
        actor="nobody",
        patient_id=row.patient_id,
        object=f"invitation:{row.id}",
    )
    return invited

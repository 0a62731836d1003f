"""Creating an account in four steps (S18-S22): each in its turn, once, in a transaction that holds the registration."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from contracts.refusal import Refusal
from services.chassis import audit
from services.chassis.db import Tx
from services.identity.domain.accounts import UserIdTaken, fold_user_id
from services.identity.domain.ages import adult_at
from services.identity.domain.demographics import Demographics
from services.identity.domain.guest_appointments import LocationUnknown
from services.identity.domain.identity_questions import Question
from services.identity.domain.invitations import InvitationRefused
from services.identity.domain.languages import portal_language
from services.identity.domain.registrations import (
    BirthDateInFuture,
    IdentityNotVerified,
    MinorNoAccount,
    RegistrationOver,
    Step,
    check_step,
    hash_registration_id,
)
from services.identity.domain.validation_codes import ValidationCodeRefused
from services.identity.parts import Parts
from services.identity.store import accounts
from services.identity.store import registrations as store
from services.identity.usecases.identity_questions import find_asked, try_answers
from services.identity.usecases.passwords import check_new_password
from services.identity.usecases.registration_beginning import Beginning, begin_with_invitation, begin_with_questions
from services.identity.usecases.registration_ending import open_once
from services.identity.usecases.validation_codes import send_code, use_code

ID_BYTES = 16


@dataclass(frozen=True)
class Begun:
    """A registration that was begun; *id* is all that it is bound to."""

    id: str = field(repr=False)
    next: Step


@dataclass(frozen=True)
class AskedCredentials:
    """What somebody wants to log in with, and where the code goes."""

    user_id: str
    email: str = field(repr=False)
    password: str = field(repr=False)
    language: Literal["en", "es"] | None


def begin_registration(
    parts: Parts, typed: Demographics, location_id: str, invitation_code: str | None, address: str | None
) -> Begun | Refusal:
    """Begin a registration (step 1); the questions come next, for people we do not know too.

    With a right *invitation_code* they are passed over: staff saw a photo ID. Gives MinorNoAccount and
    InvitationRefused, as refusals that are on record. Raises LocationUnknown, BirthDateInFuture, TooManyTries.
    """
    now = parts.clock.now()
    if location_id not in parts.locations:
        raise LocationUnknown(field="locationId")
    zone = parts.time_zone(location_id)
    if typed.birth_date > now.astimezone(parts.locations[location_id].zone).date():
        raise BirthDateInFuture(field="dateOfBirth")
    with parts.db.begin() as tx:
        if adult_at(typed.birth_date, zone, now) is not None:
            _note(tx, None, "registration.begin", now, refusal=MinorNoAccount(), address=address)
            return MinorNoAccount()
        beginning = _find_beginning(tx, parts, typed, invitation_code, now)
        if beginning is None:
            _note(tx, None, "registration.begin", now, refusal=InvitationRefused(), address=address)
            return InvitationRefused(field="invitationCode")
        registration_id = secrets.token_hex(ID_BYTES)
        row = store.add_registration(
            tx, id=hash_registration_id(registration_id), began_at=now, location_id=location_id, **asdict(beginning)
        )
        _note(tx, row, "registration.begin", now, address=address)
    return Begun(registration_id, beginning.step)


def _find_beginning(
    tx: Tx, parts: Parts, typed: Demographics, invitation_code: str | None, now: datetime
) -> Beginning | None:
    if invitation_code is None:
        return begin_with_questions(tx, parts, typed, now)
    return begin_with_invitation(tx, parts, typed, invitation_code, now)


def find_questions(tx: Tx, registration_id: str, now: datetime) -> list[Question]:
    """Give what is to be answered in step 2. Raises RegistrationOver, WrongStep."""
    return find_asked(
        tx, _check(store.find_registration(tx, hash_registration_id(registration_id)), "questions", now).person
    )


def answer_questions(
    parts: Parts, registration_id: str, answers: Sequence[tuple[str, str]], address: str | None
) -> Step | Refusal:
    """Take the answers of step 2, ``(question id, choice id)``; gives what comes next, or IdentityNotVerified.

    Raises RegistrationOver, WrongStep, AnswersIncomplete.
    """
    now = parts.clock.now()
    with parts.db.begin() as tx:
        row = _lock(tx, registration_id, "questions", now)
        is_proven = try_answers(tx, parts, row.person, row.patient_id, answers, now)
        outcome = None if is_proven else IdentityNotVerified()
        _note(tx, row, "registration.answer", now, refusal=outcome, address=address)
        if outcome:
            return outcome
        row.step = "credentials"
    return "credentials"


def choose_credentials(parts: Parts, registration_id: str, asked: AskedCredentials, address: str | None) -> Step:
    """Take User ID, address and password (step 3), and mail a code.

    Raises RegistrationOver, WrongStep, UserIdMalformed, UserIdTaken, PasswordRefused, PasswordTooCommon,
    TooManyCodeMails.
    """
    now = parts.clock.now()
    with parts.db.read() as tx:
        _check(store.find_registration(tx, hash_registration_id(registration_id)), "credentials", now)
    folded = fold_user_id(asked.user_id)
    check_new_password(parts, asked.password, user_id=folded, email=asked.email)
    password_hash = parts.hasher.hash(asked.password)
    with parts.db.begin() as tx:
        row = _lock(tx, registration_id, "credentials", now)
        if accounts.find_account_by_user_id(tx, folded):
            raise UserIdTaken(field="userId")
        send_code(tx, parts, "registration", _object(row), asked.email, asked.language, now)
        row.step, row.user_id, row.email, row.language = "validation", asked.user_id, asked.email, asked.language
        row.password_hash = password_hash
        _note(tx, row, "registration.choose-credentials", now, address=address)
    return "validation"


def send_new_code(parts: Parts, registration_id: str, address: str | None) -> None:
    """Mail another code; the one before it ends. Raises RegistrationOver, WrongStep, TooManyCodeMails."""
    now = parts.clock.now()
    with parts.db.begin() as tx:
        row = _lock(tx, registration_id, "validation", now)
        send_code(tx, parts, "registration", _object(row), row.email or "", portal_language(row.language), now)
        _note(tx, row, "registration.send-code", now, address=address)


def validate(parts: Parts, registration_id: str, code: str, address: str | None) -> str | Refusal:
    """Take the code (step 4), open the account, and give its User ID; ValidationCodeRefused for a wrong or old code.

    UserIdTaken when somebody else took the User ID meanwhile: step 3 comes again. Raises RegistrationOver, WrongStep.
    """
    try:
        return _validate(parts, registration_id, code, address)
    except UserIdTaken:  # at this instant, and nothing was changed here: now it is seen
        return _validate(parts, registration_id, code, address)


def _validate(parts: Parts, registration_id: str, code: str, address: str | None) -> str | Refusal:
    now = parts.clock.now()
    with parts.db.begin() as tx:
        row = _lock(tx, registration_id, "validation", now)
        outcome: Refusal | None = None
        if not use_code(tx, parts, "registration", _object(row), code, now):
            outcome = ValidationCodeRefused(field="code")
        elif accounts.find_account_by_user_id(tx, fold_user_id(row.user_id or "")):
            outcome, row.step = UserIdTaken(field="userId"), "credentials"
        _note(tx, row, "registration.validate", now, refusal=outcome, address=address)
        if outcome:
            return outcome
        user_id = row.user_id or ""
        open_once(tx, parts, row, now)
        row.step, row.user_id, row.email, row.password_hash = "done", None, None, None
    return user_id


def _check(row: store.RegistrationRow | None, wanted: Step, now: datetime) -> store.RegistrationRow:
    if row is None:
        raise RegistrationOver
    check_step(row.waits_for, wanted, row.began_at, now)
    return row


def _lock(tx: Tx, registration_id: str, wanted: Step, now: datetime) -> store.RegistrationRow:
    return _check(store.lock_registration(tx, hash_registration_id(registration_id)), wanted, now)


def _object(row: store.RegistrationRow) -> str:
    return f"registration:{row.id}"


def _note(
    tx: Tx,
    row: store.RegistrationRow | None,
    action: str,
    now: datetime,
    *,
    refusal: Refusal | None = None,
    address: str | None,
) -> None:
    """Put a step on record."""
    audit.record(
        tx,
        "identity",
        action,
        now,
        actor="nobody",
        patient_id=row.patient_id if row else None,
        object=_object(row) if row else None,
        slug=refusal.slug if refusal else None,
        address=address,
    )

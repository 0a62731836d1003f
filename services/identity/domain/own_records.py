"""Which records an account may take in by a visit's I-Code (rules: Accounts)."""

from collections.abc import Iterable
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind
from services.identity.domain.demographics import RecordedPerson, is_one_person


class RecordNotAddable(Refusal):
    """Raised for the right code of a visit whose record the account may not hold; never says why."""

    slug = "record-not-addable"
    kind: ClassVar[RefusalKind] = "conflict"
    words = (
        "The exams of this I-Code cannot be added to your account. Enter it on the log-in page to see them. "
        "If the record is yours, or you represent the patient, choose Get Help."
    )


def is_own(record: RecordedPerson, held: Iterable[RecordedPerson]) -> bool:
    """Whether *record* is of the person whose records an account holds: a code of another's visit opens that alone."""
    return any(is_one_person(record, one) for one in held)

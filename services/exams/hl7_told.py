"""What the RIS tells, as frozen values: visits, merges, orders, reports. Times are UTC instants."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.exams import ExamStatus, PatientIdentifier
from services.exams.hl7_fields import Patient, Visit

ReportStatus = Literal["preliminary", "final", "corrected", "withdrawn", "cancelled"]
OrderControl = Literal["NW", "XO", "CA", "SC"]


@dataclass(frozen=True, slots=True)
class _Told:
    control_id: str
    """MSH-10: the same once more has the same effect once."""
    sent_at: datetime
    """MSH-7, UTC: when the RIS sent the message; an older one changes nothing."""
    patient: Patient


@dataclass(frozen=True, slots=True)
class VisitMessage(_Told):
    """ADT^A04 (registered) or A08 (changed)."""

    event: Literal["A04", "A08"]
    visit: Visit | None
    """None when an A08 names no visit number: it changes the patient alone."""


@dataclass(frozen=True, slots=True)
class MergeMessage(_Told):
    """ADT^A40: the patient of *from_identifiers* becomes *patient*."""

    from_identifiers: tuple[PatientIdentifier, ...]


@dataclass(frozen=True, slots=True)
class UnmergeMessage(_Told):
    """ADT^A37: *patient* and the one of *from_identifiers* are two persons again."""

    from_identifiers: tuple[PatientIdentifier, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One exam, as ORC, OBR and ZDS tell."""

    accession: str
    procedure_code: str
    procedure_text: str
    starts_at: datetime | None
    ordering_physician: str | None
    modality: str
    reason: str | None
    study_uid: str | None
    control: OrderControl
    status: ExamStatus | None
    """None when ORC-5 is empty or says nothing of the exam's course."""


@dataclass(frozen=True, slots=True)
class OrderMessage(_Told):
    """ORM^O01 or OMI^O23."""

    visit: Visit | None
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A radiologist's report on one exam."""

    accession: str
    study_uid: str | None
    procedure_text: str
    status: ReportStatus
    status_at: datetime | None
    """OBR-22, UTC; always there when final or corrected: then it is when the report was signed."""
    referrer_sent_at: datetime | None
    """ZRP-1, UTC: when it went to the referring physician."""
    interpreter: str | None
    text: str | None
    """Lines joined by ``\\n``; None when the message carries none (a change of status alone, OBX-11 U)."""
    pdf: bytes | None


@dataclass(frozen=True, slots=True)
class ReportMessage(_Told):
    """ORU^R01."""

    visit: Visit | None
    reports: tuple[Report, ...]


FeedMessage = VisitMessage | MergeMessage | UnmergeMessage | OrderMessage | ReportMessage

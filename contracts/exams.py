"""What ``exams`` tells: patients, visits, exams, manifests and reports (design/events.md, design/architecture.md)."""

from datetime import date
from typing import ClassVar, Literal

from contracts.wire import Instant, OpenEvent, PrivateEvent, Wire

ExamStatus = Literal["scheduled", "arrived", "in-progress", "completed", "cancelled"]
MoveReason = Literal["merged", "unmerged", "corrected", "cancelled"]
Sex = Literal["F", "M", "O", "U"]

# --- visits and patients -------------------------------------------------------------------------------------------


class VisitState(OpenEvent):
    """A visit: one coming of a patient to one location."""

    patient_id: str
    location_id: str
    state: str
    """Two-letter US state of the location."""
    starts_at: Instant | None


class VisitRegistered(VisitState):
    """A visit came to be known."""

    NAME: ClassVar[str] = "visit.registered"


class VisitChanged(VisitState):
    """A visit's time, place or patient changed."""

    NAME: ClassVar[str] = "visit.changed"


class VisitExam(Wire):
    """An exam of a visit, as a front desk reads it."""

    exam_id: str
    accession: str
    procedure: str


class VisitDetailsChanged(PrivateEvent):
    """What identity needs to find a visit and to ask identity questions about it."""

    NAME: ClassVar[str] = "visit.details-changed"
    patient_id: str
    location_id: str
    starts_at: Instant | None
    visit_number: str
    exams: list[VisitExam]
    referring_physician: str | None
    language: str | None
    is_protected: bool


class PatientIdentifier(Wire):
    """A medical record number and who assigned it."""

    authority: str
    mrn: str


class PersonName(Wire):
    """A person's name as the RIS has it."""

    family: str
    given: str
    middle: str = ""


class PatientDemographicsChanged(PrivateEvent):
    """A patient as the RIS knows them."""

    NAME: ClassVar[str] = "patient.demographics-changed"
    identifiers: list[PatientIdentifier]
    name: PersonName
    birth_date: date | None
    sex: Sex
    postal_code: str | None
    phones: list[str]
    emails: list[str]
    language: str | None
    is_deceased: bool
    is_protected: bool


class PatientsJoined(PrivateEvent):
    """Two patient records are one person's: *from* is no more, *into* lives on. ``id`` is the from-patient."""

    from_patient_id: str
    into_patient_id: str


class PatientMerged(PatientsJoined):
    """ADT^A40."""

    NAME: ClassVar[str] = "patient.merged"


class PatientUnmerged(PatientsJoined):
    """ADT^A37, or an A40 taken back: both records live again."""

    NAME: ClassVar[str] = "patient.unmerged"


# --- exams ---------------------------------------------------------------------------------------------------------


class StudyRef(Wire):
    """A study of an exam, and how much of it is there."""

    study_id: str
    manifest_version: int
    instances: int
    bytes: int


class ExamState(OpenEvent):
    """An exam: one order, one accession number; its whole public state."""

    patient_id: str
    visit_id: str
    location_id: str
    state: str
    time_zone: str
    modality: str
    status: ExamStatus
    starts_at: Instant | None
    completed_at: Instant | None
    studies: list[StudyRef]
    images_available: bool


class ExamOrdered(ExamState):
    """An order came in."""

    NAME: ClassVar[str] = "exam.ordered"


class ExamChanged(ExamState):
    """Time, place, modality or status changed."""

    NAME: ClassVar[str] = "exam.changed"


class ExamCompleted(ExamState):
    """The exam was completed: its images may be seen from now on (S3)."""

    NAME: ClassVar[str] = "exam.completed"


class ExamCancelled(ExamState):
    """The order was cancelled."""

    NAME: ClassVar[str] = "exam.cancelled"


class ExamImagesAvailable(ExamState):
    """The exam is completed and has images, for the first time."""

    NAME: ClassVar[str] = "exam.images-available"


class ExamImagesChanged(ExamState):
    """Images came later, or went."""

    NAME: ClassVar[str] = "exam.images-changed"


class ExamMoved(ExamState):
    """The exam is another patient's now: of the same person (merged, unmerged), or it never was theirs (corrected)."""

    NAME: ClassVar[str] = "exam.moved"
    IS_URGENT: ClassVar[bool] = True
    from_patient_id: str
    to_patient_id: str
    reason: MoveReason


class ExamRemoved(ExamState):
    """The exam is no more; ``toPatientId`` is empty."""

    NAME: ClassVar[str] = "exam.removed"
    IS_URGENT: ClassVar[bool] = True
    from_patient_id: str
    to_patient_id: str = ""
    reason: MoveReason


class StoredStudy(Wire):
    """Where the manifest of a study lies."""

    study_id: str
    manifest_version: int
    manifest_key: str
    sha256: str


class ExamManifestStored(PrivateEvent):
    """The exam's studies with their manifests, and what its file is called (O2). ``id`` is the exam's."""

    NAME: ClassVar[str] = "exam.manifest-stored"
    exam_id: str
    studies: list[StoredStudy]
    file_name: str
    """``Accession-ExamFriendlyDescription`` or the accession alone (O2), without an extension; ASCII."""


# --- reports -------------------------------------------------------------------------------------------------------


class ReportReleased(OpenEvent):
    """The report may be seen by the patient from now on. ``id`` is the exam's."""

    NAME: ClassVar[str] = "report.released"
    exam_id: str
    patient_id: str
    report_version: int
    released_at: Instant


class ReportStored(PrivateEvent):
    """Where a released report's PDF lies; told with ``report.released``, never before. ``id`` is the exam's."""

    NAME: ClassVar[str] = "report.stored"
    exam_id: str
    report_version: int
    pdf_key: str
    sha256: str


class ReportTakenBack(OpenEvent):
    """A released report may not be seen any more: all versions up to ``reportVersion``. ``id`` is the exam's."""

    exam_id: str
    patient_id: str
    report_version: int


class ReportCorrected(ReportTakenBack):
    """The report is being corrected; the new one has a release clock of its own."""

    NAME: ClassVar[str] = "report.corrected"
    IS_URGENT: ClassVar[bool] = True


class ReportWithdrawn(ReportTakenBack):
    """The report was wrong (OBX-11 W, OBR-25 X)."""

    NAME: ClassVar[str] = "report.withdrawn"
    IS_URGENT: ClassVar[bool] = True


class Beat(PrivateEvent):
    """``exams`` lives and its relay works; each 5 s. Without one for 60 s the archiver fails closed on reports."""

    NAME: ClassVar[str] = "beat"
    IS_URGENT: ClassVar[bool] = True

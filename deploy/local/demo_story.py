"""The demo's people and exams: invented, around real images (deploy/demo/SOURCES.tsv names source and licence)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

AUTHORITY = "RADNET"


@dataclass(frozen=True)
class DemoPatient:
    """An invented person."""

    mrn: str
    family: str
    given: str
    born: date
    sex: str
    zip: str
    phone: str
    email: str
    language: str


@dataclass(frozen=True)
class DemoExam:
    """An invented exam; times are hours before the demo's first start (negative: after it)."""

    key: str
    patient: DemoPatient
    location: str
    visit_number: str
    accession: str
    procedure: str
    modality: str
    hours_ago: float
    reason: str
    images: str | None = None
    """Folder below ``deploy/demo/images``; None: not made yet."""
    report: str | None = None
    signed_hours_ago: float | None = None


def born_years_ago(today: date, years: int) -> date:
    """Give a birth date that makes somebody *years* old, whenever the demo is loaded."""
    return date(today.year - years, 3, 14)


def story(first_start: datetime) -> list[DemoExam]:
    """Give the demo's exams; *first_start* (UTC) is when it is loaded."""
    today = first_start.date()
    jane = DemoPatient(
        "NY-100234", "Rivera", "Jane", date(1984, 5, 12), "F", "10016", "212-555-0148", "jane.rivera@example.org", "en"
    )
    carlos = DemoPatient(
        "TX-204417", "Benavides", "Carlos", date(1961, 9, 30), "M", "77030", "713-555-0172", "carlos@example.org", "es"
    )
    emma = DemoPatient(
        "MD-300581", "Whitfield", "Emma", born_years_ago(today, 9), "F", "21201", "410-555-0119", "", "en"
    )
    return [
        DemoExam(
            key="mr",
            patient=jane,
            location="NY-NYC-01",
            visit_number="V-7001",
            accession="NY24110071",
            procedure="MR BRAIN W/O CONTRAST",
            modality="MR",
            hours_ago=49,
            reason="Headache",
            images="mr-head",
            report=_BRAIN,
            signed_hours_ago=26,
        ),
        DemoExam(
            key="ct",
            patient=jane,
            location="NJ-EDI-01",
            visit_number="V-5120",
            accession="NJ23080312",
            procedure="CT HEAD W/O CONTRAST",
            modality="CT",
            hours_ago=24 * 410,
            reason="Fall",
            images="ct-head",
            report=_HEAD,
            signed_hours_ago=24 * 409,
        ),
        DemoExam(
            key="upcoming",
            patient=jane,
            location="NY-NYC-01",
            visit_number="V-7090",
            accession="NY24120015",
            procedure="US ABDOMEN COMPLETE",
            modality="US",
            hours_ago=-24 * 6,
            reason="Follow-up",
        ),
        DemoExam(
            key="texas",
            patient=carlos,
            location="TX-HOU-01",
            visit_number="V-8804",
            accession="TX24110233",
            procedure="XR CHEST 2 VIEWS",
            modality="CR",
            hours_ago=5,
            reason="Cough",
            images="cr-chest",
            report=_CHEST,
            signed_hours_ago=1,
        ),
        DemoExam(
            key="minor",
            patient=emma,
            location="MD-BAL-01",
            visit_number="V-9015",
            accession="MD24110098",
            procedure="US HEART",
            modality="US",
            hours_ago=30,
            reason="Murmur",
            images="us-heart",
            report=_HEART,
            signed_hours_ago=20,
        ),
    ]


def hours_before(first_start: datetime, hours: float) -> datetime:
    """Give that time (UTC), to the minute."""
    return (first_start - timedelta(hours=hours)).replace(second=0, microsecond=0)


_BRAIN = """IMPRESSION:
1. No acute intracranial abnormality.
2. Mild mucosal thickening in the left maxillary sinus.

TECHNIQUE: Multiplanar MR images of the brain were obtained without intravenous contrast.

FINDINGS: The ventricles and sulci are normal in size. There is no restricted diffusion, hemorrhage or mass. The \
posterior fossa is unremarkable. Flow voids are preserved. The orbits are normal."""

_HEAD = """IMPRESSION:
No acute intracranial hemorrhage or skull fracture.

FINDINGS: Gray-white differentiation is preserved. There is no midline shift. The calvarium is intact."""

_CHEST = """IMPRESSION:
Patchy opacity in the right lower lung. A follow-up radiograph in 6 weeks is suggested.

FINDINGS: The heart is normal in size. There is no pleural effusion or pneumothorax."""

_HEART = """IMPRESSION:
Normal study for age.

FINDINGS: Chamber sizes and wall motion are normal. No septal defect is seen."""

"""Which studies are an exam's: by Study Instance UID, else by accession number and MRN; never another patient's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

How = Literal["study-uid", "accession", "staff"]
Waiting = Literal["no-order", "other-patient"]


@dataclass(frozen=True)
class StudyFacts:
    """What a study says of itself; None: it does not say."""

    study_uid: str
    accession: str | None
    mrn: str | None
    """Patient ID (0010,0020)."""


@dataclass(frozen=True)
class ExamFacts:
    """What an exam may be matched by; *mrns* are its patient's and those merged into it."""

    exam_id: str
    accession: str
    study_uid: str | None
    """The order's ZDS-1."""
    mrns: frozenset[str]


def match(study: StudyFacts, exams: Iterable[ExamFacts]) -> tuple[dict[str, How], Waiting | None]:
    """Give the exams (by id) whose study this is, and why it waits when it is nobody's.

    A Patient ID that is present and is not the exam's patient's stops the match, whatever the UID says.
    """
    found: dict[str, How] = {}
    is_other = False
    for exam in exams:
        how = _claim(study, exam)
        if how is None:
            continue
        if study.mrn is not None and study.mrn not in exam.mrns:
            is_other = True
        else:
            found[exam.exam_id] = how
    if found:
        return found, None
    return {}, "other-patient" if is_other else "no-order"


def _claim(study: StudyFacts, exam: ExamFacts) -> How | None:
    if exam.study_uid is not None and exam.study_uid == study.study_uid:
        return "study-uid"
    return "accession" if study.mrn is not None and study.accession == exam.accession else None

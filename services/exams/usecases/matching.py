"""Bringing studies and exams together, from either side: on each new study, each order, each merge, and each minute."""

from collections.abc import Iterable
from datetime import datetime

from contracts.exams import MoveReason
from services.chassis import metrics
from services.chassis.db import Tx
from services.exams.domain import matching
from services.exams.parts import Parts
from services.exams.store import exams as exam_store
from services.exams.store import locks, people, studies
from services.exams.store.tables import ExamRow, StudyRow
from services.exams.usecases.telling import settle_exam

AT_ONCE = 500
"""Waiting studies looked at in one turn of the chore."""


def match_study(tx: Tx, study: StudyRow, now: datetime) -> list[str]:
    """Make *study* the study of whom it is, and of nobody else; give the exams (ids) for which that changed.

    What staff matched stays. The locks of its UID and accession number must be held.
    """
    exams = exam_store.find_claiming_exams(tx, study.study_uid, study.accession)
    facts = matching.StudyFacts(study.study_uid, study.accession, study.mrn)
    wanted, waiting = matching.match(facts, [_facts(tx, exam) for exam in exams])
    links = {link.exam_id: link for link in exam_store.find_links(tx, study.id)}
    changed = []
    for exam_id, link in links.items():
        if exam_id not in wanted and link.how != "staff":
            exam_store.delete_link(tx, link)
            changed.append(exam_id)
    for exam_id, how in wanted.items():
        if exam_id not in links:
            exam_store.add_link(tx, exam_id, study.id, how, now)
            changed.append(exam_id)
    is_claimed = bool(wanted) or any(link.how == "staff" for link in links.values())
    study.waiting = None if is_claimed else waiting
    return changed


def _facts(tx: Tx, exam: ExamRow) -> matching.ExamFacts:
    return matching.ExamFacts(exam.id, exam.accession, exam.study_uid, people.find_mrns(tx, exam.patient_id))


def match_exams(tx: Tx, exams: Iterable[ExamRow], now: datetime) -> set[str]:
    """Look again at every study that is, or may be, one of *exams*; give the exams (ids) for which that changed."""
    exams = list(exams)
    uids = [exam.study_uid for exam in exams if exam.study_uid]
    found = set(studies.find_claimable_studies(tx, uids, [exam.accession for exam in exams]))
    found |= set(studies.find_linked_studies(tx, [exam.id for exam in exams]))
    changed: set[str] = set()
    for study_id in sorted(found):
        changed |= set(match_study(tx, studies.find_locked_study(tx, study_id), now))
    return changed


def settle_exams(
    tx: Tx, parts: Parts, exam_ids: Iterable[str], now: datetime, *, reason: MoveReason = "corrected"
) -> None:
    """Tell what of some exams is news."""
    for exam_id in sorted(set(exam_ids)):
        settle_exam(tx, parts.locations, exam_store.find_exam(tx, exam_id), now, reason=reason)


def match_waiting(parts: Parts) -> None:
    """Match again what waits: the chore of each minute, for what slipped past both sides."""
    with parts.db.read() as tx:
        waiting = studies.find_unclaimed(tx, AT_ONCE)
    for study_id in waiting:
        with parts.db.read() as tx:
            study = studies.find_study(tx, study_id)
            exams = exam_store.find_claiming_exams(tx, study.study_uid, study.accession)
        if exams:
            _match_again(parts, study)


def count_waiting(parts: Parts) -> None:
    """Set the gauge of studies that no exam has, when somebody looks at it."""
    with parts.db.read() as tx:
        metrics.STUDIES_WAITING.set(studies.count_waiting(tx))


def _match_again(parts: Parts, known: StudyRow) -> None:
    now = parts.clock.now()
    with parts.db.begin() as tx:
        lock_study(tx, known.study_uid, known.accession)
        study = studies.find_locked_study(tx, known.id)
        settle_exams(tx, parts, match_study(tx, study, now), now)


def lock_study(tx: Tx, study_uid: str, accession: str | None) -> None:
    """Hold the locks of a study's UID and accession number."""
    locks.lock(tx, [locks.study_key(study_uid), *([locks.accession_key(accession)] if accession else [])])

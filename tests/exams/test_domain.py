"""The rules: release of reports at either side of every edge, matching, what newer news changes, plain names."""

from datetime import UTC, datetime, timedelta

import pytest

from services.exams.domain import newest, release
from services.exams.domain.exams import is_arrival, shown_status
from services.exams.domain.matching import ExamFacts, StudyFacts, match
from services.exams.domain.plain_names import plain_name
from services.exams.domain.release import ReleaseRule, ReportFacts, due_at, is_released, standing

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
D0 = datetime(2026, 3, 2, 12, tzinfo=UTC)


def signed(state="TX", status="final", signed_at=D0, sent_at=D0, **more):
    return ReportFacts(status=status, signed_at=signed_at, sent_at=sent_at, state=state, **more)


@pytest.mark.parametrize("state", ["TX", "CA"])
@pytest.mark.parametrize(("after", "is_seen"), [(4 * DAY - SECOND, False), (4 * DAY, True)])
def test_a_report_of_texas_or_california_is_seen_four_days_after_it_was_signed_and_sent_S5_S6(state, after, is_seen):
    assert is_released(signed(state), D0 + after) is is_seen


@pytest.mark.parametrize(
    ("signed_at", "sent_at"), [(D0, D0 + 2 * DAY), (D0 + 2 * DAY, D0)], ids=["sent later", "signed later"]
)
def test_the_clock_starts_when_both_have_happened_S7(signed_at, sent_at):
    facts = signed(signed_at=signed_at, sent_at=sent_at)
    assert due_at(facts) == D0 + 6 * DAY
    assert not is_released(facts, D0 + 6 * DAY - SECOND)
    assert is_released(facts, D0 + 6 * DAY)


def test_a_report_never_sent_stays_hidden_and_says_so_S7():
    facts = signed(sent_at=None)
    assert due_at(facts) is None
    told = standing(facts, D0 + 400 * DAY)
    assert (told.status, told.available_at, told.why) == ("held", None, "not-sent")


@pytest.mark.parametrize("state", ["MD", "NY", "NJ", "FL", "AZ", "DE"])
@pytest.mark.parametrize(("after", "is_seen"), [(-SECOND, False), (timedelta(), True)])
def test_elsewhere_a_report_is_seen_at_signing_S4_S8(state, after, is_seen):
    assert is_released(signed(state, sent_at=None), D0 + after) is is_seen


@pytest.mark.parametrize("status", ["preliminary", "withdrawn", "cancelled"])
@pytest.mark.parametrize("state", ["TX", "NY"])
def test_what_is_not_signed_is_never_seen_S4(status, state):
    assert not is_released(signed(state, status=status), D0 + 1000 * DAY)


def test_the_four_days_are_hours_and_not_calendar_days_over_the_change_of_clocks_S5():
    before_the_change = datetime(2026, 3, 6, 18, tzinfo=UTC)
    facts = signed(signed_at=before_the_change, sent_at=before_the_change)
    assert due_at(facts) == before_the_change + timedelta(hours=96)


def test_a_held_report_says_when_and_by_which_law_S5():
    told = standing(signed(), D0)
    assert (told.status, told.available_at, told.why, told.citation) == ("held", D0 + 4 * DAY, "release-rule", "SB922")


def test_a_corrected_report_has_a_clock_of_its_own_S5():
    facts = signed(status="corrected", signed_at=D0 + 10 * DAY, sent_at=D0 + 10 * DAY, was_signed=True)
    told = standing(facts, D0 + 10 * DAY)
    assert (told.status, told.why, told.available_at) == ("held", "being-corrected", D0 + 14 * DAY)
    assert standing(facts, D0 + 14 * DAY).status == "available"


def test_a_report_under_correction_without_a_new_text_is_held_without_a_time():
    told = standing(signed(status="preliminary", was_signed=True), D0)
    assert (told.status, told.why, told.available_at) == ("held", "being-corrected", None)


def test_a_withdrawn_report_says_when():
    told = standing(signed(status="withdrawn", withdrawn_at=D0), D0)
    assert (told.status, told.withdrawn_at) == ("withdrawn", D0)


SENSITIVE = (ReleaseRule("NY", "sensitive", 3 * DAY, "a law", datetime(2020, 1, 1, tzinfo=UTC)),)


@pytest.mark.parametrize(("is_sensitive", "status"), [(True, "held"), (None, "held"), (False, "available")])
def test_a_hold_of_sensitive_reports_tells_neither_time_nor_reason_and_holds_when_unsure(is_sensitive, status):
    told = standing(signed("NY", is_sensitive=is_sensitive), D0, SENSITIVE)
    assert told.status == status
    if status == "held":
        assert (told.available_at, told.why, told.citation, told.is_silent) == (None, None, None, True)


@pytest.mark.parametrize(("signed_at", "delay"), [(-SECOND, timedelta()), (timedelta(), 4 * DAY)])
def test_a_rule_holds_what_was_signed_from_its_first_day_on(signed_at, delay):
    first_day = next(rule.valid_from for rule in release.RULES if rule.state == "TX")
    at = first_day + signed_at
    assert due_at(signed(signed_at=at, sent_at=at)) == at + delay


@pytest.mark.parametrize(
    ("told", "when_signed", "sent"), [(D0 + DAY, True, D0 + DAY), (None, True, D0), (None, False, None)]
)
def test_a_report_counts_as_sent_as_told_else_by_the_setting_S7(told, when_signed, sent):
    assert release.sent_at(D0, told, sent_when_signed=when_signed) == sent


def test_an_unsigned_status_without_a_time_never_outranks_a_signed_one():
    assert release.rank("preliminary", None, D0 + DAY) < release.rank("final", D0, D0)


def test_a_withdrawal_counts_from_when_it_was_said():
    assert release.rank("withdrawn", D0, D0 + DAY) > release.rank("corrected", D0 + SECOND, D0 + SECOND)


# --- matching ------------------------------------------------------------------------------------------------------


def exam(exam_id="e1", accession="A1", study_uid=None, mrns=("M1",)):
    return ExamFacts(exam_id, accession, study_uid, frozenset(mrns))


@pytest.mark.parametrize(
    ("study", "found", "waiting"),
    [
        (StudyFacts("1.2", "A1", "M1"), {"e1": "accession"}, None),
        (StudyFacts("1.2", "A1", None), {}, "no-order"),
        (StudyFacts("1.2", "A2", "M1"), {}, "no-order"),
        (StudyFacts("1.2", "A1", "M9"), {}, "other-patient"),
        (StudyFacts("1.2", None, "M1"), {}, "no-order"),
    ],
)
def test_without_a_uid_a_study_is_an_exams_by_accession_number_and_mrn(study, found, waiting):
    assert match(study, [exam()]) == (found, waiting)


@pytest.mark.parametrize(
    ("mrn", "found", "waiting"),
    [("M1", {"e1": "study-uid"}, None), (None, {"e1": "study-uid"}, None), ("M9", {}, "other-patient")],
)
def test_the_orders_uid_makes_it_the_exams_unless_the_patient_is_another(mrn, found, waiting):
    assert match(StudyFacts("1.2", None, mrn), [exam(study_uid="1.2")]) == (found, waiting)


def test_a_number_merged_into_the_patients_matches():
    assert match(StudyFacts("1.2", "A1", "M9"), [exam(mrns=("M1", "M9"))]) == ({"e1": "accession"}, None)


def test_one_study_may_be_two_exams():
    both = [exam("e1", "A1", "1.2"), exam("e2", "A2", "1.2")]
    assert match(StudyFacts("1.2", "A1", "M1"), both)[0] == {"e1": "study-uid", "e2": "study-uid"}


# --- news ----------------------------------------------------------------------------------------------------------


def test_older_news_fills_in_what_nobody_said_and_changes_nothing_else():
    told = newest.note({}, {"name": "new"}, D0)
    assert newest.newer(told, {"name": "old", "phone": "1", "zip": None, "mails": []}, D0 - SECOND) == {"phone": "1"}
    assert newest.newer(told, {"name": "newer"}, D0 + SECOND) == {"name": "newer"}


@pytest.mark.parametrize(
    ("ordered", "arrived_at", "shown"),
    [
        (None, None, "scheduled"),
        ("scheduled", None, "scheduled"),
        ("scheduled", D0, "arrived"),
        ("in-progress", None, "in-progress"),
        ("completed", D0, "completed"),
        ("cancelled", D0, "cancelled"),
    ],
)
def test_an_exam_has_arrived_with_its_patient(ordered, arrived_at, shown):
    assert shown_status(ordered, arrived_at) == shown


@pytest.mark.parametrize(("starts", "is_there"), [(None, True), (D0, True), (D0 + SECOND, False)])
def test_a_visit_announced_for_later_is_no_arrival(starts, is_there):
    assert is_arrival(D0, starts) is is_there


@pytest.mark.parametrize(
    ("modality", "procedure", "english", "spanish"),
    [
        ("MR", "MRI BRAIN W/O CONTRAST", "MRI of the brain", "Resonancia magnética del cerebro"),
        ("CT", "CT HEAD", "CT scan of the head", "Tomografía de la cabeza"),
        ("CT", "CT ABDOMEN AND PELVIS", "CT scan of the abdomen and pelvis", "Tomografía del abdomen y la pelvis"),
        ("DX", "XR KNEE LEFT 2V", "X-ray of the left knee", "Radiografía de la rodilla izquierda"),
        ("DX", "XR SHOULDER RT", "X-ray of the right shoulder", "Radiografía del hombro derecho"),
        ("DX", "XR KNEE LEFT AND RIGHT", "X-ray of the knee", "Radiografía de la rodilla"),
        ("DX", "XR LEFT TOES", "X-ray of the left toes", "Radiografía de los dedos del pie izquierdo"),
        ("US", "US LEFT CAROTID", "Ultrasound of the left neck arteries",
         "Ecografía de las arterias del cuello (lado izquierdo)"),
        ("MG", "MAMMO SCREENING BILATERAL", "Mammogram", "Mamografía"),
        ("MR", "MR L SPINE", "MRI of the lower back (lumbar spine)",
         "Resonancia magnética de la parte baja de la espalda (columna lumbar)"),
        ("", "CT CHEST", "CT scan of the chest", "Tomografía del tórax"),
        ("XX", "SPECIAL STUDY", "SPECIAL STUDY", "SPECIAL STUDY"),
        ("", "", "Exam", "Examen"),
        ("US", "", "Ultrasound", "Ecografía"),
    ],
)  # fmt: skip
def test_an_exam_has_a_plain_name_in_both_languages(modality, procedure, english, spanish):
    assert (plain_name(modality, procedure, "en"), plain_name(modality, procedure, "es")) == (english, spanish)

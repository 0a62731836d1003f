"""The archiver's rules."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.topology import JOBS_LARGE, JOBS_SMALL
from services.archiver import byte_ranges, domain
from services.archiver.domain import (
    BuildSpec,
    KnownExam,
    PackageEnded,
    PackageNotReady,
    ReportPin,
    ReportsUnverified,
    StudyPin,
    TicketExpired,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def a_study(study_id="study-1", version=1):
    return StudyPin(
        study_id=study_id,
        manifest_version=version,
        manifest_key=f"m/{study_id}/{version}",
        sha256="0",
        with_findings=False,
    )


def a_report(exam_id, version=1):
    return ReportPin(exam_id=exam_id, report_version=version, pdf_key="k", sha256="0", title="t", with_pdf=True)


def an_exam(exam_id="exam-1", *studies):
    return KnownExam(exam_id, "patient-1", True, f"ACC-{exam_id}", studies or (a_study(),), 1000, 2)


@pytest.mark.parametrize(("after", "is_open"), [(timedelta(hours=24) - SECOND, True), (timedelta(hours=24), False)])
def test_a_package_is_served_for_24_hours_S41(after, is_open):
    ends_at = domain.expires_at(NOON - timedelta(minutes=5), NOON)
    with nullcontext() if is_open else pytest.raises(PackageEnded):
        domain.check_open("ready", ends_at, NOON + after)


def test_the_24_hours_count_from_the_later_of_asked_and_ready_S41():
    assert domain.expires_at(NOON, NOON - SECOND) == NOON + timedelta(hours=24)
    assert domain.expires_at(NOON - SECOND, NOON) == NOON + timedelta(hours=24)


@pytest.mark.parametrize(
    ("state", "refusal"),
    [("queued", PackageNotReady), ("failed", PackageNotReady), ("cancelled", PackageEnded), ("expired", PackageEnded)],
)
def test_only_a_ready_package_is_open(state, refusal):
    with pytest.raises(refusal):
        domain.check_open(state, None, NOON)


@pytest.mark.parametrize(("age_s", "used", "is_good"), [(60, None, True), (61, None, False), (9000, NOON, True)])
def test_a_ticket_is_first_used_within_60_seconds(age_s, used, is_good):
    with nullcontext() if is_good else pytest.raises(TicketExpired):
        domain.check_ticket_in_time(NOON, used, NOON + timedelta(seconds=age_s))


@pytest.mark.parametrize(
    ("holds_report", "beat_at", "is_good"),
    [
        (True, NOON - 60 * SECOND, True),
        (True, NOON - 61 * SECOND, False),
        (True, None, False),
        (False, None, True),
    ],
)
def test_reports_rest_when_exams_is_silent_for_60_seconds(holds_report, beat_at, is_good):
    with nullcontext() if is_good else pytest.raises(ReportsUnverified):
        domain.check_reports_verified(holds_report, beat_at, NOON)


@pytest.mark.parametrize(
    ("names", "package_format", "expected"),
    [
        (["ACC1-CT-Chest"], "zip", "ACC1-CT-Chest.zip"),
        (["ACC1"], "iso", "ACC1.iso"),
        (["ACC1-CT", "ACC2"], "zip", "ACC1-CT-and-1-more.zip"),
    ],
)
def test_the_file_is_named_by_accession_and_description_O2(names, package_format, expected):
    assert domain.file_name(names, package_format) == expected


def test_builds_below_200_mb_do_not_wait_behind_larger_ones():
    assert domain.queue_for(199_999_999) == JOBS_SMALL
    assert domain.queue_for(200_000_000) == JOBS_LARGE


def test_the_same_content_has_the_same_key_whatever_the_order():
    exams = [an_exam("exam-1", a_study("s-1")), an_exam("exam-2", a_study("s-2"))]
    sharers = {"s-1": {"exam-1"}, "s-2": {"exam-2"}}
    assert domain.spec_of(exams, "zip", {}, sharers).key() == domain.spec_of(exams[::-1], "zip", {}, sharers).key()


@pytest.mark.parametrize("change", ["format", "exam", "manifest version", "report", "report version", "layout version"])
def test_other_content_has_another_key(change):
    sharers = {"study-1": {"exam-1", "exam-3"}}

    def key(*, is_changed):
        changed = change if is_changed else ""
        study = a_study(version=2 if changed == "manifest version" else 1)
        exam = an_exam("exam-2" if changed == "exam" else "exam-1", study)
        version = 2 if changed == "report version" else 1
        reports = {} if changed == "report" else {"exam-1": a_report("exam-1", version)}
        spec = domain.spec_of([exam], "iso" if changed == "format" else "zip", reports, sharers)
        return spec.model_copy(update={"layout_version": 99} if changed == "layout version" else {}).key()

    assert key(is_changed=False) != key(is_changed=True)


def test_findings_go_in_only_with_the_reports_of_all_exams_of_their_study_S9():
    exam, sharers = an_exam(), {"study-1": {"exam-1", "exam-2"}}
    one = domain.spec_of([exam], "zip", {"exam-1": a_report("exam-1")}, sharers)
    assert [study.with_findings for study in one.studies] == [False]
    both = domain.spec_of([exam], "zip", {name: a_report(name) for name in ("exam-1", "exam-2")}, sharers)
    assert [study.with_findings for study in both.studies] == [True]
    assert [(pin.exam_id, pin.with_pdf) for pin in both.reports] == [("exam-1", True), ("exam-2", False)]


def test_without_a_report_its_findings_go_too():
    exam, sharers = an_exam(), {"study-1": {"exam-1", "exam-2"}}
    both = domain.spec_of([exam], "zip", {name: a_report(name) for name in ("exam-1", "exam-2")}, sharers)
    left = both.without_report_of("exam-2")
    assert [study.with_findings for study in left.studies] == [False]
    assert [pin.exam_id for pin in left.reports] == ["exam-1"]
    assert not both.without_report_of("exam-1").holds_report()


def test_a_spec_is_read_back_as_it_was_written():
    spec = domain.spec_of([an_exam()], "zip", {}, {"study-1": {"exam-1"}})
    assert BuildSpec.model_validate_json(spec.model_dump_json(by_alias=True)).key() == spec.key()


def test_an_address_is_shown_masked():
    assert domain.masked("anna@example.org") == "a***@example.org"
    assert domain.masked(None) is None


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted), max_size=12)


@given(SPANS)
def test_spans_cover_exactly_the_bytes_that_were_sent_S43(sent):
    spans: list[byte_ranges.Span] = []
    for start, end in sent:
        spans = byte_ranges.add(spans, start, end)
    assert byte_ranges.covered(spans) == len({byte for start, end in sent for byte in range(start, end)})
    assert all(one[1] < other[0] for one, other in pairwise(spans))


@given(st.text(max_size=20) | st.from_regex(r"bytes=\d{0,3}-\d{0,3}", fullmatch=True), st.integers(1, 500))
def test_a_range_never_leaves_the_file(header, size):
    try:
        answer = byte_ranges.choose(header, size)
    except byte_ranges.RangeNotSatisfiable:
        return
    assert 0 <= answer.start < answer.end <= size
    assert answer.is_partial or answer.length == size

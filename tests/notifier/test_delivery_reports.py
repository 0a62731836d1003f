"""Reading reports: whatever comes is read or refused; nothing breaks on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.delivery_reports import DeliveryReport, NotAReport, ReportUnreadable, read_report
from tests.notifier.returned_mails import from_exchange, from_gmail, from_postfix, in_short, in_utf_8

SHAPES = [from_postfix, from_exchange, from_gmail, in_utf_8]
TO = "b@portal.example"


def read(content):
    try:
        return read_report(content)
    except (NotAReport, ReportUnreadable) as error:
        return type(error)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_report_cut_off_anywhere_is_read_or_refused(shape):
    whole = shape(TO)
    found = {read(whole[:end]) for end in range(0, len(whole) + 1, 9)}
    assert found - {NotAReport, ReportUnreadable} == {read(whole)}


@given(st.sampled_from(SHAPES), st.lists(st.tuples(st.integers(0, 2500), st.binary(max_size=3)), max_size=20))
def test_a_garbled_report_is_read_or_refused(shape, changes):
    content = bytearray(shape(TO))
    for at, other in changes:
        content[at : at + len(other)] = other
    read(bytes(content))


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_a_report_of_anything_is_read_or_refused(head, body):
    read(b"Content-Type: multipart/report; report-type=delivery-status; boundary=xx\n" + head + b"\n\n--xx\n" + body)
    read(b"Content-Type: message/delivery-status\n" + head + b"\n\n" + body)


def test_parts_in_parts_without_end_are_refused():
    def opened(number):
        return f"Content-Type: multipart/report; report-type=delivery-status; boundary=b{number}\n\n--b{number}\n"

    assert read("".join(opened(number) for number in range(9000)).encode()) is ReportUnreadable


@pytest.mark.parametrize(
    ("block", "report"),
    [
        ("Action: failed\nStatus: 5.1.1 (no such user)", DeliveryReport("failed", "5.1.1")),
        ("ACTION: Failed (for good)\nstatus:5.4.4", DeliveryReport("failed", "5.4.4")),
        ("Action: failed\nDiagnostic-Code: smtp; 550 5.1.1 at 5.6.7.8", DeliveryReport("failed", "5.1.1")),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 450 4.2.1 x", DeliveryReport("failed", "5.0.0")),
        ("Action: delayed\nStatus: 5.1.1", DeliveryReport("delayed", "5.1.1")),
        ("Status: 5.1.1", DeliveryReport("failed", "5.1.1")),
        ("Status: 4.2.2", DeliveryReport("delayed", "4.2.2")),
        ("Action: expanded\nStatus: 2.0.0", DeliveryReport("delivered", "2.0.0")),
        ("Action: failed", ReportUnreadable),
        ("Action: exploded\nStatus: 5.1.1", ReportUnreadable),
        ("Action: failed\nStatus: 51.1", ReportUnreadable),
        ("Action: failed\nDiagnostic-Code: smtp; 550 from 5.6.7.8", ReportUnreadable),
        ("Final-Recipient: rfc822; =?utf-8?q?\xff?=\nStatus:", ReportUnreadable),
    ],
)
def test_what_a_report_says_of_a_recipient(block, report):
    assert read(in_short(TO, block)) == report

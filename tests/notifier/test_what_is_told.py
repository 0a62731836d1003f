"""Who hears of what: the mail left with a request, the account's, the patient's; once per event; nothing late."""

from datetime import timedelta

import pytest

from contracts.archiver import (
    PackageCancelled,
    PackageDownloaded,
    PackageExpired,
    PackageExpiring,
    PackageFailed,
    PackageReady,
)
from contracts.exams import ExamMoved, ExamRemoved, ReportReleased, ReportWithdrawn
from contracts.messages import MessageSent
from contracts.sharing import ShareLocked
from tests.notifier.conftest import LATER, a_contact, a_message, a_package, a_post_office, a_share, an_exam
from tests.servers import NOON

SECOND = timedelta(seconds=1)
TO_PACKAGE = a_contact("package", "p1", "anna@example.org")


def to(mails):
    return sorted(mail["to"] for mail in mails)


def test_a_ready_package_is_mailed_to_the_address_left_with_it_S35(any_post):
    (mail,) = any_post.sent(TO_PACKAGE, a_package())
    assert mail["to"] == "anna@example.org"
    assert mail["subject"] == "The images you asked for are ready"
    (told,) = any_post.told(MessageSent)
    assert (told.template, told.about.kind, told.about.id) == ("package-ready", "package", "p1")


def test_the_mail_links_to_the_log_in_page_alone_and_says_that_nothing_was_downloaded_S37_S38(post):
    (mail,) = post.sent(TO_PACKAGE, a_package(exams=["exam-77"]))
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for body in (text, html):
        assert "does NOT mean your files have already been downloaded" in " ".join(body.split())
        assert body.count("https://") == body.count("https://portal.example/enter") == 1
        assert "exam-77" not in body
        assert "p1" not in body.replace("<p1", "")


def test_without_an_address_a_ready_package_is_told_in_the_portal_only_S35(post):
    assert post.sent(a_package(holder="account:1"), a_contact("holder", "account:1", "anna@example.org")) == []


def test_an_address_left_after_it_was_ready_is_written_to_then_S35(post):
    assert post.sent(a_package()) == []
    assert to(post.sent(TO_PACKAGE)) == ["anna@example.org"]


@pytest.mark.parametrize("after", [PackageExpired, PackageCancelled])
def test_a_package_that_is_no_longer_ready_is_not_called_ready(post, after):
    assert post.sent(TO_PACKAGE, a_package(), a_package(after, 4)) == []


@pytest.mark.parametrize(("after", "count"), [(LATER - SECOND, 1), (LATER, 0)])
def test_nothing_is_sent_when_its_time_is_over(post, after, count):
    post.hear(TO_PACKAGE, a_package())
    post.clock.advance(after)
    post.send()
    assert len(post.mails()) == count


def test_the_end_of_the_24_hours_is_told_to_the_address_left_S42(post):
    mails = post.sent(TO_PACKAGE, a_package(), a_package(PackageExpiring, 4))
    assert sorted(mail["subject"] for mail in mails) == [
        "The images you asked for are ready",
        "Your download ends soon",
    ]


def test_the_end_is_not_told_of_what_was_downloaded_while_the_notice_waited_S42(post, clock):
    mails = post.sent(TO_PACKAGE, a_package(), a_package(PackageExpiring, 4), a_package(PackageDownloaded, 5))
    assert [mail["subject"] for mail in mails] == ["The images you asked for are ready"]


def test_without_an_address_left_the_end_is_told_to_the_account_S42(post):
    expiring = a_package(PackageExpiring, 4, holder="account:1")
    assert to(post.sent(expiring, a_contact("holder", "account:1", "acc@example.org"))) == ["acc@example.org"]


def test_an_icode_holder_who_left_no_address_is_told_of_the_end_in_the_portal_only_S42(post):
    assert post.sent(a_package(PackageExpiring, 4), a_contact("patient", "anna", "anna@example.org")) == []


def test_a_failed_package_is_told(post):
    (mail,) = post.sent(TO_PACKAGE, a_package(PackageFailed, 4, expires_at=None))
    assert mail["subject"] == "Your download could not be prepared"


def test_each_opening_of_a_link_is_told_to_the_address_left_with_it_O5(any_post):
    any_post.hear(a_contact("share", "s1", "anna@example.org"), a_share(version=2), a_share(version=3, opens=2))
    any_post.send()
    assert to(any_post.mails()) == ["anna@example.org"] * 2


def test_without_an_address_left_openings_are_told_to_the_account_O5(post):
    opened = a_share(holder="account:1")
    assert to(post.sent(opened, a_contact("holder", "account:1", "acc@example.org"))) == ["acc@example.org"]


def test_a_locked_link_is_told_to_its_owner(post):
    (mail,) = post.sent(a_contact("share", "s1", "anna@example.org"), a_share(ShareLocked))
    assert mail["subject"] == "A link you shared was locked"


def test_new_images_are_told_to_the_patient_once(any_post):
    any_post.hear(a_contact("patient", "anna", "anna@example.org"), an_exam(), an_exam(version=2))
    any_post.send()
    assert [mail["subject"] for mail in any_post.mails()] == ["New images are in the Patient Portal"]


def released(version=1):
    return ReportReleased(
        id="mri", version=version, at=NOON, exam_id="mri", patient_id="anna", report_version=version, released_at=NOON
    )


def test_a_released_report_is_told_to_the_patient_even_after_days(post):
    post.hear(a_contact("patient", "anna", "anna@example.org"), released())
    post.clock.advance(timedelta(days=5))
    post.send()
    assert [mail["subject"] for mail in post.mails()] == ["A report is in the Patient Portal"]


def test_a_report_is_announced_once_though_we_were_away_for_days_and_hear_of_it_often(sqlite_url, tmp_path, clock):
    heard = (a_contact("patient", "anna", "anna@example.org"), released())
    before = a_post_office(sqlite_url, tmp_path, clock)
    before.hear(*heard)  # and down before it was sent
    before.service.db.close()
    clock.advance(timedelta(days=9))
    after = a_post_office(sqlite_url, tmp_path, clock)
    for _ in range(3):
        assert len(after.sent(*heard, released())) == 1
        clock.advance(timedelta(days=1))
    after.service.db.close()


@pytest.mark.parametrize("first", [True, False])
def test_a_report_taken_back_meanwhile_is_not_announced(post, first):
    taken = ReportWithdrawn(id="mri", version=2, at=NOON, exam_id="mri", patient_id="anna", report_version=1)
    events = [released(), taken] if first else [taken, released()]
    assert post.sent(a_contact("patient", "anna", "anna@example.org"), *events) == []


def test_an_exam_that_was_another_patients_is_not_announced_to_the_wrong_one(post):
    moved = an_exam(ExamMoved, 2, patient_id="bob", from_patient_id="anna", to_patient_id="bob", reason="corrected")
    people = [a_contact("patient", "anna", "anna@example.org"), a_contact("patient", "bob", "bob@example.org")]
    assert to(post.sent(*people, an_exam(), moved)) == ["bob@example.org"]


def test_a_removed_exam_is_not_announced(post):
    removed = an_exam(ExamRemoved, 2, from_patient_id="anna", reason="cancelled")
    assert post.sent(a_contact("patient", "anna", "anna@example.org"), an_exam(), removed) == []


@pytest.mark.parametrize(
    ("wants", "count"), [(["*"], 1), (["images-available"], 1), (["report-available"], 0), ([], 0)]
)
def test_only_what_is_wanted_is_sent(post, wants, count):
    assert len(post.sent(a_contact("patient", "anna", "anna@example.org", wants=wants), an_exam())) == count


def test_the_newest_address_counts_in_any_order(post):
    new, old = a_contact("package", "p1", "new@example.org", version=2), TO_PACKAGE
    assert to(post.sent(new, old, a_package())) == ["new@example.org"]


def test_an_address_that_was_taken_away_is_not_written_to(post):
    assert post.sent(TO_PACKAGE, a_contact("package", "p1", version=2), a_package()) == []


def test_several_addresses_each_get_one_mail_and_what_is_none_is_left_out(post):
    people = a_contact(
        "patient", "anna", "a@example.org", "A@EXAMPLE.ORG", "b@example.org", "none", "x@y.z\nBcc: q@r.st"
    )
    assert to(post.sent(people, an_exam())) == ["a@example.org", "b@example.org"]


def test_a_message_that_was_asked_for_goes_to_its_address_with_its_code(any_post):
    (mail,) = any_post.sent(a_message("validation-code", facts={"code": "123456", "name": "Anna Secret"}))
    assert "123456" in mail.get_body(("plain",)).get_content()
    assert "Anna Secret" not in mail.as_string()
    assert "123456" not in any_post.everything_stored()
    assert "anna@example.org" not in any_post.everything_stored()


def test_a_message_about_a_holder_goes_to_the_account(post):
    about = a_contact("holder", "account:1", "acc@example.org").about
    message = a_message("report-taken-back", about=about, email=None)
    assert to(post.sent(message, a_contact("holder", "account:1", "acc@example.org"))) == ["acc@example.org"]


def test_a_message_without_the_fact_that_it_must_say_is_settled_and_not_sent(post):
    assert post.sent(a_message("validation-code")) == []


def test_a_downloaded_package_is_still_ready_but_its_mails_are_not_doubled(post):
    mails = post.sent(TO_PACKAGE, a_package(), a_package(PackageDownloaded, 4), a_package(PackageReady, 3))
    assert len(mails) == 1

"""Asking for packages, looking at them, cancelling them, leaving an address."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from contracts.archiver import BuildPackage, PackageCancelled, PackageReady, PackageRequested
from contracts.messages import ContactChanged
from services.archiver.domain import (
    DownloadNotAllowed,
    ExamNotFound,
    ImagesNotAvailable,
    PackageEnded,
    PackageNotFound,
    PhiNotAcknowledged,
    ReportsUnverified,
    TooManyPackages,
)
from services.archiver.usecases.request import cancel_package, leave_address
from services.chassis.tables import Act
from tests.archiver.exams_world import CT_WITH_FINDINGS, MR
from tests.archiver.house import a_share, an_account, an_icode

OWNER = an_account()


def cancel(house, caller, package_id):
    with house.parts.db.begin() as tx:
        cancel_package(tx, caller, package_id, house.clock.now())


def leave(house, caller, package_id, email):
    with house.parts.db.begin() as tx:
        leave_address(tx, caller, package_id, email, house.clock.now())


def acts(house):
    with house.parts.db.read() as tx:
        return [json.loads(row.body) for row in tx.scalars(select(Act).order_by(Act.position))]


def test_a_request_is_made_ready_and_told_S34(each_house):
    house = each_house
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1")
    assert house.look(OWNER, package.id).state == "queued"
    assert [one.build_id for one in house.told(BuildPackage)] == [package.build_id]
    assert [one.id for one in house.told(PackageRequested)] == [package.id]
    house.work()
    view = house.look(OWNER, package.id)
    assert (view.state, view.progress, view.file_name) == ("ready", 1.0, "ACC-exam-1-CT-Chest.zip")
    assert {"DICOMDIR", "README.TXT", "INDEX.HTM"} <= set(house.names_in(package.id))
    (ready,) = house.told(PackageReady)
    assert (ready.holder, ready.exams, ready.bytes) == ("account:1", ["exam-1"], view.size)


def test_without_the_phi_box_nothing_is_asked_for_S33(house):
    house.add_exam("exam-1")
    with pytest.raises(PhiNotAcknowledged) as refusal:
        house.ask(OWNER, "exam-1", phi_acknowledged=False)
    assert refusal.value.field == "phiAcknowledged"


def test_the_phi_box_is_kept_with_time_and_user_S33_O4(house):
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1")
    (act,) = acts(house)
    assert (act["action"], act["actor"], act["phiAcknowledged"]) == ("package.request", "account:1", True)
    assert (act["object"], act["patientId"]) == (f"package:{package.id}", "patient-1")
    assert package.phi_acknowledged_at == house.clock.now()


def test_a_share_to_look_at_gets_no_package_S52(house):
    house.add_exam("exam-1")
    with pytest.raises(DownloadNotAllowed):
        house.ask(a_share("exam-1", may_download=False), "exam-1")


def test_a_recipient_who_may_downloads_as_the_owner_does_S60_S61(house):
    house.add_exam("exam-1")
    recipient = a_share("exam-1")
    package_id = house.ready_package(recipient, "exam-1")
    assert house.look(recipient, package_id).state == "ready"


@pytest.mark.parametrize(
    "caller",
    [an_account("patient-2"), an_icode("visit-2"), an_icode("visit-1", ["exam-9"]), a_share("exam-9")],
    ids=lambda caller: caller.kind,
)
def test_another_callers_exam_is_not_found_S11(each_house, caller):
    each_house.add_exam("exam-1")
    with pytest.raises(ExamNotFound):
        each_house.ask(caller, "exam-1")


def test_one_exam_outside_the_grants_refuses_all_S11(house):
    house.add_exam("exam-1")
    house.add_exam("exam-2", MR, patient_id="patient-2")
    with pytest.raises(ExamNotFound):
        house.ask(OWNER, "exam-1", "exam-2")


def test_an_exam_without_images_has_no_package_S29(house):
    house.add_exam("exam-1", images_available=False)
    with pytest.raises(ImagesNotAvailable):
        house.ask(OWNER, "exam-1")


def test_the_same_holders_same_request_gives_the_same_package(each_house):
    each_house.add_exam("exam-1")
    first = each_house.ask(OWNER, "exam-1")
    assert each_house.ask(OWNER, "exam-1").id == first.id
    each_house.work()
    assert each_house.ask(OWNER, "exam-1").id == first.id
    assert len(each_house.told(BuildPackage)) == 1


def test_zip_and_iso_of_one_exam_stand_side_by_side_S30(house):
    house.add_exam("exam-1")
    as_zip, as_iso = house.ask(OWNER, "exam-1"), house.ask(OWNER, "exam-1", package_format="iso")
    house.work()
    assert house.look(OWNER, as_zip.id).file_name.endswith(".zip")
    assert house.look(OWNER, as_iso.id).state == "ready"
    assert house.bytes_of(as_iso.id)[32769:32774] == b"CD001"


def test_two_holders_share_a_build_and_see_each_other_nowhere(each_house):
    house = each_house
    house.add_exam("exam-1")
    mine, theirs = house.ask(OWNER, "exam-1"), house.ask(an_icode(), "exam-1")
    assert mine.build_id == theirs.build_id
    assert mine.id != theirs.id
    with pytest.raises(PackageNotFound):
        house.look(OWNER, theirs.id)
    with pytest.raises(PackageNotFound):
        cancel(house, OWNER, theirs.id)
    with pytest.raises(PackageNotFound):
        leave(house, OWNER, theirs.id, "me@example.org")


def test_who_asks_for_what_is_made_has_it_at_once_for_24_hours_of_their_own_S41(house):
    house.add_exam("exam-1")
    first = house.ready_package(OWNER, "exam-1")
    house.clock.advance(timedelta(hours=20))
    second = house.ask(an_icode(), "exam-1")
    assert second.state == "ready"
    assert second.expires_at == house.clock.now() + timedelta(hours=24)
    assert house.look(OWNER, first).expires_at == house.clock.now() + timedelta(hours=4)


def test_a_holder_has_five_packages_under_way_at_most(house):
    for number in range(6):
        house.add_exam(f"exam-{number}")
    for number in range(5):
        house.ask(OWNER, f"exam-{number}")
    with pytest.raises(TooManyPackages):
        house.ask(OWNER, "exam-5")
    assert house.ask(an_icode(), "exam-5")
    house.work()
    assert house.ask(OWNER, "exam-5")


def test_a_cancelled_package_ends_its_build_with_the_last_one_O1(each_house):
    house = each_house
    house.add_exam("exam-1")
    mine, theirs = house.ask(OWNER, "exam-1"), house.ask(an_icode(), "exam-1")
    cancel(house, OWNER, mine.id)
    assert house.look(OWNER, mine.id).state == "cancelled"
    assert house.build_of(theirs.id).state == "queued"
    cancel(house, an_icode(), theirs.id)
    assert house.build_of(theirs.id).state == "ended"
    assert [one.id for one in house.told(PackageCancelled)] == [mine.id, theirs.id]
    house.work()
    assert house.files() == []


def test_after_a_cancel_one_may_ask_again_O1(house):
    house.add_exam("exam-1")
    first = house.ask(OWNER, "exam-1")
    cancel(house, OWNER, first.id)
    second = house.ask(OWNER, "exam-1")
    assert second.id != first.id
    house.work()
    assert house.look(OWNER, second.id).state == "ready"


def test_an_address_is_told_to_the_notifier_and_shown_masked_S35(house):
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1", notify_email="anna@example.org", language="es")
    leave(house, OWNER, package.id, "berta@example.org")
    first, second = house.told(ContactChanged)
    assert (first.id, first.emails, first.language) == (f"package:{package.id}", ["anna@example.org"], "es")
    assert (second.version, second.emails) == (2, ["berta@example.org"])
    assert house.look(OWNER, package.id).notify_email_masked == "b***@example.org"


def test_an_address_is_forgotten_when_the_package_ends(house):
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1", notify_email="anna@example.org")
    cancel(house, OWNER, package.id)
    assert house.look(OWNER, package.id).notify_email_masked is None
    assert house.told(ContactChanged)[-1].emails == []
    with pytest.raises(PackageEnded):
        leave(house, OWNER, package.id, "anna@example.org")


def test_late_images_are_told_of_and_a_new_request_has_them(house):
    house.add_exam("exam-1")
    first = house.ready_package(OWNER, "exam-1")
    assert not house.look(OWNER, first).newer_images
    house.add_exam("exam-1", CT_WITH_FINDINGS, manifest_version=2)
    assert house.look(OWNER, first).newer_images
    assert house.look(OWNER, first).state == "ready"
    second = house.ready_package(OWNER, "exam-1")
    assert second != first
    assert not house.look(OWNER, second).newer_images


def test_a_study_of_two_exams_is_packaged_once(house):
    house.add_exam("exam-1", study_id="study-1")
    house.add_exam("exam-2", study_id="study-1")
    package_id = house.ready_package(OWNER, "exam-1", "exam-2")
    view = house.look(OWNER, package_id)
    assert view.file_name == "ACC-exam-1-CT-Chest-and-1-more.zip"
    assert sum(name.startswith("DICOM/") for name in house.names_in(package_id)) == 1


# --- reports ----------------------------------------------------------------------------------------------------


def has_report(house, package_id):
    return any(name.startswith("REPORT/") for name in house.names_in(package_id))


def test_an_unreleased_report_is_in_no_package_S9(house):
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    package_id = house.ready_package(OWNER, "exam-1", include_report=True)
    assert not has_report(house, package_id)
    assert sum(name.startswith("DICOM/") for name in house.names_in(package_id)) == 1
    assert house.look(OWNER, package_id).omitted[-1] == {"count": 1, "reason": "report-not-available"}


def test_a_released_report_is_in_the_package_if_asked_for_S4(house):
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    house.release_report("exam-1")
    package_id = house.ready_package(OWNER, "exam-1", include_report=True)
    assert has_report(house, package_id)
    assert sum(name.startswith("DICOM/") for name in house.names_in(package_id)) == 2
    without = house.ready_package(OWNER, "exam-1")
    assert not has_report(house, without)
    assert sum(name.startswith("DICOM/") for name in house.names_in(without)) == 1


def test_a_share_without_the_report_has_none_in_its_package(house):
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    house.release_report("exam-1")
    package_id = house.ready_package(a_share("exam-1"), "exam-1", include_report=True)
    assert not has_report(house, package_id)
    with_it = house.ready_package(
        a_share("exam-1", include_report=True, holder="share:2"), "exam-1", include_report=True
    )
    assert has_report(house, with_it)


def test_findings_of_a_study_wait_for_the_reports_of_all_its_exams(house):
    house.add_exam("exam-1", CT_WITH_FINDINGS, study_id="study-1")
    house.add_exam("exam-2", CT_WITH_FINDINGS, study_id="study-1")
    house.release_report("exam-1")
    package_id = house.ready_package(OWNER, "exam-1", include_report=True)
    assert has_report(house, package_id)
    assert sum(name.startswith("DICOM/") for name in house.names_in(package_id)) == 1
    house.release_report("exam-2")
    both = house.ready_package(OWNER, "exam-1", include_report=True)
    assert sum(name.startswith("DICOM/") for name in house.names_in(both)) == 2


def test_with_exams_silent_for_60_seconds_no_package_with_a_report_is_asked_for(house):
    house.add_exam("exam-1")
    house.release_report("exam-1")
    house.clock.advance(timedelta(seconds=60))
    assert house.ask(OWNER, "exam-1", include_report=True)
    house.clock.advance(timedelta(seconds=1))
    with pytest.raises(ReportsUnverified):
        house.ask(an_icode(), "exam-1", include_report=True)
    assert house.ask(an_icode(), "exam-1")
    house.beat()
    assert house.ask(replace(OWNER, holder="account:2"), "exam-1", include_report=True)

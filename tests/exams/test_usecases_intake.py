"""Studies come in: each object stored and indexed once, the bad ones named, the good ones kept."""

import hashlib
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from services.chassis.objects import ObjectStoreDown
from services.exams.dicom_headers import to_part10
from services.exams.store.tables import InstanceRow
from services.exams.usecases import intake
from tests.exams.conftest import Desk, Ris, a_desk, changed, files_in_store, rows, study_files

MR = study_files("mr-ge-fmri")
WHOLE = [to_part10(one) for one in MR]  # as they are stored: their meta group names other UIDs than the data sets
SR_STUDY = study_files("sr-seg-of-ct")
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"


def reasons(answer) -> list[int]:
    return [one["00081197"]["Value"][0] for one in answer.json.get("00081198", {}).get("Value", [])]


def stored(answer) -> list[str]:
    return [one["00081155"]["Value"][0] for one in answer.json.get("00081199", {}).get("Value", [])]


def test_every_object_is_kept_byte_for_byte_with_its_checksum(any_desk: Desk):
    desk = any_desk
    assert desk.stow(*WHOLE).status_code == 200
    sums = {hashlib.sha256(one).hexdigest() for one in WHOLE}
    found = rows(desk, InstanceRow)
    assert {one.sha256 for one in found} == sums
    assert {hashlib.sha256(desk.parts.objects.read(one.key)).hexdigest() for one in found} == sums


def test_the_same_objects_again_change_nothing(any_desk: Desk):
    desk = any_desk
    desk.stow(*MR)
    again = desk.stow(*MR, *MR)
    assert again.status_code == 200
    assert len(rows(desk, InstanceRow)) == files_in_store(desk) == len(MR)


def test_other_bytes_under_the_same_uid_never_overwrite(desk: Desk):
    desk.stow(MR[0])
    answer = desk.stow(changed(MR[0], PatientComments="another"), MR[1])
    assert (answer.status_code, reasons(answer)) == (202, [intake.DUPLICATE])
    assert desk.stow(changed(MR[0], PatientComments="another")).status_code == 409
    kept = next(one for one in rows(desk, InstanceRow) if one.sha256 == hashlib.sha256(WHOLE[0]).hexdigest())
    assert desk.parts.objects.read(kept.key) == WHOLE[0]
    assert files_in_store(desk) == 2


def test_other_bytes_under_the_same_uid_in_one_request_keep_the_first(desk: Desk):
    answer = desk.stow(MR[0], changed(MR[0], PatientComments="another"))
    assert (answer.status_code, reasons(answer)) == (202, [intake.DUPLICATE])
    assert files_in_store(desk) == 1


def test_a_uid_under_another_study_is_refused(desk: Desk):
    desk.stow(MR[0])
    answer = desk.stow(changed(MR[0], StudyInstanceUID=generate_uid()))
    assert (answer.status_code, reasons(answer)) == (409, [intake.WRONG_STUDY])
    assert files_in_store(desk) == 1


def test_an_object_of_another_patient_in_the_study_is_refused(desk: Desk):
    desk.stow(MR[0])
    answer = desk.stow(changed(MR[1], PatientID="OTHER"), MR[2])
    assert (answer.status_code, reasons(answer), len(stored(answer))) == (202, [intake.WRONG_STUDY], 1)


def test_an_object_under_the_number_the_patient_was_merged_into_is_taken(desk: Desk, clock):
    desk.stow(MR[0])
    old = dcmread(BytesIO(MR[0])).PatientID
    desk.hl7(Ris(clock, mrn="NEW").merged(old))
    assert desk.stow(changed(MR[1], PatientID="NEW")).status_code == 200


def test_a_bad_object_never_loses_the_good_ones(any_desk: Desk):
    answer = any_desk.stow(MR[0], b"no DICOM at all", MR[1], MR[2][:400])
    assert answer.status_code == 202
    assert len(stored(answer)) == 2
    assert reasons(answer) == [intake.CANNOT_UNDERSTAND] * 2


def test_a_dicomdir_is_skipped(desk: Desk):
    directory = Dataset()
    directory.SOPClassUID, directory.SOPInstanceUID = DICOMDIR_CLASS, generate_uid()
    out = BytesIO()
    directory.file_meta = dcmread(BytesIO(MR[0])).file_meta
    directory.file_meta.MediaStorageSOPClassUID = DICOMDIR_CLASS
    directory.save_as(out, enforce_file_format=True)
    answer = desk.stow(out.getvalue(), MR[0])
    assert (answer.status_code, reasons(answer), len(stored(answer))) == (200, [], 1)
    assert desk.stow(out.getvalue()).status_code == 409


def test_an_object_of_another_study_than_the_address_names_is_refused(desk: Desk):
    uid = str(dcmread(BytesIO(MR[0])).StudyInstanceUID)
    assert desk.stow(MR[0], study=uid).status_code == 200
    answer = desk.stow(MR[1], study="1.2.3")
    assert (answer.status_code, reasons(answer)) == (409, [intake.WRONG_STUDY])


def test_an_object_past_the_cap_is_refused_and_the_next_is_taken(tmp_path, sqlite_url, clock):
    desk = a_desk(tmp_path, sqlite_url, clock, max_object_bytes=1 << 20)
    answer = desk.stow(b"\0" * (2 << 20), MR[0])
    assert (answer.status_code, reasons(answer), len(stored(answer))) == (202, [intake.OUT_OF_RESOURCES], 1)


def test_a_large_object_goes_by_a_temporary_file_and_is_the_same(desk: Desk, monkeypatch):
    monkeypatch.setattr(intake, "IN_MEMORY_BYTES", 1000)
    assert desk.stow(*MR[:3]).status_code == 200
    assert {one.sha256 for one in rows(desk, InstanceRow)} == {hashlib.sha256(one).hexdigest() for one in WHOLE[:3]}
    assert desk.parts.objects.read(rows(desk, InstanceRow)[0].key) in WHOLE


def test_a_body_that_breaks_off_keeps_what_came_before(desk: Desk):
    part = b"--cut\r\nContent-Type: application/dicom\r\n\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=cut'
    headers = desk.system("images.store") | {"Content-Type": kind}
    body = part + MR[0] + b"\r\n" + part + MR[1][:2000]
    answer = desk.client.post("/dicomweb/studies", data=body, headers=headers)
    assert answer.status_code == 202
    assert len(rows(desk, InstanceRow)) == 1


def test_a_chunked_body_is_taken(desk: Desk):
    def body():
        yield b"--cut\r\nContent-Type: application/dicom\r\n\r\n" + MR[0][:1000]
        yield MR[0][1000:] + b"\r\n--cut--"

    data = BytesIO(b"".join(body()))
    answer = desk.client.post(
        "/dicomweb/studies",
        input_stream=data,
        headers=desk.system("images.store")
        | {"Content-Type": "multipart/related; type=application/dicom; boundary=cut"},
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == 200


def test_one_object_may_come_as_the_whole_body(desk: Desk):
    headers = desk.system("images.store") | {"Content-Type": "application/dicom"}
    assert desk.client.post("/dicomweb/studies", data=MR[0], headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "multipart/related; type=application/dicom; boundary=cut", 400),
        (b"--cut--\r\n", "multipart/related; type=application/dicom; boundary=cut", 400),
        (b"{}", "application/json", 415),
        (b"--cut--\r\n", "multipart/related; type=application/dicom+xml; boundary=cut", 415),
    ],
)
def test_what_is_no_store_request_is_refused(desk: Desk, body, kind, status):
    headers = desk.system("images.store") | {"Content-Type": kind}
    answer = desk.client.post("/dicomweb/studies", data=body, headers=headers)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_while_the_store_is_down_nothing_is_indexed_and_the_sender_tries_again(desk: Desk):
    folder = desk.parts.objects.folder / ".part"
    folder.rename(folder.with_name("away"))
    headers = desk.system("images.store") | {"Content-Type": "application/dicom"}
    assert desk.client.post("/dicomweb/studies", data=MR[0], headers=headers).status_code in {500, 503}
    assert rows(desk, InstanceRow) == []
    folder.with_name("away").rename(folder)
    assert desk.client.post("/dicomweb/studies", data=MR[0], headers=headers).status_code == 200
    assert ObjectStoreDown

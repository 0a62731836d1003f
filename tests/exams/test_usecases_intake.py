"""Studies come in: each object stored and indexed once, the bad ones named, the good ones kept."""

import hashlib
import json
from datetime import timedelta
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import generate_uid

from contracts.manifest import Manifest, frame_key
from services.chassis.objects import ObjectMissing, ObjectStoreDown
from services.exams.dicom_headers import to_part10
from services.exams.store.tables import InstanceRow, StudyRow
from services.exams.usecases import intake, manifests, matching
from tests.exams.conftest import DICOM, Desk, Ris, a_desk, study_files

MR = study_files("mr-ge-fmri")
WHOLE = [to_part10(one) for one in MR]  # as they are stored: their meta group names other UIDs than the data sets
SR_STUDY = study_files("sr-seg-of-ct")
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"


def changed(data: bytes, **values: str) -> bytes:
    """Give the object with other values; its file meta follows."""
    dataset = dcmread(BytesIO(data))
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    out = BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def reasons(answer) -> list[int]:
    return [one["00081197"]["Value"][0] for one in answer.json.get("00081198", {}).get("Value", [])]


def stored(answer) -> list[str]:
    return [one["00081155"]["Value"][0] for one in answer.json.get("00081199", {}).get("Value", [])]


def rows(desk: Desk, table) -> list:
    with desk.service.db.read() as tx:
        return tx.query(table).all()


def files_in_store(desk: Desk, prefix: str = "objects") -> int:
    try:
        return len(list(desk.parts.objects.list(prefix)))
    except ObjectMissing:
        return 0


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


# --- manifests -----------------------------------------------------------------------------------------------------


def manifest_of(desk: Desk) -> Manifest:
    (study,) = rows(desk, StudyRow)
    data = desk.parts.objects.read(study.manifest_key)
    assert hashlib.sha256(data).hexdigest() == study.manifest_sha256
    return Manifest.read(json.loads(data))


def test_a_manifest_holds_all_objects_in_the_order_in_which_they_are_shown(any_desk: Desk):
    any_desk.stow(*reversed(MR))
    manifest = manifest_of(any_desk)
    assert manifest.version == 1
    found = [one for series in manifest.series for one in series.instances]
    assert len(found) == len(MR)
    assert [one.number for one in found] == sorted(one.number for one in found)
    assert all(one.key and len(one.sha256) == 64 and one.role == "image" for one in found)
    assert manifest.patient["00100020"]["Value"] == [dcmread(BytesIO(MR[0])).PatientID]


def test_late_images_make_a_new_manifest_at_once_and_then_each_5_seconds(desk: Desk, clock):
    ris = Ris(clock, mrn=dcmread(BytesIO(MR[0])).PatientID)
    desk.hl7(ris.completed(study=str(dcmread(BytesIO(MR[0])).StudyInstanceUID)))
    desk.stow(MR[0])
    assert desk.names("exam.images-available", "exam.manifest-stored") == [
        "exam.images-available",
        "exam.manifest-stored",
    ]
    clock.advance(timedelta(seconds=4.9))
    desk.stow(MR[1])
    manifests.make_due(desk.parts)
    assert desk.told("exam.images-changed") == []
    clock.advance(timedelta(seconds=0.1))
    manifests.make_due(desk.parts)
    (told,) = desk.told("exam.images-changed")
    assert [(one["manifestVersion"], one["instances"]) for one in told["studies"]] == [(2, 2)]
    clock.advance(timedelta(seconds=5))
    desk.stow(MR[2])
    assert desk.names("exam.images-changed") == ["exam.images-changed"]


def test_a_manifest_made_meanwhile_by_another_stands(desk: Desk, monkeypatch):
    desk.stow(MR[0])
    first = manifest_of(desk)
    (study,) = rows(desk, StudyRow)
    monkeypatch.setattr(manifests.studies, "find_study", lambda _tx, _id: study)
    with desk.service.db.begin() as tx:
        tx.get(StudyRow, study.id).manifest_version = 7
    manifests.make_manifest(desk.parts, study.id)
    assert manifest_of(desk) == first
    assert files_in_store(desk, "manifests") == 1


def test_a_study_that_slipped_past_both_sides_is_matched_within_the_minute(desk: Desk, clock):
    head = dcmread(BytesIO(MR[0]))
    desk.hl7(Ris(clock, mrn=head.PatientID).completed(study=str(head.StudyInstanceUID)))
    desk.stow(MR[0])
    with desk.service.db.begin() as tx:
        (study,) = tx.query(StudyRow)
        for link in matching.exam_store.find_links(tx, study.id):
            tx.delete(link)
        study.waiting = "no-order"
    matching.match_waiting(desk.parts)
    assert rows(desk, StudyRow)[0].waiting is None


# --- findings ------------------------------------------------------------------------------------------------------


def test_findings_are_in_no_count_and_no_list_but_in_the_manifest_with_their_role(desk: Desk, clock):
    head = dcmread(BytesIO(SR_STUDY[0]))
    same = [changed(one, StudyInstanceUID=head.StudyInstanceUID, PatientID=head.PatientID) for one in SR_STUDY]
    desk.hl7(Ris(clock, mrn=head.PatientID).completed(study=str(head.StudyInstanceUID)))
    assert desk.stow(*same).status_code == 200
    roles = sorted(one.role for one in rows(desk, InstanceRow))
    assert "finding" in roles
    (told,) = desk.told("exam.images-available")
    assert told["studies"][0]["instances"] == len(roles) - roles.count("finding")
    assert sorted(one.role for series in manifest_of(desk).series for one in series.instances) == roles
    images = desk.get(f"/exams/{told['id']}/images", desk.account(told["patientId"])).json
    assert sum(series["count"] for series in images["series"]) == roles.count("image")
    finding = next(one for one in rows(desk, InstanceRow) if one.role == "finding")
    hidden = desk.get(f"/exams/{told['id']}/images/{finding.sop_instance_uid}.jpg", desk.account(told["patientId"]))
    unknown = desk.get(f"/exams/{told['id']}/images/1.2.3.jpg", desk.account(told["patientId"]))
    assert hidden.json == unknown.json
    desk.hl7(Ris(clock, mrn=head.PatientID, sent=5).reported(clock.now()))
    shown = desk.get(f"/exams/{told['id']}/images/{finding.sop_instance_uid}.jpg", desk.account(told["patientId"]))
    assert (shown.status_code, shown.json["type"], shown.json["reason"]) == (404, "/problems/no-picture", "no-pixels")


# --- pictures in advance -------------------------------------------------------------------------------------------


def test_each_frame_is_rendered_once_in_the_background(desk: Desk):
    desk.stow(*MR[:2], (DICOM / "kinds" / "OBXXXX1A_rle_2frame.dcm").read_bytes())
    desk.settle()
    found = rows(desk, InstanceRow)
    assert {one.render_state for one in found} == {"done"}
    for one in found:
        for frame in range(1, one.frames + 1):
            assert desk.parts.objects.read(frame_key(one.key, frame)).startswith(b"\xff\xd8")
    desk.settle()
    assert {one.render_tries for one in rows(desk, InstanceRow)} == {1}


def test_an_object_whose_pixels_are_broken_is_said_to_have_no_picture(desk: Desk, clock):
    head = dcmread(BytesIO(MR[0]))
    broken = dcmread(BytesIO((DICOM / "kinds" / "JPEG-lossy.dcm").read_bytes()))
    broken.PatientID, broken.StudyInstanceUID = head.PatientID, head.StudyInstanceUID
    broken.PixelData = encapsulate([b"\0" * 400])
    out = BytesIO()
    broken.save_as(out)
    desk.hl7(Ris(clock, mrn=head.PatientID).completed(study=str(head.StudyInstanceUID)))
    assert desk.stow(MR[0], out.getvalue()).status_code == 200
    desk.settle()
    (told,) = desk.told("exam.images-available")
    answer = desk.get(f"/exams/{told['id']}/images/{broken.SOPInstanceUID}.jpg", desk.account(told["patientId"]))
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/no-picture")

"""Manifests, findings and pictures of what came in."""

import hashlib
import json
from datetime import timedelta
from io import BytesIO

from pydicom import dcmread
from pydicom.encaps import encapsulate

from contracts.manifest import Manifest, frame_key
from services.chassis.objects import ObjectStoreDown
from services.exams.store.tables import InstanceRow, StudyRow
from services.exams.usecases import manifests, matching, pictures
from tests.exams.conftest import DICOM, Desk, Ris, changed, files_in_store, rows, study_files

MR = study_files("mr-ge-fmri")
SR_STUDY = study_files("sr-seg-of-ct")


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


def test_while_the_store_is_down_rendering_waits_for_its_next_turn(desk: Desk, monkeypatch):
    def down(_key):
        raise ObjectStoreDown

    desk.stow(MR[0])
    with monkeypatch.context() as patch:
        patch.setattr(desk.parts.objects, "read", down)
        pictures.render_waiting(desk.parts)
    assert [one.render_state for one in rows(desk, InstanceRow)] == ["queued"]
    pictures.render_waiting(desk.parts)
    assert [one.render_state for one in rows(desk, InstanceRow)] == ["done"]

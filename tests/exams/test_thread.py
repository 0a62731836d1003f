"""The thin thread: a study and its order come in, events go out, the patient sees list, images, report."""

from io import BytesIO

from PIL import Image
from pydicom import dcmread

from tests.exams.conftest import Desk, Ris, study_files


def test_a_study_and_its_order_become_an_exam_that_its_patient_can_look_at_S3_S4_S28(any_desk: Desk, clock):
    desk = any_desk
    files = study_files("mr-ge-fmri")
    head = dcmread(BytesIO(files[0]))
    ris = Ris(clock, mrn=head.PatientID)
    answer = desk.stow(*files)
    assert answer.status_code == 200, answer.text
    assert len(answer.json["00081199"]["Value"]) == len(files)
    assert desk.hl7(ris.registered()) == "AA"
    assert desk.hl7(ris.ordered(study=head.StudyInstanceUID)) == "AA"
    assert "exam.images-available" not in desk.names()
    assert desk.hl7(ris.completed()) == "AA"
    told = desk.told()
    assert [one["type"] for one in told] == ["exam.completed", "exam.images-available"]
    exam_id, visit_id, patient_id = told[0]["id"], told[0]["visitId"], told[0]["patientId"]
    assert desk.hl7(ris.reported(clock.now())) == "AA"
    desk.settle()
    assert desk.names("report.released", "report.stored") == ["report.released", "report.stored"]

    who = desk.icode(visit_id)
    listed = desk.get("/exams", who).json["exams"]
    assert [one["id"] for one in listed] == [exam_id]
    assert listed[0]["imagesAvailable"] is True
    assert listed[0]["report"]["status"] == "available"
    series = desk.get(f"/exams/{exam_id}/images", who).json["series"]
    assert sum(one["count"] for one in series) == len(files)
    uid = series[0]["images"][0]["uid"]
    picture = desk.get(f"/exams/{exam_id}/images/{uid}.jpg", who)
    assert picture.content_type == "image/jpeg"
    assert Image.open(BytesIO(picture.data)).size == (head.Columns, head.Rows)
    report = desk.get(f"/exams/{exam_id}/report", desk.account(patient_id))
    assert report.json["impression"] == "Normal."
    assert desk.get(f"/exams/{exam_id}/report.pdf", who).data.startswith(b"%PDF")
    assert desk.get(f"/exams/{exam_id}", desk.account("other")).status_code == 404

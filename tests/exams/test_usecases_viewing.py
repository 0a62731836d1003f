"""What a caller sees: their own exams and nothing else, in list, summary, report and pictures."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from pydicom import dcmread

from services.chassis.tables import Act
from services.exams.store.tables import ExamRow
from services.exams.usecases.report_words import impression_of, why_text
from tests.exams.conftest import Desk, Ris, study_files

MR = study_files("mr-ge-fmri")
HEAD = dcmread(BytesIO(MR[0]))
UID = str(HEAD.StudyInstanceUID)
DAY = timedelta(hours=24)


def an_exam(desk: Desk, ris: Ris) -> ExamRow:
    """Let an exam be registered, ordered and completed; give its row."""
    for message in (ris.registered(), ris.ordered(), ris.completed()):
        assert desk.hl7(message) == "AA"
    with desk.service.db.read() as tx:
        return tx.query(ExamRow).filter_by(accession=ris.accession).one()


@pytest.fixture
def seen(desk: Desk, clock) -> ExamRow:
    """A completed exam with its study."""
    desk.stow(*MR)
    ris = Ris(clock, mrn=HEAD.PatientID)
    desk.hl7(ris.ordered(study=UID))
    return an_exam(desk, ris)


def ids(desk: Desk, who: dict[str, str], query: str = "") -> list[str]:
    return [one["id"] for one in desk.get(f"/exams{query}", who).json["exams"]]


def test_an_icode_shows_its_visits_exams_and_nothing_else_S10_S11_S12(any_desk: Desk, clock):
    desk = any_desk
    first, second = an_exam(desk, Ris(clock)), an_exam(desk, Ris(clock, visit="V2", accession="A2"))
    who = desk.icode(first.visit_id)
    assert ids(desk, who) == [first.id]
    assert ids(desk, desk.icode(second.visit_id)) == [second.id]
    nowhere = desk.get("/exams/nothing-at-all", who)
    for tail in ("", "/visit-summary", "/report", "/report.pdf", "/images", "/images/1.2.jpg"):
        outside = desk.get(f"/exams/{second.id}{tail}", who)
        assert (outside.status_code, outside.json) == (404, nowhere.json)


def test_an_icode_of_one_exam_of_a_visit_opens_that_one_S65(desk: Desk, clock):
    first, second = an_exam(desk, Ris(clock)), an_exam(desk, Ris(clock, accession="A2"))
    who = desk.icode(first.visit_id, [second.id])
    assert ids(desk, who) == [second.id]
    assert desk.get(f"/exams/{first.id}", who).status_code == 404


def test_an_account_sees_all_visits_of_its_patient_newest_first_S13(desk: Desk, clock):
    first = an_exam(desk, Ris(clock))
    clock.advance(DAY)
    second = an_exam(desk, Ris(clock, visit="V2", accession="A2"))
    an_exam(desk, Ris(clock, mrn="M2", visit="V3", accession="A3"))
    assert ids(desk, desk.account(first.patient_id)) == [second.id, first.id]
    assert ids(desk, desk.share(first.id)) == [first.id]


@pytest.mark.parametrize("roles", [("front-desk",), ("support", "operator")])
def test_no_role_of_staff_and_no_system_opens_exams(desk: Desk, clock, roles):
    exam = an_exam(desk, Ris(clock))
    for who in (desk.staff(*roles), desk.system("images.store", "hl7.send")):
        for path in ("/exams", f"/exams/{exam.id}", f"/exams/{exam.id}/report", f"/exams/{exam.id}/images"):
            assert desk.get(path, who).status_code == 403
    assert desk.client.get("/exams").status_code == 401


def test_images_are_seen_from_completion_and_not_before_S3(any_desk: Desk, clock):
    desk, ris = any_desk, Ris(clock, mrn=HEAD.PatientID)
    desk.stow(*MR)
    desk.hl7(ris.ordered("IP", study=UID))
    with desk.service.db.read() as tx:
        exam = tx.query(ExamRow).one()
    who, jpg = desk.account(exam.patient_id), f"/exams/{exam.id}/images/{HEAD.SOPInstanceUID}.jpg"
    before = desk.get(f"/exams/{exam.id}", who).json
    assert (before["imagesAvailable"], before["bytes"], before["status"]) == (False, 0, "in-progress")
    assert desk.get(f"/exams/{exam.id}/images", who).json == {"series": []}
    assert desk.get(jpg, who).json["type"] == "/problems/images-not-available"
    desk.hl7(ris.completed())
    after = desk.get(f"/exams/{exam.id}", who).json
    assert (after["imagesAvailable"], after["status"]) == (True, "completed")
    assert after["bytes"] > 0
    assert desk.get(jpg, who).status_code == 200


def test_a_list_is_narrowed_and_paged(desk: Desk, clock):
    exams = []
    for number in range(5):
        exams.append(
            an_exam(desk, Ris(clock, visit=f"V{number}", accession=f"A{number}", modality="CT" if number else "MR"))
        )
        clock.advance(DAY)
    who = desk.account(exams[0].patient_id)
    newest_first = [one.id for one in reversed(exams)]
    first = desk.get("/exams?limit=2", who).json
    second = desk.get(f"/exams?limit=2&cursor={first['next']}", who).json
    third = desk.get(f"/exams?limit=2&cursor={second['next']}", who).json
    assert [one["id"] for page in (first, second, third) for one in page["exams"]] == newest_first
    assert third["next"] is None
    assert ids(desk, who, "?modality=MR") == [exams[0].id]
    assert ids(desk, who, "?locationId=MD-BAL-01") == []
    assert ids(desk, who, "?from=2026-03-05") == newest_first[:2]
    assert ids(desk, who, "?to=2026-03-02") == newest_first[4:]
    assert ids(desk, who, "?from=2026-03-03T00:00:00Z&to=2026-03-04T00:00:00Z") == [exams[1].id]


@pytest.mark.parametrize(
    ("query", "status"), [("cursor=nonsense", 400), ("limit=0", 422), ("from=yesterday", 422), ("limit=9999", 422)]
)
def test_a_malformed_list_is_refused_by_name(desk: Desk, query, status):
    assert desk.get(f"/exams?{query}", desk.account("p")).status_code == status


def test_an_exam_says_what_a_patient_wants_to_know(desk: Desk, seen: ExamRow):
    found = desk.get(f"/exams/{seen.id}", desk.account(seen.patient_id)).json
    assert found["plainName"] == "MRI of the brain"
    assert (found["accession"], found["description"], found["patientName"]) == ("A1", "MRI BRAIN", "JANE DOE")
    assert found["location"] == {
        "id": "NY-NYC-01",
        "name": "Lexington Imaging Center",
        "state": "NY",
        "timeZone": "America/New_York",
    }
    assert found["report"] == {"status": "awaited"}
    assert found["date"] == "2026-03-02T10:00:00Z"


def test_an_exam_is_named_in_the_readers_language(desk: Desk, seen: ExamRow):
    who = desk.account(seen.patient_id)

    def told(path, language):
        return desk.client.get(path, headers=who | {"Accept-Language": language}).json

    for language, name in (("en", "MRI of the brain"), ("es-MX", "Resonancia magnética del cerebro")):
        assert [one["plainName"] for one in told("/exams", language)["exams"]] == [name]
        assert told(f"/exams/{seen.id}", language)["plainName"] == name
        assert told(f"/exams/{seen.id}/visit-summary", language)["exam"]["plainName"] == name
    (series, *_) = told(f"/exams/{seen.id}/images", "es")["series"]
    assert series["images"][0]["label"] == f"Imagen 1 de {series['count']}"


def test_the_visit_summary_is_like_the_clinical_tab_S25(desk: Desk, clock):
    ris = Ris(clock, location="TX-HOU-01")
    exam = an_exam(desk, ris)
    desk.hl7(ris.reported(clock.now(), sent=clock.now() + timedelta(hours=1)))
    found = desk.get(f"/exams/{exam.id}/visit-summary", desk.account(exam.patient_id)).json
    assert found["patient"] == {"name": "JANE DOE", "dateOfBirth": "1980-02-29", "sex": "F", "mrn": "M1"}
    assert found["visit"]["location"]["phone"] == "+1 713 555 0120"
    assert (found["visit"]["number"], found["visit"]["reason"]) == ("V1", "headache")
    assert (found["visit"]["allergies"], found["visit"]["diagnoses"]) == (["Penicillin"], ["Headache"])
    assert found["visit"]["referringPhysician"] == "JOHN WATSON, MD"
    assert [one["slug"] for one in found["steps"]] == [
        "ordered", "arrived", "completed", "report-signed", "report-sent", "report-available",
    ]  # fmt: skip
    times = {one["slug"]: (one["at"], one["dueAt"]) for one in found["steps"]}
    assert all(times[slug][0] for slug in ("ordered", "arrived", "completed"))
    assert times["report-signed"][0] == "2026-03-02T12:00:00Z"
    assert times["report-sent"][0] == "2026-03-02T13:00:00Z"
    assert times["report-available"] == (None, "2026-03-06T13:00:00Z")


def test_a_share_shows_the_visit_summary_only_if_its_owner_said_so(desk: Desk, seen: ExamRow):
    path = f"/exams/{seen.id}/visit-summary"
    assert desk.get(path, desk.share(seen.id)).status_code == 404
    found = desk.get(path, desk.share(seen.id, include_visit_summary=True)).json
    assert [one["slug"] for one in found["steps"]] == ["ordered", "arrived", "completed"]


def test_the_picture_of_a_tile_is_exactly_that_image_S28(desk: Desk, seen: ExamRow):
    who = desk.account(seen.patient_id)
    (series,) = [one for one in desk.get(f"/exams/{seen.id}/images", who).json["series"] if one["count"] > 1][:1] or [
        desk.get(f"/exams/{seen.id}/images", who).json["series"][0]
    ]
    again = desk.get(f"/exams/{seen.id}/images?series={series['uid']}", who).json["series"]
    assert [one["uid"] for one in again] == [series["uid"]]
    tile = series["images"][0]
    assert (tile["label"], tile["frames"]) == (f"Image 1 of {series['count']}", 1)
    path = tile["jpg"].removeprefix("/api/v1")
    at_once = desk.get(path, who)
    assert (at_once.content_type, at_once.headers["Cache-Control"]) == ("image/jpeg", "private, no-cache")
    desk.settle()
    kept = desk.get(path, who)
    assert kept.data == at_once.data
    others = {desk.get(one["jpg"].removeprefix("/api/v1"), who).data for one in series["images"]}
    assert len(others) == len(series["images"])


def test_a_picture_has_a_tag_a_size_and_a_window_S28(desk: Desk, seen: ExamRow):
    who, jpg = desk.account(seen.patient_id), f"/exams/{seen.id}/images/{HEAD.SOPInstanceUID}.jpg"
    desk.settle()
    whole = desk.get(jpg, who)
    small = desk.get(f"{jpg}?size=32", who)
    assert max(Image.open(BytesIO(small.data)).size) == 32
    dark = desk.get(f"{jpg}?window=5000,10", who)
    assert dark.data != whole.data
    assert len({one.headers["ETag"] for one in (whole, small, dark)}) == 3
    same = desk.client.get(jpg, headers=who | {"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert desk.get(f"{jpg}?frame=2", who).json["reason"] == "no-such-frame"
    assert desk.get(f"{jpg}?window=5,x", who).status_code == 400
    assert desk.get(f"{jpg}?window=5,0", who).status_code == 400
    assert desk.get(f"{jpg}?frame=0", who).status_code == 422


def test_each_opening_is_audited_and_a_picture_is_not(desk: Desk, seen: ExamRow, clock):
    desk.hl7(Ris(clock, mrn=HEAD.PatientID, sent=9).reported(clock.now()))
    who = desk.account(seen.patient_id)
    for tail in ("", "/visit-summary", "/report", "/report.pdf", "/images", f"/images/{HEAD.SOPInstanceUID}.jpg"):
        assert desk.get(f"/exams/{seen.id}{tail}", who).status_code == 200
    told = desk.told("act.recorded")
    assert [one["action"] for one in told] == [
        "exam.open", "visit-summary.open", "report.open", "report.print", "images.list",
    ]  # fmt: skip
    assert {(one["actor"], one["object"], one["patientId"]) for one in told} == {
        ("account:a1", f"exam:{seen.id}", seen.patient_id)
    }
    with desk.service.db.read() as tx:
        assert tx.query(Act).count() == 5


def test_the_reason_of_a_hold_is_told_in_the_readers_language_S5(desk: Desk, clock):
    ris = Ris(clock, location="CA-LA-01")
    exam = an_exam(desk, ris)
    desk.hl7(ris.reported(clock.now(), sent=clock.now()))
    who = desk.account(exam.patient_id)
    english = desk.get(f"/exams/{exam.id}/report", who).json["why"]
    spanish = desk.client.get(f"/exams/{exam.id}/report", headers=who | {"Accept-Language": "es-MX"}).json["why"]
    assert english["citation"] == spanish["citation"] == "SB1419"
    assert "4 days" in english["text"]
    assert "4 días" in spanish["text"]
    assert why_text("not-sent", "Site", "fr").endswith("Site.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FINDINGS: x\nIMPRESSION: Normal.", "Normal."),
        ("Impression:\n1. One\n2. Two\n\nRECOMMENDATION: none", "1. One\n2. Two"),
        ("CONCLUSIÓN: Bien.", "Bien."),
        ("All is well.", None),
    ],
)
def test_the_impression_is_cut_from_the_text(text, found):
    assert impression_of(text) == found


# --- staff and systems ---------------------------------------------------------------------------------------------


def test_staff_match_a_waiting_study_by_hand_and_it_stays_matched(any_desk: Desk, clock):
    desk = any_desk
    exam = an_exam(desk, Ris(clock))
    desk.stow(*MR)
    who = desk.staff("support")
    (waiting,) = desk.get("/staff/unmatched-studies", who).json["studies"]
    assert (waiting["instances"], waiting["reason"]) == (len(MR), "no-order")
    path = f"/staff/unmatched-studies/{waiting['id']}/match"
    assert desk.client.post(path, json={"examId": exam.id}, headers=who).status_code == 422
    assert desk.client.post(path, json={"examId": "x", "note": "n"}, headers=who).status_code == 404
    desk.told()
    body = {"examId": exam.id, "note": "called the technologist"}
    assert desk.client.post(path, json=body, headers=who).status_code == 204
    assert desk.names("exam.images-available", "act.recorded") == ["act.recorded", "exam.images-available"]
    assert desk.get("/staff/unmatched-studies", who).json["studies"] == []
    assert desk.client.post(path, json=body, headers=who).status_code == 404
    desk.hl7(Ris(clock, sent=7).completed())
    assert desk.get(f"/exams/{exam.id}", desk.account(exam.patient_id)).json["imagesAvailable"] is True


def test_only_support_at_the_site_matches_studies(desk: Desk, clock):
    exam = an_exam(desk, Ris(clock))
    desk.stow(MR[0])
    assert desk.get("/staff/unmatched-studies", desk.staff("front-desk", "operator")).status_code == 403
    (waiting,) = desk.get("/staff/unmatched-studies", desk.staff("support")).json["studies"]
    path, body = f"/staff/unmatched-studies/{waiting['id']}/match", {"examId": exam.id, "note": "n"}
    assert desk.client.post(path, json=body, headers=desk.account(exam.patient_id)).status_code == 403
    elsewhere = desk.staff("support", locations=["TX-HOU-01"])
    assert desk.client.post(path, json=body, headers=elsewhere).status_code == 404


def test_a_system_looks_up_the_identifiers_behind_an_events_id(desk: Desk, seen: ExamRow):
    path = f"/identifiers/exams/{seen.id}"
    found = desk.get(path, desk.system("identifiers.read")).json
    assert (found["accession"], found["mrn"], found["studyUids"]) == ("A1", HEAD.PatientID, [UID])
    assert desk.get("/identifiers/exams/none", desk.system("identifiers.read")).status_code == 404
    assert desk.get(path, desk.system("images.store")).status_code == 403
    assert desk.get(path, desk.account(seen.patient_id)).status_code == 403

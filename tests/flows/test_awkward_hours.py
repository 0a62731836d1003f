"""The awkward hours that design/architecture.md decides, met over HTTP on the deployed product.

Which row is proved where:

====================================================  ===============================================================
study before its order, or both at once               here; exams/test_thread
a study of another Patient ID                         here; exams/test_usecases_ris
a report becomes available by time alone              exams/test_usecases_release; flows/test_up_later
a report withdrawn or corrected                       here; step by step while a worker is at it: archiver/test_build
late images after a package                           here; each 5 s: exams/test_usecases_intake
patients merged, an exam of the wrong patient         here; undone: exams/test_usecases_ris, sharing/test_exams…
the 24 hours end during a download                    archiver/test_deliver; afterwards: flows/test_up_later
a code ends while its package is prepared             here; archiver/test_sweep
a share revoked while bytes flow                      here; archiver/test_deliver
broker down for a while                               here; killed in mid-publish: faults/test_bus_killed
``exams`` unreachable for 60 s                        archiver/test_api, archiver/test_request
two archivers, one cut off                            archiver/test_build; faults/test_workers_share_a_queue
a new subscriber                                      exams/test_handlers
====================================================  ===============================================================
"""

import io
import secrets
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pydicom
import pytest
import urllib3

from tests.flows.cases import a_case, has_images
from tests.flows.conftest import images_of, pdfs_of
from tests.flows.product import pause, signal_all, wait_for
from tests.flows.ris import Ris, an_exam
from tests.flows.test_main_job import PHI, download, ready

CUT_WITHIN_S = 5
PIECE_BYTES = 64 * 1024
BIG_ROWS, BIG_COLUMNS = 6000, 4000
"""Of an image of 48 MB: more than all buffers between the archiver and a slow reader hold."""


@pytest.fixture
def facts(deployed_facts):
    return deployed_facts


def test_a_study_may_come_before_its_order(facts):
    ris, exam = Ris(facts), an_exam()
    ris.store(images_of(exam, most=1))
    ris.complete(exam)
    assert wait_for(lambda: has_images(ris.patient_client(exam)))["accession"] == exam.accession


def test_a_study_and_its_order_may_come_at_the_same_instant(facts):
    ris, exams = Ris(facts), [an_exam() for _ in range(6)]
    objects = {exam: images_of(exam, most=1) for exam in exams}
    with ThreadPoolExecutor(12) as pool:
        sent = [pool.submit(ris.complete, exam) for exam in exams]
        sent += [pool.submit(ris.store, objects[exam]) for exam in exams]
        for one in sent:
            one.result()
    patients = [ris.patient_client(exam) for exam in exams]
    assert all(wait_for(lambda patient=patient: has_images(patient), 5) for patient in patients)


def test_a_study_of_another_patient_waits_for_staff_unseen(facts):
    ris, exam = Ris(facts), an_exam()
    ris.complete(exam)
    ris.store(images_of(replace(exam, mrn="SOMEBODY-ELSE"), most=1))
    staff = facts.staff_client()
    waiting = staff.get("/staff/unmatched-studies").json["studies"]
    assert [one["reason"] for one in waiting if one["studyUid"] == exam.study_uid] == ["other-patient"]
    patient = ris.patient_client(exam)
    (row,) = patient.get("/exams").json["exams"]
    assert (row["imagesAvailable"], row["bytes"]) == (False, 0)
    study_id = next(one["id"] for one in waiting if one["studyUid"] == exam.study_uid)
    match = {"examId": row["id"], "note": "seen with the technologist"}
    assert staff.post(f"/staff/unmatched-studies/{study_id}/match", match).status == 204
    wait_for(lambda: has_images(patient))


@pytest.mark.parametrize(("status", "reason"), [("X", "report-withdrawn"), ("C", "report-corrected")])
def test_a_report_taken_back_ends_a_ready_package_with_the_reason(facts, status, reason):
    case = a_case(facts, report=True)
    package = wait_for(lambda: with_report(case))
    case.ris.sign(case.exam, timedelta(minutes=1), "Something else.", status=status)
    answer = case.patient.get(f"/exams/{case.exam_id}/report")
    assert b"canary-finding" not in answer.body
    wait_for(lambda: case.state(package["id"]) == "expired", 2)
    assert case.patient.get(f"/packages/{package['id']}").json["reason"] == reason
    assert case.patient.post(f"/packages/{package['id']}/downloads", {}).status == 410


def with_report(case):
    """Give a ready package that holds the report, once the archiver has heard of its release."""
    package = case.package(includeReport=True)
    return package if pdfs_of(download(case.patient, package)[1].body) else None


def test_a_report_taken_back_while_its_package_is_prepared_is_in_no_file(facts, deployed_product):
    case = a_case(facts, report=True)
    wait_for(lambda: with_report(case))
    workers = deployed_product.worker_pids()
    signal_all(workers, signal.SIGSTOP)
    try:
        waiting = case.ask(includeReport=True, format="iso")
        case.ris.sign(case.exam, timedelta(minutes=1), "Taken back.", status="X")
        wait_for(lambda: case.patient.get(f"/packages/{waiting}").json["omitted"])  # the archiver has heard of it
    finally:
        signal_all(workers, signal.SIGCONT)
    package = wait_for(lambda: ready(case.patient, waiting), 60)
    assert b"%PDF" not in download(case.patient, package)[1].body  # an image holds its files as they are


def test_late_images_are_told_at_the_package_and_are_in_a_new_one(facts):
    case = a_case(facts)
    package = case.package()
    assert not package.get("newerImages")
    case.ris.store(images_of(case.exam, most=2)[1:])
    wait_for(lambda: case.patient.get(f"/packages/{package['id']}").json["newerImages"])
    assert case.state(package["id"]) == "ready"
    assert wait_for(lambda: case.package()["size"] > package["size"])


def test_a_merged_patients_code_share_and_package_go_on(facts):
    case = a_case(facts)
    package, (_, recipient) = case.package(), case.share(facts)
    into = an_exam()
    case.ris.complete(into)
    case.ris.merge(into, case.exam.mrn)
    later = Ris(facts).patient_client(into)
    assert [row["accession"] for row in later.get("/exams").json["exams"]] == [into.accession]
    for client in (case.patient, recipient):
        assert [row["id"] for row in client.get("/exams").json["exams"]] == [case.exam_id]
    assert case.state(package["id"]) == "ready"
    assert download(case.patient, package)[1].status == 200


def test_an_exam_of_the_wrong_patient_leaves_share_package_and_code_at_once(facts):
    case = a_case(facts)
    package, (share_id, recipient) = case.package(), case.share(facts)
    url, _ = download(case.patient, package)
    right = an_exam(accession=case.exam.accession, study_uid=case.exam.study_uid, family="Right")
    case.ris.complete(right)
    wait_for(lambda: case.patient.get("/exams").json["exams"] == [], 2)
    assert case.patient.get(f"/exams/{case.exam_id}").status == 404
    wait_for(lambda: case.patient.get(f"/packages/{package['id']}").json["state"] == "expired", 2)
    assert case.patient.get(url).status == 410
    wait_for(lambda: recipient.get("/exams").status == 401, 2)
    wait_for(lambda: shares_of(case.patient)[share_id] == "ended", 2)


def shares_of(patient):
    return {share["id"]: share["state"] for share in patient.get("/shares").json["shares"]}


def test_a_code_that_ends_while_its_package_is_prepared_closes_it_and_the_build_goes_on(facts, deployed_product):
    case, staff = a_case(facts), facts.staff_client()
    visit = staff.get(f"/staff/visits?accession={case.exam.accession}").json["visits"][0]["id"]
    (code,) = staff.get(f"/staff/visits/{visit}/icodes").json["icodes"]
    workers = deployed_product.worker_pids()
    signal_all(workers, signal.SIGSTOP)
    try:
        package_id = case.ask()
        assert staff.ask("DELETE", f"/staff/icodes/{code['id']}", {"reason": "lost"}).status in {200, 204}
    finally:
        signal_all(workers, signal.SIGCONT)
    wait_for(lambda: case.patient.get(f"/packages/{package_id}").status == 401, 2)
    case.patient = case.ris.patient_client(case.exam)
    assert case.package()["state"] == "ready"


def a_big_image(exam):
    """Give an image of 48 MB that cannot be made smaller."""
    data = pydicom.dcmread(io.BytesIO(images_of(exam, most=1)[0]))
    data.Rows, data.Columns = BIG_ROWS, BIG_COLUMNS
    data.PixelData = secrets.token_bytes(BIG_ROWS * BIG_COLUMNS * 2)
    out = io.BytesIO()
    data.save_as(out)
    return [out.getvalue()]


def test_a_share_revoked_while_bytes_flow_cuts_them_within_5_seconds(facts):
    case = a_case(facts, images=a_big_image)
    share_id, recipient = case.share(facts)
    asked = recipient.post("/packages", {"examIds": [case.exam_id], "format": "iso"} | PHI)
    package = wait_for(lambda: ready(recipient, asked.json["id"]), 90)
    ticket = recipient.post(f"/packages/{package['id']}/downloads", {}).json["url"]
    url = ticket if ticket.startswith("http") else facts.portal_url + ticket
    slow = urllib3.PoolManager(retries=False, socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE_BYTES)])
    response = slow.request("GET", url, preload_content=False)
    assert response.status == 200
    got = len(response.read(PIECE_BYTES))
    assert case.patient.ask("DELETE", f"/shares/{share_id}").status in {200, 204}
    end = time.monotonic() + CUT_WITHIN_S
    while time.monotonic() < end:
        got += len(response.read(PIECE_BYTES))
        pause()
    with pytest.raises(urllib3.exceptions.HTTPError):
        while piece := response.read(PIECE_BYTES):  # what is still on its way, then the end
            got += len(piece)
    assert PIECE_BYTES <= got < package["size"]
    assert recipient.get(url).status in {401, 404, 410}


def test_with_the_broker_down_people_log_in_and_look_packages_queue_and_all_is_made_when_it_is_back(
    facts, deployed_broker
):
    case, later = a_case(facts), an_exam()
    code = case.ris.issue_icode(case.exam)
    deployed_broker.node.kill()
    try:
        patient = facts.anyone().log_in("/icode-sessions", {"icode": code})
        assert has_images(patient)["id"] == case.exam_id
        asked = patient.post("/packages", {"examIds": [case.exam_id], "format": "iso"} | PHI)
        assert (asked.status, asked.json["state"]) == (202, "queued")
        case.ris.complete(later)
        case.ris.store(images_of(later, most=1))
        exams = facts.system()
        wait_for(lambda: exams.get("/readyz").json["status"] == "degraded")
        assert exams.get("/readyz").status == 200
        assert patient.get(f"/packages/{asked.json['id']}").json["state"] == "queued"
    finally:
        deployed_broker.node.start()
    package = wait_for(lambda: ready(patient, asked.json["id"]), 60)
    assert download(patient, package)[1].status == 200
    assert wait_for(lambda: has_images(case.ris.patient_client(later)))["accession"] == later.accession
    wait_for(lambda: exams.get("/readyz").json["status"] == "ready")

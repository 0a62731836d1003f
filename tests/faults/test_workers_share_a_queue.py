"""Two workers, 50 packages; the worker that is at work is killed with -9 again and again, with a broker and without.

``make faults`` kills more often (``FAULT_KILLS``).
"""

import hashlib
import io
import os
import signal
from collections import Counter

import pydicom
import pytest
from pydicom.uid import generate_uid

from contracts.archiver import PackageReady
from deploy.local.places import ROOT
from services.archiver.chores import FOLDER, sweep_orphans
from services.archiver.parts import make_parts
from services.archiver.settings import ArchiverSettings
from services.chassis.settings import load
from tests.flows.databases import find_builds, find_told
from tests.flows.product import signal_all, wait_for
from tests.flows.ris import Ris, an_exam
from tests.flows.test_main_job import PHI, download

VISITS = 10
PACKAGES = 5 * VISITS
KILLS = int(os.environ.get("FAULT_KILLS", "5"))
IMAGE = ROOT / "tests" / "data" / "dicom" / "kinds" / "MR_small.dcm"


def a_tiny_image(exam):
    """Give a real image of 10 kB under *exam*'s names and UIDs."""
    data = pydicom.dcmread(IMAGE)
    data.StudyInstanceUID, data.AccessionNumber, data.PatientID = exam.study_uid, exam.accession, exam.mrn
    data.SeriesInstanceUID, data.SOPInstanceUID = generate_uid(), generate_uid()
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    out = io.BytesIO()
    data.save_as(out)
    return out.getvalue()


def patients_of(facts):
    """Feed visits of two exams with an image each; the clients of whoever has their codes."""
    ris = Ris(facts)
    pairs = []
    for _ in range(VISITS):
        first = an_exam()
        pairs.append((first, an_exam(visit=first.visit, mrn=first.mrn)))
    exams = [exam for pair in pairs for exam in pair]
    for exam in exams:
        ris.complete(exam)
    ris.store(a_tiny_image(exam) for exam in exams)
    return [ris.patient_client(first) for first, _ in pairs]


def ask_for_all(patient):
    """Ask for five packages of a visit's two exams; the patient's client by package."""
    first, second = (row["id"] for row in wait_for(lambda: with_images(patient)))
    wanted = [(exams, kind) for exams in ([first], [second]) for kind in ("zip", "iso")] + [([first, second], "zip")]
    asked = {}
    for exams, kind in wanted:
        answer = patient.post("/packages", {"examIds": exams, "format": kind} | PHI)
        assert answer.status == 202, answer.body
        asked[answer.json["id"]] = patient
    return asked


def with_images(patient):
    rows = [row for row in patient.get("/exams").json["exams"] if row["imagesAvailable"]]
    return rows if len(rows) == 2 else None


@pytest.mark.parametrize("kind", ["local", "deployed"])
def test_50_packages_survive_workers_killed_again_and_again(request, monkeypatch, kind):
    facts, product = request.getfixturevalue(f"{kind}_facts"), request.getfixturevalue(f"{kind}_product")
    url, killed = product.database_url("archiver"), 0
    patients, workers = patients_of(facts), product.worker_pids()
    signal_all(workers, signal.SIGSTOP)  # until all is asked for, so that the kills meet workers at work
    try:
        asked = {package: patient for patient in patients for package in ask_for_all(patient)}
    finally:
        signal_all(workers, signal.SIGCONT)
    assert len(asked) == PACKAGES

    def are_ready():
        nonlocal killed
        if killed < KILLS:
            killed += any(product.kill_worker(pid) for pid in at_work(url))
        return asked.keys() <= {told.id for told in find_told(url, PackageReady)}

    wait_for(are_ready, 60 + 10 * KILLS)
    assert killed >= min(3, KILLS), "the kills must meet workers at work"
    told = Counter(told.id for told in find_told(url, PackageReady) if told.id in asked)
    assert told == Counter(asked.keys())
    for package_id, patient in asked.items():
        package = patient.get(f"/packages/{package_id}").json
        body = download(patient, package)[1].body
        assert (len(body), hashlib.sha256(body).hexdigest()) == (package["size"], package["sha256"])
    check_no_file_is_left_over(product, monkeypatch)


def at_work(url):
    """Give the process ids of workers that are making a package."""
    return [int(build.owner.split("-")[-2]) for build in find_builds(url) if build.state == "running"]


def check_no_file_is_left_over(product, monkeypatch):
    for name, value in (product.environment | {"PORTAL_ARCHIVER_ORPHAN_AGE_S": "0"}).items():
        monkeypatch.setenv(name, value)
    parts = make_parts(load(ArchiverSettings))
    sweep_orphans(parts)
    wanted = sorted(build.object_key for build in find_builds(parts.settings.database_url) if build.object_key)
    assert sorted(file.key for file in parts.files.list(FOLDER)) == wanted
    parts.db.close()

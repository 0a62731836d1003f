"""``./portal up`` as a newcomer meets it, and what a power cut in mid-package may not do."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
from collections import Counter
from datetime import timedelta

from contracts.archiver import PackageReady
from deploy.local.places import ROOT
from tests.flows.conftest import images_of
from tests.flows.databases import find_builds, find_told
from tests.flows.product import signal_all, wait_for
from tests.flows.registering import PASSWORD, answer, begin, code_mailed
from tests.flows.ris import Ris, an_exam
from tests.flows.test_main_job import PHI, REPORT, download, ready

PARTS = {"identity", "exams", "archiver", "sharing", "notifier"}
ROLES = ("front-desk", "support", "operator")


def test_the_first_start_says_how_to_get_in_to_its_owner_alone(demo):
    path, told = demo.product.folder / "demo.json", demo.facts.more
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert told.keys() >= {"portalUrl", "icode", "account", "staff", "systemToken", "services", "mailDir"}
    assert told["services"].keys() == PARTS
    assert set(told["staffByRole"]) == set(ROLES)
    printed = wait_for((demo.product.folder / "up.log").read_text)
    for word in (told["portalUrl"], told["icode"], *told["account"].values(), *told["staff"].values()):
        assert word in printed
    assert told["systemToken"] not in printed


def test_the_demos_code_account_staff_and_system_get_in(demo):
    anyone, told = demo.facts.anyone(), demo.facts.more
    by_code = anyone.log_in("/icode-sessions", {"icode": told["icode"]}).get("/exams").json["exams"]
    by_account = anyone.log_in("/sessions", told["account"]).get("/exams").json["exams"]
    assert len(by_code) == 1
    assert {row["id"] for row in by_code} < {row["id"] for row in by_account}
    assert [row["imagesAvailable"] for row in by_account].count(True) == 2
    for member in (told["staff"], *told["staffByRole"].values()):
        anyone.log_in("/staff/sessions", member)
    assert demo.facts.system().get(f"/identifiers/exams/{by_code[0]['id']}").status == 200
    assert anyone.pool.request("GET", told["portalUrl"]).status == 200


def test_the_demos_texas_report_is_held_for_four_days_and_its_images_are_not_S5_S9(demo):
    patient = demo.facts.anyone().log_in("/icode-sessions", {"icode": demo.facts.more["icodes"]["texas"]})
    (row,) = patient.get("/exams").json["exams"]
    assert row["imagesAvailable"]
    assert row["report"]["status"] == "held"
    assert row["report"]["why"]["citation"] == "SB922"
    answer = patient.get(f"/exams/{row['id']}/report")
    assert (answer.status, answer.slug) == (404, "report-not-released")


def test_the_demos_minor_is_seen_by_code_S64(demo):
    patient = demo.facts.anyone().log_in("/icode-sessions", {"icode": demo.facts.more["icodes"]["minor"]})
    (row,) = patient.get("/exams").json["exams"]
    assert row["imagesAvailable"]
    assert row["report"]["status"] == "available"


def test_the_demos_registrant_opens_an_account_across_a_power_cut_S18_S19_S20_S21_S22(demo):
    told = demo.facts.more["registrant"]
    anyone, login = demo.facts.anyone(), {"userId": "carlos61", "password": PASSWORD}
    path = f"/registrations/{begin(anyone, told).json['registrationId']}"
    assert answer(anyone, path, told["answers"]).json == {"next": "credentials"}
    chosen = anyone.post(f"{path}/credentials", login | {"email": "carlos61@example.net"})
    assert chosen.json == {"next": "validation"}
    demo.product.kill()
    demo.facts = demo.product.start()
    assert demo.facts.more["registrant"] == told
    code = code_mailed(demo.facts, "carlos61@example.net")
    entered = demo.facts.anyone().post(f"{path}/validation", {"code": code})
    assert (entered.status, entered.json) == (201, {"account": {"userId": "carlos61"}})
    (row,) = demo.facts.anyone().log_in("/sessions", login).get("/exams").json["exams"]
    assert row["report"]["status"] == "held"
    printed = wait_for((demo.product.folder / "up.log").read_text)
    assert f"{told['firstName']} {told['lastName']}, born 09/30/1961" in printed


def test_a_second_start_on_the_same_folder_is_refused_and_harms_nothing(demo):
    env = os.environ | {"PORTAL_DATA_DIR": str(demo.product.folder), "PORTAL_PORT": "0"}
    command = [sys.executable, "-m", "deploy.local", "up", "--bus", "local"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"portal: the portal is running already on {demo.product.folder}\n"
    assert demo.facts.anyone().get("/service").status == 200


def test_a_power_cut_in_mid_package_loses_and_doubles_nothing_S34_S36(demo):
    patient = demo.facts.anyone().log_in("/sessions", demo.facts.more["account"])
    exam, ris = an_exam(), Ris(demo.facts)
    ris.order(exam)
    ris.store(images_of(exam, most=2))
    ris.complete(exam)
    ris.sign(exam, timedelta(minutes=30), REPORT)
    exams = [row["id"] for row in patient.get("/exams").json["exams"] if row["imagesAvailable"]]
    workers = demo.product.worker_pids()
    signal_all(workers, signal.SIGSTOP)  # until all is asked for, so that the cut meets them at work
    try:
        wanted = [(exams, "zip"), (exams, "iso"), (exams[:1], "zip"), (exams[1:], "zip")]
        asked = [ask_for(patient, *one) for one in wanted]
    finally:
        signal_all(workers, signal.SIGCONT)
    url = demo.product.database_url("archiver")
    wait_for(lambda: [build for build in find_builds(url) if build.state == "running"])
    demo.product.kill()
    assert [build for build in find_builds(url) if build.state == "running"], "the cut must meet a worker at work"
    demo.facts = demo.product.start()
    packages = [wait_for(lambda one=one: ready(patient, one), 60) for one in asked]
    for package in packages:
        body = download(patient, package)[1].body
        assert (len(body), hashlib.sha256(body).hexdigest()) == (package["size"], package["sha256"])
        wait_for(lambda one=package["id"]: mails_to(demo.facts, one))
    assert Counter(told.id for told in find_told(url, PackageReady)) == Counter(asked)
    assert [len(mails_to(demo.facts, one)) for one in asked] == [1] * len(asked)
    theirs = Ris(demo.facts).patient_client(exam)
    (row,) = theirs.get("/exams").json["exams"]
    assert row["imagesAvailable"]
    assert "canary-finding" in theirs.get(f"/exams/{row['id']}/report").json["text"]
    assert sum(one["count"] for one in theirs.get(f"/exams/{row['id']}/images").json["series"]) == 2


def ask_for(patient, exams, kind):
    """Ask for a package, to be told of at an address of its own; its id."""
    ask = {"examIds": exams, "format": kind} | PHI
    answer = patient.post("/packages", ask)
    assert answer.status == 202, answer.body
    left = patient.ask("PUT", f"/packages/{answer.json['id']}/notification", {"email": address_of(answer.json["id"])})
    assert left.status == 204, left.body
    return answer.json["id"]


def address_of(package_id):
    return f"{package_id}@example.org"


def mails_to(facts, package_id):
    return [mail for mail in facts.mails() if address_of(package_id).encode() in mail]


def test_ctrl_c_ends_every_process_and_frees_the_folder(demo):
    pids = demo.product.pids()
    assert len(pids) >= 5
    demo.product.stop()
    assert [pid for pid in pids if is_alive(pid)] == []


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

"""``./portal up --clock-offset``: started again later, 24 hours and 4 days are seen to have passed."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.places import ROOT
from gateway.settings import GatewaySettings
from services.archiver.settings import ArchiverSettings
from services.chassis.settings import SettingsRefused, load
from tests.flows.conftest import Demo, pdfs_of
from tests.flows.product import wait_for
from tests.flows.test_main_job import PHI, download, ready


@dataclass
class Later:
    """The demo's Texas patient, and a package of theirs that was ready at first."""

    demo: Demo
    package_id: str
    ticket_url: str
    file: Path

    def patient(self):
        """Give the patient's client, logged in anew."""
        return texan(self.demo)


def texan(demo):
    return demo.facts.anyone().log_in("/icode-sessions", {"icode": demo.facts.more["icodes"]["texas"]})


def files_of(demo):
    """Give the finished packages that lie in the product's folder."""
    return {path for path in (demo.product.folder / "packages").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def later(demo):
    demo.start_again()
    patient, others = texan(demo), files_of(demo)
    (row,) = patient.get("/exams").json["exams"]
    asked = patient.post("/packages", {"examIds": [row["id"]], "format": "zip"} | PHI)
    package = wait_for(lambda: ready(patient, asked.json["id"]), 60)
    ticket_url, whole = download(patient, package)
    assert (whole.status, pdfs_of(whole.body)) == (200, [])
    (file,) = files_of(demo) - others
    return Later(demo, package["id"], ticket_url, file)


def test_25_hours_later_the_package_is_gone_with_its_bytes_and_the_report_still_held_S5_S41(later):
    later.demo.start_again("25h")
    patient = later.patient()
    wait_for(lambda: patient.get(f"/packages/{later.package_id}").json["state"] == "expired")
    for answer in (patient.post(f"/packages/{later.package_id}/downloads", {}), patient.get(later.ticket_url)):
        assert (answer.status, answer.slug) == (410, "package-expired")
    wait_for(lambda: not later.file.exists())
    (row,) = patient.get("/exams").json["exams"]
    assert row["report"]["status"] == "held"
    assert patient.get(f"/exams/{row['id']}/report").status == 404


def test_four_days_and_an_hour_later_the_texas_report_is_there_S5_S6(later):
    later.demo.start_again("97h")
    patient = later.patient()
    (row,) = patient.get("/exams").json["exams"]
    answer = wait_for(lambda: is_there(patient.get(f"/exams/{row['id']}/report")))
    assert "opacity" in answer.json["text"]
    assert patient.get(f"/exams/{row['id']}/report.pdf").body.startswith(b"%PDF")
    asked = patient.post("/packages", {"examIds": [row["id"]], "format": "zip", "includeReport": True} | PHI)
    package = wait_for(lambda: ready(patient, asked.json["id"]), 60)
    assert len(pdfs_of(download(patient, package)[1].body)) == 1


def is_there(answer):
    return answer if answer.status == 200 else None


@pytest.mark.parametrize("kind", [ArchiverSettings, GatewaySettings])
def test_a_clock_that_the_launcher_did_not_set_is_refused_by_name(monkeypatch, tmp_path, kind):
    names = {
        "PORTAL_ARCHIVER_DATABASE_URL": f"sqlite:///{tmp_path}/archiver.db",
        "PORTAL_ARCHIVER_FILES_URL": f"file://{tmp_path}/packages",
        "PORTAL_OBJECTS_URL": f"file://{tmp_path}/objects",
        "PORTAL_LOCATIONS_FILE": str(ROOT / "deploy" / "locations.yaml"),
        "PORTAL_GATEWAY_COOKIE_KEY": "k" * 43,
        "PORTAL_CLOCK_OFFSET": "25h",
    }
    for part in ("identity", "exams", "archiver", "sharing", "notifier"):
        names[f"PORTAL_GATEWAY_{part.upper()}_URL"] = "http://127.0.0.1:1"
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused, match="PORTAL_CLOCK_OFFSET"):
        load(kind)
    monkeypatch.setenv("PORTAL_STARTED_BY_LAUNCHER", "true")
    load(kind)

"""``./portal up --clock-offset``: started again later, 24 hours and 4 days are seen to have passed."""

from dataclasses import dataclass

import pytest

from deploy.local.places import ROOT
from gateway.settings import GatewaySettings
from services.archiver.settings import ArchiverSettings
from services.chassis.settings import SettingsRefused, load
from tests.flows.conftest import pdfs_of
from tests.flows.product import Facts, LocalProduct, wait_for
from tests.flows.test_main_job import PHI, download, ready


@dataclass
class Demo:
    """The product, what it said when it last started, and a package that was ready at its first start."""

    product: LocalProduct
    facts: Facts
    package_id: str = ""
    ticket_url: str = ""

    def patient(self):
        """Give the client of the Texas demo patient, logged in anew."""
        return self.facts.anyone().log_in("/icode-sessions", {"icode": self.facts.more["icodes"]["texas"]})

    def start_later(self, offset):
        """End it and start it again with its clock *offset* ahead."""
        self.product.stop()
        self.facts = self.product.start(offset)

    def files(self):
        """Give the finished packages that lie in the product's folder."""
        return [path for path in (self.product.folder / "packages").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def demo(servers_dir):
    product = LocalProduct(servers_dir / "clock", bus="local", demo=True)
    demo = Demo(product, product.start())
    patient = demo.patient()
    (row,) = patient.get("/exams").json["exams"]
    asked = patient.post("/packages", {"examIds": [row["id"]], "format": "zip"} | PHI)
    package = wait_for(lambda: ready(patient, asked.json["id"]), 60)
    demo.package_id, (demo.ticket_url, whole) = package["id"], download(patient, package)
    assert (whole.status, pdfs_of(whole.body), len(demo.files())) == (200, [], 1)
    yield demo
    product.stop()


def test_25_hours_later_the_package_is_gone_with_its_bytes_and_the_report_still_held_S5_S41(demo):
    demo.start_later("25h")
    patient = demo.patient()
    wait_for(lambda: patient.get(f"/packages/{demo.package_id}").json["state"] == "expired")
    for answer in (patient.post(f"/packages/{demo.package_id}/downloads", {}), patient.get(demo.ticket_url)):
        assert (answer.status, answer.slug) == (410, "package-expired")
    wait_for(lambda: demo.files() == [])
    (row,) = patient.get("/exams").json["exams"]
    assert row["report"]["status"] == "held"
    assert patient.get(f"/exams/{row['id']}/report").status == 404


def test_four_days_and_an_hour_later_the_texas_report_is_there_S5_S6(demo):
    demo.start_later("97h")
    patient = demo.patient()
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

"""An archiver on a real database and folders, told by events as ``exams`` tells them, asked by callers with tokens."""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from contracts.access import AccessEnded
from contracts.envelope import Envelope, unwrap, wrap
from contracts.exams import (
    Beat,
    ExamImagesAvailable,
    ExamManifestStored,
    ExamMoved,
    ExamRemoved,
    ReportCorrected,
    ReportStored,
    ReportWithdrawn,
    StoredStudy,
    StudyRef,
)
from contracts.tokens import AccountGrants, ICodeGrants, ShareGrants
from contracts.topology import EVENT_TYPES
from services.archiver.app import wire
from services.archiver.parts import Parts
from services.archiver.settings import ArchiverSettings
from services.archiver.store import builds, packages
from services.archiver.usecases import looking
from services.archiver.usecases.request import PackageAsk, request_package
from services.archiver.worker import Worker
from services.chassis.auth import note_key
from services.chassis.caller import Caller
from services.chassis.db import Database, database_now, new_id
from services.chassis.objects import open_store
from services.chassis.signing import Minter, load_or_make_key
from services.chassis.tables import OutboxRow
from tests.archiver.manifests import DATA, MemoryStore, store_files

CT = [DATA / "sr-seg-of-ct" / "CT_small.dcm"]
CT_WITH_FINDINGS = [*CT, DATA / "sr-seg-of-ct" / "sr_document.dcm"]
MR = [DATA / "kinds" / "MR_small.dcm"]


@dataclass
class House:
    """The archiver and the world around it."""

    parts: Parts
    tmp: Path
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self):
        self.service = wire(self.parts)
        self.service.migrate()
        self.clock = self.parts.clock
        self.minters = {
            issuer: Minter(issuer, load_or_make_key(self.tmp / issuer, self.clock.now()))
            for issuer in ("identity", "sharing")
        }
        with self.parts.db.begin() as tx:
            for issuer, minter in self.minters.items():
                note_key(tx, minter.key.published(issuer))
        self.client = self.service.make_app().test_client()
        self.worker = Worker(self.parts)
        self.beat()

    # --- what others tell ---------------------------------------------------------------------------------------

    def version(self, noun):
        self.versions[noun] = self.versions.get(noun, 0) + 1
        return self.versions[noun]

    def envelope(self, event):
        owner = "identity" if isinstance(event, AccessEnded) else "exams"
        return wrap(event, message_id=new_id(), owner=owner, now=self.clock.now(), subject=event.id).to_bytes()

    def tell(self, event):
        outcome = self.service.inbox.deliver(self.envelope(event), 1)
        assert outcome.kind == "settled", outcome
        return event

    def beat(self):
        return self.tell(Beat(id="exams", version=self.version("beat"), at=self.clock.now()))

    def exam_state(self, kind, exam_id, studies=(), **changes):
        state = {
            "id": exam_id,
            "version": self.version(f"{exam_id} open"),
            "at": self.clock.now(),
            "patient_id": "patient-1",
            "visit_id": "visit-1",
            "location_id": "TX-HOU-01",
            "state": "TX",
            "time_zone": "America/Chicago",
            "modality": "CT",
            "status": "completed",
            "starts_at": self.clock.now(),
            "completed_at": self.clock.now(),
            "studies": list(studies),
            "images_available": True,
        }
        return kind(**(state | changes))

    def add_exam(self, exam_id, paths=CT, *, manifest_version=1, study_id=None, file_name=None, **changes):
        """Store *paths* as the one study of an exam and tell of it."""
        studies = self.store_study(paths, study_id or f"study-of-{exam_id}", manifest_version)
        refs = [
            StudyRef(study_id=one.study_id, manifest_version=manifest_version, instances=len(paths), bytes=40_000)
            for one in studies
        ]
        self.tell(self.exam_state(ExamImagesAvailable, exam_id, refs, **changes))
        return self.tell(self.manifest_stored(exam_id, studies, file_name or f"ACC-{exam_id}-CT-Chest"))

    def manifest_stored(self, exam_id, studies, file_name="ACC-CT-Chest"):
        return ExamManifestStored(
            id=exam_id,
            version=self.version(f"{exam_id} private"),
            at=self.clock.now(),
            exam_id=exam_id,
            studies=studies,
            file_name=file_name,
        )

    def store_study(self, paths, study_id, manifest_version):
        memory = MemoryStore()
        manifest = store_files(memory, paths)[0].model_copy(update={"study_id": study_id, "version": manifest_version})
        series = [
            one.model_copy(
                update={
                    "instances": [each.model_copy(update={"key": f"{study_id}/{each.key}"}) for each in one.instances]
                }
            )
            for other in store_files(memory, paths)
            for one in other.series
        ]
        manifest = manifest.model_copy(update={"series": series})
        for key, data in memory.objects.items():
            self.parts.objects.put(f"{study_id}/{key}", data)
        data = json.dumps(manifest.to_json()).encode()
        key = f"manifests/{study_id}/{manifest_version}"
        self.parts.objects.put(key, data)
        sha256 = hashlib.sha256(data).hexdigest()
        return [StoredStudy(study_id=study_id, manifest_version=manifest_version, manifest_key=key, sha256=sha256)]

    def release_report(self, exam_id, report_version=1, text=b"%PDF-1.4 the report"):
        key = f"reports/{exam_id}/{report_version}.pdf"
        self.parts.objects.put(key, text)
        return self.tell(self.report_stored(exam_id, report_version, text))

    def report_stored(self, exam_id, report_version=1, text=b"%PDF-1.4 the report"):
        return ReportStored(
            id=exam_id,
            version=self.version(f"{exam_id} report private"),
            at=self.clock.now(),
            exam_id=exam_id,
            report_version=report_version,
            pdf_key=f"reports/{exam_id}/{report_version}.pdf",
            sha256=hashlib.sha256(text).hexdigest(),
        )

    def taken_back(self, exam_id, report_version=1, kind=ReportWithdrawn):
        return kind(
            id=exam_id,
            version=self.version(f"{exam_id} report open"),
            at=self.clock.now(),
            exam_id=exam_id,
            patient_id="patient-1",
            report_version=report_version,
        )

    def withdraw_report(self, exam_id, report_version=1):
        return self.tell(self.taken_back(exam_id, report_version))

    def correct_report(self, exam_id, report_version=1):
        return self.tell(self.taken_back(exam_id, report_version, ReportCorrected))

    def moved(self, exam_id, reason, to="patient-2"):
        more = {"patient_id": to, "from_patient_id": "patient-1", "to_patient_id": to, "reason": reason}
        return self.exam_state(ExamMoved, exam_id, **more)

    def move_exam(self, exam_id, reason):
        return self.tell(self.moved(exam_id, reason))

    def remove_exam(self, exam_id):
        more = {"from_patient_id": "patient-1", "reason": "cancelled", "images_available": False}
        return self.tell(self.exam_state(ExamRemoved, exam_id, **more))

    def end_access(self, subject, version=99):
        return self.tell(AccessEnded(id=subject, version=version, at=self.clock.now(), reason="revoked"))

    # --- who asks -----------------------------------------------------------------------------------------------

    def headers(self, caller):
        minter = self.minters["sharing" if caller.kind == "share" else "identity"]
        token, _ = minter.mint(
            holder=caller.holder,
            session=caller.session,
            version=caller.version,
            grants=caller.grants,
            now=self.clock.now(),
        )
        return {"Authorization": f"Bearer {token}"}

    def post(self, caller, path, **body):
        return self.client.post(path, json=body, headers=self.headers(caller))

    def get(self, caller, path, **headers):
        return self.client.get(path, headers=self.headers(caller) | headers)

    def ask(self, caller, *exam_ids, package_format="zip", **changes):
        """Ask for a package; its row."""
        ask = PackageAsk(exam_ids=exam_ids, format=package_format, phi_acknowledged=True)
        with self.parts.db.begin() as tx:
            ask = replace(ask, **changes)
            return request_package(tx, caller, ask, self.clock.now(), running_limit=self.parts.settings.running_limit)

    def ready_package(self, caller, *exam_ids, **changes):
        """Ask for a package and have it made; its id."""
        package = self.ask(caller, *exam_ids, **changes)
        self.work()
        return package.id

    def look(self, caller, package_id):
        with self.parts.db.read() as tx:
            return looking.look_at_package(tx, caller, package_id)

    # --- what is there ------------------------------------------------------------------------------------------

    def work(self, worker=None):
        """Let a worker do all that may be claimed."""
        worker = worker or self.worker
        while claimable := worker.find_claimable():
            for build_id in claimable:
                worker.work(build_id)

    def told(self, kind):
        """Give the events of *kind* that the archiver has told, oldest first."""
        with self.parts.db.read() as tx:
            rows = tx.scalars(select(OutboxRow).where(OutboxRow.type == kind.type_name()).order_by(OutboxRow.seq))
            return [unwrap(Envelope.from_bytes(row.body), EVENT_TYPES.get(row.type, kind)) for row in rows]

    def build_of(self, package_id):
        with self.parts.db.read() as tx:
            package = packages.find_any_package(tx, package_id)
            return builds.build_of(tx, package)

    def files(self):
        """Give the keys of all finished files."""
        return sorted(one.key for one in self.parts.files.list("builds"))

    def bytes_of(self, package_id):
        return self.parts.files.read(self.build_of(package_id).object_key)

    def names_in(self, package_id):
        """Give the names of the files in a ready .zip."""
        with zipfile.ZipFile(io.BytesIO(self.bytes_of(package_id))) as archive:
            return archive.namelist()

    def state_of(self, build_id):
        with self.parts.db.read() as tx:
            return builds.find_build(tx, build_id).state

    def make_due(self, build_id):
        """Let a build that waits after a fault be claimable now."""
        with self.parts.db.begin() as tx:
            build = builds.lock_build(tx, build_id)
            build.claimable_from = database_now(tx)

    def age_lease(self, build_id, by=timedelta(minutes=5)):
        """Let the lease of a build have passed, as if its worker had died a while ago."""
        with self.parts.db.begin() as tx:
            build = builds.lock_build(tx, build_id)
            build.lease_until -= by


def a_house(tmp_path: Path, database_url: str, clock, **changes) -> House:
    """Give an archiver on *database_url* that knows no exam yet."""
    settings = ArchiverSettings(
        database_url=database_url,
        PORTAL_OBJECTS_URL=f"file://{tmp_path}/objects",
        files_url=f"file://{tmp_path}/files",
        **changes,
    )
    parts = Parts(
        settings=settings,
        db=Database(database_url),
        clock=clock,
        objects=open_store(settings.objects_url),
        files=open_store(settings.files_url),
    )
    return House(parts, tmp_path)


def an_account(*patients: str, holder: str = "account:1") -> Caller:
    grants = AccountGrants(patients=list(patients or ("patient-1",)))
    return Caller("account", holder, f"session-of-{holder}", 1, grants)


def an_icode(visit: str = "visit-1", exams: list[str] | None = None, holder: str = "icode:1") -> Caller:
    return Caller("icode", holder, f"session-of-{holder}", 1, ICodeGrants(visit=visit, exams=exams))


def a_share(*exams: str, may_download=True, include_report=False, holder: str = "share:1") -> Caller:
    grants = ShareGrants(
        exams=list(exams), may_download=may_download, include_report=include_report, include_visit_summary=False
    )
    return Caller("share", holder, f"session-of-{holder}", 1, grants)


def instant(text: str) -> datetime:
    """Give the instant of an RFC 3339 text."""
    return datetime.fromisoformat(text)

"""An archiver on a real database and folders, told by events as ``exams`` tells them, asked by callers with tokens."""

import io
import zipfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from contracts.envelope import Envelope, unwrap
from contracts.tokens import AccountGrants, ICodeGrants, ShareGrants
from contracts.topology import EVENT_TYPES
from services.archiver.app import wire
from services.archiver.parts import Parts, make_parts
from services.archiver.settings import ArchiverSettings
from services.archiver.store import builds, packages
from services.archiver.usecases import looking
from services.archiver.usecases.request import PackageAsk, request_package
from services.archiver.worker import Worker
from services.chassis.auth import note_key
from services.chassis.caller import Caller
from services.chassis.db import database_now
from services.chassis.signing import Minter, load_or_make_key
from services.chassis.tables import OutboxRow
from tests.archiver.exams_world import ExamsWorld
from tests.migrated import migrate


@dataclass
class House(ExamsWorld):
    """The archiver and the world around it."""

    parts: Parts
    tmp: Path
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self):
        self.service = wire(self.parts)
        migrate(self.service)
        self.clock = self.parts.clock
        self.minters = {
            issuer: Minter(issuer, load_or_make_key(self.tmp / issuer, self.clock.now()))
            for issuer in ("identity", "sharing")
        }
        with self.parts.db.begin() as tx:
            for issuer, minter in self.minters.items():
                note_key(tx, minter.keys.at(self.clock.now()).published(issuer))
        self.client = self.service.make_app().test_client()
        self.worker = Worker(self.parts)
        self.beat()

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
    stores = {"PORTAL_OBJECTS_URL": f"file://{tmp_path}/objects", "files_url": f"file://{tmp_path}/files"}
    settings = ArchiverSettings(database_url=database_url, **(stores | changes))
    return House(replace(make_parts(settings), clock=clock), tmp_path)


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

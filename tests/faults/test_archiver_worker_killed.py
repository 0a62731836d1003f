"""Two workers; whichever makes a package is killed with -9 again and again: nothing lost, nothing doubled."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from contracts.archiver import PackageReady
from services.archiver.chores import sweep_orphans
from services.archiver.store.tables import BuildRow
from tests.archiver.house import a_house, an_account
from tests.archiver.manifests import DATA

PACKAGES = 8
KILLS = 5
LIMIT_S = 120
ROOT = Path(__file__).parents[2]
OWNER = an_account()
STUDY = sorted((DATA / "mr-ge-fmri").glob("*.dcm"))


@pytest.fixture
def house(tmp_path, sqlite_url, clock):
    house = a_house(tmp_path, sqlite_url, clock, running_limit=PACKAGES, orphan_age_s=0)
    for number in range(PACKAGES):
        house.add_exam(f"exam-{number}", STUDY)
    yield house
    house.parts.db.close()


class Workers:
    """Worker processes; one that is gone is begun anew."""

    def __init__(self, house, number):
        self._environment = os.environ | {
            "PORTAL_ARCHIVER_DATABASE_URL": house.parts.settings.database_url,
            "PORTAL_OBJECTS_URL": house.parts.settings.objects_url,
            "PORTAL_ARCHIVER_FILES_URL": house.parts.settings.files_url,
            "PORTAL_ARCHIVER_LEASE_S": "1.5",
            "PORTAL_ARCHIVER_HEARTBEAT_S": "0.3",
        }
        self._processes = [self._begin() for _ in range(number)]

    def _begin(self):
        command = [sys.executable, "-m", "services.archiver", "worker"]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL)

    def kill(self, pid):
        """Kill the worker *pid* with -9 and begin another; False when it is none of ours."""
        for index, process in enumerate(self._processes):
            if process.pid == pid:
                process.send_signal(signal.SIGKILL)
                process.wait()
                self._processes[index] = self._begin()
                return True
        return False

    def end(self):
        for process in self._processes:
            process.kill()
            process.wait()


def at_work(house):
    """Give the process id of a worker that is making a package, or None."""
    with house.parts.db.read() as tx:
        owner = tx.scalars(select(BuildRow.owner).filter_by(state="running").limit(1)).first()
    return int(owner.split("-")[-2]) if owner else None


def count_ready(house):
    return len(house.told(PackageReady))


def test_workers_killed_in_mid_package_lose_and_double_nothing(house):
    packages = [house.ask(OWNER, f"exam-{number}").id for number in range(PACKAGES)]
    workers, killed, never = Workers(house, 2), 0, threading.Event()
    deadline = time.monotonic() + LIMIT_S
    try:
        while count_ready(house) < PACKAGES and time.monotonic() < deadline:
            pid = at_work(house)
            if killed < KILLS and pid is not None and workers.kill(pid):
                killed += 1
            never.wait(0.05)
    finally:
        workers.end()
    assert killed >= 3, "the kills must meet workers at work"
    assert Counter(one.id for one in house.told(PackageReady)) == Counter(packages)
    for package_id in packages:
        build, data = house.build_of(package_id), house.bytes_of(package_id)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (build.size_bytes, build.sha256)
    sweep_orphans(house.parts)
    assert house.files() == sorted(house.build_of(package_id).object_key for package_id in packages)

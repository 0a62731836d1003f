"""Builds: whatever dies whenever, every package is ready once, and its file is whole."""

import hashlib
import threading
from datetime import timedelta

import pytest

from contracts.archiver import PackageDownloaded, PackageFailed, PackageReady
from contracts.messages import MessageRequested
from services.archiver.chores import sweep_bytes, sweep_left_builds, sweep_orphans, sweep_windows
from services.archiver.lease import LeaseKeeper, LeaseLost
from services.archiver.store import builds
from services.archiver.usecases import build as making
from services.archiver.usecases.deliver import Download, note_sent
from services.archiver.usecases.request import cancel_package
from services.archiver.worker import Worker
from services.chassis.jobs import DONE, LATER
from tests.archiver.exams_world import CT_WITH_FINDINGS
from tests.archiver.house import a_house, an_account, an_icode

OWNER = an_account()
STEPS = ("claim", "read", "write", "written", "close", "verify", "finish", "commit", "acknowledge")


class Died(BaseException):
    """The worker is no more."""


@pytest.fixture
def house(tmp_path, sqlite_url, clock):
    """An archiver whose orphans are swept at once."""
    house = a_house(tmp_path, sqlite_url, clock, orphan_age_s=0, heartbeat_s=0.01)
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    yield house
    house.parts.db.close()


def at_step(name, do):
    """Give a step that does *do* at the first *name*."""
    left = [name]

    def step(at):
        if left and at == left[0]:
            left.clear()
            do()

    return step


def die():
    raise Died


def let_leases_pass(house, build_id):
    if house.state_of(build_id) == "running":
        house.age_lease(build_id)
    sweep_left_builds(house.parts)


def is_whole(house, package_id):
    view = house.look(OWNER, package_id)
    data = house.bytes_of(package_id)
    return view.state == "ready" and (len(data), hashlib.sha256(data).hexdigest()) == (view.size, view.sha256)


@pytest.mark.parametrize("package_format", ["zip", "iso"])
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_may_die_at_any_step(house, step, package_format):
    package = house.ask(OWNER, "exam-1", package_format=package_format)
    with pytest.raises(Died):
        Worker(house.parts, at_step(step, die)).work(package.build_id)
    let_leases_pass(house, package.build_id)
    house.work()
    assert is_whole(house, package.id)
    assert [one.id for one in house.told(PackageReady)] == [package.id]
    sweep_orphans(house.parts)
    assert house.files() == [house.build_of(package.id).object_key]


def test_a_second_making_gives_the_same_bytes(house):
    first = house.ready_package(OWNER, "exam-1")
    package = house.ask(OWNER, "exam-1", package_format="iso")
    with pytest.raises(Died):
        Worker(house.parts, at_step("finish", die)).work(package.build_id)
    (left,) = set(house.files()) - {house.build_of(first).object_key}
    let_leases_pass(house, package.build_id)
    house.clock.advance(timedelta(minutes=5))
    house.work()
    assert house.bytes_of(package.id) == house.parts.files.read(left)


def test_a_worker_that_was_cut_off_can_not_finish(house):
    package = house.ask(OWNER, "exam-1")

    def another_makes_it():
        let_leases_pass(house, package.build_id)
        house.age_lease(package.build_id) if house.state_of(package.build_id) == "running" else None
        house.work()

    slow = Worker(house.parts, at_step("finish", another_makes_it))
    assert slow.work(package.build_id) == DONE
    assert is_whole(house, package.id)
    assert len(house.told(PackageReady)) == 1
    assert house.files() == [house.build_of(package.id).object_key]


def test_a_live_lease_is_left_to_its_worker(house):
    package = house.ask(OWNER, "exam-1")
    outcomes = []

    def ask_another():
        outcomes.append(Worker(house.parts).work(package.build_id))
        sweep_left_builds(house.parts)

    assert Worker(house.parts, at_step("write", ask_another)).work(package.build_id) == DONE
    assert outcomes == [LATER]
    assert house.build_of(package.id).fence == 1
    assert Worker(house.parts).work(package.build_id) == DONE


def test_a_cancelled_build_is_not_finished_and_leaves_no_file_O1(house):
    package = house.ask(OWNER, "exam-1")

    def cancel():
        with house.parts.db.begin() as tx:
            cancel_package(tx, OWNER, package.id, house.clock.now())

    assert Worker(house.parts, at_step("finish", cancel)).work(package.build_id) == DONE
    assert house.look(OWNER, package.id).state == "cancelled"
    assert house.told(PackageReady) == []
    assert house.files() == []


def test_a_worker_learns_with_its_heartbeat_that_its_build_was_cancelled_O1(house):
    package = house.ask(OWNER, "exam-1")
    with house.parts.db.begin() as tx:
        lease = making.claim(tx, package.build_id, "worker", timedelta(seconds=60), house.clock.now())
    with LeaseKeeper(house.parts, lease) as keeper:
        keeper.check()
        with house.parts.db.begin() as tx:
            cancel_package(tx, OWNER, package.id, house.clock.now())
        with pytest.raises(LeaseLost):
            check_until(keeper, threading.Event())


def check_until(keeper, never):
    for _ in range(1000):
        keeper.check()
        never.wait(0.01)


def test_the_heartbeat_tells_the_progress_S34(house):
    package = house.ask(OWNER, "exam-1")
    with house.parts.db.begin() as tx:
        lease = making.claim(tx, package.build_id, "worker", timedelta(seconds=60), house.clock.now())
    assert house.look(OWNER, package.id).state == "preparing"
    with house.parts.db.begin() as tx:
        assert making.renew(tx, lease, timedelta(seconds=60), 0.5)
    view = house.look(OWNER, package.id)
    assert (view.state, view.progress, view.ahead) == ("preparing", 0.5, 0)


# --- what can not be made, and what can not be made now -----------------------------------------------------------


def test_a_damaged_object_fails_the_package_with_its_reason(house):
    package = house.ask(OWNER, "exam-1", notify_email="anna@example.org")
    (tmp_object, *_) = sorted((house.tmp / "objects" / "study-of-exam-1" / "dicom").iterdir())
    tmp_object.write_bytes(tmp_object.read_bytes()[:-1] + b"!")
    house.work()
    view = house.look(OWNER, package.id)
    assert (view.state, view.failure) == ("failed", {"slug": "object-damaged"})
    assert [one.reason for one in house.told(PackageFailed)] == ["object-damaged"]
    assert house.files() == []
    assert view.notify_email_masked == "a***@example.org"
    house.clock.advance(timedelta(hours=1, seconds=1))
    sweep_windows(house.parts)
    assert house.look(OWNER, package.id).notify_email_masked is None


def test_after_a_failure_one_may_ask_again(house):
    key = house.tmp / "objects" / "manifests" / "study-of-exam-1" / "1"
    data = key.read_bytes()
    key.unlink()
    failed = house.ready_package(OWNER, "exam-1")
    assert house.look(OWNER, failed).failure == {"slug": "object-unreadable"}
    key.write_bytes(data)
    again = house.ready_package(OWNER, "exam-1")
    assert again != failed
    assert is_whole(house, again)


def test_a_store_that_is_down_is_waited_for_and_never_a_failure(house):
    package = house.ask(OWNER, "exam-1")
    parts_folder = house.tmp / "files" / ".part"
    parts_folder.rmdir()
    for fault in range(1, 12):
        house.make_due(package.build_id)
        house.work()
        build = house.build_of(package.id)
        assert (build.state, build.faults, build.tries) == ("queued", fault, 0)
    assert house.worker.find_claimable() == []
    assert house.worker.work(package.build_id) == LATER
    parts_folder.mkdir()
    house.make_due(package.build_id)
    house.work()
    assert is_whole(house, package.id)


def test_a_build_over_which_ten_workers_died_is_given_up(house):
    package = house.ask(OWNER, "exam-1")
    for _ in range(10):
        with pytest.raises(Died):
            Worker(house.parts, at_step("write", die)).work(package.build_id)
        assert house.look(OWNER, package.id).state == "preparing"
        let_leases_pass(house, package.build_id)
    assert house.look(OWNER, package.id).failure == {"slug": "gave-up"}


# --- reports taken back while they are packed ---------------------------------------------------------------------


@pytest.mark.parametrize("step", ["read", "written", "verify", "finish"])
@pytest.mark.parametrize("way", ["withdraw_report", "correct_report"])
def test_a_report_taken_back_under_way_is_in_no_file(house, step, way):
    house.release_report("exam-1")
    package = house.ask(OWNER, "exam-1", include_report=True)
    Worker(house.parts, at_step(step, lambda: getattr(house, way)("exam-1"))).work(package.build_id)
    assert house.told(PackageReady) == []
    house.work()
    assert is_whole(house, package.id)
    assert not any(name.startswith("REPORT/") for name in house.names_in(package.id))
    assert sum(name.startswith("DICOM/") for name in house.names_in(package.id)) == 1
    assert house.look(OWNER, package.id).omitted[-1] == {"count": 1, "reason": "report-not-available"}
    assert house.files() == [house.build_of(package.id).object_key]


def test_a_ready_package_with_a_report_taken_back_expires_with_the_reason(house):
    house.release_report("exam-1")
    with_report = house.ready_package(OWNER, "exam-1", include_report=True)
    without = house.ready_package(OWNER, "exam-1")
    house.withdraw_report("exam-1")
    assert house.look(OWNER, with_report).reason == "report-withdrawn"
    assert house.look(OWNER, with_report).state == "expired"
    assert house.look(OWNER, without).state == "ready"
    sweep_bytes(house.parts)
    assert house.files() == [house.build_of(without).object_key]
    assert house.told(MessageRequested) == []


def test_who_downloaded_a_report_that_is_taken_back_is_told_once(house):
    house.release_report("exam-1")
    package_id = house.ready_package(OWNER, "exam-1", include_report=True, notify_email="anna@example.org")
    house.ready_package(an_icode(), "exam-1", include_report=True)
    build = house.build_of(package_id)
    with house.parts.db.begin() as tx:
        download = Download("", package_id, build.object_key, build.size_bytes, build.sha256, "name.zip")
        note_sent(tx, download, 0, build.size_bytes, house.clock.now())
    assert len(house.told(PackageDownloaded)) == 1
    house.correct_report("exam-1")
    house.withdraw_report("exam-1")
    (mail,) = house.told(MessageRequested)
    assert (mail.template, mail.about.kind, mail.about.id) == ("report-taken-back", "holder", "account:1")
    assert mail.email == "anna@example.org"
    assert house.look(OWNER, package_id).notify_email_masked is None


def test_packages_that_become_alike_when_a_report_is_taken_back_stand_side_by_side(house):
    house.release_report("exam-1")
    with_report = house.ask(OWNER, "exam-1", include_report=True)
    without = house.ask(OWNER, "exam-1")
    house.withdraw_report("exam-1")
    house.work()
    assert is_whole(house, with_report.id)
    assert is_whole(house, without.id)
    assert house.build_of(with_report.id).id == house.build_of(without.id).id


def test_an_exam_taken_away_under_way_is_in_no_file(house):
    package = house.ask(OWNER, "exam-1")
    Worker(house.parts, at_step("finish", lambda: house.remove_exam("exam-1"))).work(package.build_id)
    assert (house.look(OWNER, package.id).state, house.files()) == ("expired", [])


def test_the_queue_is_small_first_then_oldest(house):
    house.add_exam("exam-2")
    first, second = house.ask(OWNER, "exam-1"), house.ask(OWNER, "exam-2")
    with house.parts.db.read() as tx:
        assert set(builds.find_claimable(tx, 10)) == {first.build_id, second.build_id}

"""What happens by time alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.archiver import BuildPackage, PackageExpired, PackageExpiring
from contracts.messages import ContactChanged
from services.archiver.chores import sweep_bytes, sweep_left_builds, sweep_orphans, sweep_windows
from services.archiver.store import builds
from services.archiver.usecases import build as making
from services.archiver.usecases import deliver
from tests.archiver.house import a_house, an_account, an_icode

OWNER = an_account()
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def download(house, package_id):
    build = house.build_of(package_id)
    file = deliver.Download("", package_id, build.object_key, build.size_bytes, build.sha256, "name.zip")
    with house.parts.db.begin() as tx:
        deliver.note_sent(tx, file, 0, build.size_bytes, house.clock.now())


def test_after_24_hours_the_package_is_gone_and_then_its_bytes_S41(each_house):
    house = each_house
    house.add_exam("exam-1")
    package_id = house.ready_package(OWNER, "exam-1", notify_email="anna@example.org")
    house.clock.advance(24 * HOUR - SECOND)
    sweep_windows(house.parts)
    sweep_bytes(house.parts)
    assert house.look(OWNER, package_id).state == "ready"
    assert house.files()
    house.clock.advance(SECOND)
    sweep_windows(house.parts)
    assert house.look(OWNER, package_id).state == "expired"
    assert house.files(), "the state comes first"
    sweep_bytes(house.parts)
    assert house.files() == []
    (told,) = house.told(PackageExpired)
    assert (told.id, told.state, told.reason) == (package_id, "expired", None)
    assert house.told(ContactChanged)[-1].emails == []


def test_the_bytes_go_with_the_builds_last_package_S41(house):
    house.add_exam("exam-1")
    first = house.ready_package(OWNER, "exam-1")
    house.clock.advance(10 * HOUR)
    second = house.ready_package(an_icode(), "exam-1")
    house.clock.advance(14 * HOUR)
    sweep_windows(house.parts)
    sweep_bytes(house.parts)
    assert house.look(OWNER, first).state == "expired"
    assert house.look(an_icode(), second).state == "ready"
    assert len(house.files()) == 1
    house.clock.advance(10 * HOUR)
    sweep_windows(house.parts)
    sweep_bytes(house.parts)
    assert house.files() == []


def test_the_holder_is_told_once_4_hours_before_the_end_S42(each_house):
    house = each_house
    house.add_exam("exam-1")
    package_id = house.ready_package(OWNER, "exam-1")
    house.clock.advance(20 * HOUR - SECOND)
    sweep_windows(house.parts)
    assert house.told(PackageExpiring) == []
    house.clock.advance(SECOND)
    sweep_windows(house.parts)
    sweep_windows(house.parts)
    assert [one.id for one in house.told(PackageExpiring)] == [package_id]


def test_who_has_downloaded_is_told_nothing_S42(house):
    house.add_exam("exam-1")
    package_id = house.ready_package(OWNER, "exam-1")
    download(house, package_id)
    house.clock.advance(21 * HOUR)
    sweep_windows(house.parts)
    assert house.told(PackageExpiring) == []


def test_after_the_end_no_notice_comes_S42(house):
    house.add_exam("exam-1")
    house.ready_package(OWNER, "exam-1")
    house.clock.advance(25 * HOUR)
    sweep_windows(house.parts)
    assert house.told(PackageExpiring) == []
    assert len(house.told(PackageExpired)) == 1


def test_a_request_outlives_log_out_and_restart_S34_S36(house):
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1")
    house.end_access(f"session:{OWNER.session}")
    house.work()
    again = replace(OWNER, session="the-next")
    assert house.look(again, package.id).state == "ready"


def test_a_build_whose_worker_fell_silent_is_called_for_again(each_house):
    house = each_house
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1")
    with house.parts.db.begin() as tx:
        making.claim(tx, package.build_id, "dead", timedelta(seconds=60), house.clock.now())
    sweep_left_builds(house.parts)
    assert len(house.told(BuildPackage)) == 1
    house.age_lease(package.build_id)
    sweep_left_builds(house.parts)
    sweep_left_builds(house.parts)
    assert len(house.told(BuildPackage)) == 2
    assert house.look(OWNER, package.id).state == "queued"


def test_a_command_that_a_broker_lost_is_put_again(house):
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1")
    with house.parts.db.begin() as tx:
        builds.lock_build(tx, package.build_id).called_at -= timedelta(minutes=6)
    sweep_left_builds(house.parts)
    sweep_left_builds(house.parts)
    assert len(house.told(BuildPackage)) == 2


@pytest.mark.parametrize(("age_s", "is_left"), [(0, False), (3600, True)])
def test_files_that_no_build_names_are_deleted_when_old(tmp_path, sqlite_url, clock, age_s, is_left):
    house = a_house(tmp_path, sqlite_url, clock, orphan_age_s=age_s)
    house.add_exam("exam-1")
    house.ready_package(OWNER, "exam-1")
    (wanted,) = house.files()
    orphan = wanted.replace(".1.zip", ".0.zip")
    house.parts.files.put(orphan, b"left by a worker that died")
    house.parts.files.writer("builds/unfinished")
    sweep_orphans(house.parts)
    assert house.files() == sorted([wanted, *[orphan] * is_left])
    assert bool(list((tmp_path / "files" / ".part").iterdir())) == is_left
    house.parts.db.close()


def test_the_file_of_a_build_being_made_is_left_alone(tmp_path, sqlite_url, clock):
    house = a_house(tmp_path, sqlite_url, clock, orphan_age_s=0)
    house.add_exam("exam-1")
    package = house.ask(OWNER, "exam-1")
    with house.parts.db.begin() as tx:
        lease = making.claim(tx, package.build_id, "slow", timedelta(seconds=60), house.clock.now())
    key = f"builds/{lease.build_id}.{lease.fence}.zip"
    house.parts.files.put(key, b"closed, not finished")
    sweep_orphans(house.parts)
    assert house.files() == [key]
    house.parts.db.close()


def test_old_tickets_are_forgotten_a_week_after_the_end(house):
    house.add_exam("exam-1")
    package_id = house.ready_package(OWNER, "exam-1")
    with house.parts.db.begin() as tx:
        secret = deliver.make_ticket(tx, OWNER, package_id, house.clock.now())
    house.clock.advance(24 * HOUR)
    sweep_windows(house.parts)
    assert house.client.get(f"/downloads/{secret}").status_code == 410
    house.clock.advance(timedelta(days=8))
    sweep_orphans(house.parts)
    assert house.client.get(f"/downloads/{secret}").status_code == 404

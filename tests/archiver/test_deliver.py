"""Handing a package out: every request asks again, a running one every 2 s, and only all bytes are a download."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from contracts.archiver import PackageDownloaded
from services.archiver.chores import sweep_bytes, sweep_windows
from services.archiver.domain import (
    DownloadNotAllowed,
    PackageEnded,
    PackageNotFound,
    ReportsUnverified,
    TicketNotFound,
)
from services.archiver.sending import Cut, Sending
from services.archiver.store.tables import TicketRow
from services.archiver.usecases import deliver
from services.chassis.tables import Act
from tests.archiver.exams_world import CT_WITH_FINDINGS
from tests.archiver.house import a_house, a_share, an_account

OWNER = an_account()
RECIPIENT = a_share("exam-1", include_report=True)


def an_asking_house(tmp_path, url, clock):
    """An archiver with an exam, whose running downloads ask before each piece."""
    house = a_house(tmp_path, url, clock, ask_again_s=0)
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    yield house
    house.parts.db.close()


@pytest.fixture
def house(tmp_path, sqlite_url, clock):
    yield from an_asking_house(tmp_path, sqlite_url, clock)


def ticket(house, caller, package_id):
    with house.parts.db.begin() as tx:
        return deliver.make_ticket(tx, caller, package_id, house.clock.now())


def opened(house, secret):
    with house.parts.db.begin() as tx:
        download = deliver.open_download(tx, secret, house.clock.now())
        deliver.note_used(tx, download.ticket_hash, house.clock.now())
        return download


def sending(house, secret, piece_bytes=1000):
    """Begin to send the whole file, and take the first piece."""
    download = opened(house, secret)
    pieces = house.parts.files.stream(download.object_key, 0, download.size_bytes, piece_bytes)
    body = Sending(house.parts, download, 0, download.size_bytes, pieces)
    next(body)
    return body


def rest(body):
    return b"".join(body)


@pytest.fixture(params=[OWNER, RECIPIENT], ids=["account", "share"])
def got(request, house):
    """A caller with a ticket to a ready package that holds a report."""
    house.release_report("exam-1")
    package_id = house.ready_package(request.param, "exam-1", include_report=True)
    return request.param, package_id, ticket(house, request.param, package_id)


ENDS = {
    "the holder's access ends": (lambda house, who: house.end_access(who.holder), TicketNotFound),
    "the session ends": (lambda house, who: house.end_access(f"session:{who.session}"), TicketNotFound),
    "the report is withdrawn": (lambda house, _: house.withdraw_report("exam-1"), PackageEnded),
    "the report is corrected": (lambda house, _: house.correct_report("exam-1"), PackageEnded),
    "the exam was another patient's": (lambda house, _: house.move_exam("exam-1", "corrected"), PackageEnded),
    "the exam is removed": (lambda house, _: house.remove_exam("exam-1"), PackageEnded),
    "exams falls silent": (lambda house, _: house.clock.advance(timedelta(seconds=61)), ReportsUnverified),
}


@pytest.mark.parametrize("end", ENDS)
def test_access_that_ends_refuses_every_new_request(house, got, end):
    who, _, secret = got
    assert opened(house, secret)
    happen, refusal = ENDS[end]
    happen(house, who)
    with pytest.raises(refusal):
        opened(house, secret)


@pytest.mark.parametrize("end", ENDS)
def test_access_that_ends_cuts_the_response_that_runs(house, got, end):
    who, _, secret = got
    body = sending(house, secret)
    ENDS[end][0](house, who)
    with pytest.raises(Cut):
        rest(body)
    body.close()
    assert house.told(PackageDownloaded) == []


def test_a_merged_patients_downloads_go_on_with_the_new_token(house):
    package_id = house.ready_package(OWNER, "exam-1")
    house.move_exam("exam-1", "merged")
    assert house.look(OWNER, package_id).state == "ready"
    assert ticket(house, replace(OWNER, grants=an_account("patient-1", "patient-2").grants), package_id)


def test_a_response_begun_before_the_24_hours_end_may_finish_S41(house):
    package_id = house.ready_package(OWNER, "exam-1")
    whole = house.bytes_of(package_id)
    body = sending(house, ticket(house, OWNER, package_id))
    house.clock.advance(timedelta(hours=24))
    sweep_windows(house.parts)
    sweep_bytes(house.parts)
    assert house.files() == []
    assert len(rest(body)) == len(whole) - 1000
    assert len(house.told(PackageDownloaded)) == 1


def test_a_client_that_goes_away_has_downloaded_nothing_S43(house):
    package_id = house.ready_package(OWNER, "exam-1")
    body = sending(house, ticket(house, OWNER, package_id))
    next(body)
    body.close()
    view = house.look(OWNER, package_id)
    assert (view.bytes_sent, view.last_downloaded_at) == (1000, None)
    assert house.told(PackageDownloaded) == []


def test_a_second_whole_download_is_told_again_O3(house):
    package_id = house.ready_package(OWNER, "exam-1")
    secret = ticket(house, OWNER, package_id)
    rest(sending(house, secret))
    house.clock.advance(timedelta(hours=1))
    rest(sending(house, secret))
    assert len(house.told(PackageDownloaded)) == 2
    assert house.look(OWNER, package_id).last_downloaded_at == house.clock.now()


def test_what_one_holder_downloads_shows_at_no_other(house):
    mine, theirs = house.ready_package(OWNER, "exam-1"), house.ready_package(RECIPIENT, "exam-1")
    rest(sending(house, ticket(house, RECIPIENT, theirs)))
    assert house.look(OWNER, mine).last_downloaded_at is None
    assert house.look(RECIPIENT, theirs).last_downloaded_at is not None


def test_a_share_that_lost_its_download_gets_no_ticket_S52(house):
    package_id = house.ready_package(RECIPIENT, "exam-1")
    with pytest.raises(DownloadNotAllowed):
        ticket(house, a_share("exam-1", may_download=False), package_id)


def test_a_share_that_lost_the_report_gets_no_ticket_to_a_package_with_it(house):
    house.release_report("exam-1")
    package_id = house.ready_package(RECIPIENT, "exam-1", include_report=True)
    with pytest.raises(DownloadNotAllowed):
        ticket(house, a_share("exam-1", include_report=False), package_id)


def test_a_share_that_lost_the_exam_gets_no_ticket(house):
    package_id = house.ready_package(RECIPIENT, "exam-1")
    with pytest.raises(PackageNotFound):
        ticket(house, a_share("exam-2"), package_id)


def test_a_ticket_is_stored_as_a_hash_alone(house):
    secret = ticket(house, OWNER, house.ready_package(OWNER, "exam-1"))
    with house.parts.db.read() as tx:
        (row,) = tx.scalars(select(TicketRow)).all()
    assert secret not in json.dumps([str(value) for value in vars(row).values()])
    assert len(secret) >= 43


def test_every_download_request_is_kept_on_record_O4(house):
    package_id = house.ready_package(OWNER, "exam-1")
    rest(sending(house, ticket(house, OWNER, package_id)))
    with house.parts.db.read() as tx:
        acts = [json.loads(row.body) for row in tx.scalars(select(Act).order_by(Act.position))]
    assert [act["action"] for act in acts] == ["package.request", "package.download-request", "package.download"]
    assert {act["actor"] for act in acts} == {"account:1"}

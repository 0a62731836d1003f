"""Sending: each mail once, again later, given up in time, by several processes."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from itertools import pairwise

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from contracts.archiver import PackageCancelled
from contracts.messages import MessageBounced, MessageSent
from deploy.local.servers import ADDRESS, free_ports
from deploy.local.smtp import PERMANENT
from services.notifier.domain import pause_after
from services.notifier.store.tables import MailRow, NoticeRow
from services.notifier.usecases.sending import LEASE, take_due
from tests.notifier.conftest import (
    LATER,
    a_contact,
    a_message,
    a_package,
    a_post_office,
)
from tests.notifier.test_mail import Failing

TO_PACKAGE = a_contact("package", "p1", "anna@example.org")
SECOND = timedelta(seconds=1)


@contextmanager
def a_server(handler):
    controller = Controller(handler, hostname=ADDRESS, port=free_ports(["smtp"])["smtp"])
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture
def by_smtp(sqlite_url, tmp_path, clock, smtp):
    """The service, with a real server."""
    office = a_post_office(sqlite_url, tmp_path, clock, smtp.url)
    yield office
    office.service.parts.mailer.close()
    office.service.db.close()


def state_of_mails(office):
    with office.service.db.read() as tx:
        return [(row.state, row.attempts, row.address) for row in tx.scalars(select(MailRow))]


def test_a_mail_reaches_a_server_whole(by_smtp, smtp):
    by_smtp.hear(TO_PACKAGE, a_package())
    assert by_smtp.send() == 1
    (mail,) = smtp.wait_for(1)
    assert (mail.sender, mail.recipients) == ("no-reply@portal.example", ("anna@example.org",))
    assert mail.message["subject"] == "The images you asked for are ready"
    assert "does NOT mean" in mail.message.get_body(("plain",)).get_content()
    assert state_of_mails(by_smtp) == [("sent", 1, None)]


def test_a_mail_is_sent_once_however_often_the_chore_runs(by_smtp, smtp):
    by_smtp.hear(TO_PACKAGE, a_package(), a_package())
    for _ in range(4):
        by_smtp.send()
        by_smtp.clock.advance(timedelta(hours=1))
    assert len(smtp.mails) == 1


def test_failures_are_tried_again_with_growing_pauses_until_the_mails_time_is_over(by_smtp, smtp):
    by_smtp.hear(TO_PACKAGE, a_package())
    smtp.fail_next(2)
    assert by_smtp.send() == 0
    by_smtp.clock.advance(10 * SECOND - SECOND)
    assert by_smtp.send() == 0
    assert state_of_mails(by_smtp)[0][1] == 1
    by_smtp.clock.advance(SECOND)
    assert by_smtp.send() == 0
    by_smtp.clock.advance(20 * SECOND)
    assert by_smtp.send() == 1
    assert len(smtp.mails) == 1
    assert state_of_mails(by_smtp) == [("sent", 3, None)]


def test_pauses_double_from_ten_seconds_to_an_hour():
    pauses = [pause_after(attempts) for attempts in range(1, 40)]
    assert pauses[0] == 10 * SECOND
    assert max(pauses) == pauses[-1] == timedelta(hours=1)
    assert all(later == min(2 * earlier, timedelta(hours=1)) for earlier, later in pairwise(pauses))


def test_a_mail_that_cannot_be_sent_in_time_is_dropped(by_smtp, smtp):
    by_smtp.hear(TO_PACKAGE, a_package())
    smtp.stop()
    by_smtp.send()
    smtp.start()
    by_smtp.clock.advance(LATER)
    by_smtp.send()
    assert smtp.mails == []
    assert state_of_mails(by_smtp)[0][0] == "dropped"
    assert by_smtp.told(MessageSent, MessageBounced) == []


def test_a_refused_address_is_settled_and_told(by_smtp, smtp):
    by_smtp.hear(TO_PACKAGE, a_package())
    smtp.fail_next(1, PERMANENT)
    by_smtp.send()
    by_smtp.clock.advance(timedelta(hours=2))
    by_smtp.send()
    assert smtp.mails == []
    (told,) = by_smtp.told(MessageBounced)
    assert (told.template, told.about.id) == ("package-ready", "p1")
    assert "anna@example.org" not in str(told)
    assert state_of_mails(by_smtp) == [("bounced", 1, None)]


def test_a_package_that_was_cancelled_while_its_mail_waited_is_not_announced(by_smtp, smtp):
    by_smtp.hear(TO_PACKAGE, a_package())
    smtp.fail_next(1)
    by_smtp.send()
    by_smtp.hear(a_package(PackageCancelled, 4))
    by_smtp.clock.advance(timedelta(minutes=1))
    by_smtp.send()
    assert smtp.mails == []
    assert state_of_mails(by_smtp)[0][0] == "dropped"


def test_a_process_that_dies_while_sending_leaves_the_mail_to_the_next_under_the_same_message_id(by_smtp, smtp):
    by_smtp.hear(TO_PACKAGE, a_package())
    parts = by_smtp.service.parts
    by_smtp.send()
    first = smtp.wait_for(1)[0].message["message-id"]
    with parts.db.begin() as tx:  # as though it had died before noting that the server took it
        row = tx.scalars(select(MailRow)).one()
        row.state, row.address, row.due_at = "pending", "anna@example.org", by_smtp.clock.now() + LEASE
    by_smtp.clock.advance(LEASE - SECOND)
    assert by_smtp.send() == 0
    by_smtp.clock.advance(SECOND)
    assert by_smtp.send() == 1
    assert [mail.message["message-id"] for mail in smtp.wait_for(2)] == [first, first]
    assert first.endswith("@portal.example>")


class Keeping(Failing):
    """A server that keeps each mail, and hangs up before it says so while its phase is ``data``."""

    def __init__(self):
        super().__init__("data", None)
        self.message_ids, self.senders = [], []

    async def handle_DATA(self, server, session, envelope):
        self.message_ids.append(message_from_bytes(envelope.content)["Message-ID"])
        self.senders.append(envelope.mail_from)
        return await super().handle_DATA(server, session, envelope)


def test_a_mail_that_was_kept_and_not_acknowledged_comes_twice_under_one_message_id_and_no_more(
    sqlite_url, tmp_path, clock
):
    server = Keeping()
    with a_server(server) as port:
        more = {"bounce_address": "bounces@portal.example"}
        office = a_post_office(sqlite_url, tmp_path, clock, f"smtp://{ADDRESS}:{port}", **more)
        office.hear(TO_PACKAGE, a_package())
        assert office.send() == 0
        server.phase = None
        for _ in range(3):
            clock.advance(timedelta(minutes=1))
            office.send()
        office.service.parts.mailer.close()
        office.service.db.close()
    assert len(server.message_ids) == 2
    assert len(set(server.message_ids)) == len(set(server.senders)) == 1


def test_several_processes_send_each_mail_once(any_post):
    any_post.hear(*(a_contact("package", f"p{number}", f"anna{number}@example.org") for number in range(30)))
    any_post.hear(*(a_package(id=f"p{number}") for number in range(30)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: any_post.send(), range(8)))
    while any_post.send():
        pass
    assert len(any_post.mails()) == 30
    assert len(any_post.told(MessageSent)) == 30
    with any_post.service.db.read() as tx:
        assert {row.attempts for row in tx.scalars(select(MailRow))} == {1}


def test_mails_that_are_taken_are_not_taken_again_before_their_lease_ends(any_post):
    any_post.hear(TO_PACKAGE, a_package())
    from services.notifier.usecases.sending import resolve_due

    with any_post.service.db.begin() as tx:
        resolve_due(tx, any_post.clock.now())
        assert len(take_due(tx, any_post.clock.now())) == 1
        assert take_due(tx, any_post.clock.now()) == []


def test_no_log_holds_an_address_or_a_code(by_smtp, smtp, logs):
    read = logs()
    by_smtp.hear(a_message("validation-code", facts={"code": "123456"}))
    smtp.fail_next(1, "451 anna@example.org try later")
    by_smtp.send()
    by_smtp.clock.advance(timedelta(minutes=1))
    by_smtp.send()
    logged = read()
    assert "mail-later" in logged
    assert "anna@example.org" not in logged
    assert "123456" not in logged


def test_a_letter_that_cannot_be_written_holds_back_no_other_and_is_given_up_in_time(post):
    post.hear(*(a_contact("package", f"p{number}", f"anna{number}@example.org") for number in range(6)))
    post.hear(*(a_package(id=f"p{number}") for number in range(6)))
    with post.service.db.begin() as tx:  # as though a version that knew more letters had noted it
        tx.get_one(NoticeRow, "package-ready:p3").template = "of-another-version"
    assert post.send() == 5
    assert len(post.mails()) == 5
    post.clock.advance(LATER)
    post.send()
    assert sorted(state for state, _, _ in state_of_mails(post)) == ["dropped", *["sent"] * 5]


def test_what_nobody_can_be_told_in_time_is_dropped_with_all_it_held(post):
    post.hear(a_message("validation-code", facts={"code": "123456"}, email="no address"))
    post.send()
    post.clock.advance(LATER)
    post.send()
    with post.service.db.read() as tx:
        (notice,) = tx.scalars(select(NoticeRow))
    assert (notice.state, notice.email, notice.facts) == ("dropped", None, {})

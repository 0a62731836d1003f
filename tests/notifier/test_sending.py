"""Handing over: a server that fails in every phase, addresses refused for good, processes that die, no mail twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from contracts.archiver import PackageCancelled, PackageExpiring, PackageReady
from contracts.exams import ExamMoved, ReportReleased, ReportWithdrawn
from contracts.messages import MessageBounced, MessageSent
from contracts.sharing import ShareLocked
from contracts.tokens import AccountGrants
from deploy.local.servers import ADDRESS, free_ports
from deploy.local.smtp import PERMANENT
from services.chassis.auth import note_key
from services.chassis.settings import SettingsRefused, load
from services.chassis.signing import Minter, load_or_make_key
from services.notifier.app import make_web
from services.notifier.domain import pause_after
from services.notifier.mail import FolderMailer, MailDown, MailRefused, SmtpMailer, open_mailer
from services.notifier.settings import NotifierSettings
from services.notifier.store.tables import MailRow, NoticeRow
from services.notifier.usecases.sending import LEASE, take_due
from tests.notifier.conftest import (
    LATER,
    a_contact,
    a_message,
    a_package,
    a_post_office,
    a_share,
    an_exam,
    enveloped,
)
from tests.notifier.test_letters import a_mail
from tests.servers import NOON, SetClock

TO_PACKAGE = a_contact("package", "p1", "anna@example.org")
SECOND = timedelta(seconds=1)


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


class Failing:
    """A server whose phases answer what they are told to: a reply, or None for hanging up."""

    def __init__(self, phase, reply):
        self.phase, self.reply, self.taken = phase, reply, 0

    async def _answer(self, phase, server, otherwise):
        if phase != self.phase:
            return otherwise
        if self.reply is None:
            server.transport.close()
            return "421 gone"
        return self.reply

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        answer = await self._answer("ehlo", server, None)
        return [answer] if answer else responses

    async def handle_HELO(self, server, session, envelope, hostname):
        session.host_name = hostname
        return await self._answer("ehlo", server, "250 OK")

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return await self._answer("mail", server, "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await self._answer("rcpt", server, "250 OK")
        if answer == "250 OK":
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        self.taken += 1
        return await self._answer("data", server, "250 OK")


@pytest.fixture
def failing():
    running = []

    def start(phase, reply):
        handler = Failing(phase, reply)
        controller = Controller(handler, hostname=ADDRESS, port=free_ports(["smtp"])["smtp"])
        controller.start()
        running.append(controller)
        return handler, SmtpMailer(ADDRESS, controller.port)

    yield start
    for controller in running:
        controller.stop()


@pytest.mark.parametrize("phase", ["ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize("reply", ["421 busy", "451 later", None])
def test_a_server_that_fails_for_now_in_any_phase_is_tried_again_later(failing, phase, reply):
    handler, mailer = failing(phase, reply)
    with pytest.raises(MailDown):
        mailer.send(a_mail())
    handler.phase = None
    mailer.send(a_mail())  # over a new connection
    mailer.close()


@pytest.mark.parametrize(
    ("phase", "error"), [("ehlo", MailDown), ("mail", MailDown), ("rcpt", MailRefused), ("data", MailRefused)]
)
def test_a_refusal_for_good_settles_an_address_and_one_of_ourselves_does_not(failing, phase, error):
    _, mailer = failing(phase, "550 no")
    with pytest.raises(error):
        mailer.send(a_mail())
    mailer.close()


def test_a_server_that_is_not_there_is_tried_again_later():
    with pytest.raises(MailDown):
        SmtpMailer(ADDRESS, free_ports(["smtp"])["smtp"]).send(a_mail())


def test_one_connection_carries_many_mails_and_a_dead_one_is_replaced(smtp):
    mailer = open_mailer(smtp.url)
    mailer.send(a_mail())
    first = mailer._connection
    mailer.send(a_mail())
    assert mailer._connection is first
    smtp.stop()
    with pytest.raises(MailDown):
        mailer.send(a_mail())
    smtp.start()
    mailer.send(a_mail())
    assert len(smtp.mails) == 3
    mailer.close()


def test_a_server_that_asks_who_we_are_is_told(tmp_path):
    asked = []

    def check(server, session, envelope, mechanism, data):
        asked.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss word", handled=False)

    handler = Failing(None, None)
    port = free_ports(["smtp"])["smtp"]
    controller = Controller(
        handler, hostname=ADDRESS, port=port, authenticator=check, auth_required=True, auth_require_tls=False
    )
    controller.start()
    try:
        good = open_mailer(f"smtp://notifier:p%40ss%20word@{ADDRESS}:{port}")
        good.send(a_mail())
        good.close()
        assert asked[-1] == (b"notifier", b"p@ss word")
        with pytest.raises(MailDown):
            open_mailer(f"smtp://notifier:wrong@{ADDRESS}:{port}").send(a_mail())
    finally:
        controller.stop()
    assert handler.taken == 1


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(smtp):
    with pytest.raises(MailDown):
        open_mailer(smtp.url.replace("smtp://", "smtp+starttls://")).send(a_mail())
    with pytest.raises(MailDown):
        open_mailer(smtp.url.replace("smtp://", "smtps://")).send(a_mail())
    assert smtp.mails == []


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


def test_a_folder_keeps_one_file_for_a_mail_sent_twice(tmp_path):
    mailer = FolderMailer(tmp_path / "mails")
    for _ in range(2):
        mailer.send(a_mail(message_id="<../../x@portal.example>"))
    assert [path.name for path in (tmp_path / "mails").iterdir()] == ["....xportal.example.eml"]


def test_a_folder_that_cannot_be_written_is_tried_again_later(tmp_path):
    (tmp_path / "mails").write_text("a file")
    with pytest.raises(MailDown):
        FolderMailer(tmp_path / "mails").send(a_mail())


def test_several_processes_send_each_mail_once(any_post):
    any_post.hear(*(a_contact("package", f"p{number}", "anna@example.org") for number in range(30)))
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


HEARD = [
    TO_PACKAGE,
    a_contact("package", "p1", "newer@example.org", version=2),
    a_package(PackageReady, 3, holder="account:1"),
    a_package(PackageExpiring, 4, holder="account:1"),
    a_contact("holder", "account:1", "account@example.org", language="es"),
    a_share(version=2, holder="account:1"),
    a_share(ShareLocked, version=3, holder="account:1"),
    a_contact("patient", "anna", "anna@example.org"),
    a_contact("patient", "bob", "bob@example.org"),
    an_exam(version=1),
    an_exam(ExamMoved, 2, patient_id="bob", from_patient_id="anna", to_patient_id="bob", reason="corrected"),
    ReportReleased(id="mri", version=1, at=NOON, exam_id="mri", patient_id="anna", report_version=1, released_at=NOON),
    ReportReleased(id="mri", version=3, at=NOON, exam_id="mri", patient_id="bob", report_version=2, released_at=NOON),
    ReportWithdrawn(id="mri", version=2, at=NOON, exam_id="mri", patient_id="bob", report_version=1),
    a_message("validation-code", facts={"code": "123456"}, email="new@example.org"),
]
EXPECTED = sorted(
    [
        ("newer@example.org", "The images you asked for are ready"),
        ("newer@example.org", "Your download ends in 4 hours"),
        ("account@example.org", "Se abrió un enlace que usted compartió"),
        ("account@example.org", "Se bloqueó un enlace que usted compartió"),
        ("bob@example.org", "New images are in the Patient Portal"),
        ("bob@example.org", "A report is in the Patient Portal"),
        ("new@example.org", "Your validation code"),
    ]
)


@settings(max_examples=15, deadline=timedelta(seconds=20))
@given(
    st.permutations(range(len(HEARD))), st.lists(st.tuples(st.integers(0, len(HEARD) - 1), st.booleans()), max_size=10)
)
def test_any_order_and_any_duplication_of_what_is_heard_gives_the_same_mails(order, again):
    with TemporaryDirectory() as folder:
        office = a_post_office(f"sqlite:///{folder}/test.db", Path(folder), SetClock())
        for index, is_retold in [*((index, False) for index in order), *again]:
            body = enveloped(HEARD[index], None if is_retold else f"message-{index}")
            assert office.service.inbox.deliver(body, 1).kind == "settled"
        office.send()
        office.send()
        assert sorted((mail["to"], mail["subject"]) for mail in office.mails()) == EXPECTED
        office.service.db.close()


@pytest.fixture
def door(post, tmp_path):
    key = load_or_make_key(tmp_path / "identity", NOON)
    with post.service.db.begin() as tx:
        note_key(tx, key.published("identity"))
    client = make_web(post.service.parts).test_client()
    grants = AccountGrants(patients=["anna"])
    token, _ = Minter("identity", key).mint(holder="account:1", session="s", version=1, grants=grants, now=NOON)
    return client, {"Authorization": f"Bearer {token}"}


def test_what_can_be_done_without_is_switched_off_for_the_account_and_its_patients(post, door):
    client, headers = door
    answer = client.patch("/me/messages", json={"unwanted": ["images-available", "share-opened"]}, headers=headers)
    assert answer.status_code == 200
    assert {
        one["template"]: one["isWanted"] for one in client.get("/me/messages", headers=headers).json["messages"]
    } == {
        "images-available": False,
        "new-login": True,
        "report-available": True,
        "share-opened": False,
    }
    people = [a_contact("patient", "anna", "anna@example.org"), a_contact("holder", "account:1", "acc@example.org")]
    locked = a_share(ShareLocked, version=3, holder="account:1")
    mails = post.sent(*people, an_exam(), a_share(holder="account:1"), locked)
    assert [mail["subject"] for mail in mails] == ["A link you shared was locked"]


def test_what_protects_its_reader_cannot_be_switched_off(door):
    client, headers = door
    answer = client.patch("/me/messages", json={"unwanted": ["share-locked"]}, headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["slug"]) == (422, "message-not-switchable")
    assert client.patch("/me/messages", json={"unwanted": ["anything"]}, headers=headers).status_code == 422
    assert client.get("/me/messages").status_code == 401


@pytest.mark.parametrize("url", ["", "anna", "ftp://host/", "smtp://", "file"])
def test_a_mail_address_that_is_none_is_refused_at_the_start_without_its_password(monkeypatch, url):
    monkeypatch.setenv("PORTAL_NOTIFIER_DATABASE_URL", "sqlite://")
    monkeypatch.setenv("PORTAL_NOTIFIER_MAIL_URL", url)
    with pytest.raises(SettingsRefused, match="MAIL_URL"):
        load(NotifierSettings)


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


def test_what_nobody_can_be_told_in_time_is_dropped_with_all_it_held(post):
    post.hear(a_message("validation-code", facts={"code": "123456"}, email="no address"))
    post.send()
    post.clock.advance(LATER)
    post.send()
    with post.service.db.read() as tx:
        (notice,) = tx.scalars(select(NoticeRow))
    assert (notice.state, notice.email, notice.facts) == ("dropped", None, {})

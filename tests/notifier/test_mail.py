"""Handing a mail over: a server that fails in every phase, TLS, who we are, a folder."""

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from deploy.local.servers import ADDRESS, free_ports
from services.chassis.settings import SettingsRefused, load
from services.notifier.mail import FolderMailer, MailDown, MailRefused, SmtpMailer, open_mailer
from services.notifier.settings import NotifierSettings
from tests.notifier.test_letters import a_mail


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


def test_a_folder_keeps_one_file_for_a_mail_sent_twice(tmp_path):
    mailer = FolderMailer(tmp_path / "mails")
    for _ in range(2):
        mailer.send(a_mail(message_id="<../../x@portal.example>"))
    assert [path.name for path in (tmp_path / "mails").iterdir()] == ["....xportal.example.eml"]


def test_a_folder_that_cannot_be_written_is_tried_again_later(tmp_path):
    (tmp_path / "mails").write_text("a file")
    with pytest.raises(MailDown):
        FolderMailer(tmp_path / "mails").send(a_mail())


@pytest.mark.parametrize("url", ["", "anna", "ftp://host/", "smtp://", "file"])
def test_a_mail_address_that_is_none_is_refused_at_the_start_without_its_password(monkeypatch, url):
    monkeypatch.setenv("PORTAL_NOTIFIER_DATABASE_URL", "sqlite://")
    monkeypatch.setenv("PORTAL_NOTIFIER_KEYS_DIR", "keys")
    monkeypatch.setenv("PORTAL_NOTIFIER_MAIL_URL", url)
    with pytest.raises(SettingsRefused, match="MAIL_URL"):
        load(NotifierSettings)

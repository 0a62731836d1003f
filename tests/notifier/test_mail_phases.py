"""A server that fails in every phase, to the byte: from the greeting to the answer after the content; and TLS."""

import datetime
import ipaddress
import socketserver
import ssl
import threading

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.servers import ADDRESS, free_ports
from services.notifier.mail import MailDown, MailRefused, SmtpMailer, open_mailer
from tests.notifier.test_letters import a_mail
from tests.notifier.test_mail import Failing

USUAL = {
    "connect": "220 hello", "EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 in", "STARTTLS": "220 go",
    "NOOP": "250 ok", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "content": "250 kept",
    "RSET": "250 ok", "QUIT": "221 bye",
}  # fmt: skip
DROP = None
"""Hang up without a word."""


class Scripted(socketserver.ThreadingTCPServer):
    """A server that says in each phase what it is told to."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self):
        super().__init__((ADDRESS, 0), _Talk)
        self.says, self.kept = {}, 0

    def answer_to(self, phase):
        return self.says[phase] if phase in self.says else USUAL.get(phase, "500 what")


class _Talk(socketserver.StreamRequestHandler):
    def handle(self):
        said = self.server.answer_to("connect")
        while said is not DROP:
            self.wfile.write(said.encode() + b"\r\n")
            line = self.rfile.readline()
            if not line:
                return
            phase = line.split()[0].decode().upper()
            said = self.server.answer_to(phase)
            if phase == "DATA" and said and said.startswith("354"):
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in {b".\r\n", b""}:
                    pass
                said = self.server.answer_to("content")
                self.server.kept += said is not DROP and said.startswith("250")


@pytest.fixture
def scripted():
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def mailer_of(server):
    return open_mailer(f"smtp://notifier:secret@{ADDRESS}:{server.server_address[1]}")


@pytest.mark.parametrize("phase", ["connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "content"])
@pytest.mark.parametrize("reply", ["421 closing", "451 later", "no SMTP at all", DROP])
def test_a_failure_for_now_in_any_phase_is_tried_again_and_the_next_mail_gets_through(scripted, phase, reply):
    mailer = mailer_of(scripted)
    scripted.says = {phase: reply} | ({"HELO": reply} if phase == "EHLO" else {})
    with pytest.raises(MailDown):
        mailer.send(a_mail())
    assert scripted.kept == 0
    scripted.says = {}
    mailer.send(a_mail())
    assert scripted.kept == 1
    mailer.close()


@pytest.mark.parametrize(
    ("phase", "error"),
    [("connect", MailDown), ("AUTH", MailDown), ("MAIL", MailDown), ("RCPT", MailRefused), ("DATA", MailRefused),
     ("content", MailRefused)],
)  # fmt: skip
def test_a_refusal_for_good_is_the_addresss_own_only_where_it_is_about_the_mail(scripted, phase, error):
    mailer = mailer_of(scripted)
    scripted.says = {phase: "554 no"}
    with pytest.raises(error):
        mailer.send(a_mail())
    mailer.close()


def test_a_connection_that_was_dropped_between_two_mails_costs_neither(scripted):
    mailer = mailer_of(scripted)
    mailer.send(a_mail())
    scripted.says = {"NOOP": DROP}  # gone when it is asked whether it is still there
    mailer.send(a_mail())
    assert scripted.kept == 2
    mailer.close()


@pytest.mark.parametrize("reply", ["454 not now", "220 but no TLS follows", DROP])
def test_nothing_is_sent_where_the_change_to_tls_fails(scripted, reply):
    scripted.says = {"EHLO": "250-here\r\n250 STARTTLS", "STARTTLS": reply}
    with pytest.raises(MailDown):
        open_mailer(f"smtp+starttls://{ADDRESS}:{scripted.server_address[1]}").send(a_mail())
    assert scripted.kept == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key and its own certificate for this address."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")]), datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder


@pytest.fixture
def with_tls(certificate):
    """Give a function that starts a server with TLS from the first byte, or after STARTTLS, and asks who we are."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    running = []

    def start(security):
        handler = Failing(None, None)

        def check(server, session, envelope, mechanism, data):
            return AuthResult(success=data.password == b"secret", handled=False)

        port = free_ports(["smtp"])["smtp"]
        tls = {"ssl_context": context} if security == "smtps" else {"tls_context": context, "require_starttls": True}
        more = {"authenticator": check, "auth_required": True, "auth_require_tls": security != "smtps"}
        controller = Controller(handler, hostname=ADDRESS, port=port, **tls, **more)
        controller.start()
        running.append(controller)
        return handler, f"{security}://notifier:{{}}@{ADDRESS}:{port}"

    yield start
    for controller in running:
        controller.stop()


@pytest.mark.parametrize("security", ["smtps", "smtp+starttls"])
def test_a_server_with_tls_is_told_who_we_are_and_takes_the_mail(with_tls, certificate, monkeypatch, security):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    handler, url = with_tls(security)
    mailer = open_mailer(url.format("secret"))
    assert isinstance(mailer, SmtpMailer)
    mailer.send(a_mail())
    mailer.close()
    with pytest.raises(MailDown):
        open_mailer(url.format("wrong")).send(a_mail())
    assert handler.taken == 1


@pytest.mark.parametrize("security", ["smtps", "smtp+starttls"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(with_tls, monkeypatch, security):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    handler, url = with_tls(security)
    with pytest.raises(MailDown):
        open_mailer(url.format("secret")).send(a_mail())
    assert handler.taken == 0

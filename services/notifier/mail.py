"""Handing a mail to an SMTP server, or to a folder; smtplib's errors become ours here.

SMTP leaves one window: when the connection breaks after the content was sent and before the answer came, nobody knows
whether the server took the mail. It is sent again, under the same Message-ID, by which receivers can drop the second.
"""

import os
import smtplib
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from services.notifier.domain import find_status

TIMEOUT_S = 20.0
REUSE_FOR_S = 30.0
"""A connection that rested longer is made anew."""
OK = 250
PERMANENT = 500
ABOUT_THE_ADDRESS, ABOUT_THE_LETTER = "5.1.0", "5.6.0"
"""The enhanced status of a server that gives none."""


class MailDown(Exception):
    """Raised when the server cannot take the mail now: unreachable, busy (4xx), or it refuses us, not the address."""


class MailRefused(Exception):
    """Raised when the server refuses this mail or address for good (5xx); *why* is its enhanced status (RFC 3463)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Mailer(Protocol):
    """Where mails go."""

    def send(self, message: EmailMessage, returns_to: str | None = None) -> None:
        """Hand *message* over; returns when it is taken. Raises MailDown, MailRefused.

        *returns_to* is the envelope's sender, to whom servers report what they could not deliver; None: as in From.
        """


def make_message(
    *,
    message_id: str,
    at: datetime,
    sender: Address,
    to: str,
    subject: str,
    text: str,
    html: str,
    language: str,
    headers: dict[str, str],
) -> EmailMessage:
    """Give a mail in both forms, UTF-8, quoted-printable; *at* is UTC. A line break in a header raises ValueError."""
    message = EmailMessage(policy=SMTP)
    local, _, domain = to.rpartition("@")
    message["Message-ID"] = message_id
    message["Date"] = format_datetime(at)
    message["From"] = sender
    message["To"] = Address(username=local, domain=domain)
    message["Subject"] = subject
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    for name, value in headers.items():
        message[name] = value
    message.set_content(text, subtype="plain", charset="utf-8", cte="quoted-printable")
    message.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = language  # last: setting a content drops what is said of another
    return message


def open_mailer(url: str) -> Mailer:
    """Give where *url* says mails go: ``file:///folder``, ``smtp://`` (no TLS), ``smtp+starttls://``, ``smtps://``.

    A server's user and password stand in the address, percent-encoded. Raises ValueError.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderMailer(Path(unquote(parts.path)))
    ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        raise ValueError("a mail address is file:, smtp:, smtp+starttls: or smtps:, with a host")
    return SmtpMailer(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        security=parts.scheme,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


@dataclass(frozen=True)
class FolderMailer:
    """Writes each mail as an ``.eml`` file, whole or not at all; the same mail twice is one file."""

    folder: Path

    def send(self, message: EmailMessage, returns_to: str | None = None) -> None:
        """See Mailer: nothing comes back from a folder. Raises MailDown."""
        del returns_to
        name = "".join(char for char in message["Message-ID"] if char.isalnum() or char in "-.")
        part = self.folder / f".{name}.{threading.get_ident()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / f"{name}.eml")
        except OSError as error:
            raise MailDown from error


@dataclass
class SmtpMailer:
    """Hands mails to one server, over a connection that is used again; one mail at a time."""

    host: str
    port: int
    security: str = "smtp"
    """``smtp``, ``smtp+starttls`` or ``smtps``."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    _connection: smtplib.SMTP | None = field(default=None, repr=False)
    _used_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def send(self, message: EmailMessage, returns_to: str | None = None) -> None:
        """See Mailer."""
        with self._lock:
            try:
                self._connected().send_message(message, from_addr=returns_to)
                self._used_at = time.monotonic()
            except smtplib.SMTPRecipientsRefused as error:
                self.close()
                raise _recipient_error(error) from error
            except smtplib.SMTPDataError as error:
                self.close()
                raise _error(error.smtp_code, error.smtp_error, ABOUT_THE_LETTER) from error
            except (smtplib.SMTPException, OSError) as error:
                self.close()
                raise MailDown from error

    def close(self) -> None:
        """Give the connection up; the next mail makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                connection.close()

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None and not self._is_alive(self._connection):
            self.close()
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _is_alive(self, connection: smtplib.SMTP) -> bool:
        if time.monotonic() - self._used_at > REUSE_FOR_S:
            return False
        try:
            return connection.noop()[0] == OK
        except (smtplib.SMTPException, OSError):
            return False

    def _connect(self) -> smtplib.SMTP:
        if self.security == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        try:
            if self.security == "smtp+starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.user is not None:
                connection.login(self.user, self.password or "")
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
        return connection


def _recipient_error(error: smtplib.SMTPRecipientsRefused) -> MailRefused | MailDown:
    code, said = min(error.recipients.values(), default=(0, b""))
    return _error(code, said, ABOUT_THE_ADDRESS)


def _error(code: int, said: bytes | str, otherwise: str) -> MailRefused | MailDown:
    if code < PERMANENT:
        return MailDown()
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return MailRefused(find_status(text) or otherwise)

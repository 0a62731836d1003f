"""A mail server in this process that keeps what it receives, and fails when told to."""

import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.servers import ADDRESS, free_ports

ACCEPTED = "250 kept"
TEMPORARY = "451 try again later"
PERMANENT = "550 no such mailbox"


@dataclass(frozen=True)
class Mail:
    """One accepted message, and to whom the envelope sent it."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    content: bytes
    """The message as it was received."""


@dataclass
class _Letterbox:
    """aiosmtpd's handler: runs in the server's thread, so the lists stand behind a lock."""

    mails: list[Mail] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        with self.arrived:
            if self.failures:
                return self.failures.pop(0)
            content = envelope.content if isinstance(envelope.content, bytes) else b""
            message = message_from_bytes(content, policy=policy.default)
            self.mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, content))
            self.arrived.notify_all()
        return ACCEPTED


class SmtpServer:
    """A context manager; ``mails`` is what was accepted, ``fail_next`` refuses what comes next."""

    def __init__(self) -> None:
        self._box = _Letterbox()
        self._controller: Any = None
        self.port = 0

    @property
    def host(self) -> str:
        """Where it listens."""
        return ADDRESS

    @property
    def url(self) -> str:
        """The address as the notifier's setting wants it."""
        return f"smtp://{ADDRESS}:{self.port}"

    @property
    def mails(self) -> list[Mail]:
        """What has been accepted, oldest first."""
        with self._box.arrived:
            return list(self._box.mails)

    def wait_for(self, count: int, within_s: float = 10) -> list[Mail]:
        """Return as soon as *count* mails are there. Raises TimeoutError."""
        with self._box.arrived:
            if not self._box.arrived.wait_for(lambda: len(self._box.mails) >= count, within_s):
                raise TimeoutError(f"{len(self._box.mails)} mails of {count} within {within_s} s")
            return list(self._box.mails)

    def fail_next(self, times: int = 1, answer: str = TEMPORARY) -> None:
        """Answer the next *times* messages with *answer* and keep none of them."""
        with self._box.arrived:
            self._box.failures += [answer] * times

    def clear(self) -> None:
        """Forget mails and failures to come."""
        with self._box.arrived:
            self._box.mails.clear()
            self._box.failures.clear()

    def start(self) -> Self:
        """Listen; a second start after a stop takes the same port, so an outage can be played."""
        self.port = self.port or free_ports(["smtp"])["smtp"]
        self._controller = Controller(self._box, hostname=ADDRESS, port=self.port)
        self._controller.start()
        return self

    def stop(self) -> None:
        """Stop listening; what was accepted stays to be read."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

"""Writing a letter and handing it over: by mail whole, by text message or push notice its first words."""

from dataclasses import dataclass, field

from contracts.messages import Template
from services.notifier.domain import SWITCHABLE, Channel, Language
from services.notifier.mail import make_message
from services.notifier.parts import Parts
from services.notifier.webhook import ProviderDown, ShortMessage


@dataclass(frozen=True)
class Outgoing:
    """A letter that was taken to be sent."""

    id: str
    template: Template
    channel: Channel
    address: str = field(repr=False)
    language: Language
    facts: dict[str, str] = field(repr=False)
    attempts: int


def hand_over(parts: Parts, mail: Outgoing) -> None:
    """Return when it is taken. Raises MailDown, MailRefused, ProviderDown, ProviderRefused."""
    if mail.channel != "email":
        _tell_shortly(parts, mail)
        return
    letter = parts.letters.write(mail.template, mail.language, mail.facts)
    message = make_message(
        message_id=f"<{mail.id}@{parts.host}>",
        at=parts.clock.now(),
        sender=parts.sender,
        to=mail.address,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=mail.language,
        headers=parts.unsubscribe_links.headers(mail.id) if mail.template in SWITCHABLE else {},
    )
    bounces = parts.bounce_addresses
    parts.mailer.send(message, bounces.of(mail.id) if bounces else None)


def _tell_shortly(parts: Parts, mail: Outgoing) -> None:
    provider = parts.texts if mail.channel == "sms" else parts.pushes
    if provider is None:  # it was taken away while this waited
        raise ProviderDown
    words = parts.letters.write_short(mail.template, mail.language)
    if mail.channel == "sms":
        message = ShortMessage(mail.id, "sms", mail.address, words, mail.language)
    else:
        platform, _, to = mail.address.partition(":")
        message = ShortMessage(mail.id, "push", to, words, mail.language, platform)
    provider.send(message, parts.clock.now())

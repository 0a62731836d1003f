"""Writing a letter and handing it over: by mail whole, by text message its first words."""

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
    if mail.channel == "sms":
        _text(parts, mail)
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


def _text(parts: Parts, mail: Outgoing) -> None:
    if parts.texts is None:  # the provider was taken away while this waited
        raise ProviderDown
    words = parts.letters.write_short(mail.template, mail.language)
    parts.texts.send(ShortMessage(mail.id, "sms", mail.address, words, mail.language), parts.clock.now())

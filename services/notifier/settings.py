"""What the notifier needs to know to start."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings
from services.notifier.mail import open_mailer
from services.notifier.webhook import check_url


class NotifierSettings(Settings):
    """Names begin with ``PORTAL_NOTIFIER_``."""

    model_config = SettingsConfigDict(
        env_prefix="PORTAL_NOTIFIER_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    keys_dir: Path
    """Folder of the key that signs addresses to unsubscribe by and to return to; its processes see the same one."""
    mail_url: str = Field(repr=False)
    """``file:///folder``, ``smtp://``, ``smtp+starttls://`` or ``smtps://``, with user and password in it."""
    mail_from: str = Field(default="no-reply@portal.invalid", pattern=r"^[^@\s]+@[^@\s]+$")
    """The sender's address; the default says that nobody has set one."""
    bounce_address: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,15}@[^@\s]+$")
    """``bounces@portal.example``: where servers report what they could not deliver, with ``+…`` before the at sign,
    and from where mail goes on to ``python -m services.notifier bounce``. None: to the sender, and nobody reads it."""
    support_phone: str = "1-800-555-0123"
    """The number that mails name for questions."""

    sms_url: str | None = None
    """Where text messages are posted (https); none: none are sent."""
    sms_key: SecretStr | None = Field(default=None, min_length=24)
    """The secret by which the provider knows that they are ours."""

    push_url: str | None = None
    """Where push notices are posted (https); none: none are sent."""
    push_key: SecretStr | None = Field(default=None, min_length=24)
    """The secret by which that provider knows that they are ours."""

    @field_validator("mail_url")
    @classmethod
    def _is_mail_url(cls, value: str) -> str:
        open_mailer(value)
        return value

    @model_validator(mode="after")
    def _short_messages_are_signed(self) -> Self:
        for name, url, key in (("SMS", self.sms_url, self.sms_key), ("PUSH", self.push_url, self.push_key)):
            if (url is None) != (key is None):
                raise ValueError(f"{name}_URL and {name}_KEY go together")
            if url is not None:
                check_url(url)
        return self

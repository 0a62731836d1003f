"""What the notifier needs to know to start."""

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings
from services.notifier.mail import open_mailer


class NotifierSettings(Settings):
    """Names begin with ``PORTAL_NOTIFIER_``."""

    model_config = SettingsConfigDict(
        env_prefix="PORTAL_NOTIFIER_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    mail_url: str = Field(repr=False)
    """``file:///folder``, ``smtp://``, ``smtp+starttls://`` or ``smtps://``, with user and password in it."""
    mail_from: str = Field(default="no-reply@portal.invalid", pattern=r"^[^@\s]+@[^@\s]+$")
    """The sender's address; the default says that nobody has set one."""
    support_phone: str = "1-800-555-0123"
    """The number that mails name for questions."""

    @field_validator("mail_url")
    @classmethod
    def _is_mail_url(cls, value: str) -> str:
        open_mailer(value)
        return value

"""What the gateway must be told; it owns no database and no bus."""

import base64
import ipaddress
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from gateway.edge.client_address import Network
from services.chassis.settings import Settings


def _networks(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip())


class GatewaySettings(Settings):
    """Read from ``PORTAL_GATEWAY_…``; shared names as in the chassis."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_GATEWAY_", frozen=True, extra="ignore")

    database_url: str = ""
    """Unused: the gateway keeps nothing."""
    identity_url: str
    exams_url: str
    sharing_url: str
    archiver_url: str
    notifier_url: str
    cookie_key: SecretStr
    """32 random bytes, base64url: seals the portal's cookies. All gateways of one portal have the same."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        default=(), validation_alias="PORTAL_TRUSTED_PROXIES"
    )
    """Networks, parted by commas, whose ``X-Forwarded-For`` is believed."""
    body_limit_bytes: int = Field(default=1 << 20, ge=1024)
    """The largest request body; studies do not come in by the gateway."""
    offers_sms: bool = False
    """Whether forms ask for a phone number: where the notifier has somewhere to hand text messages to."""
    reads_per_minute: int = Field(default=1200, ge=1)
    """Requests a minute from one address."""
    secrets_per_minute: int = Field(default=60, ge=1)
    """Posts of a code or password a minute from one address; the tight counts are the issuers', per code."""

    @field_validator("cookie_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        if len(base64.urlsafe_b64decode(value.get_secret_value() + "==")) != 32:
            raise ValueError("32 bytes in base64url are needed")
        return value

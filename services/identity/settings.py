"""What identity reads from its environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings


class IdentitySettings(Settings):
    """``PORTAL_IDENTITY_…``, and the shared names."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_IDENTITY_", frozen=True, extra="ignore")

    keys_dir: Path
    """Where the signing key and the keys of HMACs lie, mode 0600; made when absent. Replicas share it."""
    locations_file: Path = Field(default=Path("deploy/locations.yaml"), validation_alias="PORTAL_LOCATIONS_FILE")
    support_phone: str = "1-800-555-0123"
    """The number that a Portal Pass names for help."""
    asks_birth_date: bool = False
    """Whether an I-Code is entered with the patient's date of birth beside it."""

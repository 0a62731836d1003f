"""What sharing needs to know to start."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings


class SharingSettings(Settings):
    """Names begin with ``PORTAL_SHARING_``."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_SHARING_", frozen=True, extra="ignore")

    keys_dir: Path
    """Folder of the signing key, and of the keys of links and refresh tokens; all its processes see the same one."""

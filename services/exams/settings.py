"""What exams needs to know from its environment (``PORTAL_EXAMS_…``)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings


class ExamsSettings(Settings):
    """Settings of exams."""

    model_config = SettingsConfigDict(
        env_prefix="PORTAL_EXAMS_", frozen=True, extra="ignore", populate_by_name=True, validate_by_name=True
    )

    objects_url: str = Field(validation_alias="PORTAL_OBJECTS_URL")
    """Where the DICOM objects lie: ``file:///folder`` or ``s3://bucket?endpoint=…``."""
    sent_when_signed: bool
    """Whether a report counts as sent to the referring physician when it is signed, if the RIS does not say (S7).
    No default: who deploys says it."""
    locations_file: Path = Field(default=Path("deploy/locations.yaml"), validation_alias="PORTAL_LOCATIONS_FILE")
    max_object_bytes: int = Field(default=8 << 30, ge=1 << 20)
    """Cap of one DICOM object."""
    store_threads: int = Field(default=4, ge=1, le=32)
    """Objects written at once in one request."""
    render_threads: int = Field(default=1, ge=0, le=32)
    """Pictures rendered at once in the background; 0: none."""

"""The archiver's settings; all come from the environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings


class ArchiverSettings(Settings):
    """What the archiver needs to know besides what every service does."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_ARCHIVER_", frozen=True, extra="ignore")

    objects_url: str = Field(validation_alias="PORTAL_OBJECTS_URL")
    """Where ``exams`` keeps DICOM objects, frames, manifests and reports; only read."""
    files_url: str
    """Where finished packages lie."""
    institution: str = "RadNet"
    """Who hands the images out; stands in README.TXT and the viewer."""
    lease_s: float = Field(default=60, gt=0)
    """How long a worker that says nothing keeps its build."""
    heartbeat_s: float = Field(default=1, gt=0)
    """How often a worker renews its lease and tells its progress; a cancelled build stops within this time."""
    max_tries: int = Field(default=10, ge=1)
    """Workers that may die over one build before it is given up."""
    running_limit: int = Field(default=5, ge=1)
    """Packages under way of one holder."""
    packing_threads: int = Field(default=2, ge=1)
    """Threads that read and compress for one build."""
    orphan_age_s: float = Field(default=3600, ge=0)
    """Files that no build names are deleted when older than this."""
    copy_lag_s: float = Field(default=2, ge=0)
    """How long an exam that is not found is looked for again: its copy may lag the page on which it was chosen."""
    ask_again_s: float = Field(default=2, ge=0)
    """How often a running download asks whether it may go on."""

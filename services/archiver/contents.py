"""What a package is asked to hold, and what was made of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from contracts.manifest import Manifest

Render = Callable[[str, int], bytes | None]
"""Gives the JPEG of a frame (from 1) of the object of that key, or None where there is no picture; asked from several
threads at once."""

AVERAGE_JPEG_BYTES = 40_000
FIXED_BYTES = 100_000
"""README, viewer and directory of a small package."""


@dataclass(frozen=True)
class ReportPdf:
    """A released report that the package includes as a PDF, under ``REPORT/``."""

    exam_id: str
    key: str
    title: str
    """What the viewer's link says."""


@dataclass(frozen=True)
class Contents:
    """What a package holds; the same contents give the same bytes."""

    manifests: list[Manifest]
    reports: list[ReportPdf]
    include_findings: bool
    """Whether objects that carry findings (SR, encapsulated documents) go in."""
    made_at: datetime
    """UTC."""
    institution: str


@dataclass(frozen=True)
class Omitted:
    """Something that a package could not hold. ``no-picture``: images without one in the viewer; their files are in."""

    count: int
    reason: str


@dataclass(frozen=True)
class Packed:
    """A finished package."""

    size_bytes: int
    sha256: str
    instances: int
    omitted: list[Omitted] = field(default_factory=list)


def estimate_bytes(contents: Contents) -> int:
    """Give an upper estimate of the package's size before packing: everything as it is stored, pictures at 40 kB."""
    instances = [
        instance
        for manifest in {one.study_id: one for one in contents.manifests}.values()
        for series in manifest.series
        for instance in series.instances
        if contents.include_findings or instance.role != "finding"
    ]
    pictures = sum(instance.frames for instance in instances if instance.role == "image")
    return sum(instance.size_bytes for instance in instances) + pictures * AVERAGE_JPEG_BYTES + FIXED_BYTES

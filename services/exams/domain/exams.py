"""An exam's course, and the refusals of its doors."""

from datetime import datetime, timedelta

from contracts.exams import ExamStatus
from contracts.refusal import Refusal

MANIFEST_EVERY = timedelta(seconds=5)
"""New manifests of a study are made at most this often while images stream in."""


class ExamNotFound(Refusal):
    """There is no such exam, or the caller may not see it: both are told alike."""

    slug = "not-found"
    kind = "not-found"
    words = "There is nothing here."


class ImagesNotAvailable(Refusal):
    """The exam is not completed, so its images may not be seen yet (S3)."""

    slug = "images-not-available"
    kind = "not-found"
    words = "The images can be seen once the exam is completed."


class ImageNotFound(Refusal):
    """The exam has no such image, or no such frame."""

    slug = "not-found"
    kind = "not-found"
    words = "There is nothing here."


class NoPicture(Refusal):
    """The object is there, but no picture can be made of it; ``reason`` says why."""

    slug = "no-picture"
    kind = "not-found"
    words = "No picture can be made of this object."


class VisitSummaryNotShared(Refusal):
    """The share's owner did not include the visit summary."""

    slug = "not-shared"
    kind = "not-found"
    words = "The owner of this link did not share this."


class StudyNotWaiting(Refusal):
    """There is no study of that id that waits for staff."""

    slug = "not-found"
    kind = "not-found"
    words = "There is nothing here."


class CursorMalformed(Refusal):
    """A list was asked for with a cursor that is none of ours."""

    slug = "cursor-malformed"
    kind = "malformed"
    words = "The cursor is malformed."


class WindowMalformed(Refusal):
    """A picture was asked for with a frame, window or size that is none."""

    slug = "window-malformed"
    kind = "malformed"
    words = "frame is a number from 1, window is center,width, size is in pixels."


def shown_status(ordered: ExamStatus | None, arrived_at: datetime | None) -> ExamStatus:
    """Give the status to show: an order's own, or arrived once its patient has (ADT^A04)."""
    if ordered in {None, "scheduled"}:
        return "scheduled" if arrived_at is None else "arrived"
    return ordered or "scheduled"


def is_arrival(registered_at: datetime, visit_starts_at: datetime | None) -> bool:
    """Tell whether a registration (A04) told at *registered_at* says that the patient is there, not only announced."""
    return visit_starts_at is None or visit_starts_at <= registered_at

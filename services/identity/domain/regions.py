"""Regions."""

from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind


class RegionNotFound(Refusal):
    """Raised when there is no such region."""

    slug = "region-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such region."

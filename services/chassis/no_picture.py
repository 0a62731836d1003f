"""Why there is no picture of an object."""

from typing import ClassVar, Literal

from contracts.refusal import Refusal

NoPictureReason = Literal[
    "no-pixels",  # a document, a report, a measurement
    "no-such-frame",
    "unreadable",  # damaged, truncated, not what it says
    "unsupported",  # a syntax that nothing here decodes
    "too-large",
    "too-slow",
]


class NoPicture(Refusal):
    """No picture can be made of the object."""

    slug: ClassVar[str] = "no-picture"
    words = "This has no picture to show."
    kind = "not-found"

    def __init__(self, reason: NoPictureReason) -> None:
        super().__init__(facts={"reason": reason})
        self.reason = reason

    def __reduce__(self) -> tuple[type["NoPicture"], tuple[NoPictureReason]]:
        return NoPicture, (self.reason,)

"""Guest appointments: what somebody without an account, such as a minor, may ask for (S63)."""

from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind


class LocationUnknown(Refusal):
    """Raised when an appointment is asked for at a location that there is not."""

    slug = "location-unknown"
    kind: ClassVar[RefusalKind] = "invalid"
    words = "Choose one of our locations."

"""Where the notices of a device go: an app's token, or a browser's subscription."""

from typing import Final, Literal

from contracts.refusal import Refusal

Platform = Literal["ios", "android", "web"]
LONGEST_ADDRESS: Final = 4096


class PushAddressIncomplete(Refusal):
    """Raised when what a platform needs to be told by is missing: a token, or an endpoint with its keys."""

    slug = "push-address-incomplete"
    words = "An app needs its token, a browser its endpoint and keys."

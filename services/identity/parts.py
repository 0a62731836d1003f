"""What identity's doors and use cases need besides a transaction."""

import hashlib
import hmac
from dataclasses import dataclass, field

from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.locations import Locations
from services.chassis.passwords import SecretHasher
from services.chassis.signing import Minter
from services.identity.passkey_ceremony import PasskeyCeremony
from services.identity.seal import Seal


@dataclass(frozen=True)
class Parts:
    """The service's parts."""

    db: Database
    clock: Clock
    minter: Minter
    hasher: SecretHasher
    locations: Locations
    asks_birth_date: bool
    refresh_key: bytes = field(repr=False)
    tries_key: bytes = field(repr=False)
    codes_key: bytes = field(repr=False)
    """Of the keyed hashes of mailed codes, and of what registration keeps of people."""
    pass_seal: Seal
    totp_seal: Seal
    """Of the secrets of authenticator apps, each bound to its factor's id."""
    recovery_key: bytes = field(repr=False)
    """Of the keyed hashes of recovery codes."""
    passkeys: PasskeyCeremony
    common_passwords: frozenset[str] = field(repr=False)
    """Lower case; those that everybody tries first."""
    public_url: str
    """Where people reach the portal, without a slash at the end."""
    support_phone: str

    def tries_subject(self, way: str, name: str) -> str:
        """Give under what the tries at *name* (a locator, a User ID) are counted; it does not tell the name."""
        digest = hmac.new(self.tries_key, f"{way}\n{name}".encode(), hashlib.sha256).hexdigest()
        return f"{way}:{digest}"

    def time_zone(self, location_id: str) -> str:
        """Give the IANA time zone of a location; of an unknown one, that furthest behind: nothing comes early by it."""
        if location_id in self.locations:
            return self.locations[location_id].time_zone
        return self.locations.westernmost(self.clock.now()).key

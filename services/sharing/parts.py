"""What sharing's doors and handlers need besides a transaction."""

from dataclasses import dataclass, field

from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.passwords import SecretHasher
from services.chassis.signing import Minter
from services.sharing.share_links import ShareLinks


@dataclass(frozen=True)
class Parts:
    """Wired once, in ``app.make``."""

    db: Database
    clock: Clock
    minter: Minter
    links: ShareLinks
    hasher: SecretHasher
    refresh_key: bytes = field(repr=False)

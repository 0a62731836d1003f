"""What the notifier's handlers and chores need besides a transaction."""

from dataclasses import dataclass
from email.headerregistry import Address

from services.chassis.clock import Clock
from services.chassis.db import Database
from services.notifier.bounce_addresses import BounceAddresses
from services.notifier.letters import Letters
from services.notifier.mail import Mailer
from services.notifier.unsubscribe_links import UnsubscribeLinks
from services.notifier.webhook import Provider


@dataclass(frozen=True)
class Parts:
    """Wired once, in ``app.make``."""

    db: Database
    clock: Clock
    mailer: Mailer
    letters: Letters
    sender: Address
    host: str
    """The right side of every Message-ID."""
    unsubscribe_links: UnsubscribeLinks
    bounce_addresses: BounceAddresses | None
    """Where letters that cannot be delivered come back to; None: nobody hears of them."""
    texts: Provider | None
    """Where text messages go; None: nowhere."""
    pushes: Provider | None
    """Where push notices go; None: nowhere."""

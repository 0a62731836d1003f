"""How often to look for what others wrote: often while something happens, seldom in quiet times."""

import time
from dataclasses import dataclass, field

QUIET_AFTER_S = 5.0


@dataclass
class Pace:
    """Gives how long to wait before the next look: *busy_s*, and *quiet_s* once nothing was found for 5 seconds."""

    busy_s: float
    quiet_s: float
    _found_at: float = field(default_factory=time.monotonic)

    def after(self, found: bool) -> float:
        """Give the seconds to wait after a look that *found* something or did not."""
        now = time.monotonic()
        if found:
            self._found_at = now
        return self.busy_s if now - self._found_at < QUIET_AFTER_S else self.quiet_s

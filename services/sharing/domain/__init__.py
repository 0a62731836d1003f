"""The rules of shares: what may be shared, when a link is open, how wrong passwords count."""

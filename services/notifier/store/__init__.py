"""Tables of contacts, of what happened that somebody should hear of, and of the mails that tell it."""

"""What can be asked of identity, by noun: decide, store, tell."""

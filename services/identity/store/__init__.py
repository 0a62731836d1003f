"""identity's tables, by noun; the transaction is the first argument of every function."""
